// Counts the steps of something long and lets it pause now and then, which may give it up. Private to index/; confined
// to what it paces.
//
// An index that is read under its owner's lock may be changed by the writer during a pause: no iterator, posting or
// path outlives one.
#pragma once

#include <cstdint>
#include <functional>

namespace engram {

class Pacer {
 public:
  // Never pauses.
  Pacer() = default;
  // Pauses every so many steps. `pause` outlives this, null for none; false from it gives up.
  Pacer(const std::function<bool()>* pause, uint64_t steps) : pause_(pause), steps_(steps) {}

  // Counts; true when it is time to pause.
  bool Due(uint64_t steps = 1) {
    taken_ += steps;
    return pause_ != nullptr && taken_ >= steps_;
  }
  // False when it is given up: the result is then worth nothing.
  bool Pause() {
    taken_ = 0;
    if (!given_up_) given_up_ = !(*pause_)();
    return !given_up_;
  }
  // Counts and pauses where it is due.
  bool Spend(uint64_t steps) { return !given_up_ && (!Due(steps) || Pause()); }
  bool given_up() const { return given_up_; }

 private:
  const std::function<bool()>* pause_ = nullptr;
  uint64_t steps_ = 0;
  uint64_t taken_ = 0;
  bool given_up_ = false;
};

// For what only wants to know whether to go on: `give_up`, which outlives this and may be empty, says true to end it.
class GiveUpPacer : public Pacer {
 public:
  GiveUpPacer(const std::function<bool()>& give_up, uint64_t steps)
      : Pacer(give_up ? &go_on_ : nullptr, steps), go_on_([&give_up] { return !give_up(); }) {}
  GiveUpPacer(const GiveUpPacer&) = delete;
  GiveUpPacer& operator=(const GiveUpPacer&) = delete;

 private:
  const std::function<bool()> go_on_;
};

}  // namespace engram

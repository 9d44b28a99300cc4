// Counts the steps of a long evaluation and lets it pause now and then. Private to index/attribute; confined to one
// evaluation.
//
// During a pause the writer may change the index: no iterator, posting or path outlives one.
#pragma once

#include <cstdint>
#include <functional>

namespace engram {

class Pacer {
 public:
  // Never pauses.
  Pacer() = default;
  // Pauses every so many steps. `pause` outlives this; false from it ends the evaluation.
  Pacer(const std::function<bool()>* pause, uint64_t steps) : pause_(pause), steps_(steps) {}

  // Counts; true when it is time to pause.
  bool Due(uint64_t steps = 1) {
    taken_ += steps;
    return pause_ != nullptr && taken_ >= steps_;
  }
  // False when the evaluation is given up, whose result is then worth nothing.
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

}  // namespace engram

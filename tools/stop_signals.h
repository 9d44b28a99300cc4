// SIGINT and SIGTERM as something one waits for, and SIGHUP where it means something.
#pragma once

#include <functional>
#include <utility>

namespace engram {

// Keeps these signals from killing the process while it lives. Made before any other thread, so that all threads
// inherit it.
class StopSignals {
 public:
  // `on_hangup`: called by Wait() for each SIGHUP; empty: SIGHUP keeps its usual effect.
  explicit StopSignals(std::function<void()> on_hangup = {});
  // Gives the signals their usual effect back.
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  // Returns the signal that is to end us. From then on a second one ends the process at once.
  int Wait();

 private:
  const std::function<void()> on_hangup_;
};

}  // namespace engram

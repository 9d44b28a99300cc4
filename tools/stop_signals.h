// SIGINT and SIGTERM as something one waits for.
#pragma once

namespace engram {

// Keeps both signals from killing the process while it lives. Made before any other thread, so that all threads
// inherit it.
class StopSignals {
 public:
  StopSignals();
  // Gives the signals their usual effect back.
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  // Returns the signal that came. From then on a second one ends the process at once.
  int Wait();
};

}  // namespace engram

// How far a long command is: a bar that redraws itself on a terminal, a plain line now and then otherwise.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace engram {

struct ProgressStyle {
  bool terminal = false;
  int columns = 80;  // of the terminal
};

// Confined to one thread.
class Progress {
 public:
  using Sink = std::function<void(std::string_view)>;

  // `what` stands in front, such as "import notes"; `unit` is what is counted, such as "lines".
  Progress(std::string what, std::string unit, ProgressStyle style, const Clock& clock, Sink sink);
  // To stderr, in the style that it can show.
  static Progress OnStderr(std::string what, std::string unit);

  // `fraction` of the whole, if that is known. Draws at most every 100 ms (5 s for plain lines).
  void Update(uint64_t done, std::optional<double> fraction);
  // Draws the last state and ends the line. Nothing if nothing was ever drawn.
  void Finish();
  // Removes the bar, so that something else can be printed; the next Update draws it again.
  void Clear();

 private:
  void Draw();
  std::string Line() const;

  const std::string what_;
  const std::string unit_;
  const ProgressStyle style_;
  const Clock& clock_;
  const Sink sink_;
  const std::chrono::nanoseconds started_;
  std::optional<std::chrono::nanoseconds> drawn_;
  bool on_screen_ = false;
  uint64_t done_ = 0;
  std::optional<double> fraction_;
};

// "1,234,567".
std::string WithThousands(uint64_t number);
// "0:07", "12:34", "1:02:03".
std::string FormatClockTime(std::chrono::seconds time);

}  // namespace engram

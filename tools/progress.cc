#include "tools/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

#include <fmt/format.h>

namespace engram {
namespace {

using std::chrono::nanoseconds;

constexpr nanoseconds kRedraw = std::chrono::milliseconds(100);
constexpr nanoseconds kPlainLine = std::chrono::seconds(5);
constexpr int kBarCells = 24;
constexpr int kColumnsForBar = 90;

// Erases to the end of the line, so that a shorter line leaves nothing of a longer one.
constexpr std::string_view kLineStart = "\r\x1b[K";

std::string Bar(double fraction) {
  const int full = std::clamp(static_cast<int>(fraction * kBarCells), 0, kBarCells);
  return "[" + std::string(static_cast<size_t>(full), '#') + std::string(static_cast<size_t>(kBarCells - full), '.') +
         "]";
}

ProgressStyle StyleOfStderr() {
  ProgressStyle style;
  style.terminal = isatty(STDERR_FILENO) == 1;
  winsize size{};
  if (style.terminal && ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) style.columns = size.ws_col;
  return style;
}

}  // namespace

std::string WithThousands(uint64_t number) {
  std::string digits = std::to_string(number);
  for (size_t from_end = 3; from_end < digits.size(); from_end += 4) digits.insert(digits.size() - from_end, ",");
  return digits;
}

std::string FormatClockTime(std::chrono::seconds time) {
  const int64_t all = std::max<int64_t>(0, time.count());
  if (all < 3600) return fmt::format("{}:{:02}", all / 60, all % 60);
  return fmt::format("{}:{:02}:{:02}", all / 3600, all / 60 % 60, all % 60);
}

Progress::Progress(std::string what, std::string unit, ProgressStyle style, const Clock& clock, Sink sink)
    : what_(std::move(what)),
      unit_(std::move(unit)),
      style_(style),
      clock_(clock),
      sink_(std::move(sink)),
      started_(clock.Monotonic()) {}

Progress Progress::OnStderr(std::string what, std::string unit) {
  return {std::move(what), std::move(unit), StyleOfStderr(), Clock::Real(), [](std::string_view text) {
            std::fwrite(text.data(), 1, text.size(), stderr);
            std::fflush(stderr);
          }};
}

void Progress::Update(uint64_t done, std::optional<double> fraction) {
  done_ = done;
  fraction_ = fraction;
  const nanoseconds now = clock_.Monotonic();
  // Plain lines come when a command takes long, so the first one has to wait as well.
  const nanoseconds last = drawn_.value_or(style_.terminal ? now - kRedraw : started_);
  if (now - last < (style_.terminal ? kRedraw : kPlainLine)) return;
  drawn_ = now;
  Draw();
}

void Progress::Draw() {
  if (style_.terminal) {
    sink_(std::string(kLineStart) + Line());
    on_screen_ = true;
  } else {
    sink_(Line() + "\n");
  }
}

void Progress::Finish() {
  if (!drawn_ || !style_.terminal) return;
  if (fraction_) fraction_ = 1;
  Draw();
  sink_("\n");
  on_screen_ = false;
}

void Progress::Clear() {
  if (on_screen_) sink_(kLineStart);
  on_screen_ = false;
}

std::string Progress::Line() const {
  const double seconds = std::chrono::duration<double>(clock_.Monotonic() - started_).count();
  const double rate = seconds > 0 ? static_cast<double>(done_) / seconds : 0;
  std::string line = what_;
  if (fraction_) {
    if (style_.terminal && style_.columns >= kColumnsForBar) line += "  " + Bar(*fraction_);
    line += fmt::format("  {:3.0f} %", std::floor(*fraction_ * 100));
  }
  line += fmt::format("  {} {}  {}/s", WithThousands(done_), unit_, WithThousands(static_cast<uint64_t>(rate)));
  if (fraction_ && *fraction_ > 0 && *fraction_ < 1) {
    const double left = seconds * (1 - *fraction_) / *fraction_;
    line += "  ETA " + FormatClockTime(std::chrono::seconds(static_cast<int64_t>(std::ceil(left))));
  }
  const size_t width = static_cast<size_t>(std::max(20, style_.columns - 1));
  if (style_.terminal && line.size() > width) line.resize(width);
  return line;
}

}  // namespace engram

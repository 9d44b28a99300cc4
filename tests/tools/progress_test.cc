#include "tools/progress.h"

#include <string>

#include <gtest/gtest.h>

namespace engram {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Screen {
  explicit Screen(ProgressStyle style)
      : progress("import notes", "lines", style, clock, [this](std::string_view text) { shown += text; }) {}
  ManualClock clock{Timestamp{}};
  std::string shown;
  Progress progress;
};

TEST(ProgressTest, ATerminalGetsABarWithRateAndTimeLeft) {
  Screen screen({.terminal = true, .columns = 120});
  screen.clock.Advance(seconds(10));
  screen.progress.Update(25'000, 0.25);
  EXPECT_EQ(screen.shown, "\r\x1b[Kimport notes  [######..................]   25 %  25,000 lines  2,500/s  ETA 0:30");
}

TEST(ProgressTest, ATerminalIsNotRedrawnMoreThanTenTimesASecond) {
  Screen screen({.terminal = true, .columns = 120});
  screen.progress.Update(1, 0.1);
  const size_t drawn = screen.shown.size();
  EXPECT_GT(drawn, 0u);
  screen.clock.Advance(milliseconds(99));
  screen.progress.Update(2, 0.2);
  EXPECT_EQ(screen.shown.size(), drawn);
  screen.clock.Advance(milliseconds(1));
  screen.progress.Update(3, 0.3);
  EXPECT_GT(screen.shown.size(), drawn);
}

TEST(ProgressTest, ALineNeverWrapsOnANarrowTerminal) {
  Screen screen({.terminal = true, .columns = 30});
  screen.clock.Advance(seconds(10));
  screen.progress.Update(25'000, 0.25);
  EXPECT_LE(screen.shown.size(), std::string("\r\x1b[K").size() + 29);
}

TEST(ProgressTest, ElsewhereThereIsAPlainLineEveryFiveSeconds) {
  Screen screen({.terminal = false});
  screen.progress.Update(1, std::nullopt);
  EXPECT_EQ(screen.shown, "");
  screen.clock.Advance(seconds(5));
  screen.progress.Update(500, std::nullopt);
  EXPECT_EQ(screen.shown, "import notes  500 lines  100/s\n");
  screen.progress.Finish();
  EXPECT_EQ(screen.shown, "import notes  500 lines  100/s\n");
}

TEST(ProgressTest, NumbersAndTimesAreReadable) {
  EXPECT_EQ(WithThousands(0), "0");
  EXPECT_EQ(WithThousands(999), "999");
  EXPECT_EQ(WithThousands(1'234'567), "1,234,567");
  EXPECT_EQ(FormatClockTime(seconds(7)), "0:07");
  EXPECT_EQ(FormatClockTime(seconds(3723)), "1:02:03");
}

}  // namespace
}  // namespace engram

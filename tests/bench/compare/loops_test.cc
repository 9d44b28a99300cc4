#include "bench/compare/load/loops.h"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

namespace engram::compare {
namespace {

using std::chrono::milliseconds;

TEST(LoopsTest, ClosedLoopAsksOnEveryConnectionUntilTheEnd) {
  std::atomic<int> exchanged[2] = {0, 0};
  std::atomic<int> looked = 0;
  std::vector<Work> works;
  for (std::atomic<int>& count : exchanged) {
    works.push_back({[&count](uint64_t turn) -> Status {
                       EXPECT_EQ(turn, static_cast<uint64_t>(count++));
                       std::this_thread::sleep_for(milliseconds(1));
                       return {};
                     },
                     [&looked](uint64_t) -> Status {
                       ++looked;
                       return {};
                     }});
  }
  const Result<LoopFigures> figures = RunClosedLoop(works, milliseconds(5), milliseconds(50));
  ASSERT_TRUE(figures.ok());
  EXPECT_GT(exchanged[0], 1);
  EXPECT_GT(exchanged[1], 1);
  EXPECT_EQ(looked, exchanged[0] + exchanged[1]);
  EXPECT_GT(figures->requests, 0U);
  EXPECT_LT(figures->requests, static_cast<uint64_t>(looked));  // what warmed up doesn't count
}

TEST(LoopsTest, TheFirstErrorEndsTheLoopAndIsReturned) {
  const Work good = {[](uint64_t) { return Status(); }, nullptr};
  const Work bad = {[](uint64_t turn) { return turn < 3 ? Status() : Unavailable("gone"); }, nullptr};
  EXPECT_EQ(RunClosedLoop({good, bad}, milliseconds(0), std::chrono::hours(1)).status().message(), "gone");
  EXPECT_EQ(RunOpenLoop({good, bad}, 1000, std::chrono::hours(1)).status().message(), "gone");
}

TEST(LoopsTest, OpenLoopChargesAStallToAllWhoWereDueDuringIt) {
  // One of a hundred takes 100 ms, as long as all should take together.
  const Work stalls = {[](uint64_t turn) -> Status {
                         if (turn == 0) std::this_thread::sleep_for(milliseconds(100));
                         return {};
                       },
                       nullptr};
  const Result<LoopFigures> figures = RunOpenLoop({stalls}, 1000, milliseconds(100));
  ASSERT_TRUE(figures.ok());
  EXPECT_EQ(figures->due, 100U);
  EXPECT_EQ(figures->requests, 100U);
  // A closed loop would tell of one slow request; half of these waited for half of the stall at least.
  EXPECT_GT(figures->latency.QuantileMs(0.5), 45);
}

TEST(LoopsTest, OpenLoopGivesUpAndTellsWhatWasDue) {
  const Work slow = {[](uint64_t) -> Status {
                       std::this_thread::sleep_for(milliseconds(10));
                       return {};
                     },
                     nullptr};
  const Result<LoopFigures> figures = RunOpenLoop({slow}, 1000, milliseconds(50));
  ASSERT_TRUE(figures.ok());
  EXPECT_EQ(figures->due, 50U);
  EXPECT_LT(figures->requests, 20U);
}

}  // namespace
}  // namespace engram::compare

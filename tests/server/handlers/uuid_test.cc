#include "server/uuid.h"

#include <algorithm>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace engram {
namespace {

TEST(UuidSourceTest, IsVersionSevenOfTheClocksTime) {
  const ManualClock clock(Timestamp{1'700'000'000'123'456});
  UuidSource source(clock);
  const std::string id = source.Next();
  ASSERT_EQ(id.size(), 36u);
  EXPECT_EQ(id.substr(0, 13), "018bcfe5-687b");  // 1,700,000,000,123 ms
  EXPECT_EQ(id[14], '7');
  EXPECT_NE(std::string("89ab").find(id[19]), std::string::npos);
}

TEST(UuidSourceTest, IncreasesWithinAMillisecondAndWhenTheClockJumpsBack) {
  ManualClock clock(Timestamp{1'700'000'000'000'000});
  UuidSource source(clock);
  std::vector<std::string> ids;
  for (int i = 0; i < 10'000; ++i) {
    if (i == 3'000) clock.JumpTo(Timestamp{1'600'000'000'000'000});
    if (i == 6'000) clock.JumpTo(Timestamp{1'800'000'000'000'000});
    ids.push_back(source.Next());
  }
  EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end()));
  EXPECT_EQ(std::adjacent_find(ids.begin(), ids.end()), ids.end());
}

TEST(UuidSourceTest, ThreadsNeverGetTheSameId) {
  const ManualClock clock(Timestamp{1'700'000'000'000'000});
  UuidSource source(clock);
  std::mutex mutex;
  std::set<std::string> ids;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      std::vector<std::string> mine;
      for (int i = 0; i < 1'000; ++i) mine.push_back(source.Next());
      const std::lock_guard<std::mutex> lock(mutex);
      ids.insert(mine.begin(), mine.end());
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(ids.size(), 4'000u);
}

}  // namespace
}  // namespace engram

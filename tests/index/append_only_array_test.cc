#include "index/append_only_array.h"

#include <memory>
#include <mutex>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace engram {
namespace {

TEST(AppendOnlyArrayTest, KeepsWhatWasAppendedInOrder) {
  AppendOnlyArray<size_t, 1> array;
  for (size_t i = 0; i < 5000; ++i) {
    array.Append(i * 3);
    ASSERT_EQ(array.size(), i + 1);
  }
  for (size_t i = 0; i < 5000; ++i) ASSERT_EQ(array[i], i * 3);
}

TEST(AppendOnlyArrayTest, ElementsNeverMove) {
  AppendOnlyArray<std::string> array;
  array.Append("first");
  const std::string* first = &array[0];
  for (int i = 0; i < 1000; ++i) array.Append("another");
  EXPECT_EQ(&array[0], first);
  EXPECT_EQ(*first, "first");
}

TEST(AppendOnlyArrayTest, RunsCoverExactlyTheSizeAskedFor) {
  AppendOnlyArray<int, 2> array;
  for (int i = 0; i < 100; ++i) array.Append(i);
  for (size_t size = 0; size <= 100; ++size) {
    std::vector<int> seen;
    array.ForEachRun(size, [&](const int* begin, const int* end) { seen.insert(seen.end(), begin, end); });
    std::vector<int> expected(size);
    std::iota(expected.begin(), expected.end(), 0);
    ASSERT_EQ(seen, expected);
  }
}

TEST(AppendOnlyArrayTest, HoldsTypesThatOnlyMove) {
  AppendOnlyArray<std::unique_ptr<int>> array;
  for (int i = 0; i < 40; ++i) array.Append(std::make_unique<int>(i));
  for (int i = 0; i < 40; ++i) EXPECT_EQ(*array[static_cast<size_t>(i)], i);
}

TEST(AppendOnlyArrayTest, MemoryBytesCountsWholeChunks) {
  AppendOnlyArray<uint64_t, 4> array;
  EXPECT_EQ(array.MemoryBytes(), 0U);
  array.Append(1);
  EXPECT_EQ(array.MemoryBytes(), 16 * sizeof(uint64_t));
  for (int i = 1; i < 17; ++i) array.Append(1);
  EXPECT_EQ(array.MemoryBytes(), (16 + 32) * sizeof(uint64_t));
}

// Fails under the thread sanitizer if a read below a known size touched what the writer writes.
TEST(AppendOnlyArrayTest, AReaderNeedsNoLockBelowTheSizeItKnows) {
  AppendOnlyArray<size_t, 2> array;
  std::mutex lock;
  constexpr size_t kCount = 20000;
  std::thread writer([&] {
    for (size_t i = 0; i < kCount; ++i) {
      const std::lock_guard guard(lock);
      array.Append(i);
    }
  });
  size_t known = 0;
  while (known < kCount) {
    {
      const std::lock_guard guard(lock);
      known = array.size();
    }
    for (size_t i = known > 100 ? known - 100 : 0; i < known; ++i) ASSERT_EQ(array[i], i);
  }
  writer.join();
}

}  // namespace
}  // namespace engram

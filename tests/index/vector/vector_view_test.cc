#include <atomic>
#include <mutex>
#include <random>
#include <shared_mutex>
#include <thread>

#include <gtest/gtest.h>

#include "index/vector/vector_index.h"
#include "tests/index/random_seed.h"
#include "tests/index/vector/brute_force.h"

namespace engram {
namespace {

SlotSet UpTo(uint32_t slots) {
  SlotSet set;
  set.addRange(0, slots);
  return set;
}

TEST(VectorViewTest, KeepsSeeingTheMomentItWasTaken) {
  VectorIndex index(1, Metric::kDot);
  for (uint32_t slot = 0; slot < 10; ++slot) index.Add(Slot(slot), std::vector<float>{static_cast<float>(slot)});
  index.Remove(Slot(9));
  const VectorView before = index.View();

  for (uint32_t slot = 10; slot < 1000; ++slot) index.Add(Slot(slot), std::vector<float>{1000});
  for (uint32_t slot = 0; slot < 1000; ++slot) index.Remove(Slot(slot));  // several compactions

  const auto hits = before.Top(std::vector<float>{1}, UpTo(1000), 20);
  ASSERT_EQ(hits.size(), 9U);
  EXPECT_EQ(hits[0].slot, Slot(8));
  EXPECT_EQ(before.Score(std::vector<float>{1}, {Slot(9), Slot(8), Slot(10)})[1], 8.0);
  EXPECT_EQ(before.Similarity(Slot(9), Slot(8)), std::nullopt);
  EXPECT_TRUE(index.View().Top(std::vector<float>{1}, UpTo(1000), 20).empty());
}

TEST(VectorViewTest, AScanAsksWhetherToGiveUp) {
  constexpr uint32_t kRows = 2000;
  VectorIndex index(1024, Metric::kDot);
  for (uint32_t slot = 0; slot < kRows; ++slot) {
    index.Add(Slot(slot), std::vector<float>(1024, static_cast<float>(slot % 100)));
  }
  const std::vector<float> query(1024, 1);
  const VectorView view = index.View();
  int asked = 0;
  bool late = false;
  VectorSearchOptions options;
  options.give_up = [&] {
    ++asked;
    return late;
  };
  const auto hits = view.Top(query, UpTo(kRows), 5, options);
  EXPECT_GT(asked, 1);
  ASSERT_EQ(hits.size(), 5U);
  const auto unasked = view.Top(query, UpTo(kRows), 5);
  for (size_t i = 0; i < hits.size(); ++i) EXPECT_EQ(hits[i].slot, unasked[i].slot);
  late = true;
  asked = 0;
  EXPECT_TRUE(view.Top(query, UpTo(kRows), 5, options).empty());
  EXPECT_EQ(asked, 1);
}

TEST(VectorViewTest, OutlivesItsIndex) {
  auto index = std::make_unique<VectorIndex>(2, Metric::kCosine);
  index->Add(Slot(1), std::vector<float>{1, 1});
  const VectorView view = index->View();
  index.reset();
  EXPECT_EQ(view.Top(std::vector<float>{1, 1}, UpTo(10), 1).size(), 1U);
}

// The writer goes on while readers search without a lock; a view must answer the same twice. Run under
// the thread sanitizer this also proves the absence of data races.
TEST(VectorViewTest, ReadersSearchWhileTheWriterAddsRemovesAndCompacts) {
  const uint64_t seed = TestSeed(4);
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  VectorIndex index(8, Metric::kL2);
  std::shared_mutex lock;
  std::atomic<bool> done = false;
  std::atomic<uint64_t> searches = 0;
  constexpr uint32_t kSlots = 3000;
  constexpr uint64_t kSearchesMin = 20;

  std::thread writer([&] {
    std::mt19937_64 random(seed);
    for (uint32_t slot = 0; slot < kSlots || searches < kSearchesMin; ++slot) {
      std::vector<float> vector(8);
      for (float& v : vector) v = static_cast<float>(random() % 100);
      const std::lock_guard guard(lock);
      index.Add(Slot(slot), vector);
      if (slot >= 300) index.Remove(Slot(slot - 300));  // a sliding window: many compactions
    }
    done = true;
  });

  auto read = [&] {
    const std::vector<float> query(8, 50.0F);
    const SlotSet all = UpTo(UINT32_MAX);
    while (!done) {
      const VectorView view = [&] {
        const std::shared_lock guard(lock);
        return index.View();
      }();
      const auto first = view.Top(query, all, 20);
      const auto second = view.Top(query, all, 20);
      ++searches;
      ASSERT_EQ(first.size(), second.size());
      std::vector<Slot> slots;
      for (const ScoredSlot& hit : first) slots.push_back(hit.slot);
      const auto scores = view.Score(query, slots);
      for (size_t i = 0; i < first.size(); ++i) {
        ASSERT_EQ(first[i].slot, second[i].slot);
        ASSERT_EQ(scores[i], first[i].score);
      }
    }
  };
  std::thread reader(read);
  read();
  reader.join();
  writer.join();
  EXPECT_EQ(index.size(), 300U);
}

}  // namespace
}  // namespace engram

#include "engine/changed_rows.h"

#include <random>

#include <gtest/gtest.h>

#include "tests/index/random_seed.h"

namespace engram {
namespace {

// The naive twin: a copy of all rows for every save point.
struct CopiedRows {
  MemoryKv rows;
  std::vector<MemoryKv> save_points;
};

class ChangedRowsTest : public ::testing::Test {
 protected:
  std::string RandomKey() { return std::string(1 + random_() % 2, 'a') + static_cast<char>('a' + random_() % 12); }

  void Change() {
    const std::string key = RandomKey();
    if (random_() % 3 == 0) {
      changed_.Delete(key);
      twin_.rows.Delete(key);
    } else {
      const std::string value = std::to_string(random_() % 1000);
      changed_.Put(key, value);
      twin_.rows.Put(key, value);
    }
  }

  void MoveSavePoints() {
    const auto what = random_() % 3;
    if (what == 0 || twin_.save_points.empty()) {
      changed_.SetSavePoint();
      twin_.save_points.push_back(twin_.rows);
    } else if (what == 1) {
      changed_.RollbackToSavePoint();
      twin_.rows = std::move(twin_.save_points.back());
      twin_.save_points.pop_back();
    } else {
      changed_.PopSavePoint();
      twin_.save_points.pop_back();
    }
  }

  void CompareReads() {
    const std::string key = RandomKey();
    const ChangedRows::Row* found = changed_.Find(key);
    const auto expected = *twin_.rows.Get(key);
    EXPECT_EQ(found != nullptr ? *found : *base_.Get(key), expected) << key;
  }

  // Both walked with the same steps, whatever they are.
  void CompareWalks() {
    std::string begin = random_() % 3 == 0 ? std::string() : RandomKey();
    std::string end = random_() % 3 == 0 ? std::string() : RandomKey();
    if (!end.empty() && end < begin) std::swap(begin, end);
    const auto expected = twin_.rows.Scan(begin, end);
    const auto walked = changed_.Over(base_.Scan(begin, end), begin, end);
    for (int step = 0; step < 30; ++step) {
      ASSERT_EQ(walked->Valid(), expected->Valid()) << begin << " to " << end;
      if (expected->Valid()) {
        ASSERT_EQ(walked->key(), expected->key());
        ASSERT_EQ(walked->value(), expected->value());
      }
      Move(random_() % (expected->Valid() ? 10 : 3), expected.get(), walked.get());
    }
  }

  void Move(uint64_t how, KvIterator* a, KvIterator* b) {
    if (how == 0) {
      const std::string key = RandomKey();
      a->Seek(key);
      b->Seek(key);
    } else if (how == 1) {
      a->SeekToFirst();
      b->SeekToFirst();
    } else if (how == 2) {
      a->SeekToLast();
      b->SeekToLast();
    } else if (how < 7) {
      a->Next();
      b->Next();
    } else {
      a->Prev();
      b->Prev();
    }
  }

  std::mt19937_64 random_;
  MemoryKv base_;
  ChangedRows changed_;
  CopiedRows twin_;
};

TEST_F(ChangedRowsTest, ReadsAndWalksLikeACopyOfAllRows) {
  const uint64_t seed = TestSeed(20'260'501);
  SCOPED_TRACE("ENGRAM_TEST_SEED=" + std::to_string(seed));
  random_.seed(seed);
  for (int i = 0; i < 12; ++i) base_.Put(RandomKey(), "committed " + std::to_string(i));
  twin_.rows = base_;
  for (int round = 0; round < 3000; ++round) {
    Change();
    if (random_() % 4 == 0) MoveSavePoints();
    CompareReads();
    ASSERT_NO_FATAL_FAILURE(CompareWalks()) << round;
  }
}

TEST_F(ChangedRowsTest, HoldsEachKeyOnceWithItsLastValue) {
  changed_.Put("k", "1");
  changed_.Put("k", "2");
  changed_.Delete("gone");
  changed_.Put("k", "3");
  ASSERT_EQ(changed_.rows().size(), 2U);
  EXPECT_EQ(changed_.rows().at("k"), "3");
  EXPECT_EQ(changed_.rows().at("gone"), std::nullopt);
}

TEST_F(ChangedRowsTest, ARollbackForgetsKeysThatWereUnchangedBefore) {
  changed_.Put("a", "1");
  changed_.SetSavePoint();
  changed_.Put("a", "2");
  changed_.Put("b", "1");
  changed_.Delete("b");
  changed_.RollbackToSavePoint();
  EXPECT_EQ(changed_.rows().size(), 1U);
  EXPECT_EQ(changed_.rows().at("a"), "1");
}

}  // namespace
}  // namespace engram

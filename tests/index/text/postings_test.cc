#include "index/text/postings.h"

#include <random>

#include <gtest/gtest.h>

#include "tests/index/random_seed.h"

namespace engram {
namespace {

TEST(PostingsTest, AnEmptyListIsDoneAtOnce) {
  EXPECT_TRUE(PostingCursor(PostingList().span()).done());
  PostingCursor cursor{PostingSpan()};
  cursor.Seek(3);
  EXPECT_TRUE(cursor.done());
}

TEST(PostingsTest, ASpanEndsWhereTheListEndedWhenItWasTaken) {
  Arena arena;
  PostingList list;
  for (uint32_t i = 0; i < 10; ++i) list.Append(&arena, {i, 1, 0});
  const PostingSpan span = list.span();
  for (uint32_t i = 10; i < 1000; ++i) list.Append(&arena, {i, 1, 0});
  PostingCursor cursor(span);
  for (uint32_t i = 0; i < 10; ++i, cursor.Next()) EXPECT_EQ(cursor->ordinal, i);
  EXPECT_TRUE(cursor.done());
  PostingCursor seeking(span);
  seeking.Seek(10);
  EXPECT_TRUE(seeking.done());
}

TEST(PostingsTest, SeekingEqualsSteppingOneByOne) {
  const uint64_t seed = TestSeed(6);
  SCOPED_TRACE(testing::Message() << "ENGRAM_TEST_SEED=" << seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 200; ++round) {
    Arena arena;
    PostingList list;
    uint32_t ordinal = 0;
    for (size_t i = random() % 300; i > 0; --i) list.Append(&arena, {ordinal += 1 + random() % 5, 1, 0});
    PostingCursor seeking(list.span());
    PostingCursor stepping(list.span());
    for (uint32_t target = 0; target < ordinal + 10; target += 1 + random() % 40) {
      seeking.Seek(target);
      while (!stepping.done() && stepping->ordinal < target) stepping.Next();
      ASSERT_EQ(seeking.done(), stepping.done());
      if (seeking.done()) break;
      ASSERT_EQ(seeking->ordinal, stepping->ordinal);
    }
  }
}

}  // namespace
}  // namespace engram

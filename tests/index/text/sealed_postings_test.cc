#include "index/text/sealed_postings.h"

#include <algorithm>
#include <random>

#include <gtest/gtest.h>

#include "tests/index/random_seed.h"

namespace engram {
namespace {

struct Entry {
  uint32_t ordinal;
  uint32_t length;
  std::vector<uint32_t> positions;
};

struct List {
  std::vector<Entry> entries;
  uint32_t text_count = 0;
};

// `gap` at most between ordinals, and mostly small frequencies.
List RandomList(size_t count, uint32_t gap, std::mt19937_64* random) {
  List list;
  uint32_t next = static_cast<uint32_t>((*random)() % gap);
  for (size_t i = 0; i < count; ++i) {
    Entry entry{next, 0, {}};
    const uint64_t frequency = (*random)() % 9 == 0 ? 1 + (*random)() % 70 : 1 + (*random)() % 3;
    uint32_t position = static_cast<uint32_t>((*random)() % 100);
    for (uint64_t f = 0; f < frequency; ++f) {
      entry.positions.push_back(position);
      position += 1 + static_cast<uint32_t>((*random)() % ((*random)() % 11 == 0 ? 1000 : 9));
    }
    entry.length = static_cast<uint32_t>(frequency + (*random)() % 300);
    list.entries.push_back(entry);
    next += 1 + static_cast<uint32_t>((*random)() % gap);
  }
  list.text_count = list.entries.back().ordinal + 1;
  return list;
}

std::string Sealed(const List& list) {
  SealedPostingsWriter writer;
  for (const Entry& entry : list.entries) {
    writer.Add(entry.ordinal, static_cast<uint32_t>(entry.positions.size()), entry.length, entry.positions.data());
  }
  std::string bytes;
  writer.Finish(&bytes);
  return bytes;
}

SealedPostings View(const List& list, std::string* bytes) {
  const size_t size = bytes->size();
  bytes->append(kSealedPostingsSlack, '\x5A');
  return {std::string_view(*bytes).substr(0, size), static_cast<uint32_t>(list.entries.size()), list.text_count};
}

void ExpectWalk(const List& list, const SealedPostings& sealed) {
  SealedCursor cursor(sealed);
  std::vector<uint32_t> positions;
  for (const Entry& entry : list.entries) {
    ASSERT_FALSE(cursor.done());
    ASSERT_EQ(cursor.ordinal(), entry.ordinal);
    ASSERT_EQ(cursor.frequency(), entry.positions.size());
    cursor.Positions(&positions);
    ASSERT_EQ(positions, entry.positions);
    cursor.Next();
  }
  ASSERT_TRUE(cursor.done());
  ASSERT_FALSE(cursor.postings().damaged());
}

void ExpectSeeks(const List& list, const SealedPostings& sealed, std::mt19937_64* random) {
  SealedCursor cursor(sealed);
  const uint64_t stride = 1 + (*random)() % (list.text_count / 3 + 1);
  for (uint64_t wanted = (*random)() % stride; wanted < uint64_t{list.text_count} + 2;
       wanted += 1 + (*random)() % stride) {
    const auto ordinal = static_cast<uint32_t>(wanted);
    cursor.Seek(ordinal);
    const auto expected = std::lower_bound(list.entries.begin(), list.entries.end(), ordinal,
                                           [](const Entry& e, uint32_t o) { return e.ordinal < o; });
    ASSERT_EQ(cursor.done(), expected == list.entries.end()) << ordinal;
    if (cursor.done()) break;
    ASSERT_EQ(cursor.ordinal(), expected->ordinal);
    ASSERT_EQ(cursor.frequency(), expected->positions.size());
  }
  cursor.Rewind();
  ASSERT_EQ(cursor.ordinal(), list.entries[0].ordinal);
}

class SealedPostingsTest : public testing::TestWithParam<size_t> {};

TEST_P(SealedPostingsTest, GivesBackWhatWasWritten) {
  const uint64_t seed = TestSeed(GetParam());
  SCOPED_TRACE(testing::Message() << "ENGRAM_TEST_SEED=" << seed);
  std::mt19937_64 random(seed);
  for (const uint32_t gap : {1u, 2u, 9u, 5000u}) {
    const List list = RandomList(GetParam(), gap, &random);
    std::string bytes = Sealed(list);
    const SealedPostings sealed = View(list, &bytes);
    ExpectWalk(list, sealed);
    for (int i = 0; i < 10; ++i) ExpectSeeks(list, sealed, &random);
  }
}

INSTANTIATE_TEST_SUITE_P(Counts, SealedPostingsTest, testing::Values(1, 2, 127, 128, 129, 255, 256, 257, 4096, 9001));

TEST(SealedPostingsTest, NumbersReachTheEndsOfTheirRange) {
  std::vector<uint32_t> many;
  for (uint32_t i = 0; i < 3000; ++i) many.push_back(i * 1'400'000);
  List list;
  list.text_count = kSealedTextsMax;
  list.entries = {{0, UINT32_MAX, {UINT32_MAX - 1}}, {1, 3000, many}, {kSealedTextsMax - 1, 2, {0, UINT32_MAX - 1}}};
  std::string bytes = Sealed(list);
  ExpectWalk(list, View(list, &bytes));
  list.entries.clear();
  for (uint32_t i = 0; i < 130; ++i) list.entries.push_back({i * 16'500'000 + i % 7, 1 + i, {i}});
  bytes = Sealed(list);
  ExpectWalk(list, View(list, &bytes));
}

TEST(SealedPostingsTest, ManyListsFromOneWriterDoNotMix) {
  std::mt19937_64 random(4);
  SealedPostingsWriter writer;
  for (const size_t count : {300u, 3u, 128u, 4500u, 1u}) {
    const List list = RandomList(count, 5, &random);
    for (const Entry& entry : list.entries) {
      writer.Add(entry.ordinal, static_cast<uint32_t>(entry.positions.size()), entry.length, entry.positions.data());
    }
    std::string bytes;
    writer.Finish(&bytes);
    EXPECT_EQ(bytes, Sealed(list));
    ExpectWalk(list, View(list, &bytes));
  }
}

TEST(SealedPostingsTest, ImpactsBoundEveryPostingOfTheirBlocksForAnyParameters) {
  const uint64_t seed = TestSeed(11);
  SCOPED_TRACE(testing::Message() << "ENGRAM_TEST_SEED=" << seed);
  std::mt19937_64 random(seed);
  const List list = RandomList(10'000, 3, &random);
  std::string bytes = Sealed(list);
  const SealedPostings sealed = View(list, &bytes);
  std::vector<Impact> impacts;
  for (const Bm25Parameters parameters : {Bm25Parameters{1.2, 0.75}, {0, 0}, {0.001, 1}, {1000, 1}, {2, 0}}) {
    for (const uint64_t texts : {uint64_t{1}, uint64_t{1'000'000}, uint64_t{4'000'000'000}}) {
      const Bm25Norm norm(parameters, texts, texts * (1 + random() % 5000));
      const double weight = 3 * Bm25Idf(texts, 1 + random() % texts);
      for (uint32_t i = 0; i < sealed.block_count(); ++i) {
        sealed.ReadBlockImpacts(i, &impacts);
        ASSERT_LE(impacts.size(), kBlockImpactsMax);
        const double block_bound = ImpactsBound(impacts, weight, norm);
        const double block_peak = ImpactsPeak(impacts, weight, norm);
        ASSERT_GE(block_bound, block_peak);
        sealed.ReadSuperImpacts(i / kSuperBlocks, &impacts);
        ASSERT_LE(impacts.size(), kSuperImpactsMax);
        const double super_bound = ImpactsBound(impacts, weight, norm);
        ASSERT_GE(sealed.super_last(i / kSuperBlocks), sealed.block_last(i));
        for (size_t j = size_t{i} * 128; j < std::min(size_t{i} * 128 + 128, list.entries.size()); ++j) {
          const Entry& entry = list.entries[j];
          const double part = Bm25Part(weight, static_cast<uint32_t>(entry.positions.size()), norm(entry.length));
          ASSERT_GE(block_peak, part);
          ASSERT_GE(super_bound, part);
        }
      }
    }
  }
}

TEST(SealedPostingsTest, APostingThatIsItsBlocksBestHasItsPeakToTheLastBit) {
  const Bm25Norm norm({1.2, 0.75}, 3, 22);
  for (uint32_t frequency = 1; frequency < 2000; ++frequency) {
    const Impact impact{frequency, frequency + 11};
    ASSERT_EQ(ImpactsPeak({impact}, 0.7, norm), Bm25Part(0.7, frequency, norm(impact.length)));
  }
  EXPECT_EQ(ImpactsPeak({}, 0.7, norm), 0);
}

TEST(SealedPostingsTest, DamagedBytesEndTheWalkAndNeverLeaveTheRange) {
  const uint64_t seed = TestSeed(12);
  SCOPED_TRACE(testing::Message() << "ENGRAM_TEST_SEED=" << seed);
  std::mt19937_64 random(seed);
  uint64_t noticed = 0;
  for (int round = 0; round < 3000; ++round) {
    const List list = RandomList(1 + random() % 600, 40, &random);
    std::string bytes = Sealed(list);
    if (random() % 2 == 0) {
      bytes.resize(random() % bytes.size());
    } else {
      for (uint64_t n = 1 + random() % 4; n > 0; --n) bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    const std::string alone = bytes + std::string(kSealedPostingsSlack, '\0');  // its own allocation, for sanitizers
    const SealedPostings sealed(std::string_view(alone).substr(0, bytes.size()),
                                static_cast<uint32_t>(list.entries.size()), list.text_count);
    SealedCursor cursor(sealed);
    std::vector<uint32_t> positions;
    std::vector<Impact> impacts;
    size_t walked = 0;
    for (; !cursor.done(); cursor.Next(), ++walked) {
      ASSERT_LT(cursor.ordinal(), list.text_count);
      if (cursor.frequency() < 10'000) cursor.Positions(&positions);
    }
    ASSERT_LE(walked, list.entries.size());
    ASSERT_TRUE(walked == list.entries.size() || cursor.postings().damaged());
    for (uint32_t i = 0; sealed.is_long() && i < sealed.block_count(); ++i) {
      sealed.ReadBlockImpacts(i, &impacts);
      sealed.ReadSuperImpacts(i / kSuperBlocks, &impacts);
    }
    SealedCursor(sealed).Seek(static_cast<uint32_t>(random() % list.text_count));
    noticed += sealed.damaged() || cursor.postings().damaged();
  }
  EXPECT_GT(noticed, 1000u);
}

TEST(ImpactSetTest, KeepsOnlyWhatNothingBeatsInBoth) {
  ImpactSet set(8);
  for (const Impact impact : {Impact{2, 20}, {1, 30}, {3, 20}, {1, 5}, {3, 25}, {9, 100}, {2, 20}, {1, 5}})
    set.Add(impact);
  EXPECT_EQ(set.impacts(), (std::vector<Impact>{{1, 5}, {3, 20}, {9, 100}}));
}

TEST(ImpactSetTest, BoundsEverythingEvenWhereItHasNoRoom) {
  std::mt19937_64 random(5);
  for (int round = 0; round < 300; ++round) {
    ImpactSet set(1 + random() % 5);
    std::vector<Impact> all;
    for (int i = 0; i < 60; ++i) {
      const auto frequency = 1 + static_cast<uint32_t>(random() % 40);
      all.push_back({frequency, frequency * 10 + static_cast<uint32_t>(random() % 50)});
      set.Add(all.back());
    }
    for (const Impact& one : all) {
      EXPECT_TRUE(std::any_of(set.impacts().begin(), set.impacts().end(), [&](const Impact& bound) {
        return bound.frequency >= one.frequency && bound.length <= one.length;
      }));
    }
    std::string bytes;
    AppendImpacts(set.impacts(), &bytes);
    std::string_view in = bytes;
    std::vector<Impact> read;
    ASSERT_TRUE(ReadImpacts(&in, &read));
    EXPECT_EQ(read, set.impacts());
    EXPECT_TRUE(in.empty());
  }
}

}  // namespace
}  // namespace engram

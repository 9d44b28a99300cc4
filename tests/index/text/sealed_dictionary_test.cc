#include "index/text/sealed_dictionary.h"

#include <map>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "index/text/dictionary.h"
#include "tests/index/random_seed.h"

namespace engram {
namespace {

using testing::ElementsAre;

SealedDictionaryWriter Written(const std::vector<std::string>& words) {
  SealedDictionaryWriter writer;
  for (const std::string& word : words) writer.Add(word);
  return writer;
}

SealedDictionary Opened(const SealedDictionaryWriter& writer) {
  return SealedDictionary::Open(writer.words(), writer.offsets(), writer.size()).value();
}

std::string RandomWord(std::mt19937_64* random) {
  static const std::vector<std::string> kLetters = {"a", "b", "c", "d", "é", "中", "😀", "\xff"};
  std::string word;
  for (uint64_t i = (*random)() % 12; i > 0; --i)
    word += kLetters[std::min((*random)(), (*random)()) % kLetters.size()];
  return word;
}

TEST(SealedDictionaryTest, WalksAndLookupsGiveWhatTheOneInMemoryGives) {
  const uint64_t seed = TestSeed(21);
  SCOPED_TRACE(testing::Message() << "ENGRAM_TEST_SEED=" << seed);
  std::mt19937_64 random(seed);
  for (const size_t count : {1u, 15u, 16u, 17u, 3000u}) {
    Arena arena;
    Dictionary memory(&arena);
    for (size_t i = 0; i < count; ++i) {
      const uint32_t id = memory.FindOrAdd(RandomWord(&random));
      if (memory.live(id) == 0) memory.AddLive(id);
    }
    SealedDictionaryWriter writer;
    for (const uint32_t id : memory.InOrder()) writer.Add(memory.text(id));
    const SealedDictionary sealed = Opened(writer);
    ASSERT_EQ(sealed.size(), memory.size());
    for (int round = 0; round < 200; ++round) {
      const std::string word = RandomWord(&random);
      const uint32_t found = sealed.Find(word);
      ASSERT_EQ(found == SealedDictionary::kNone, memory.Find(word) == Dictionary::kNone);
      ASSERT_TRUE(found == SealedDictionary::kNone || sealed.text(found) == word);

      std::vector<std::string> expected;
      std::vector<std::string> actual;
      memory.EachWithPrefix(word.substr(0, 4),
                            [&](uint32_t id) { return expected.emplace_back(memory.text(id)), true; });
      sealed.EachWithPrefix(word.substr(0, 4), [&](uint32_t id, std::string_view text) {
        EXPECT_EQ(sealed.text(id), text);
        return actual.emplace_back(text), true;
      });
      ASSERT_EQ(actual, expected);

      std::map<std::string, uint32_t> near;
      memory.EachWithin(word, 2, [&](uint32_t id, uint32_t d) { near[std::string(memory.text(id))] = d; });
      std::map<std::string, uint32_t> sealed_near;
      sealed.EachWithin(word, 2, [&](uint32_t id, std::string_view text, uint32_t d) {
        EXPECT_EQ(sealed.text(id), text);
        sealed_near[std::string(text)] = d;
      });
      ASSERT_EQ(sealed_near, near) << word;
    }
  }
}

TEST(SealedDictionaryTest, AWordMayStandThereTwice) {
  const SealedDictionaryWriter writer = Written({"tea", "tea", "team"});
  const SealedDictionary sealed = Opened(writer);
  EXPECT_EQ(sealed.Find("tea"), 0u);
  std::vector<uint32_t> ids;
  sealed.EachWithPrefix("tea", [&](uint32_t id, std::string_view) { return ids.push_back(id), true; });
  EXPECT_THAT(ids, ElementsAre(0, 1, 2));
}

TEST(SealedDictionaryTest, AWalkStopsWhenToldTo) {
  const SealedDictionaryWriter writer = Written({"a", "b", "c"});
  uint32_t visits = 0;
  Opened(writer).EachWithPrefix("", [&](uint32_t, std::string_view) { return ++visits < 2; });
  EXPECT_EQ(visits, 2u);
}

TEST(SealedDictionaryTest, DamagedBytesAreRefused) {
  const uint64_t seed = TestSeed(22);
  SCOPED_TRACE(testing::Message() << "ENGRAM_TEST_SEED=" << seed);
  std::mt19937_64 random(seed);
  SealedDictionaryWriter writer;
  for (char a = 'a'; a <= 'z'; ++a) {
    for (char b = 'a'; b <= 'z'; ++b) writer.Add(std::string{a, b, b, a});
  }
  const std::string good = writer.words();
  EXPECT_FALSE(SealedDictionary::Open(good, writer.offsets(), writer.size() - 1).ok());
  EXPECT_FALSE(SealedDictionary::Open(good, writer.offsets(), writer.size() + 1).ok());
  for (int round = 0; round < 2000; ++round) {
    std::string bad = good;
    if (round % 2 == 0) bad.resize(random() % bad.size());
    if (round % 2 == 1) bad[random() % bad.size()] = static_cast<char>(random());
    const auto opened = SealedDictionary::Open(bad, writer.offsets(), writer.size());
    ASSERT_FALSE(round % 2 == 0 && opened.ok());
    if (!opened.ok()) continue;  // otherwise other words in order: checksums are for that
    opened.value().EachWithPrefix("", [](uint32_t, std::string_view) { return true; });
    opened.value().EachWithin("abba", 1, [](uint32_t, std::string_view, uint32_t) {});
  }
}

}  // namespace
}  // namespace engram

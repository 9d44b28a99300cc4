#include "index/text/dictionary.h"

#include <map>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "index/text/levenshtein.h"
#include "tests/index/random_seed.h"

namespace engram {
namespace {

using testing::ElementsAre;

std::vector<std::string> WithPrefix(const Dictionary& dictionary, std::string_view prefix) {
  std::vector<std::string> found;
  dictionary.EachWithPrefix(prefix, [&](uint32_t id) {
    found.emplace_back(dictionary.text(id));
    return true;
  });
  return found;
}

std::map<std::string, uint32_t> Within(const Dictionary& dictionary, std::string_view word, uint32_t distance) {
  std::map<std::string, uint32_t> found;
  dictionary.EachWithin(word, distance, [&](uint32_t id, uint32_t d) { found[std::string(dictionary.text(id))] = d; });
  return found;
}

TEST(DictionaryTest, WordsAreNumberedInOrderOfArrival) {
  Arena arena;
  Dictionary dictionary(&arena);
  EXPECT_EQ(dictionary.FindOrAdd("tea"), 0u);
  EXPECT_EQ(dictionary.FindOrAdd("milk"), 1u);
  EXPECT_EQ(dictionary.FindOrAdd("tea"), 0u);
  EXPECT_EQ(dictionary.Find("milk"), 1u);
  EXPECT_EQ(dictionary.Find("coffee"), Dictionary::kNone);
}

TEST(DictionaryTest, OneTextWithTwoValuesIsTwoWords) {
  Arena arena;
  Dictionary dictionary(&arena);
  EXPECT_NE(dictionary.FindOrAdd("tea", 1), dictionary.FindOrAdd("tea", 2));
  EXPECT_EQ(dictionary.value(dictionary.Find("tea", 2)), 2u);
  EXPECT_EQ(dictionary.Find("tea", 3), Dictionary::kNone);
}

TEST(DictionaryTest, DeadWordsAreNotWalkedOver) {
  Arena arena;
  Dictionary dictionary(&arena);
  for (const char* word : {"tea", "team", "ten"}) dictionary.AddLive(dictionary.FindOrAdd(word));
  dictionary.RemoveLive(dictionary.Find("team"));
  EXPECT_THAT(WithPrefix(dictionary, "te"), ElementsAre("tea", "ten"));
  EXPECT_EQ(Within(dictionary, "tea", 1), (std::map<std::string, uint32_t>{{"tea", 0}, {"ten", 1}}));
}

std::string RandomWord(std::mt19937_64* random) {
  static const std::vector<std::string> kLetters = {"a", "b", "c", "d", "é", "中", "😀"};
  std::string word;
  for (size_t i = (*random)() % 8 + 1; i > 0; --i) word += kLetters[(*random)() % kLetters.size()];
  return word;
}

TEST(DictionaryTest, WalksEqualALookAtEveryWord) {
  const uint64_t seed = TestSeed(5);
  SCOPED_TRACE(testing::Message() << "ENGRAM_TEST_SEED=" << seed);
  std::mt19937_64 random(seed);
  Arena arena;
  Dictionary dictionary(&arena);
  std::map<std::string, uint32_t> live;
  for (int step = 0; step < 6000; ++step) {
    const std::string word = RandomWord(&random);
    dictionary.AddLive(dictionary.FindOrAdd(word));
    ++live[word];
    if (random() % 3 == 0) {
      dictionary.RemoveLive(dictionary.Find(word));
      if (--live[word] == 0) live.erase(word);
    }
    if (step % 200 != 0) continue;
    const std::string probe = RandomWord(&random);
    const std::string prefix = probe.substr(0, probe.size() > 4 ? 4 : 1);
    std::vector<std::string> with_prefix;
    for (const auto& [known, count] : live) {
      if (known.starts_with(prefix)) with_prefix.push_back(known);
    }
    EXPECT_EQ(WithPrefix(dictionary, prefix), with_prefix) << prefix;
    for (const uint32_t distance : {0u, 1u, 2u}) {
      std::map<std::string, uint32_t> within;
      for (const auto& [known, count] : live) {
        if (const uint32_t d = EditDistance(known, probe); d <= distance) within[known] = d;
      }
      EXPECT_EQ(Within(dictionary, probe, distance), within) << probe << " " << distance;
    }
  }
}

}  // namespace
}  // namespace engram

#include "index/text/text_index.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/index/text/analyzed.h"

namespace engram {
namespace {

using testing::DoubleEq;
using testing::ElementsAre;
using testing::IsEmpty;

class TextIndexTest : public testing::Test {
 protected:
  explicit TextIndexTest(const std::string& analyzer = "standard")
      : analyzer_(MakeAnalyzer(analyzer)), index_(analyzer_, {}) {}

  void Add(uint32_t slot, std::vector<std::string_view> texts) {
    index_.Add(Slot(slot), texts);
    live_.add(slot);
  }

  void Remove(uint32_t slot) {
    index_.Remove(Slot(slot));
    live_.remove(slot);
  }

  TextView View(std::string_view query, TextMode mode = TextMode::kAny) const {
    return index_.View(ParseTextQuery(query, mode, *analyzer_).value());
  }

  std::vector<uint32_t> Found(std::string_view query, TextMode mode = TextMode::kAny) const {
    std::vector<uint32_t> slots;
    for (const ScoredSlot& hit : View(query, mode).Top(live_, 100)) slots.push_back(hit.slot.value);
    return slots;
  }

  double ScoreOf(std::string_view query, uint32_t slot) const { return View(query).Score({Slot(slot)})[0]; }

  std::shared_ptr<const Analyzer> analyzer_;
  TextIndex index_;
  SlotSet live_;
};

class StemmedTextIndexTest : public TextIndexTest {
 protected:
  StemmedTextIndexTest() : TextIndexTest("english") {}
};

TEST_F(TextIndexTest, ScoresAreThoseOfTheFormula) {
  Add(1, {"tea and milk"});
  Add(2, {"tea tea"});
  Add(3, {"coffee"});
  const double idf = std::log(1 + (3 - 2 + 0.5) / (2 + 0.5));
  EXPECT_THAT(ScoreOf("tea", 1), DoubleEq(idf * 1 / (1 + 1.2 * (1 - 0.75 + 0.75 * 3 / 2))));
  EXPECT_THAT(ScoreOf("tea", 2), DoubleEq(idf * 2 / (2 + 1.2 * (1 - 0.75 + 0.75 * 2 / 2))));
  EXPECT_EQ(ScoreOf("tea", 3), 0);
  EXPECT_THAT(ScoreOf("tea tea", 2), DoubleEq(2 * ScoreOf("tea", 2)));
}

TEST_F(TextIndexTest, DeletedMemoriesLeaveNoTraceInScores) {
  Add(1, {"tea and milk"});
  Add(5, {"tea"});
  const double before = ScoreOf("tea mil* teb~", 1);
  Add(7, {"milk mild tea teb"});
  EXPECT_NE(ScoreOf("tea mil* teb~", 1), before);
  Remove(7);
  EXPECT_EQ(ScoreOf("tea mil* teb~", 1), before);
  EXPECT_EQ(index_.statistics().distinct_terms, 3u);
}

TEST_F(TextIndexTest, RemovingWhatIsNotThereChangesNothing) {
  Add(3, {"tea"});
  index_.Remove(Slot(2));
  index_.Remove(Slot(99));
  index_.Remove(Slot(3));
  index_.Remove(Slot(3));
  EXPECT_EQ(index_.statistics().texts, 0u);
}

TEST_F(TextIndexTest, ATextWithoutTermsIsAbsent) {
  Add(1, {"..."});
  Add(2, {});
  Add(3, {""});
  EXPECT_EQ(index_.statistics().texts, 0u);
  Remove(1);
  EXPECT_THAT(Found("tea"), IsEmpty());
}

TEST_F(TextIndexTest, EqualScoresComeInOrderOfSlots) {
  for (const uint32_t slot : {4u, 7u, 9u, 12u}) Add(slot, {"tea"});
  EXPECT_THAT(Found("tea"), ElementsAre(4, 7, 9, 12));
}

TEST_F(TextIndexTest, OnlyAllowedSlotsAreFoundButAllLiveOnesCount) {
  for (uint32_t slot = 1; slot <= 9; ++slot) Add(slot, {"tea"});
  const double score = ScoreOf("tea", 5);
  SlotSet allowed;
  allowed.add(5);
  allowed.add(700);
  const std::vector<ScoredSlot> hits = View("tea").Top(allowed, 3);
  ASSERT_EQ(hits.size(), 1u);
  EXPECT_EQ(hits[0].slot, Slot(5));
  EXPECT_EQ(hits[0].score, score);
}

TEST_F(TextIndexTest, PhrasesWantTheirWordsInPlace) {
  Add(1, {"green tea with milk"});
  Add(2, {"tea green"});
  Add(3, {"green", "tea"});
  Add(4, {"green green tea"});
  EXPECT_THAT(Found("\"green tea\""), ElementsAre(4, 1));
  EXPECT_THAT(Found("\"green green\""), ElementsAre(4));
}

TEST_F(TextIndexTest, CjkPhrasesAreFoundInsideRuns) {
  Add(1, {"我喜欢喝绿茶"});
  Add(2, {"绿色的茶"});
  EXPECT_THAT(Found("\"喝绿茶\""), ElementsAre(1));
  EXPECT_THAT(Found("+绿茶"), ElementsAre(1));
}

TEST_F(TextIndexTest, MustAndNotAreRules) {
  Add(1, {"tea milk"});
  Add(2, {"tea sugar"});
  Add(3, {"milk"});
  EXPECT_THAT(Found("+tea milk"), ElementsAre(1, 2));
  EXPECT_THAT(Found("tea -milk"), ElementsAre(2));
  EXPECT_THAT(Found("milk tea", TextMode::kAll), ElementsAre(1));
  EXPECT_EQ(View("+tea -milk").Restrict(live_), SlotSet::bitmapOf(1, 2u));
}

TEST_F(TextIndexTest, ForbiddingAloneFindsNothingButRestricts) {
  Add(1, {"tea"});
  Add(2, {"milk"});
  EXPECT_THAT(Found("-tea"), IsEmpty());
  EXPECT_EQ(View("-tea").Restrict(live_), SlotSet::bitmapOf(1, 2u));
}

TEST_F(TextIndexTest, AnUnknownRequiredWordFindsNothing) {
  Add(1, {"tea"});
  EXPECT_THAT(Found("tea +unheard"), IsEmpty());
  EXPECT_TRUE(View("tea +unheard").Restrict(live_).isEmpty());
}

TEST_F(TextIndexTest, ScoreReadsNoRules) {
  Add(1, {"tea"});
  EXPECT_GT(ScoreOf("tea +unheard", 1), 0);
  EXPECT_GT(ScoreOf("tea -tea", 1), 0);
}

TEST_F(TextIndexTest, ExplainNamesThePartsInQueryOrder) {
  Add(1, {"green tea with milk"});
  Add(2, {"water"});
  std::vector<std::string> terms;
  for (const TermScore& part : View("mil* \"green tea\" water teb~ -x tea").Explain(Slot(1)))
    terms.push_back(part.term);
  EXPECT_THAT(terms, ElementsAre("mil*", "green tea", "teb~", "tea"));
}

TEST_F(TextIndexTest, APrefixStandsForTheFirst128Words) {
  for (uint32_t i = 0; i < 200; ++i) Add(i, {"p" + std::to_string(1000 + i)});
  EXPECT_EQ(Found("p1*").size(), 100u);
  EXPECT_EQ(View("p1*").Top(live_, 1000).size(), 128u);
}

TEST_F(TextIndexTest, AViewStaysAsItWas) {
  for (uint32_t slot = 0; slot < 100; ++slot) Add(slot, {"tea milk", "green"});
  const TextView view = View("tea gre* \"tea milk\"");
  const SlotSet allowed = live_;
  const std::vector<ScoredSlot> before = view.Top(allowed, 10);
  const TextView untouched = View("tea gre* \"tea milk\"");
  for (uint32_t slot = 0; slot < 100; ++slot) Remove(slot);  // sweeps on the way
  for (uint32_t slot = 100; slot < 150; ++slot) Add(slot, {"tea tea green grey"});
  for (const TextView& old : {view, untouched}) {
    const std::vector<ScoredSlot> after = old.Top(allowed, 10);
    ASSERT_EQ(after.size(), before.size());
    for (size_t i = 0; i < after.size(); ++i) {
      EXPECT_EQ(after[i].slot, before[i].slot);
      EXPECT_EQ(after[i].score, before[i].score);
    }
    EXPECT_EQ(old.Score({Slot(120)})[0], 0);
  }
}

TEST_F(TextIndexTest, SpaceComesBackWhenMostIsDead) {
  for (uint32_t slot = 0; slot < 2000; ++slot) Add(slot, {"word" + std::to_string(slot) + " and more words"});
  const size_t full = index_.MemoryBytes();
  for (uint32_t slot = 0; slot < 1990; ++slot) Remove(slot);
  EXPECT_LT(index_.MemoryBytes(), full / 20);
  EXPECT_THAT(Found("word1995"), ElementsAre(1995));
}

TEST_F(StemmedTextIndexTest, PlainWordsMatchByTheirStem) {
  Add(1, {"She was running"});
  EXPECT_THAT(Found("runs"), ElementsAre(1));
}

TEST_F(StemmedTextIndexTest, PrefixesAndFuzzyWordsMatchTheWordsOfTheText) {
  Add(1, {"She was running"});
  Add(2, {"ponies"});
  EXPECT_THAT(Found("runni*"), ElementsAre(1));
  EXPECT_THAT(Found("ponie*"), ElementsAre(2));
  EXPECT_THAT(Found("runing~"), ElementsAre(1));
  EXPECT_THAT(Found("poni*"), ElementsAre(2));
  EXPECT_THAT(Found("runnings*"), IsEmpty());
}

TEST_F(StemmedTextIndexTest, ADeletedSpellingIsNoLongerAWayToItsStem) {
  Add(1, {"running"});
  Add(2, {"run"});
  EXPECT_THAT(Found("runn*"), ElementsAre(1, 2));
  Remove(1);
  EXPECT_THAT(Found("runn*"), IsEmpty());
}

TEST_F(StemmedTextIndexTest, StopWordsLeaveGapsInPhrases) {
  Add(1, {"lord of the rings"});
  Add(2, {"lord rings"});
  EXPECT_THAT(Found("\"lord of the rings\""), ElementsAre(1));
  EXPECT_THAT(Found("\"lord rings\""), ElementsAre(2));
}

}  // namespace
}  // namespace engram

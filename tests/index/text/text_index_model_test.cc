// Random operations on TextIndex and on its naive twin; every answer must be the same.
#include <algorithm>
#include <cmath>
#include <random>

#include <gtest/gtest.h>

#include "index/text/text_index.h"
#include "index/text/text_view.h"
#include "index/text/top_scorer.h"
#include "tests/index/random_seed.h"
#include "tests/index/text/analyzed.h"
#include "tests/index/text/naive_text_index.h"

namespace engram {
namespace {

class Model {
 public:
  Model(const std::string& analyzer, Bm25Parameters parameters, uint64_t seed)
      : analyzer_(MakeAnalyzer(analyzer)),
        parameters_(parameters),
        index_(analyzer_, parameters),
        naive_(analyzer_),
        random_(seed) {
    for (const char* word :
         {"run",  "runs", "running", "runner", "ran",    "tea",  "teas",      "team", "teams", "the",   "and",
          "cafe", "café", "Cafés",   "don't",  "中文字", "東京", "topic:tea", "🎉",    "x",     "mange", "mangé"}) {
      words_.push_back(word);
    }
    for (int i = 0; i < 220; ++i) words_.push_back("pa" + RandomLetters(3));
  }

  void Step() {
    const uint64_t draw = random_() % 100;
    if (draw < 45) return AddOne();
    if (draw < 75) return RemoveOne();
    CompareOnce();
  }

  void RemoveAll() {
    while (!naive_.texts().empty()) RemoveOne();
    EXPECT_EQ(index_.statistics().texts, 0u);
    EXPECT_EQ(index_.statistics().length_total, 0u);
    EXPECT_EQ(index_.statistics().distinct_terms, 0u);
  }

  void CompareOnce() {
    CompareStatistics();
    const std::string text = RandomQuery();
    const auto mode = static_cast<TextMode>(random_() % 3);
    SCOPED_TRACE(testing::Message() << "query " << text << " mode " << static_cast<int>(mode));
    const TextQuery query = ParseTextQuery(text, mode, *analyzer_).value();
    Compare(query, RandomAllowed());
  }

 private:
  std::string RandomLetters(size_t count) {
    std::string letters;
    for (size_t i = 0; i < count; ++i) letters.push_back(static_cast<char>('a' + random_() % 6));
    return letters;
  }

  std::string RandomWord() { return words_[std::min(random_(), random_()) % words_.size()]; }

  std::string RandomText() {
    std::string text;
    for (size_t i = random_() % 14; i > 0; --i) text += RandomWord() + " ";
    return text;
  }

  void AddOne() {
    const std::vector<std::string> texts = {RandomText(), RandomText()};
    const std::vector<std::string_view> views(texts.begin(), texts.begin() + static_cast<ptrdiff_t>(1 + random_() % 2));
    next_slot_ += 1 + static_cast<uint32_t>(random_() % 4);
    index_.Add(Slot(next_slot_), views);
    naive_.Add(next_slot_, views);
  }

  void RemoveOne() {
    if (naive_.texts().empty() || random_() % 8 == 0) return index_.Remove(Slot(next_slot_ + 7));
    auto victim = naive_.texts().begin();
    std::advance(victim, static_cast<ptrdiff_t>(random_() % naive_.texts().size()));
    const uint32_t slot = victim->first;
    index_.Remove(Slot(slot));
    if (random_() % 4 == 0) index_.Remove(Slot(slot));  // a second time changes nothing
    naive_.Remove(slot);
  }

  std::string RandomQuery() {
    static const std::vector<std::string> kSigns = {"", "", "", "+", "-"};
    std::string query;
    for (size_t i = 1 + random_() % 5; i > 0; --i) {
      query += kSigns[random_() % kSigns.size()];
      switch (random_() % 6) {
        case 0: query += "\"" + RandomWord() + " " + RandomWord() + "\""; break;
        case 1: query += RandomWord().substr(0, 1 + random_() % 4) + "*"; break;
        case 2: query += RandomWord() + "~"; break;
        case 3: query += RandomWord() + "~" + std::to_string(random_() % 3); break;
        default: query += RandomWord();
      }
      query += " ";
    }
    return query;
  }

  SlotSet RandomAllowed() {
    SlotSet allowed;
    const uint64_t share = 1 + random_() % 3;
    for (const auto& [slot, tokens] : naive_.texts()) {
      if (share == 1 || random_() % (share * share * 4) < 3) allowed.add(slot);
    }
    return allowed;
  }

  void CompareStatistics() {
    const TextStatistics actual = index_.statistics();
    const TextStatistics expected = NaiveStatistics(naive_.texts());
    ASSERT_EQ(actual.texts, expected.texts);
    ASSERT_EQ(actual.length_total, expected.length_total);
    ASSERT_EQ(actual.distinct_terms, expected.distinct_terms);
  }

  void Compare(const TextQuery& query, const SlotSet& allowed) {
    const TextView view = index_.View(query);
    const NaiveQuery naive(naive_.texts(), parameters_, query);
    const size_t k = 1 + random_() % 12;
    const std::vector<ScoredSlot> top = view.Top(allowed, k);
    ExpectSameHits(top, naive.Top(allowed, k), naive);
    EXPECT_EQ(view.Restrict(allowed), naive.Restrict(allowed));

    const TextView::Rep rep = BindAgain(query);
    ExpectIdentical(TopByWalking(rep, allowed, k), top);
    ExpectIdentical(TopByLookup(rep, allowed, k), top);

    std::vector<Slot> slots;
    for (const auto& [slot, tokens] : naive_.texts()) slots.push_back(Slot(slot));
    std::shuffle(slots.begin(), slots.end(), random_);
    const std::vector<double> scores = view.Score(slots);
    ASSERT_EQ(scores.size(), slots.size());
    for (size_t i = 0; i < slots.size(); ++i) {
      const double expected = naive.Score(slots[i].value);
      ASSERT_NEAR(scores[i], expected, 1e-9 * (1 + expected));
      double sum = 0;
      for (const TermScore& part : view.Explain(slots[i])) sum += part.score;
      ASSERT_EQ(sum, scores[i]);
      for (const ScoredSlot& hit : top) {
        if (hit.slot != slots[i]) continue;
        ASSERT_EQ(hit.score, scores[i]);
      }
    }
  }

  // A rep of its own part, built from the live texts in order: binding must not depend on the past.
  TextView::Rep BindAgain(const TextQuery& query) {
    auto part = std::make_shared<TextPart>(analyzer_->stems());
    for (const auto& [slot, tokens] : naive_.texts()) part->Add(Slot(slot), tokens);
    return TextView::Rep(part, parameters_, query);
  }

  static void ExpectIdentical(const std::vector<ScoredSlot>& actual, const std::vector<ScoredSlot>& expected) {
    ASSERT_EQ(actual.size(), expected.size());
    for (size_t i = 0; i < actual.size(); ++i) {
      ASSERT_EQ(actual[i].slot, expected[i].slot);
      ASSERT_EQ(actual[i].score, expected[i].score);
    }
  }

  // The naive sum is rounded elsewhere, so texts with nearly equal scores may change places.
  void ExpectSameHits(const std::vector<ScoredSlot>& actual, const std::vector<ScoredSlot>& expected,
                      const NaiveQuery& naive) {
    ASSERT_EQ(actual.size(), expected.size());
    for (size_t i = 0; i < actual.size(); ++i) {
      ASSERT_NEAR(actual[i].score, expected[i].score, 1e-9 * (1 + expected[i].score));
      ASSERT_NEAR(actual[i].score, naive.Score(actual[i].slot.value), 1e-9 * (1 + actual[i].score));
      ASSERT_TRUE(i == 0 || BetterHit(actual[i - 1], actual[i]));
    }
  }

  std::shared_ptr<const Analyzer> analyzer_;
  Bm25Parameters parameters_;
  TextIndex index_;
  NaiveTextIndex naive_;
  std::mt19937_64 random_;
  std::vector<std::string> words_;
  uint32_t next_slot_ = 0;
};

class TextIndexModelTest : public testing::TestWithParam<std::string> {};

TEST_P(TextIndexModelTest, EveryAnswerEqualsTheDefinition) {
  const uint64_t seed = TestSeed(7);
  SCOPED_TRACE(testing::Message() << "ENGRAM_TEST_SEED=" << seed);
  Model model(GetParam(), {1.2, 0.75}, seed);
  for (int step = 0; step < 800 && !HasFailure(); ++step) model.Step();
  model.RemoveAll();
  for (int step = 0; step < 200 && !HasFailure(); ++step) model.Step();
}

INSTANTIATE_TEST_SUITE_P(Analyzers, TextIndexModelTest, testing::Values("standard", "english", "french", "whitespace"),
                         [](const auto& instance) { return instance.param; });

TEST(TextIndexModelParametersTest, EveryAnswerEqualsTheDefinitionAtTheLimitsOfTheParameters) {
  const uint64_t seed = TestSeed(8);
  SCOPED_TRACE(testing::Message() << "ENGRAM_TEST_SEED=" << seed);
  for (const Bm25Parameters parameters : {Bm25Parameters{0, 0}, Bm25Parameters{3, 1}, Bm25Parameters{0.9, 0}}) {
    Model model("english", parameters, seed);
    for (int step = 0; step < 300 && !testing::Test::HasFailure(); ++step) model.Step();
  }
}

}  // namespace
}  // namespace engram

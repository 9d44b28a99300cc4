// Random operations on TextIndex and on its naive twin; every answer must be the same. The texts are frozen, sealed
// and merged in between, so that they lie in parts of all kinds; and a second index that holds the same texts in one
// part in memory must give the same scores to the last bit.
#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <random>
#include <tuple>

#include <gtest/gtest.h>

#include "base/testing/fault_file_system.h"
#include "index/text/memory_query.h"
#include "index/text/sealed_query.h"
#include "index/text/text_index.h"
#include "index/text/text_segment.h"
#include "index/text/text_view.h"
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
    if (draw < 72) return RemoveOne();
    if (draw < 75) return index_.Freeze(), void();
    if (draw < 79) return BeginSealing();
    if (draw < 83) return EndSealing();
    if (draw < 86) return CompareOldView();
    CompareOnce();
  }

  void RemoveAll() {
    while (!naive_.texts().empty()) RemoveOne();
    EXPECT_EQ(index_.statistics().texts, 0u);
    EXPECT_EQ(index_.statistics().length_total, 0u);
    EXPECT_EQ(index_.statistics().distinct_terms, 0u);
    if (sealing_) EndSealing();
    index_.Freeze();
    while (!index_.Parts().empty()) {
      BeginSealing();
      EndSealing();
    }
    ComparePostings();
  }

  void CompareOnce() {
    CompareStatistics();
    if (random_() % 8 == 0) ComparePostings();
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
    texts_[next_slot_] = {views.begin(), views.end()};
  }

  void RemoveOne() {
    if (naive_.texts().empty() || random_() % 8 == 0) return index_.Remove(Slot(next_slot_ + 7));
    auto victim = naive_.texts().begin();
    std::advance(victim, static_cast<ptrdiff_t>(random_() % naive_.texts().size()));
    const uint32_t slot = victim->first;
    index_.Remove(Slot(slot));
    if (random_() % 4 == 0) index_.Remove(Slot(slot));  // a second time changes nothing
    naive_.Remove(slot);
    texts_.erase(slot);
  }

  // What is removed between the two halves must be gone from the new part, too.
  void BeginSealing() {
    if (sealing_) return;
    std::vector<TextPartHandle> parts = index_.Parts();
    if (parts.empty()) return;
    const size_t first = random_() % parts.size();
    const size_t count = 1 + random_() % (parts.size() - first);
    sealing_.emplace();
    for (size_t i = first; i < first + count; ++i) sealing_->handles.push_back(parts[i]);
    const std::string path = "segment" + std::to_string(next_file_++);
    const uint64_t bytes = SealTexts(files_, path, *analyzer_, sealing_->handles, Position(1)).value();
    if (bytes == 0) return;
    EXPECT_EQ(files_.FileSize(path).value(), bytes);
    sealing_->segment = TextSegment::Open(files_, path, *analyzer_).value();
  }

  void EndSealing() {
    if (!sealing_) return;
    index_.Replace(sealing_->handles, sealing_->segment);
    if (sealing_->segment && random_() % 4 == 0) OpenAnew();
    sealing_.reset();
  }

  // As after a restart: segments are read, less what does not live any more, and the other texts come again.
  void OpenAnew() {
    const std::vector<TextPartHandle> parts = index_.Parts();
    const auto sealed = std::find_if(parts.begin(), parts.end(), [](const auto& part) { return !part.sealed(); });
    std::optional<TextIndex> opened;
    opened.emplace(analyzer_, parameters_);
    uint32_t last_sealed = 0;
    for (auto part = parts.begin(); part != sealed; ++part) {
      SlotSet removed;
      part->segment()->AddSlotsTo(&removed);
      for (const auto& [slot, texts] : texts_) removed.remove(slot);
      opened->Attach(part->segment(), removed);
      last_sealed = part->segment()->file().slots().last.value;
    }
    for (const auto& [slot, texts] : texts_) {
      if (slot > last_sealed) opened->Add(Slot(slot), {texts.begin(), texts.end()});
    }
    EXPECT_EQ(opened->statistics().texts, index_.statistics().texts);
    ExpectSameAnswers(*opened, RandomQueryParsed(), RandomAllowed());
  }

  void CompareOldView() {
    if (old_views_.size() < 3) return;
    const OldView& old = old_views_[random_() % old_views_.size()];
    ExpectIdentical(old.view.Top(old.allowed, old.top.size() + 3), old.top);
    EXPECT_EQ(old.view.Score(old.slots), old.scores);
    EXPECT_EQ(old.view.Restrict(old.allowed), old.rest);
  }

  void KeepView(const TextView& view, const SlotSet& allowed) {
    OldView old{view, allowed, view.Top(allowed, 1000), {}, {}, view.Restrict(allowed)};
    if (old.top.size() == 1000) return;
    for (const uint32_t slot : allowed) old.slots.push_back(Slot(slot));
    old.scores = view.Score(old.slots);
    if (old_views_.size() < 8) {
      old_views_.push_back(std::move(old));
    } else {
      old_views_[random_() % old_views_.size()] = std::move(old);
    }
  }

  TextQuery RandomQueryParsed() {
    return ParseTextQuery(RandomQuery(), static_cast<TextMode>(random_() % 3), *analyzer_).value();
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

    ExpectSameAnswers(index_, query, allowed);
    ExpectEveryWayTheSame(view, allowed, k);
    if (random_() % 4 == 0) KeepView(view, allowed);

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

  // One part in memory with the live texts: the exact form.
  void ExpectSameAnswers(const TextIndex& index, const TextQuery& query, const SlotSet& allowed) {
    TextIndex exact(analyzer_, parameters_);
    for (const auto& [slot, texts] : texts_) exact.Add(Slot(slot), {texts.begin(), texts.end()});
    const TextView expected = exact.View(query);
    const TextView actual = index.View(query);
    for (const size_t k : {1u, 3u, 10u, 2000u}) ExpectIdentical(actual.Top(allowed, k), expected.Top(allowed, k));
    std::vector<Slot> slots;
    for (const auto& [slot, texts] : texts_) slots.push_back(Slot(slot));
    EXPECT_EQ(actual.Score(slots), expected.Score(slots));
  }

  void ExpectEveryWayTheSame(const TextView& view, const SlotSet& allowed, size_t k) {
    Pacer pacer;
    const QueryScoring scoring = *view.rep().Scoring(&pacer);
    for (const auto& part : view.rep().parts()) {
      BestHits walked(k);
      BestHits looked_up(k);
      if (const auto* memory = dynamic_cast<const MemoryQuery*>(part.get())) {
        memory->TopByWalking(scoring, allowed, &pacer, &walked);
        memory->TopByLookup(scoring, allowed, &pacer, &looked_up);
        ExpectIdentical(std::move(looked_up).Sorted(), std::move(walked).Sorted());
        continue;
      }
      const auto* sealed = dynamic_cast<const SealedQuery*>(part.get());
      ASSERT_NE(sealed, nullptr);
      BestHits skipped(k);
      sealed->TopByWalking(scoring, allowed, &pacer, &walked);
      sealed->TopByLookup(scoring, allowed, &pacer, &looked_up);
      sealed->TopByMaxScore(scoring, allowed, &pacer, &skipped);
      const std::vector<ScoredSlot> expected = std::move(walked).Sorted();
      ExpectIdentical(std::move(looked_up).Sorted(), expected);
      ExpectIdentical(std::move(skipped).Sorted(), expected);
    }
  }

  void ComparePostings() {
    std::vector<std::tuple<std::string, uint32_t, uint32_t>> actual;
    index_.VisitPostings([&](std::string_view term, Slot slot, uint32_t frequency) {
      actual.emplace_back(std::string(term), slot.value, frequency);
    });
    std::map<std::pair<std::string, uint32_t>, uint32_t> counted;
    for (const auto& [slot, tokens] : naive_.texts()) {
      for (const Token& token : tokens) ++counted[{token.term, slot}];
    }
    std::vector<std::tuple<std::string, uint32_t, uint32_t>> expected;
    for (const auto& [place, count] : counted) expected.emplace_back(place.first, place.second, count);
    ASSERT_EQ(actual, expected);
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

  struct Sealing {
    std::vector<TextPartHandle> handles;
    std::shared_ptr<const TextSegment> segment;
  };

  struct OldView {
    TextView view;
    SlotSet allowed;
    std::vector<ScoredSlot> top;
    std::vector<Slot> slots;
    std::vector<double> scores;
    SlotSet rest;
  };

  std::shared_ptr<const Analyzer> analyzer_;
  Bm25Parameters parameters_;
  TextIndex index_;
  FaultFileSystem files_;
  std::optional<Sealing> sealing_;
  std::map<uint32_t, std::vector<std::string>> texts_;
  std::vector<OldView> old_views_;
  uint32_t next_file_ = 0;
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

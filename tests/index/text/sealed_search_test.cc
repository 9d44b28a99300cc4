// Searches over lists long enough for blocks and stretches to be skipped: always the answer of the exact form.
#include <cmath>
#include <functional>
#include <random>

#include <gtest/gtest.h>

#include "base/testing/fault_file_system.h"
#include "index/text/memory_query.h"
#include "index/text/sealed_query.h"
#include "index/text/text_index.h"
#include "index/text/text_segment.h"
#include "index/text/text_view.h"
#include "tests/index/random_seed.h"
#include "tests/index/text/analyzed.h"

namespace engram {
namespace {

constexpr uint32_t kTexts = 30'000;

// Words by rank: a few stand in most texts, many in one or two.
std::string Word(std::mt19937_64* random) {
  const double uniform = static_cast<double>((*random)() % 1'000'000 + 1) / 1e6;
  return "w" + std::to_string(static_cast<uint64_t>(std::pow(uniform, 4) * 3000));
}

std::string Text(std::mt19937_64* random, uint64_t words_max) {
  std::string text;
  for (uint64_t i = 1 + (*random)() % words_max; i > 0; --i) text += Word(random) + " ";
  return text;
}

class SealedSearchTest : public testing::Test {
 protected:
  // The same texts twice: in one part in memory, and in segments with a fresh rest. Lengths and words change on
  // the way, so that some stretches promise more than others.
  void SetUp() override {
    for (uint32_t i = 0; i < kTexts; ++i) {
      slot_ += 1 + static_cast<uint32_t>(random_() % 2);
      const bool again = i % 5 == 0 && !last_text_.empty();  // equal texts: ties
      last_text_ = again ? last_text_ : Text(&random_, i / 4000 % 2 == 0 ? 12 : 60);
      exact_.Add(Slot(slot_), {last_text_});
      sealed_.Add(Slot(slot_), {last_text_});
      live_.add(slot_);
      if (i == 19'999 || i == 27'999) Seal(*sealed_.Freeze(), i);
    }
    for (int i = 0; i < 3000; ++i) {
      const auto slot = static_cast<uint32_t>(random_() % slot_);
      exact_.Remove(Slot(slot));
      sealed_.Remove(Slot(slot));
      live_.remove(slot);
    }
  }

  void Seal(const TextPartHandle& handle, uint32_t file) {
    const std::string path = "segment" + std::to_string(file);
    ASSERT_GT(SealTexts(files_, path, *analyzer_, {handle}, Position(1)).value(), 0u);
    sealed_.Replace({handle}, TextSegment::Open(files_, path, *analyzer_).value());
  }

  static void ExpectSame(const std::vector<ScoredSlot>& actual, const std::vector<ScoredSlot>& expected) {
    ASSERT_EQ(actual.size(), expected.size());
    for (size_t i = 0; i < actual.size(); ++i) {
      ASSERT_EQ(actual[i].slot, expected[i].slot) << i;
      ASSERT_EQ(actual[i].score, expected[i].score) << i;
    }
  }

  void Compare(const std::string& text, TextMode mode, const SlotSet& allowed) {
    SCOPED_TRACE(testing::Message() << "query " << text << " mode " << static_cast<int>(mode));
    const TextQuery query = ParseTextQuery(text, mode, *analyzer_).value();
    const TextView view = sealed_.View(query);
    for (const size_t k : {1u, 10u, 100u}) {
      const std::vector<ScoredSlot> expected = exact_.View(query).Top(allowed, k);
      ExpectSame(view.Top(allowed, k), expected);
      Pacer pacer;
      const QueryScoring scoring = *view.rep().Scoring(&pacer);
      BestHits skipped(k);
      BestHits walked(k);
      for (const auto& part : view.rep().parts()) {
        part->Top(scoring, allowed, &pacer, &walked);
        if (const auto* sealed = dynamic_cast<const SealedQuery*>(part.get())) {
          sealed->TopByMaxScore(scoring, allowed, &pacer, &skipped);
        } else {
          part->Top(scoring, allowed, &pacer, &skipped);
        }
      }
      ExpectSame(std::move(walked).Sorted(), expected);
      ExpectSame(std::move(skipped).Sorted(), expected);
    }
  }

  const uint64_t seed_ = TestSeed(31);
  testing::ScopedTrace trace_{__FILE__, __LINE__, "ENGRAM_TEST_SEED=" + std::to_string(seed_)};
  std::mt19937_64 random_{seed_};
  std::shared_ptr<const Analyzer> analyzer_ = MakeAnalyzer("standard");
  TextIndex exact_{analyzer_, {}};
  TextIndex sealed_{analyzer_, {}};
  FaultFileSystem files_;
  SlotSet live_;
  std::string last_text_;
  uint32_t slot_ = 0;
};

TEST_F(SealedSearchTest, FindsWhatTheExactFormFinds) {
  for (int round = 0; round < 250 && !HasFailure(); ++round) {
    const uint64_t words = 1 + random_() % (round % 10 == 0 ? 30 : 5);
    std::string query;
    for (uint64_t i = 0; i < words; ++i) {
      const uint64_t draw = random_() % 40;
      if (draw == 0) query += "-";
      if (draw == 1) query += "+";
      if (draw == 2) {
        query += "\"" + Word(&random_) + " " + Word(&random_) + "\" ";
      } else {
        query += Word(&random_) + (draw == 3 ? "* " : draw == 4 ? "~1 " : " ");
      }
    }
    SlotSet allowed = live_;
    if (round % 3 == 0) {
      const uint64_t one_in = 1 + random_() % 400;
      for (const uint32_t slot : live_) {
        if (random_() % one_in != 0) allowed.remove(slot);
      }
    }
    Compare(query, round % 4 == 0 ? TextMode::kAll : TextMode::kAny, allowed);
  }
}

// The ways to the best texts of a part.
using Way = std::function<void(const QueryScoring&, const SlotSet&, Pacer*, BestHits*)>;
std::vector<Way> WaysOf(const PartQuery& part) {
  std::vector<Way> ways;
  const auto add = [&](const auto* query, auto way) {
    ways.push_back([query, way](const QueryScoring& scoring, const SlotSet& allowed, Pacer* pacer, BestHits* best) {
      (query->*way)(scoring, allowed, pacer, best);
    });
  };
  if (const auto* memory = dynamic_cast<const MemoryQuery*>(&part)) {
    add(memory, &MemoryQuery::TopByWalking);
    add(memory, &MemoryQuery::TopByLookup);
  }
  if (const auto* sealed = dynamic_cast<const SealedQuery*>(&part)) {
    add(sealed, &SealedQuery::TopByWalking);
    add(sealed, &SealedQuery::TopByLookup);
    add(sealed, &SealedQuery::TopByMaxScore);
  }
  return ways;
}

TEST_F(SealedSearchTest, EveryWayPausesAndEndsWhenItIsGivenUp) {
  int asked = 0;
  bool go_on = true;
  const std::function<bool()> pause = [&] {
    ++asked;
    return go_on;
  };
  for (const char* text : {"w1 w2 w3", "+w1 w2 -w3", "\"w1 w2\" w3", "w1* w2"}) {
    SCOPED_TRACE(text);
    const TextView view = sealed_.View(ParseTextQuery(text, TextMode::kAny, *analyzer_).value());
    Pacer never;
    const QueryScoring scoring = *view.rep().Scoring(&never);
    for (const auto& part : view.rep().parts()) {
      const std::vector<Way> ways = WaysOf(*part);
      ASSERT_GE(ways.size(), 2u);
      for (const Way& way : ways) {
        const auto top = [&](Pacer* pacer) {
          BestHits best(10);
          way(scoring, live_, pacer, &best);
          return std::move(best).Sorted();
        };
        const std::vector<ScoredSlot> expected = top(&never);
        asked = 0;
        go_on = true;
        Pacer patient(&pause, 100);
        ExpectSame(top(&patient), expected);
        EXPECT_GT(asked, 1);
        asked = 0;
        go_on = false;
        Pacer impatient(&pause, 100);
        top(&impatient);
        EXPECT_EQ(asked, 1);
        ExpectSame(top(&never), expected);  // nothing was left behind
      }
    }
  }
}

TEST_F(SealedSearchTest, AViewAsksWhetherToGiveUp) {
  std::string words;
  for (int i = 0; i < 200; ++i) words += "w" + std::to_string(i) + " ";
  std::vector<Slot> slots;
  for (const uint32_t slot : live_) slots.push_back(Slot(slot));
  int asked = 0;
  bool late = false;
  const TextView::GiveUp give_up = [&] {
    ++asked;
    return late;
  };
  struct Call {
    std::string text;
    TextMode mode;
    std::function<void(const TextView&)> run;
  };
  const std::vector<Call> calls = {
      {words, TextMode::kAny, [&](const TextView& view) { view.Top(live_, 10, give_up); }},
      {words, TextMode::kAny, [&](const TextView& view) { view.Score(slots, give_up); }},
      {words, TextMode::kAll, [&](const TextView& view) { view.Restrict(live_, give_up); }},
      // Weighing walks all that a prefix stands for.
      {"w1* w2*", TextMode::kAny, [&](const TextView& view) { view.Score({slots[0]}, give_up); }},
  };
  for (const auto& [text, mode, call] : calls) {
    const TextQuery query = ParseTextQuery(text, mode, *analyzer_).value();
    for (const bool is_late : {false, true}) {
      late = is_late;
      asked = 0;
      call(sealed_.View(query));
      EXPECT_EQ(asked > 1, !is_late) << asked;
      EXPECT_GE(asked, 1);
    }
  }
  late = true;
  const TextView view = sealed_.View(ParseTextQuery("w1*", TextMode::kAny, *analyzer_).value());
  EXPECT_TRUE(view.Top(live_, 10, give_up).empty());
  late = false;
  EXPECT_EQ(view.Top(live_, 10, give_up).size(), 10u) << "what was given up is not kept";
}

TEST_F(SealedSearchTest, TheLimitsOfTheParametersChangeNothing) {
  for (const Bm25Parameters parameters : {Bm25Parameters{0, 0}, {0.01, 1}, {100, 1}, {1.2, 0}}) {
    exact_.SetParameters(parameters);
    sealed_.SetParameters(parameters);
    for (int round = 0; round < 20 && !HasFailure(); ++round) {
      Compare(Word(&random_) + " " + Word(&random_) + " " + Word(&random_), TextMode::kAny, live_);
      Compare(Word(&random_), TextMode::kAny, live_);
    }
  }
}

// A segment tells lengths up to 65,535 at once, so that a float sum of a longer text says too much.
TEST(SealedLongTextTest, AVeryLongTextIsNoMeasureForOthers) {
  const std::shared_ptr<const Analyzer> analyzer = MakeAnalyzer("whitespace");
  const auto text_of = [](uint32_t each, uint32_t length) {
    std::string text;
    for (uint32_t i = 0; i < each; ++i) text += "a b ";
    for (uint32_t i = 2 * each; i < length; ++i) text += "x ";
    return text;
  };
  TextIndex exact(analyzer, {});
  TextIndex sealed(analyzer, {});
  SlotSet live;
  const auto add = [&](uint32_t each, uint32_t length) {
    const auto slot = static_cast<uint32_t>(live.cardinality());
    exact.Add(Slot(slot), {text_of(each, length)});
    sealed.Add(Slot(slot), {text_of(each, length)});
    live.add(slot);
  };
  for (int i = 0; i < 3; ++i) add(10, 200'000);
  for (int i = 0; i < 20; ++i) add(1, 3000);
  FaultFileSystem files;
  const TextPartHandle handle = *sealed.Freeze();
  ASSERT_GT(SealTexts(files, "segment", *analyzer, {handle}, Position(1)).value(), 0u);
  sealed.Replace({handle}, TextSegment::Open(files, "segment", *analyzer).value());
  for (const char* text : {"a b", "a", "\"a b\" a", "+a b"}) {
    SCOPED_TRACE(text);
    const TextQuery query = ParseTextQuery(text, TextMode::kAny, *analyzer).value();
    const std::vector<ScoredSlot> expected = exact.View(query).Top(live, 3);
    ASSERT_EQ(expected.front().slot, Slot(3)) << "a long text is no better";
    const TextView view = sealed.View(query);
    Pacer never;
    BestHits best(3);
    const auto* part = dynamic_cast<const SealedQuery*>(view.rep().parts().front().get());
    ASSERT_NE(part, nullptr);
    part->TopByMaxScore(*view.rep().Scoring(&never), live, &never, &best);
    const std::vector<ScoredSlot> actual = std::move(best).Sorted();
    ASSERT_EQ(actual.size(), expected.size());
    for (size_t i = 0; i < actual.size(); ++i) {
      EXPECT_EQ(actual[i].slot, expected[i].slot) << i;
      EXPECT_EQ(actual[i].score, expected[i].score) << i;
    }
  }
}

}  // namespace
}  // namespace engram

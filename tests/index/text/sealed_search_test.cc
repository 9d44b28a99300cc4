// Searches over lists long enough for blocks and stretches to be skipped: always the answer of the exact form.
#include <cmath>
#include <random>

#include <gtest/gtest.h>

#include "base/testing/fault_file_system.h"
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
      BestHits skipped(k);
      BestHits walked(k);
      for (const auto& part : view.rep().parts()) {
        part->Top(view.rep().scoring(), allowed, &walked);
        if (const auto* sealed = dynamic_cast<const SealedQuery*>(part.get())) {
          sealed->TopByMaxScore(view.rep().scoring(), allowed, &skipped);
        } else {
          part->Top(view.rep().scoring(), allowed, &skipped);
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

}  // namespace
}  // namespace engram

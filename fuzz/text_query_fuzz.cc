// Any bytes as what a user typed: never an error but for too many words, and a query that every search understands.
// The first byte chooses mode and analyzer.
#include <array>
#include <memory>
#include <string>
#include <vector>

#include "base/check.h"
#include "fuzz/input.h"
#include "index/text/text_index.h"
#include "index/text/text_query.h"

namespace engram {
namespace {

constexpr std::array<const char*, 6> kAnalyzers = {"standard", "english", "german", "cjk", "simple", "whitespace"};
constexpr uint32_t kTexts = 20;

// A few texts to search, whose words those of the corpus are.
struct Searched {
  explicit Searched(const char* name)
      : analyzer(Analyzer::Create({.analyzer = name, .stemmer = "", .stop_words = std::nullopt}).value()),
        index(analyzer, {}) {
    for (uint32_t slot = 0; slot < kTexts; ++slot) {
      const std::string text = (slot % 2 == 0 ? "green tea for Ann " : "Ann's running shoes ") + std::to_string(slot);
      index.Add(Slot(slot), {text, "東京の天気"});
      live.add(slot);
    }
  }
  std::shared_ptr<const Analyzer> analyzer;
  TextIndex index;
  SlotSet live;
};

const Searched& SearchedBy(size_t choice) {
  static const std::vector<std::unique_ptr<const Searched>> all = [] {
    std::vector<std::unique_ptr<const Searched>> made;
    for (const char* name : kAnalyzers) made.push_back(std::make_unique<const Searched>(name));
    return made;
  }();
  return *all[choice % all.size()];
}

void CheckClause(const TextClause& clause) {
  ENGRAM_CHECK(!clause.terms.empty() && clause.times > 0 && clause.distance <= 2);
  for (const std::string& term : clause.terms) ENGRAM_CHECK(!term.empty());
  if (clause.kind != TextClause::Kind::kPhrase) {
    ENGRAM_CHECK(clause.terms.size() == 1);
    return;
  }
  ENGRAM_CHECK(clause.offsets.size() == clause.terms.size() && clause.offsets[0] == 0);
  for (size_t i = 1; i < clause.offsets.size(); ++i) ENGRAM_CHECK(clause.offsets[i - 1] < clause.offsets[i]);
}

}  // namespace
}  // namespace engram

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {  // NOLINT: its name
  using namespace engram;                                                  // NOLINT: a file of one function
  FuzzInput input(data, size);
  const uint8_t choice = input.Byte();
  const Searched& searched = SearchedBy(choice / 3);
  const auto query = ParseTextQuery(input.rest(), static_cast<TextMode>(choice % 3), *searched.analyzer);
  if (!query.ok()) {
    ENGRAM_CHECK(query.status().code() == StatusCode::kInvalidArgument && input.rest().size() > kTextQueryWordsMax);
    return 0;
  }
  size_t words = 0;
  for (const TextClause& clause : query->clauses) {
    CheckClause(clause);
    words += clause.terms.size();
  }
  ENGRAM_CHECK(words <= kTextQueryWordsMax);
  ENGRAM_CHECK(searched.index.View(*query).Top(searched.live, kTexts).size() <= kTexts);
  return 0;
}

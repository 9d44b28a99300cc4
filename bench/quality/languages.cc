#include <fmt/format.h>

#include "bench/quality/experiments.h"
#include "bench/quality/labelled_sets.h"
#include "bench/quality/loaded_set.h"
#include "bench/quality/requests.h"

namespace engram::quality {
namespace {

constexpr uint32_t kDepth = 1000;
// The floors have three digits, and a question of the largest set is worth 0.00025: less than this is noise.
constexpr double kTolerance = 0.001;
const std::vector<std::string> kText = {"text"};

Result<QueryFigures> Measure(const Laboratory& laboratory, const LabelledSet& set, const Language& language,
                             const std::string& analyzer) {
  Layout layout;
  layout.text.analyzer = analyzer;
  layout.doc_fields = kText;
  layout.scope_field = language.scope_field;
  ASSIGN_OR_RETURN(const auto loaded, LoadedSet::Write(laboratory.engine, laboratory.tenant, set, layout));
  return loaded->Measure([](const LabelledRow& query) { return TextSearch(query, kText, kDepth); });
}

}  // namespace

Status MeasureLanguages(const Laboratory& laboratory, Report* report) {
  Table& table =
      report->Add("Text search with each language's analyzer (in brackets: plain BM25 less 0.001)", "set, analyzer");
  for (const Language& language : Languages()) {
    if (!laboratory.chosen(language.folder)) continue;
    laboratory.progress(fmt::format("language, {}", language.folder));
    ASSIGN_OR_RETURN(const LabelledSet set, ReadLabelledSet(laboratory.data + "/" + language.folder, false));
    const std::string row = fmt::format("{}, `{}`", language.folder, language.analyzer);
    ASSIGN_OR_RETURN(const QueryFigures own, Measure(laboratory, set, language, language.analyzer));
    ASSIGN_OR_RETURN(const QueryFigures standard, Measure(laboratory, set, language, "standard"));
    table.Set(row, "R@10", {Of(own, Metric::kRecall10), language.recall10, kTolerance, true});
    table.Set(row, "MRR", {Of(own, Metric::kMrr), language.mrr, kTolerance, true});
    table.Set(row, "R@10 with `standard`", {.value = Of(standard, Metric::kRecall10)});
    table.Set(row, "MRR with `standard`", {.value = Of(standard, Metric::kMrr)});
  }
  return {};
}

}  // namespace engram::quality

#include <algorithm>

#include "bench/quality/experiments.h"
#include "bench/quality/labelled_sets.h"
#include "bench/quality/loaded_set.h"
#include "bench/quality/requests.h"

namespace engram::quality {
namespace {

constexpr uint32_t kDepth = 10;
constexpr double kTolerance = 0.005;
constexpr double kTextTolerance = 0.01;

// nDCG@10 of each way to search one set.
struct Ways {
  double text = 0;
  double vector = 0;
  double relative = 0;
  double zscore = 0;
  double rrf = 0;
};

AnalyzerOptions Tokens(const std::string& analyzer, const std::string& stemmer = "") {
  AnalyzerOptions options;
  options.analyzer = analyzer;
  options.stemmer = stemmer;
  return options;
}

Result<double> Ndcg(const LoadedSet& set, const LoadedSet::MakeRequest& request) {
  ASSIGN_OR_RETURN(const QueryFigures figures, set.Measure(request));
  return Of(figures, Metric::kNdcg10);
}

Result<double> HybridNdcg(const LoadedSet& set, FusionMethod method) {
  return Ndcg(set, [&](const LabelledRow& query) { return HybridSearch(query, method, kDepth); });
}

Result<Ways> Measure(const Laboratory& laboratory, const LabelledSet& set, const HybridReference& reference,
                     const AnalyzerOptions& text) {
  Layout layout;
  layout.text = text;
  layout.doc_fields = {"title", "speaker", "text", "image_caption"};
  layout.scope_field = reference.scope_field;
  layout.vectors = true;
  ASSIGN_OR_RETURN(const auto loaded, LoadedSet::Write(laboratory.engine, laboratory.tenant, set, layout));
  const std::vector<std::string> fields = {"text"};
  Ways ways;
  ASSIGN_OR_RETURN(ways.text, Ndcg(*loaded, [&](const auto& query) { return TextSearch(query, fields, kDepth); }));
  ASSIGN_OR_RETURN(ways.vector, Ndcg(*loaded, [](const auto& query) { return VectorSearch(query, kDepth); }));
  ASSIGN_OR_RETURN(ways.relative, HybridNdcg(*loaded, FusionMethod::kRelative));
  ASSIGN_OR_RETURN(ways.zscore, HybridNdcg(*loaded, FusionMethod::kZscore));
  ASSIGN_OR_RETURN(ways.rrf, HybridNdcg(*loaded, FusionMethod::kRrf));
  return ways;
}

// With the reference's own tokens the figures agree both ways. With others a better ranking is no miss.
void Fill(const Ways& ways, const HybridReference& reference, bool same_tokens, Table* table) {
  const std::string& row = reference.folder;
  const bool floor = !same_tokens;
  table->Set(row, "text", {ways.text, reference.text, same_tokens ? kTolerance : kTextTolerance, floor});
  table->Set(row, "vector", {ways.vector, reference.vector, kTolerance});
  table->Set(row, "`relative` (default)", {ways.relative, reference.relative, kTolerance, floor});
  table->Set(row, "`rrf`", {ways.rrf, reference.rrf, kTolerance, floor});
  table->Set(row, "`zscore`", {.value = ways.zscore});
  table->Set(row, "`relative` / better leg", {ways.relative / std::max(ways.text, ways.vector), 1.0, 0, true});
}

void FillMeans(Table* table) {
  for (const char* column : {"text", "vector", "`relative` (default)", "`rrf`", "`zscore`"}) {
    if (const auto mean = table->ColumnMean(column)) table->Set("mean", column, {.value = *mean});
  }
}

}  // namespace

Status MeasureHybrids(const Laboratory& laboratory, Report* report) {
  Table& same = report->Add("nDCG@10 with the reference's tokens (`simple`, English stemmer)", "set");
  Table& english = report->Add("nDCG@10 with analyzer `english`", "set");
  for (const HybridReference& reference : HybridReferences()) {
    if (!laboratory.chosen(reference.folder)) continue;
    laboratory.progress("text, vector and fusions, " + reference.folder);
    ASSIGN_OR_RETURN(const LabelledSet set, ReadLabelledSet(laboratory.data + "/" + reference.folder, true));
    ASSIGN_OR_RETURN(const Ways with_same, Measure(laboratory, set, reference, Tokens("simple", "english")));
    ASSIGN_OR_RETURN(const Ways with_english, Measure(laboratory, set, reference, Tokens("english")));
    Fill(with_same, reference, true, &same);
    Fill(with_english, reference, false, &english);
  }
  FillMeans(&same);
  FillMeans(&english);
  return {};
}

}  // namespace engram::quality

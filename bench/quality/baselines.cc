#include <fmt/format.h>

#include "bench/quality/experiments.h"
#include "bench/quality/labelled_sets.h"
#include "bench/quality/loaded_set.h"
#include "bench/quality/requests.h"

namespace engram::quality {
namespace {

// MAP and MRR look at the first 1,000.
constexpr uint32_t kDepth = 1000;
constexpr double kTolerance = 0.005;

std::string RowName(const Baseline& baseline) {
  std::string name = baseline.folder;
  if (!baseline.scope_field.empty()) name += ", by " + baseline.scope_field;
  if (!baseline.left_out.empty()) name += ", without " + baseline.left_out;
  if (baseline.k1 != 1.2 || baseline.b != 0.75) name += fmt::format(", k1 {}, b {}", baseline.k1, baseline.b);
  return name;
}

Result<QueryFigures> Measure(const Laboratory& laboratory, const Baseline& baseline) {
  ASSIGN_OR_RETURN(const LabelledSet set, ReadLabelledSet(laboratory.data + "/" + baseline.folder, false));
  Layout layout;
  layout.text.analyzer = "simple";
  layout.bm25 = {baseline.k1, baseline.b};
  layout.doc_fields = baseline.doc_fields;
  layout.scope_field = baseline.scope_field;
  ASSIGN_OR_RETURN(const auto loaded, LoadedSet::Write(laboratory.engine, laboratory.tenant, set, layout));
  return loaded->Measure(
      [&](const LabelledRow& query) { return TextSearch(query, baseline.query_fields, kDepth); },
      [&](const LabelledRow& query) { return baseline.left_out.empty() || query.Field("type") != baseline.left_out; });
}

}  // namespace

Status MeasureBaselines(const Laboratory& laboratory, Report* report) {
  Table& table = report->Add("Plain BM25 (`simple`) against the baseline", "set");
  for (const Baseline& baseline : Baselines()) {
    if (!laboratory.chosen(baseline.folder)) continue;
    laboratory.progress("BM25, " + RowName(baseline));
    ASSIGN_OR_RETURN(const QueryFigures figures, Measure(laboratory, baseline));
    for (size_t i = 0; i < kMetrics; ++i) {
      const auto metric = static_cast<Metric>(i);
      Figure figure{.value = Of(figures, metric)};
      const auto stated = baseline.stated.find(metric);
      if (stated != baseline.stated.end()) figure = {Of(figures, metric), stated->second, kTolerance};
      table.Set(RowName(baseline), std::string(MetricName(metric)), figure);
    }
  }
  return {};
}

}  // namespace engram::quality

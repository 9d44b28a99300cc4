#include <fmt/format.h>

#include "bench/quality/experiments.h"
#include "bench/quality/labelled_sets.h"
#include "bench/quality/loaded_set.h"
#include "bench/quality/requests.h"

namespace engram::quality {
namespace {

constexpr uint32_t kDepth = 100;

std::string SettingName(const ContextOptions& context) {
  if (context.window == 0) return "no context";
  return fmt::format("±{}, weight {}", context.window, context.weight);
}

void Fill(const QueryFigures& figures, const std::string& row, std::optional<double> stated, Table* table) {
  table->Set(row, "R@10", {Of(figures, Metric::kRecall10), stated, 0, true});
  table->Set(row, "MRR", {.value = Of(figures, Metric::kMrr)});
  table->Set(row, "nDCG@10", {.value = Of(figures, Metric::kNdcg10)});
}

// One row for each setting. With a `gain`, ±1 at weight 0.2 must bring it.
Status MeasureRuns(const Laboratory& laboratory, const LabelledSet& set, const Conversations& conversations,
                   const std::vector<std::string>& run_fields, std::optional<double> gain, Table* table) {
  Layout layout;
  layout.text.analyzer = "english";
  layout.doc_fields = {"speaker", "text", "image_caption"};
  layout.scope_field = conversations.scope_field;
  layout.run_fields = run_fields;
  layout.vectors = true;
  ASSIGN_OR_RETURN(const auto loaded, LoadedSet::Write(laboratory.engine, laboratory.tenant, set, layout));
  const std::string runs = fmt::format("{}, a run for each {}", conversations.folder, run_fields.back());
  std::optional<double> without;
  for (const ContextOptions& context : {ContextOptions{}, {1, 0.1}, {1, 0.2}, {1, 0.3}, {2, 0.3}}) {
    ASSIGN_OR_RETURN(const QueryFigures figures, loaded->Measure([&](const LabelledRow& query) {
      SearchRequest request = HybridSearch(query, FusionMethod::kRelative, kDepth);
      request.context = context;
      return request;
    }));
    if (!without) without = Of(figures, Metric::kRecall10);
    const bool judged = gain && context.window == 1 && context.weight == 0.2;
    Fill(figures, runs + ": " + SettingName(context), judged ? std::optional(*without + *gain) : std::nullopt, table);
  }
  return {};
}

}  // namespace

Status MeasureContext(const Laboratory& laboratory, Report* report) {
  Table& table = report->Add("Sequence context over the default hybrid (`english`)", "runs and setting");
  for (const Conversations& conversations : AllConversations()) {
    if (!laboratory.chosen(conversations.folder)) continue;
    laboratory.progress("sequence context, " + conversations.folder);
    ASSIGN_OR_RETURN(const LabelledSet set, ReadLabelledSet(laboratory.data + "/" + conversations.folder, true));
    const std::string& whole = conversations.scope_field;
    RETURN_IF_ERROR(MeasureRuns(laboratory, set, conversations, {whole}, conversations.gain, &table));
    RETURN_IF_ERROR(
        MeasureRuns(laboratory, set, conversations, {whole, conversations.session_field}, std::nullopt, &table));
  }
  return {};
}

}  // namespace engram::quality

#include <map>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "bench/quality/choice_sets.h"
#include "bench/quality/experiments.h"
#include "bench/quality/loaded_set.h"
#include "bench/quality/paired.h"
#include "bench/quality/requests.h"

namespace engram::quality {
namespace {

constexpr uint32_t kTextDepth = 100;
constexpr uint32_t kHybridDepth = 10;

// What a namespace may be made with; "own" stands for the analyzer of the set's language.
struct Candidate {
  std::string name;
  std::string analyzer;
  std::string stemmer;
};

const std::vector<Candidate>& Candidates() {
  static const std::vector<Candidate> kCandidates = {
      {"`standard`", "standard", ""}, {"`simple`", "simple", ""},
      {"`cjk`", "cjk", ""},           {"`standard`, English stemmer", "standard", "english"},
      {"`english`", "english", ""},   {"the language's own", "own", ""},
  };
  return kCandidates;
}
constexpr size_t kBefore = 0;  // what the others are compared with

// Figures of every query, by candidate.
struct SetFigures {
  const ChoiceSet* set;
  std::vector<std::vector<QueryFigures>> text;
  std::vector<std::vector<QueryFigures>> hybrid;  // empty without vectors
};

// One column of figures: which search, which measure.
struct View {
  std::string title;
  std::vector<std::vector<QueryFigures>> SetFigures::*search;
  Metric metric;
};

const std::vector<View>& Views() {
  static const std::vector<View> kViews = {
      {"text alone, nDCG@10", &SetFigures::text, Metric::kNdcg10},
      {"text alone, R@100", &SetFigures::text, Metric::kRecall100},
      {"default hybrid, nDCG@10", &SetFigures::hybrid, Metric::kNdcg10},
  };
  return kViews;
}

Status MeasureCandidate(const Laboratory& laboratory, const LabelledSet& set, const ChoiceSet& choice,
                        const Candidate& candidate, SetFigures* figures) {
  Layout layout;
  layout.text.analyzer = candidate.analyzer == "own" ? choice.own_analyzer : candidate.analyzer;
  layout.text.stemmer = candidate.stemmer;
  layout.doc_fields = {"title", "speaker", "text", "image_caption"};
  layout.scope_field = choice.scope_field;
  layout.vectors = choice.vectors;
  ASSIGN_OR_RETURN(const auto loaded, LoadedSet::Write(laboratory.engine, laboratory.tenant, set, layout));
  ASSIGN_OR_RETURN(figures->text.emplace_back(), loaded->MeasureEach([](const LabelledRow& query) {
    return TextSearch(query, {"text"}, kTextDepth);
  }));
  if (!choice.vectors) return {};
  ASSIGN_OR_RETURN(figures->hybrid.emplace_back(), loaded->MeasureEach([](const LabelledRow& query) {
    return HybridSearch(query, FusionMethod::kRelative, kHybridDepth);
  }));
  return {};
}

Result<SetFigures> Measure(const Laboratory& laboratory, const ChoiceSet& choice) {
  ASSIGN_OR_RETURN(const LabelledSet set,
                   ReadLabelledSet(laboratory.data + "/" + choice.folder, choice.vectors, choice.split));
  SetFigures figures{&choice, {}, {}};
  for (const Candidate& candidate : Candidates()) {
    laboratory.progress(fmt::format("analyzers, {}, {}", choice.Name(), candidate.name));
    RETURN_IF_ERROR(MeasureCandidate(laboratory, set, choice, candidate, &figures));
  }
  return figures;
}

using Sets = std::vector<const SetFigures*>;

// Those that have what the view shows.
Sets SeenBy(const View& view, const std::vector<SetFigures>& all, Purpose purpose, std::optional<bool> english) {
  Sets seen;
  for (const SetFigures& set : all) {
    if ((set.*view.search).empty() || set.set->purpose != purpose) continue;
    if (!english || set.set->english() == *english) seen.push_back(&set);
  }
  return seen;
}

double MeanOf(const Sets& sets, const View& view, size_t candidate) {
  double sum = 0;
  for (const SetFigures* set : sets) sum += Of(Mean((set->*view.search)[candidate]), view.metric);
  return sum / static_cast<double>(sets.size());
}

PairedGain GainOf(const Sets& sets, const View& view, size_t candidate) {
  std::vector<std::vector<double>> differences;
  for (const SetFigures* set : sets) {
    const auto& after = (set->*view.search)[candidate];
    const auto& before = (set->*view.search)[kBefore];
    std::vector<double>& of_set = differences.emplace_back();
    for (size_t i = 0; i < after.size(); ++i) of_set.push_back(Of(after[i], view.metric) - Of(before[i], view.metric));
  }
  return ComparePaired(differences);
}

void FillRow(const std::string& row, const Sets& sets, const View& view, Table* table) {
  if (sets.empty()) return;
  for (size_t c = 0; c < Candidates().size(); ++c) {
    table->Set(row, Candidates()[c].name, {.value = MeanOf(sets, view, c)});
  }
}

void FillFigures(const std::vector<SetFigures>& all, Purpose purpose, const View& view, Report* report) {
  Table& table = report->Add(fmt::format("Analyzers, {} sets: {}", PurposeName(purpose), view.title), "set");
  for (const SetFigures* set : SeenBy(view, all, purpose, std::nullopt)) {
    FillRow(fmt::format("{} (`{}`)", set->set->Name(), set->set->own_analyzer), {set}, view, &table);
  }
  FillRow("mean, English", SeenBy(view, all, purpose, true), view, &table);
  FillRow("mean, other languages", SeenBy(view, all, purpose, false), view, &table);
}

// What the other candidates gain on the held-out sets.
void FillGains(const std::vector<SetFigures>& all, const View& view, Report* report) {
  Table& table =
      report->Add(fmt::format("Analyzers, held-out sets: gain over `standard`, {}", view.title), "analyzer, sets");
  for (const bool english : {true, false}) {
    const Sets sets = SeenBy(view, all, Purpose::kHeldOut, english);
    if (sets.empty()) continue;
    for (size_t c = 0; c < Candidates().size(); ++c) {
      if (c == kBefore) continue;
      const std::string row = Candidates()[c].name + (english ? ", English" : ", other languages");
      const PairedGain gain = GainOf(sets, view, c);
      table.Set(row, "gain", {.value = gain.gain, .digits = 4});
      table.Set(row, "95 % from", {.value = gain.low, .digits = 4});
      table.Set(row, "to", {.value = gain.high, .digits = 4});
      table.Set(row, "p", {.value = gain.p, .digits = 4});
    }
  }
}

}  // namespace

Status MeasureAnalyzers(const Laboratory& laboratory, Report* report) {
  std::vector<SetFigures> figures;
  for (const ChoiceSet& choice : ChoiceSets()) {
    if (!laboratory.chosen(choice.folder)) continue;
    ASSIGN_OR_RETURN(SetFigures set, Measure(laboratory, choice));
    figures.push_back(std::move(set));
  }
  for (const Purpose purpose : {Purpose::kTuning, Purpose::kHeldOut}) {
    for (const View& view : Views()) FillFigures(figures, purpose, view, report);
  }
  for (const View& view : Views()) FillGains(figures, view, report);
  return {};
}

}  // namespace engram::quality

#include <array>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "bench/quality/choice_sets.h"
#include "bench/quality/experiments.h"
#include "bench/quality/fusion_variants.h"
#include "bench/quality/loaded_set.h"
#include "bench/quality/paired.h"
#include "bench/quality/requests.h"

namespace engram::quality {
namespace {

constexpr uint32_t kDepth = 10;
constexpr std::array kTextWeights = {0.3, 0.4, 0.5};

// A normalisation and a weight, by place in Normalizations() and kTextWeights.
using Way = std::pair<size_t, size_t>;
constexpr Way kDefaultWay = {0, 1};

// nDCG@10 of every query, by way.
struct SetFigures {
  const ChoiceSet* set;
  std::map<Way, std::vector<double>> by_way;
  double searched;  // the mean as the engine itself ranks by default
};

std::string WayName(const Way& way) {
  return fmt::format("{}, text {}", Normalizations()[way.first].name, kTextWeights[way.second]);
}

double Average(const std::vector<double>& figures) {
  double sum = 0;
  for (const double figure : figures) sum += figure;
  return sum / static_cast<double>(figures.size());
}

FusionCase CaseOf(const SearchReply& reply) {
  std::vector<ExplainedRow> rows;
  for (const SearchHit& hit : reply.hits) {
    rows.push_back({PlaceOf(hit), hit.explanation->legs.at("text"), hit.explanation->legs.at("vector")});
  }
  return MakeCase(std::move(rows));
}

Result<SetFigures> Measure(const Laboratory& laboratory, const ChoiceSet& choice, const std::string& analyzer) {
  ASSIGN_OR_RETURN(const LabelledSet set, ReadLabelledSet(laboratory.data + "/" + choice.folder, true, choice.split));
  Layout layout;
  layout.text.analyzer = analyzer;
  layout.doc_fields = {"title", "speaker", "text", "image_caption"};
  layout.scope_field = choice.scope_field;
  layout.vectors = true;
  ASSIGN_OR_RETURN(const auto loaded, LoadedSet::Write(laboratory.engine, laboratory.tenant, set, layout));
  SetFigures figures{&choice, {}, 0};
  const auto rows = static_cast<uint32_t>(set.docs.size());
  RETURN_IF_ERROR(
      loaded->Ask([&](const LabelledRow& query) { return ExplainedSearch(query, rows); },
                  [&](const LabelledQuery& query, const SearchReply& reply) {
                    const FusionCase legs = CaseOf(reply);
                    for (size_t n = 0; n < Normalizations().size(); ++n) {
                      for (size_t w = 0; w < kTextWeights.size(); ++w) {
                        const auto ranked = Fuse(legs, Normalizations()[n], kTextWeights[w], kDepth);
                        figures.by_way[{n, w}].push_back(Of(Judge(ranked, query.relevant), Metric::kNdcg10));
                      }
                    }
                  }));
  ASSIGN_OR_RETURN(const QueryFigures searched, loaded->Measure([](const LabelledRow& query) {
    return HybridSearch(query, FusionMethod::kRelative, kDepth);
  }));
  figures.searched = Of(searched, Metric::kNdcg10);
  return figures;
}

// The mean of the sets' means.
double MeanOf(const std::vector<SetFigures>& sets, const Way& way) {
  double sum = 0;
  for (const SetFigures& set : sets) sum += Average(set.by_way.at(way));
  return sum / static_cast<double>(sets.size());
}

// The best weight of a normalisation.
Way BestOf(const std::vector<SetFigures>& sets, size_t normalization) {
  Way best = {normalization, 0};
  for (size_t w = 1; w < kTextWeights.size(); ++w) {
    if (MeanOf(sets, {normalization, w}) > MeanOf(sets, best)) best = {normalization, w};
  }
  return best;
}

// The best way that isn't `relative`.
Way BestOther(const std::vector<SetFigures>& sets) {
  Way best = BestOf(sets, 1);
  for (size_t n = 2; n < Normalizations().size(); ++n) {
    const Way way = BestOf(sets, n);
    if (MeanOf(sets, way) > MeanOf(sets, best)) best = way;
  }
  return best;
}

PairedGain GainOf(const std::vector<SetFigures>& sets, const Way& way) {
  std::vector<std::vector<double>> differences;
  for (const SetFigures& set : sets) {
    std::vector<double>& of_set = differences.emplace_back(set.by_way.at(way));
    const std::vector<double>& before = set.by_way.at(kDefaultWay);
    for (size_t i = 0; i < of_set.size(); ++i) of_set[i] -= before[i];
  }
  return ComparePaired(differences);
}

void FillGain(const PairedGain& gain, const std::string& row, Table* table) {
  table->Set(row, "gain", {.value = gain.gain, .digits = 4});
  table->Set(row, "95 % from", {.value = gain.low, .digits = 4});
  table->Set(row, "to", {.value = gain.high, .digits = 4});
  table->Set(row, "p", {.value = gain.p, .digits = 4});
}

void FillAllWays(const std::vector<SetFigures>& sets, Table* table) {
  for (size_t n = 0; n < Normalizations().size(); ++n) {
    for (size_t w = 0; w < kTextWeights.size(); ++w) {
      const Way way = {n, w};
      for (const SetFigures& set : sets) {
        table->Set(WayName(way), set.set->Name(), {.value = Average(set.by_way.at(way)), .digits = 4});
      }
      table->Set(WayName(way), "mean", {.value = MeanOf(sets, way), .digits = 4});
    }
  }
}

void FillChosen(const std::vector<SetFigures>& sets, const Way& chosen, Table* table) {
  const auto fill = [&](const std::string& row, const std::vector<SetFigures>& of, const Figure& before) {
    table->Set(row, "default", before);
    table->Set(row, WayName(chosen), {.value = MeanOf(of, chosen)});
    FillGain(GainOf(of, chosen), row, table);
  };
  for (const SetFigures& set : sets) fill(set.set->Name(), {set}, {MeanOf({set}, kDefaultWay), set.searched});
  fill("mean", sets, {.value = MeanOf(sets, kDefaultWay)});
}

Status MeasureWith(const Laboratory& laboratory, const std::string& analyzer, Report* report) {
  std::map<Purpose, std::vector<SetFigures>> figures;
  for (const ChoiceSet& choice : ChoiceSets()) {
    // The vectors' model reads English alone.
    if (!choice.vectors || !choice.english() || !laboratory.chosen(choice.folder)) continue;
    laboratory.progress(fmt::format("fusion with `{}`, {}", analyzer, choice.Name()));
    ASSIGN_OR_RETURN(SetFigures set, Measure(laboratory, choice, analyzer));
    figures[choice.purpose].push_back(std::move(set));
  }
  const std::vector<SetFigures>& tuning = figures[Purpose::kTuning];
  const std::vector<SetFigures>& held_out = figures[Purpose::kHeldOut];
  if (tuning.empty() || held_out.empty()) {
    laboratory.progress("no table of fusions: it needs tuning sets and held-out sets");
    return {};
  }
  FillAllWays(tuning, &report->Add(fmt::format("Fusions with `{}`, tuning sets: nDCG@10", analyzer), "fusion"));
  Table& judged = report->Add(
      fmt::format("Fusions with `{}`, held-out sets: nDCG@10 at the weight that was best on the tuning sets, and its "
                  "gain over the default",
                  analyzer),
      "fusion");
  for (size_t n = 0; n < Normalizations().size(); ++n) {
    const Way way = BestOf(tuning, n);
    judged.Set(WayName(way), "mean", {.value = MeanOf(held_out, way), .digits = 4});
    FillGain(GainOf(held_out, way), WayName(way), &judged);
  }
  FillChosen(held_out, BestOther(tuning),
             &report->Add(fmt::format("The best other fusion of the tuning sets with `{}`, held-out sets: nDCG@10 (in "
                                      "brackets: as the engine ranks)",
                                      analyzer),
                          "set"));
  return {};
}

}  // namespace

Status MeasureFusions(const Laboratory& laboratory, Report* report) {
  RETURN_IF_ERROR(MeasureWith(laboratory, "standard", report));
  return MeasureWith(laboratory, "english", report);
}

}  // namespace engram::quality

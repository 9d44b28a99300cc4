#include "engine/search/run_legs.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "engine/search/candidates.h"
#include "engine/search/edge_scope.h"
#include "engine/search/graph_leg.h"
#include "engine/search/text_leg.h"
#include "engine/search/vector_leg.h"

namespace engram::search {
namespace {

// Which filters decide on rows what the indexes left open.
std::vector<const Filter*> Rechecks(const SearchSource& source, const IndexView& view, size_t leg,
                                    const LegRequest& request) {
  std::vector<const Filter*> filters;
  const bool open = !view.exact || !view.legs[leg].exact;
  if (open && source.filter != nullptr) filters.push_back(source.filter);
  if (open && request.filter) filters.push_back(&*request.filter);
  return filters;
}

// A space that was without dimensions when the plan was made may have got them before the view was taken.
Status CheckDimensions(const SearchSource& source, const LegPlan& leg) {
  if (leg.dimensions > 0) return {};
  const NamespaceConfig config = source.index->config();
  const auto space = config.vectors.find(leg.space);
  ENGRAM_CHECK(space != config.vectors.end());
  Status checked = CheckVector(leg.request->vector, space->second.dimensions, leg.metric);
  return checked.ok() ? std::move(checked) : std::move(checked).At(LegField(leg, "vector"));
}

Result<std::unique_ptr<Leg>> MakeLeg(const SearchSource& source, const LegPlan& plan, const IndexView::Leg& view) {
  if (plan.request->type == LegType::kText && view.text) {
    return std::unique_ptr<Leg>(std::make_unique<TextLeg>(*view.text, source.give_up()));
  }
  const bool searches_vectors = plan.request->type == LegType::kVector && !plan.space.empty() && view.vector;
  if (!searches_vectors) return std::unique_ptr<Leg>(std::make_unique<EmptyLeg>());
  RETURN_IF_ERROR(CheckDimensions(source, plan));
  VectorSearchOptions options;
  options.exact = plan.exact;
  options.ef = plan.request->ef.value_or(0);
  options.give_up = source.give_up();
  return std::unique_ptr<Leg>(std::make_unique<VectorLeg>(*view.vector, plan.request->vector, std::move(options)));
}

// The best hits of the other legs together, best first, by the search's own fusion.
Result<std::vector<Slot>> BestOfOthers(const SearchSource& source, const SearchRequest& request, size_t count,
                                       std::vector<LegRun>* runs, CandidateRows* rows) {
  std::vector<Slot> best;
  const CandidateSet candidates(UnionOfHits(*runs));
  if (candidates.size() == 0) return best;
  ASSIGN_OR_RETURN(auto columns, MakeColumns(candidates, request.fusion.method, source, runs, rows));
  const bool weightless =
      std::all_of(columns.begin(), columns.end(), [](const LegColumn& column) { return column.weight == 0; });
  for (LegColumn& column : columns) column.weight = weightless ? 1 : column.weight;
  const Fused fused = Fuse(request.fusion.method, request.fusion.k, columns);
  for (const size_t place : BestFirst(candidates, fused.scores, rows)) {
    if (best.size() == count) break;
    best.push_back(candidates.slots()[place]);
  }
  return best;
}

// Given seeds weigh 1 each, the n-th best hit 1 / n.
Result<GraphSeeds> FindSeeds(const SearchSource& source, const GraphLegOptions& options,
                             const std::vector<Slot>& best_hits, CandidateRows* rows) {
  std::map<NodeNumber, double> weights;
  for (const std::string& id : options.seeds) {
    ASSIGN_OR_RETURN(const std::optional<IdRow> row, FindId(*source.rows, id));
    const bool known = row && (!row->is_memory || row->live || source.past);
    if (known) weights[row->node] = 1;
  }
  const size_t count = std::min<size_t>(best_hits.size(), options.from_hits);
  for (size_t i = 0; i < count; ++i) weights[rows->At(best_hits[i]).row.node] += 1.0 / static_cast<double>(i + 1);
  return GraphSeeds(weights.begin(), weights.end());
}

Result<std::unique_ptr<Leg>> MakeGraphLeg(const SearchSource& source, const SearchRequest& request, const LegPlan& plan,
                                          const IndexView& view, const std::vector<Slot>& best_hits,
                                          CandidateRows* rows) {
  const GraphLegOptions& options = plan.request->graph;
  ASSIGN_OR_RETURN(const GraphSeeds seeds, FindSeeds(source, options, best_hits, rows));
  EdgeScope scope;
  if (request.filter) scope.Require(*request.filter);
  if (plan.request->filter) scope.Require(*plan.request->filter);
  WalkFilter filter;
  filter.types = options.types;
  if (!scope.empty()) filter.accept = [&scope](const Edge& edge) { return scope.Passes(edge); };
  return GraphLeg::Walk(source, view, filter, seeds, options.hops);
}

class LegRunner {
 public:
  LegRunner(const SearchSource& source, const SearchRequest& request, const SearchPlan& plan, const IndexView& view,
            CandidateRows* rows)
      : source_(source), request_(request), plan_(plan), view_(view), rows_(rows) {}

  Result<std::vector<LegRun>> Run() {
    std::vector<LegRun> runs;
    uint32_t seeds_from_hits = 0;
    for (const LegPlan& leg : plan_.legs) {
      if (leg.request->type == LegType::kGraph) {
        seeds_from_hits = std::max(seeds_from_hits, leg.request->graph.from_hits);
        continue;
      }
      ASSIGN_OR_RETURN(runs.emplace_back(), RunOne(leg, {}));
    }
    std::vector<Slot> best;
    if (seeds_from_hits > 0) {
      ASSIGN_OR_RETURN(best, BestOfOthers(source_, request_, seeds_from_hits, &runs, rows_));
    }
    for (const LegPlan& leg : plan_.legs) {
      if (leg.request->type != LegType::kGraph) continue;
      ASSIGN_OR_RETURN(runs.emplace_back(), RunOne(leg, best));
    }
    std::sort(runs.begin(), runs.end(), [](const LegRun& a, const LegRun& b) { return a.plan < b.plan; });
    return runs;
  }

 private:
  Result<LegRun> RunOne(const LegPlan& plan, const std::vector<Slot>& best_of_others) {
    RETURN_IF_ERROR(source_.check_deadline());
    const auto start = source_.clock->Monotonic();
    const auto place = static_cast<size_t>(&plan - plan_.legs.data());
    LegRun run;
    run.plan = &plan;
    run.allowed = view_.legs[place].allowed;
    run.recheck = Rechecks(source_, view_, place, *plan.request);
    if (plan.request->type == LegType::kGraph) {
      ASSIGN_OR_RETURN(run.leg, MakeGraphLeg(source_, request_, plan, view_, best_of_others, rows_));
    } else {
      ASSIGN_OR_RETURN(run.leg, MakeLeg(source_, plan, view_.legs[place]));
    }
    ASSIGN_OR_RETURN(run.hits, BestHits(run, source_, rows_));
    run.took = source_.clock->Monotonic() - start;
    return run;
  }

  const SearchSource& source_;
  const SearchRequest& request_;
  const SearchPlan& plan_;
  const IndexView& view_;
  CandidateRows* rows_;
};

}  // namespace

Result<std::vector<LegRun>> RunLegs(const SearchSource& source, const SearchRequest& request, const SearchPlan& plan,
                                    const IndexView& view, CandidateRows* rows) {
  return LegRunner(source, request, plan, view, rows).Run();
}

}  // namespace engram::search

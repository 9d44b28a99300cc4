#include "engine/search/ranking.h"

#include <algorithm>

#include "engine/search/diversify.h"
#include "engine/search/group.h"
#include "engine/search/run_legs.h"

namespace engram::search {
namespace {

Status TakeView(const SearchSource& source, const SearchRequest& request, Ranking* ranking) {
  ViewRequest wanted;
  wanted.filter = source.filter;
  wanted.include_inactive = source.include_inactive;
  wanted.check_deadline = source.check_deadline;
  for (const LegPlan& leg : ranking->plan.legs) {
    const LegRequest& of = *leg.request;
    wanted.leg_filters.push_back(of.filter ? &*of.filter : nullptr);
    wanted.texts.push_back(of.type == LegType::kText ? &leg.text : nullptr);
    wanted.spaces.push_back(leg.space);
  }
  if (request.diversity > 0) wanted.spaces[ranking->plan.diversity_leg] = ranking->plan.diversity_space;
  ASSIGN_OR_RETURN(ranking->view, source.index->View(wanted, source.now));
  ranking->rows = std::make_unique<CandidateRows>(*source.index, ranking->view, *source.rows);
  return {};
}

// What +must, -not and "every word" leave of the namespace holds for all legs.
Status RestrictByText(const SearchSource& source, Ranking* ranking) {
  IndexView& view = ranking->view;
  for (size_t i = 0; i < view.legs.size(); ++i) {
    if (!view.legs[i].text || !ranking->plan.legs[i].text.restricts()) continue;
    const TextView& text = *view.legs[i].text;
    view.visible = text.Restrict(view.visible, source.give_up());
    for (IndexView::Leg& leg : view.legs) {
      RETURN_IF_ERROR(source.check_deadline());
      leg.allowed = text.Restrict(leg.allowed, source.give_up());
    }
  }
  return source.check_deadline();
}

// The memories beside the candidates in their runs become candidates too.
Status AddNeighbors(const SearchSource& source, const SearchRequest& request, Ranking* ranking,
                    std::vector<Slot>* slots) {
  std::vector<const Filter*> recheck;
  if (!ranking->view.exact && source.filter != nullptr) recheck.push_back(source.filter);
  const auto neighbors = source.index->Neighbors(ranking->view, *slots, request.context.window);
  for (const auto& of_slot : neighbors) {
    for (const NamespaceIndex::Neighbor& neighbor : of_slot) {
      ASSIGN_OR_RETURN(const bool passes, Passes(recheck, neighbor.slot, ranking->rows.get()));
      if (passes) slots->push_back(neighbor.slot);
    }
  }
  std::sort(slots->begin(), slots->end());
  slots->erase(std::unique(slots->begin(), slots->end()), slots->end());
  return {};
}

Neighborhood NeighborsAmong(const SearchSource& source, const SearchRequest& request, const Ranking& ranking) {
  Neighborhood neighborhood;
  const auto neighbors = source.index->Neighbors(ranking.view, ranking.candidates->slots(), request.context.window);
  for (const auto& of_slot : neighbors) {
    auto& places = neighborhood.emplace_back();
    for (const NamespaceIndex::Neighbor& neighbor : of_slot) {
      const std::optional<size_t> place = ranking.candidates->PlaceOf(neighbor.slot);
      if (place) places.emplace_back(*place, neighbor.distance);
    }
  }
  return neighborhood;
}

Status FuseAndAdjust(const SearchSource& source, const SearchRequest& request, Ranking* ranking) {
  const FusionMethod method = request.fusion.method;
  const bool in_context = request.context.window > 0 && request.context.weight != 0;
  std::vector<Slot> slots = UnionOfHits(ranking->runs);
  if (in_context && ScoresUnion(method)) RETURN_IF_ERROR(AddNeighbors(source, request, ranking, &slots));
  ranking->candidates.emplace(std::move(slots));
  CandidateRows* rows = ranking->rows.get();
  ASSIGN_OR_RETURN(ranking->columns, MakeColumns(*ranking->candidates, method, source, &ranking->runs, rows));
  ranking->fused = Fuse(method, request.fusion.k, ranking->columns);
  const Neighborhood neighborhood = in_context ? NeighborsAmong(source, request, *ranking) : Neighborhood();
  const std::vector<double>& fused = ranking->fused.scores;
  ranking->adjustments = Adjust(request, *ranking->candidates, fused, neighborhood, source, ranking->view, rows);
  for (size_t i = 0; i < fused.size(); ++i) ranking->scores.push_back(FinalScore(fused[i], ranking->adjustments[i]));
  return {};
}

Result<std::vector<size_t>> DiverseOrder(const SearchSource& source, const SearchRequest& request,
                                         const Ranking& ranking, std::vector<size_t> order) {
  const bool grouped = !request.group_by.empty();
  const SearchPlan& plan = ranking.plan;
  const auto& vectors = ranking.view.legs[plan.diversity_leg].vector;
  const bool comparable = request.diversity > 0 && !plan.diversity_space.empty() && vectors.has_value();
  if (!comparable) return order;
  const std::vector<Slot>& slots = ranking.candidates->slots();
  const auto similarity = [&](size_t a, size_t b) {
    return Resemblance(*vectors, plan.diversity_metric, slots[a], slots[b]);
  };
  const DiversityOptions options{request.diversity, grouped ? order.size() : plan.wanted};
  return Diversify(order, ranking.scores, similarity, options, source.check_deadline);
}

// The field's value of every candidate. The index leaves very long strings to the rows.
Result<std::vector<Value>> GroupValues(const SearchSource& source, const std::string& field, Ranking* ranking) {
  const std::vector<Slot>& slots = ranking->candidates->slots();
  const std::string path = CanonicalField(field);
  std::vector<Value> values = source.index->FieldValues(ranking->view, slots, path);
  for (size_t i = 0; i < values.size(); ++i) {
    if (!values[i].is_null()) continue;
    ASSIGN_OR_RETURN(const AttributeFields* fields, ranking->rows->Fields(slots[i]));
    const auto found =
        std::find_if(fields->begin(), fields->end(), [&](const auto& entry) { return entry.first == path; });
    if (found != fields->end() && found->second.kind() == Value::Kind::kString) values[i] = found->second;
  }
  return values;
}

Status Order(const SearchSource& source, const SearchRequest& request, Ranking* ranking) {
  std::vector<size_t> order = BestFirst(*ranking->candidates, ranking->scores, ranking->rows.get());
  if (request.min_score) {
    const auto below = [&](size_t candidate) { return ranking->scores[candidate] < *request.min_score; };
    order.erase(std::find_if(order.begin(), order.end(), below), order.end());
  }
  ASSIGN_OR_RETURN(order, DiverseOrder(source, request, *ranking, std::move(order)));
  if (!request.group_by.empty()) {
    ASSIGN_OR_RETURN(ranking->groups, GroupValues(source, request.group_by, ranking));
    ranking->page = GroupHits(order, ranking->groups, {request.group_size, request.offset, request.top_k});
    return {};
  }
  const size_t begin = std::min<size_t>(request.offset, order.size());
  const size_t end = std::min(begin + request.top_k, order.size());
  ranking->page.assign(order.begin() + static_cast<ptrdiff_t>(begin), order.begin() + static_cast<ptrdiff_t>(end));
  return {};
}

}  // namespace

Result<std::unique_ptr<Ranking>> Rank(const SearchSource& source, const SearchRequest& request) {
  auto ranking = std::make_unique<Ranking>();
  ASSIGN_OR_RETURN(ranking->plan, MakePlan(request, source.index->config(), source.index->analyzer()));
  RETURN_IF_ERROR(TakeView(source, request, ranking.get()));
  RETURN_IF_ERROR(RestrictByText(source, ranking.get()));
  ASSIGN_OR_RETURN(ranking->runs, RunLegs(source, request, ranking->plan, ranking->view, ranking->rows.get()));
  RETURN_IF_ERROR(FuseAndAdjust(source, request, ranking.get()));
  RETURN_IF_ERROR(source.check_deadline());
  RETURN_IF_ERROR(Order(source, request, ranking.get()));
  return ranking;
}

}  // namespace engram::search

#include "engine/search/plan.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "engine/search/fusion/fuse.h"
#include "engine/search/request_check.h"
#include "index/vector/vector_index.h"

namespace engram::search {
namespace {

uint32_t CountTerms(const TextQuery& query) {
  uint32_t terms = 0;
  for (const TextClause& clause : query.clauses) {
    if (clause.occur == TextClause::Occur::kNot) continue;
    terms += clause.times * static_cast<uint32_t>(clause.terms.size());
  }
  return terms;
}

Status UnknownSpace(const LegPlan& leg, const std::string& space, const NamespaceConfig& config) {
  std::vector<std::string> names;
  for (const auto& [name, unused] : config.vectors) names.push_back(name);
  std::string message = fmt::format("no vector space \"{}\": ", space);
  message += names.empty() ? "the namespace has none" : fmt::format("the namespace has {}", fmt::join(names, ", "));
  return Unprocessable(std::move(message)).At(LegField(leg, "vector_name"));
}

Status PlanVector(const NamespaceConfig& config, LegPlan* leg) {
  const LegRequest& request = *leg->request;
  const std::string space = request.vector_name.empty() ? std::string(kDefaultSpace) : request.vector_name;
  const auto found = config.vectors.find(space);
  const bool nothing_yet = config.vectors.empty() && space == kDefaultSpace;
  if (found == config.vectors.end() && !nothing_yet) return UnknownSpace(*leg, space, config);
  if (!nothing_yet) {
    const VectorSpace& known = found->second;
    if (known.type != VectorType::kDense) {
      return Unprocessable(fmt::format("the vectors of space \"{}\" are {}: stored but not searchable yet", space,
                                       VectorTypeName(known.type)))
          .At(LegField(*leg, "vector_name"));
    }
    leg->space = space;
    leg->metric = known.metric;
    leg->dimensions = known.dimensions;
  }
  const auto dimensions = leg->dimensions == 0 ? static_cast<uint32_t>(request.vector.size()) : leg->dimensions;
  if (dimensions == 0) return Unprocessable("the vector is empty").At(LegField(*leg, "vector"));
  Status checked = CheckVector(request.vector, dimensions, leg->metric);
  return checked.ok() ? std::move(checked) : std::move(checked).At(LegField(*leg, "vector"));
}

Status PlanText(const Analyzer& analyzer, LegPlan* leg) {
  Result<TextQuery> query = ParseTextQuery(leg->request->text, leg->request->text_mode, analyzer);
  if (!query.ok()) return std::move(query).status().At(LegField(*leg, "text"));
  leg->text = std::move(*query);
  leg->query_terms = CountTerms(leg->text);
  return {};
}

double WeightOf(const LegRequest& leg, const FusionOptions& fusion) {
  if (leg.weight) return *leg.weight;
  if (const auto by_name = fusion.weights.find(leg.name); by_name != fusion.weights.end()) return by_name->second;
  const auto by_type = fusion.weights.find(std::string(LegTypeName(leg.type)));
  return by_type != fusion.weights.end() ? by_type->second : DefaultWeight(fusion.method, leg.type);
}

// The space of the first vector leg, otherwise the default one.
void PlanDiversity(const SearchRequest& request, const NamespaceConfig& config, SearchPlan* plan) {
  if (request.diversity == 0) return;
  size_t place = request.legs.size();
  for (size_t i = 0; i < plan->legs.size(); ++i) {
    const LegPlan& leg = plan->legs[i];
    if (leg.space.empty() || leg.place >= place) continue;
    place = leg.place;
    plan->diversity_leg = i;
    plan->diversity_space = leg.space;
    plan->diversity_metric = leg.metric;
  }
  if (!plan->diversity_space.empty()) return;
  const auto space = config.vectors.find(std::string(kDefaultSpace));
  if (space == config.vectors.end() || space->second.type != VectorType::kDense) return;
  plan->diversity_space = kDefaultSpace;
  plan->diversity_metric = space->second.metric;
}

}  // namespace

std::string LegField(const LegPlan& leg, std::string_view member) {
  if (leg.name() == LegTypeName(leg.request->type)) return std::string(member);
  return fmt::format("legs[{}].{}", leg.place, member);
}

Result<SearchPlan> MakePlan(const SearchRequest& request, const NamespaceConfig& config, const Analyzer& analyzer) {
  RETURN_IF_ERROR(CheckRequest(request));
  SearchPlan plan;
  plan.wanted = size_t{request.offset} + request.top_k;
  double weights = 0;
  for (size_t i = 0; i < request.legs.size(); ++i) {
    LegPlan leg;
    leg.request = &request.legs[i];
    leg.place = i;
    const uint32_t candidates = request.legs[i].candidates.value_or(request.fusion.candidates);
    leg.candidates = std::max<size_t>(candidates, plan.wanted);
    leg.exact = request.exact;
    leg.weight = WeightOf(request.legs[i], request.fusion);
    weights += leg.weight;
    if (leg.request->type == LegType::kText) RETURN_IF_ERROR(PlanText(analyzer, &leg));
    if (leg.request->type == LegType::kVector) RETURN_IF_ERROR(PlanVector(config, &leg));
    plan.legs.push_back(std::move(leg));
  }
  if (!(weights > 0)) return InvalidArgument("at least one leg needs a weight above 0").At("fusion.weights");
  std::sort(plan.legs.begin(), plan.legs.end(), [](const LegPlan& a, const LegPlan& b) { return a.name() < b.name(); });
  PlanDiversity(request, config, &plan);
  return plan;
}

}  // namespace engram::search

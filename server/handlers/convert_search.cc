#include "server/handlers/convert_search.h"

#include <array>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "server/handlers/convert_filter.h"
#include "server/handlers/convert_memory.h"
#include "server/handlers/convert_value.h"

namespace engram {
namespace {

constexpr std::array<std::pair<std::string_view, FusionMethod>, 9> kFusionMethods = {{
    {"relative", FusionMethod::kRelative},
    {"zscore", FusionMethod::kZscore},
    {"rrf", FusionMethod::kRrf},
    {"qdrant_rrf", FusionMethod::kQdrantRrf},
    {"qdrant_dbsf", FusionMethod::kQdrantDbsf},
    {"opensearch_minmax", FusionMethod::kOpensearchMinmax},
    {"opensearch_l2", FusionMethod::kOpensearchL2},
    {"opensearch_zscore", FusionMethod::kOpensearchZscore},
    {"mem0", FusionMethod::kMem0},
}};

Result<FusionMethod> ToFusionMethod(const std::string& name) {
  if (name.empty()) return FusionMethod::kRelative;
  std::string known;
  for (const auto& [method_name, method] : kFusionMethods) {
    if (name == method_name) return method;
    if (!known.empty()) known += ", ";
    known += method_name;
  }
  return InvalidArgument(fmt::format("fusion method \"{}\" is none of {}", name, known)).At("fusion.method");
}

Status CheckRange(const char* field, uint32_t value, uint32_t min, uint32_t max) {
  if (value >= min && value <= max) return Status::Ok();
  return InvalidArgument(fmt::format("{} is not between {} and {}", value, min, max)).At(field);
}

Status CheckFinite(const std::string& field, double value) {
  if (std::isfinite(value)) return Status::Ok();
  return InvalidArgument("not a finite number").At(field);
}

Status CheckNotNegative(const std::string& field, double value) {
  if (std::isfinite(value) && value >= 0) return Status::Ok();
  return InvalidArgument(fmt::format("{} is not a number from 0 on", value)).At(field);
}

bool HasLeg(const std::vector<LegRequest>& legs, const std::string& name) {
  for (const LegRequest& leg : legs) {
    if (leg.name == name) return true;
  }
  return false;
}

Status ReadFusion(const v1::Fusion& fusion, const RequestLimits& limits, SearchRequest* out) {
  ASSIGN_OR_RETURN(out->fusion.method, ToFusionMethod(fusion.method()));
  for (const auto& [name, weight] : fusion.weights()) {
    const std::string at = "fusion.weights." + name;
    // The short form's names are known whether or not their leg runs this time.
    const bool known = HasLeg(out->legs, name) || name == "text" || name == "vector" || name == "graph";
    if (!known) return InvalidArgument(fmt::format("there is no leg called \"{}\"", name)).At(at);
    RETURN_IF_ERROR(CheckNotNegative(at, weight));
    out->fusion.weights.emplace(name, weight);
  }
  if (fusion.has_candidates()) {
    RETURN_IF_ERROR(CheckRange("fusion.candidates", fusion.candidates(), 1, limits.candidates));
    out->fusion.candidates = fusion.candidates();
  }
  if (fusion.has_k()) {
    RETURN_IF_ERROR(CheckNotNegative("fusion.k", fusion.k()));
    out->fusion.k = fusion.k();
  }
  return Status::Ok();
}

Status ReadAdjustments(const v1::SearchRequest& request, const RequestLimits& limits, SearchRequest* out) {
  RETURN_IF_ERROR(CheckRange("context.window", request.context().window(), 0, limits.context_window));
  RETURN_IF_ERROR(CheckFinite("context.weight", request.context().weight()));
  out->context = {request.context().window(), request.context().weight()};

  const v1::Recency& recency = request.recency();
  if (!recency.field().empty() && !IsTimeField(recency.field())) {
    return InvalidArgument(
               fmt::format("\"{}\" is none of created_at, updated_at, event_time, expires_at", recency.field()))
        .At("recency.field");
  }
  RETURN_IF_ERROR(CheckFinite("recency.weight", recency.weight()));
  RETURN_IF_ERROR(CheckNotNegative("recency.half_life_seconds", recency.half_life_seconds()));
  if (request.has_recency() && recency.half_life_seconds() == 0) {
    return InvalidArgument("the half-life must be above 0").At("recency.half_life_seconds");
  }
  out->recency = {recency.field(), recency.half_life_seconds(), recency.weight()};

  RETURN_IF_ERROR(CheckFinite("importance_weight", request.importance_weight()));
  RETURN_IF_ERROR(CheckFinite("feedback_weight", request.feedback_weight()));
  out->importance_weight = request.importance_weight();
  out->feedback_weight = request.feedback_weight();
  if (!(request.diversity() >= 0 && request.diversity() <= 1)) {
    return InvalidArgument(fmt::format("{} is not between 0 and 1", request.diversity())).At("diversity");
  }
  out->diversity = request.diversity();
  return Status::Ok();
}

Status ReadGroups(const v1::SearchRequest& request, const RequestLimits& limits, SearchRequest* out) {
  if (request.group_by().empty()) {
    if (request.has_group_size()) return InvalidArgument("group_size needs group_by").At("group_size");
    return Status::Ok();
  }
  if (!IsFilterField(request.group_by())) {
    return InvalidArgument(fmt::format("\"{}\" is no field to group by", request.group_by())).At("group_by");
  }
  out->group_by = request.group_by();
  if (!request.has_group_size()) return Status::Ok();
  RETURN_IF_ERROR(CheckRange("group_size", request.group_size(), 1, limits.group_size));
  out->group_size = request.group_size();
  return Status::Ok();
}

Status ReadReplyShape(const v1::SearchRequest& request, const RequestLimits& limits, SearchRequest* out) {
  if (request.has_top_k()) {
    RETURN_IF_ERROR(CheckRange("top_k", request.top_k(), 1, limits.top_k));
    out->top_k = request.top_k();
  }
  RETURN_IF_ERROR(CheckRange("offset", request.offset(), 0, limits.offset));
  out->offset = request.offset();
  if (request.has_min_score()) {
    RETURN_IF_ERROR(CheckFinite("min_score", request.min_score()));
    out->min_score = request.min_score();
  }
  out->exact = request.exact();
  out->highlight = request.highlight();
  out->explain = request.explain();
  ASSIGN_OR_RETURN(out->include, ToInclude(request.include()));
  return Status::Ok();
}

void FromExplanation(const Explanation& explanation, v1::Explanation* out) {
  for (const auto& [name, leg] : explanation.legs) {
    v1::LegExplanation& shown = (*out->mutable_legs())[name];
    if (leg.rank) shown.set_rank(*leg.rank);
    if (leg.score) shown.set_score(*leg.score);
    shown.set_normalized(leg.normalized);
    shown.set_contribution(leg.contribution);
    for (const TermScore& term : leg.terms) {
      v1::LegExplanation::Term* added = shown.add_terms();
      added->set_term(term.term);
      added->set_score(term.score);
    }
    shown.mutable_path()->Add(leg.path.begin(), leg.path.end());
  }
  out->mutable_adjust()->insert(explanation.adjust.begin(), explanation.adjust.end());
  out->set_fused(explanation.fused);
}

}  // namespace

Result<SearchRequest> ToSearchRequest(const v1::SearchRequest& request, const RequestLimits& limits) {
  SearchRequest out;
  ASSIGN_OR_RETURN(out.legs, ToLegs(request, limits));
  if (request.has_filter()) {
    ASSIGN_OR_RETURN(out.filter, ToFilter(request.filter()));
  }
  RETURN_IF_ERROR(ReadFusion(request.fusion(), limits, &out));
  RETURN_IF_ERROR(ReadAdjustments(request, limits, &out));
  RETURN_IF_ERROR(ReadGroups(request, limits, &out));
  RETURN_IF_ERROR(ReadReplyShape(request, limits, &out));
  if (!request.has_as_of()) return out;
  Result<Timestamp> as_of = ToTimestamp(request.as_of());
  if (!as_of.ok()) return std::move(as_of).status().At("as_of");
  out.as_of = *as_of;
  return out;
}

void FromSearchReply(const SearchReply& reply, const Include& include, v1::SearchReply* out) {
  for (const SearchHit& hit : reply.hits) {
    v1::Hit* shown = out->add_hits();
    shown->set_id(hit.id);
    shown->set_score(hit.score);
    FromMemory(hit.memory, include, shown->mutable_memory());
    shown->mutable_highlights()->Add(hit.highlights.begin(), hit.highlights.end());
    if (hit.explanation) FromExplanation(*hit.explanation, shown->mutable_explain());
    if (hit.group) FromValue(*hit.group, shown->mutable_group());
  }
  for (const auto& [name, leg] : reply.legs) {
    v1::LegReport& report = (*out->mutable_legs())[name];
    report.set_candidates(leg.candidates);
    report.set_took_us(leg.took_us);
  }
  out->set_took_us(reply.took_us);
}

}  // namespace engram

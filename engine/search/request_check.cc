#include "engine/search/request_check.h"

#include <cmath>
#include <set>
#include <string>

#include <fmt/format.h>

#include "graph/traversal.h"

namespace engram::search {
namespace {

Status CheckFinite(std::string_view field, double value) {
  if (std::isfinite(value)) return {};
  return InvalidArgument(fmt::format("{} is not a finite number", field)).At(std::string(field));
}

Status CheckWeight(std::string_view field, double weight) {
  if (weight >= 0 && weight <= kSearchWeightMax) return {};
  return InvalidArgument(fmt::format("a weight is a number from 0 to {}, not {}", kSearchWeightMax, weight))
      .At(std::string(field));
}

// Of an adjustment, which may also push down.
Status CheckSignedWeight(std::string_view field, double weight) {
  if (std::abs(weight) <= kSearchWeightMax) return {};
  return InvalidArgument(fmt::format("{} is a number between -{} and {}, not {}", field, kSearchWeightMax,
                                     kSearchWeightMax, weight))
      .At(std::string(field));
}

Status CheckLegs(const SearchRequest& request) {
  if (request.legs.empty()) return InvalidArgument("a search needs a text, a vector or a graph leg").At("legs");
  std::set<std::string> names;
  bool others = false;
  for (const LegRequest& leg : request.legs) others |= leg.type != LegType::kGraph;
  for (size_t i = 0; i < request.legs.size(); ++i) {
    const LegRequest& leg = request.legs[i];
    const std::string at = fmt::format("legs[{}]", i);
    if (leg.name.empty()) return InvalidArgument("a leg needs a name").At(at + ".name");
    if (leg.name == "adjust" || leg.name == "fused") {
      return InvalidArgument(
                 fmt::format("\"{}\" has a meaning of its own in explanations: call the leg otherwise", leg.name))
          .At(at + ".name");
    }
    if (!names.insert(leg.name).second) {
      return InvalidArgument(fmt::format("two legs are called \"{}\"", leg.name)).At(at + ".name");
    }
    if (leg.min_score) RETURN_IF_ERROR(CheckFinite(at + ".min_score", *leg.min_score));
    if (leg.weight) RETURN_IF_ERROR(CheckWeight(at + ".weight", *leg.weight));
    if (leg.type != LegType::kGraph) continue;
    if (leg.graph.hops > kHopsMax) {
      return InvalidArgument(fmt::format("hops is at most {}, not {}", kHopsMax, leg.graph.hops))
          .At(at + ".graph.hops");
    }
    const bool seeded = !leg.graph.seeds.empty() || (others && leg.graph.from_hits > 0);
    if (!seeded) {
      return InvalidArgument("a graph leg needs seeds, or another leg whose hits it may start from")
          .At(at + ".graph.seeds");
    }
  }
  return {};
}

Status CheckFusion(const SearchRequest& request) {
  const FusionOptions& fusion = request.fusion;
  std::set<std::string, std::less<>> known = {"text", "vector", "graph"};
  bool weighted = !fusion.weights.empty();
  for (const LegRequest& leg : request.legs) {
    known.insert(leg.name);
    weighted |= leg.weight.has_value();
  }
  for (const auto& [name, weight] : fusion.weights) {
    const std::string field = "fusion.weights." + name;
    if (!known.contains(name)) return InvalidArgument(fmt::format("no leg is called \"{}\"", name)).At(field);
    RETURN_IF_ERROR(CheckWeight(field, weight));
  }
  if (weighted && fusion.method == FusionMethod::kMem0) {
    return InvalidArgument("the method mem0 takes no weights").At("fusion.weights");
  }
  if (!fusion.k) return {};
  const double least = fusion.method == FusionMethod::kQdrantRrf ? 1 : 0;
  if (std::isfinite(*fusion.k) && *fusion.k >= least) return {};
  return InvalidArgument(fmt::format("k is a number from {}, not {}", least, *fusion.k)).At("fusion.k");
}

Status CheckAdjustments(const SearchRequest& request) {
  RETURN_IF_ERROR(CheckSignedWeight("context.weight", request.context.weight));
  if (request.context.window > kContextWindowMax) {
    return InvalidArgument(fmt::format("the window is at most {}, not {}", kContextWindowMax, request.context.window))
        .At("context.window");
  }
  RETURN_IF_ERROR(CheckSignedWeight("importance_weight", request.importance_weight));
  RETURN_IF_ERROR(CheckSignedWeight("feedback_weight", request.feedback_weight));
  const RecencyOptions& recency = request.recency;
  RETURN_IF_ERROR(CheckSignedWeight("recency.weight", recency.weight));
  if (!recency.field.empty() && !IsTimeField(recency.field)) {
    return InvalidArgument(fmt::format("\"{}\" is not a time field: created_at, updated_at, event_time or expires_at",
                                       recency.field))
        .At("recency.field");
  }
  if (recency.weight == 0) return {};
  if (std::isfinite(recency.half_life_seconds) && recency.half_life_seconds > 0) return {};
  return InvalidArgument(fmt::format("the half-life is a number above 0, not {}", recency.half_life_seconds))
      .At("recency.half_life_seconds");
}

}  // namespace

std::string_view LegTypeName(LegType type) {
  switch (type) {
    case LegType::kText: return "text";
    case LegType::kVector: return "vector";
    case LegType::kGraph: return "graph";
  }
  return "text";
}

Status CheckRequest(const SearchRequest& request) {
  RETURN_IF_ERROR(CheckLegs(request));
  RETURN_IF_ERROR(CheckFusion(request));
  RETURN_IF_ERROR(CheckAdjustments(request));
  if (request.top_k == 0) return InvalidArgument("top_k is at least 1").At("top_k");
  if (!(request.diversity >= 0 && request.diversity <= 1)) {
    return InvalidArgument(fmt::format("diversity is from 0 to 1, not {}", request.diversity)).At("diversity");
  }
  if (request.group_size == 0) return InvalidArgument("group_size is at least 1").At("group_size");
  if (!request.group_by.empty() && !IsFilterField(request.group_by)) {
    return InvalidArgument(fmt::format("unknown field \"{}\"", request.group_by)).At("group_by");
  }
  if (request.min_score) RETURN_IF_ERROR(CheckFinite("min_score", *request.min_score));
  return {};
}

}  // namespace engram::search

// The legs of a search, in both of their forms.
#include <cmath>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "engine/config.h"
#include "server/handlers/convert_filter.h"
#include "server/handlers/convert_graph.h"
#include "server/handlers/convert_search.h"
#include "server/handlers/convert_value.h"

namespace engram {
namespace {

constexpr uint32_t kFromHitsMax = 1'000;

Result<TextMode> ToTextMode(const std::string& name) {
  if (name.empty() || name == "any") return TextMode::kAny;
  if (name == "all") return TextMode::kAll;
  if (name == "plain") return TextMode::kPlain;
  return InvalidArgument(fmt::format("text_mode \"{}\" is none of any, all, plain", name)).At("text_mode");
}

Result<LegType> ToLegType(const std::string& name) {
  if (name == "text") return LegType::kText;
  if (name == "vector") return LegType::kVector;
  if (name == "graph") return LegType::kGraph;
  return InvalidArgument(fmt::format("type \"{}\" is none of text, vector, graph", name)).At("type");
}

Status ReadText(const std::string& text, const std::string& mode, const RequestLimits& limits, LegRequest* leg) {
  if (text.empty()) return InvalidArgument("a text leg needs a text").At("text");
  if (text.size() > limits.text_bytes) {
    return Status(StatusCode::kPayloadTooLarge,
                  fmt::format("a text of {} bytes is longer than {}", text.size(), limits.text_bytes))
        .At("text");
  }
  leg->type = LegType::kText;
  leg->text = text;
  ASSIGN_OR_RETURN(leg->text_mode, ToTextMode(mode));
  return Status::Ok();
}

Status ReadVector(const v1::Vector& vector, const std::string& space, const RequestLimits& limits, LegRequest* leg) {
  if (!space.empty()) {
    if (Status status = CheckName("a space's name", space); !status.ok()) return std::move(status).At("vector_name");
  }
  Result<VectorValue> value = ToVector(vector, limits);
  if (!value.ok()) return std::move(value).status().Under("vector");
  auto* dense = std::get_if<DenseVector>(&*value);
  if (dense == nullptr) return Unprocessable("only dense vectors can be searched").At("vector");
  leg->type = LegType::kVector;
  leg->vector = std::move(*dense);
  leg->vector_name = space;
  return Status::Ok();
}

Status ReadEf(uint32_t ef, const RequestLimits& limits, LegRequest* leg) {
  if (ef < 1 || ef > limits.ef)
    return InvalidArgument(fmt::format("ef {} is not between 1 and {}", ef, limits.ef)).At("ef");
  leg->ef = ef;
  return Status::Ok();
}

Result<GraphLegOptions> ToGraphLeg(const v1::GraphLeg& graph, const RequestLimits& limits) {
  GraphLegOptions options;
  ASSIGN_OR_RETURN(options.seeds, ToSeeds(graph.seeds(), limits));
  ASSIGN_OR_RETURN(options.types, ToTypes(graph.types(), limits));
  if (graph.has_hops()) {
    ASSIGN_OR_RETURN(options.hops, ToHops(graph.hops(), "hops"));
  }
  if (graph.has_from_hits()) options.from_hits = graph.from_hits();
  if (options.from_hits > kFromHitsMax) {
    return InvalidArgument(fmt::format("{} hits are more than {}", options.from_hits, kFromHitsMax)).At("from_hits");
  }
  if (options.seeds.empty() && options.from_hits == 0) return InvalidArgument("nothing to start from").At("seeds");
  return options;
}

Status ReadGraph(const v1::GraphLeg& graph, const RequestLimits& limits, LegRequest* leg) {
  Result<GraphLegOptions> options = ToGraphLeg(graph, limits);
  if (!options.ok()) return std::move(options).status().Under("graph");
  leg->type = LegType::kGraph;
  leg->graph = *std::move(options);
  return Status::Ok();
}

// Inputs that a leg of this type has no use for.
Status RefuseForeignInputs(const v1::Leg& leg, LegType type) {
  const char* field = nullptr;
  if (type != LegType::kText && !leg.text().empty()) field = "text";
  if (type != LegType::kText && !leg.text_mode().empty()) field = "text_mode";
  if (type != LegType::kVector && leg.has_vector()) field = "vector";
  if (type != LegType::kVector && !leg.vector_name().empty()) field = "vector_name";
  if (type != LegType::kVector && leg.has_ef()) field = "ef";
  if (type != LegType::kGraph && leg.has_graph()) field = "graph";
  if (field == nullptr) return Status::Ok();
  return InvalidArgument(fmt::format("a {} leg takes no {}", leg.type(), field)).At(field);
}

Status ReadInputs(const v1::Leg& leg, const RequestLimits& limits, LegRequest* out) {
  ASSIGN_OR_RETURN(out->type, ToLegType(leg.type()));
  RETURN_IF_ERROR(RefuseForeignInputs(leg, out->type));
  switch (out->type) {
    case LegType::kText: return ReadText(leg.text(), leg.text_mode(), limits, out);
    case LegType::kGraph: return ReadGraph(leg.graph(), limits, out);
    case LegType::kVector: break;
  }
  if (!leg.has_vector()) return InvalidArgument("a vector leg needs a vector").At("vector");
  RETURN_IF_ERROR(ReadVector(leg.vector(), leg.vector_name(), limits, out));
  return leg.has_ef() ? ReadEf(leg.ef(), limits, out) : Status::Ok();
}

Result<LegRequest> ToLeg(const v1::Leg& leg, const RequestLimits& limits) {
  LegRequest out;
  out.name = leg.name().empty() ? leg.type() : leg.name();
  RETURN_IF_ERROR(ReadInputs(leg, limits, &out));
  if (Status status = CheckName("a leg's name", out.name); !status.ok()) return std::move(status).At("name");
  if (leg.has_candidates()) {
    if (leg.candidates() < 1 || leg.candidates() > limits.candidates) {
      return InvalidArgument(fmt::format("candidates {} is not between 1 and {}", leg.candidates(), limits.candidates))
          .At("candidates");
    }
    out.candidates = leg.candidates();
  }
  if (leg.has_min_score()) {
    if (!std::isfinite(leg.min_score())) return InvalidArgument("min_score is not a number").At("min_score");
    out.min_score = leg.min_score();
  }
  if (leg.has_weight()) {
    if (!(std::isfinite(leg.weight()) && leg.weight() >= 0)) {
      return InvalidArgument(fmt::format("weight {} is not a number from 0 on", leg.weight())).At("weight");
    }
    out.weight = leg.weight();
  }
  if (!leg.has_filter()) return out;
  ASSIGN_OR_RETURN(out.filter, ToFilter(leg.filter()));
  return out;
}

Result<std::vector<LegRequest>> ToGeneralLegs(const v1::SearchRequest& request, const RequestLimits& limits) {
  const char* shorthand = !request.text().empty()          ? "text"
                          : request.has_vector()           ? "vector"
                          : request.has_graph()            ? "graph"
                          : !request.vector_name().empty() ? "vector_name"
                          : !request.text_mode().empty()   ? "text_mode"
                          : request.has_ef()               ? "ef"
                                                           : nullptr;
  if (shorthand != nullptr) {
    return InvalidArgument(fmt::format("{} is shorthand for one leg: with legs it belongs into one of them", shorthand))
        .At(shorthand);
  }
  if (request.legs_size() > static_cast<int>(limits.legs)) {
    return InvalidArgument(fmt::format("{} legs are more than {}", request.legs_size(), limits.legs)).At("legs");
  }
  std::vector<LegRequest> legs;
  std::set<std::string> names;
  for (int i = 0; i < request.legs_size(); ++i) {
    const std::string at = fmt::format("legs[{}]", i);
    Result<LegRequest> leg = ToLeg(request.legs(i), limits);
    if (!leg.ok()) return std::move(leg).status().Under(at);
    if (!names.insert(leg->name).second) {
      return InvalidArgument(fmt::format("a leg called \"{}\" is there already", leg->name)).At(at + ".name");
    }
    legs.push_back(*std::move(leg));
  }
  return legs;
}

Result<std::vector<LegRequest>> ToShortLegs(const v1::SearchRequest& request, const RequestLimits& limits) {
  std::vector<LegRequest> legs;
  if (!request.text().empty()) {
    LegRequest& leg = legs.emplace_back();
    leg.name = "text";
    RETURN_IF_ERROR(ReadText(request.text(), request.text_mode(), limits, &leg));
  } else if (!request.text_mode().empty()) {
    return InvalidArgument("text_mode needs a text").At("text_mode");
  }
  if (request.has_vector()) {
    LegRequest& leg = legs.emplace_back();
    leg.name = "vector";
    RETURN_IF_ERROR(ReadVector(request.vector(), request.vector_name(), limits, &leg));
    if (request.has_ef()) RETURN_IF_ERROR(ReadEf(request.ef(), limits, &leg));
  } else if (!request.vector_name().empty() || request.has_ef()) {
    return InvalidArgument("vector_name and ef need a vector").At("vector");
  }
  if (request.has_graph()) {
    LegRequest& leg = legs.emplace_back();
    leg.name = "graph";
    RETURN_IF_ERROR(ReadGraph(request.graph(), limits, &leg));
  }
  if (legs.empty()) return InvalidArgument("nothing to search by: give text, vector, graph or legs");
  return legs;
}

}  // namespace

Result<std::vector<LegRequest>> ToLegs(const v1::SearchRequest& request, const RequestLimits& limits) {
  Result<std::vector<LegRequest>> legs =
      request.legs().empty() ? ToShortLegs(request, limits) : ToGeneralLegs(request, limits);
  if (!legs.ok()) return legs;
  // A graph leg alone has nobody's hits to start from.
  for (size_t i = 0; i < legs->size(); ++i) {
    const LegRequest& leg = (*legs)[i];
    const bool alone = leg.type == LegType::kGraph && leg.graph.seeds.empty() && legs->size() == 1;
    if (alone)
      return InvalidArgument("a graph leg alone needs seeds")
          .At(request.legs().empty() ? "graph.seeds" : "legs[0].graph.seeds");
  }
  return legs;
}

}  // namespace engram

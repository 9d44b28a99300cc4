#include "server/handlers/convert_graph.h"

#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "server/handlers/convert_value.h"

namespace engram {
namespace {

constexpr size_t kTypesMax = 100;
constexpr size_t kAliasesMax = 1'000;

Status CheckIdAt(const char* what, const std::string& id, const std::string& field) {
  Status status = CheckId(what, id);
  if (status.ok()) return status;
  return std::move(status).At(field);
}

Status CheckType(const std::string& type, const std::string& field, const RequestLimits& limits) {
  if (type.empty()) return InvalidArgument("the type of an edge is empty").At(field);
  return CheckLabel(field, type, limits.label_bytes);
}

template <class Message>
Status ReadMetadata(const Message& message, Value::Object* out) {
  Result<Value::Object> metadata = ToObject(message.metadata());
  if (!metadata.ok()) return std::move(metadata).status().Under("metadata");
  *out = *std::move(metadata);
  return Status::Ok();
}

Result<Timestamp> ToTimeAt(const google::protobuf::Timestamp& time, const char* field) {
  Result<Timestamp> converted = ToTimestamp(time);
  if (!converted.ok()) return std::move(converted).status().At(field);
  return converted;
}

Status ReadValidity(const v1::Edge& edge, Edge* out) {
  if (edge.has_valid_from()) {
    ASSIGN_OR_RETURN(out->valid_from, ToTimeAt(edge.valid_from(), "valid_from"));
  }
  if (edge.has_valid_to()) {
    ASSIGN_OR_RETURN(out->valid_to, ToTimeAt(edge.valid_to(), "valid_to"));
  }
  if (out->valid_from && out->valid_to && *out->valid_to <= *out->valid_from) {
    return InvalidArgument("valid_to is not after valid_from").At("valid_to");
  }
  return Status::Ok();
}

Status RefuseReplyFields(const v1::Edge& edge, bool may_import) {
  const char* field = edge.has_recorded_at() && !may_import                           ? "recorded_at"
                      : edge.has_retired_at() && !may_import                          ? "retired_at"
                      : edge.version() != 0 && !(may_import && edge.has_retired_at()) ? "version"
                                                                                      : nullptr;
  if (field == nullptr) return Status::Ok();
  return InvalidArgument(fmt::format("{} is for replies only", field)).At(field);
}

Status RefuseReplyFields(const v1::Node& node, bool may_import) {
  const char* field = node.has_created_at() && !may_import   ? "created_at"
                      : node.has_updated_at() && !may_import ? "updated_at"
                      : node.implicit() && !may_import       ? "implicit"
                      : node.out_degree() != 0               ? "out_degree"
                      : node.in_degree() != 0                ? "in_degree"
                      : node.is_memory()                     ? "is_memory"
                                                             : nullptr;
  if (field == nullptr) return Status::Ok();
  return InvalidArgument(fmt::format("{} is for replies only", field)).At(field);
}

Result<Direction> ToDirection(const std::string& name, Direction unsaid) {
  if (name.empty()) return unsaid;
  if (name == "out") return Direction::kOut;
  if (name == "in") return Direction::kIn;
  if (name == "both") return Direction::kBoth;
  return InvalidArgument(fmt::format("direction \"{}\" is none of out, in, both", name)).At("direction");
}

// What every walk and list narrows edges by.
template <class Message, class Query>
Status ReadEdgeChoice(const Message& message, Direction unsaid, const RequestLimits& limits, Query* out) {
  ASSIGN_OR_RETURN(out->types, ToTypes(message.types(), limits));
  ASSIGN_OR_RETURN(out->direction, ToDirection(message.direction(), unsaid));
  if (message.has_as_of()) {
    ASSIGN_OR_RETURN(out->as_of, ToTimeAt(message.as_of(), "as_of"));
  }
  if (!message.has_filter()) return Status::Ok();
  Result<Value> value = ToValue(message.filter());
  if (!value.ok()) return std::move(value).status().Under("filter");
  if (value->is_null()) return Status::Ok();
  ASSIGN_OR_RETURN(out->filter, ParseEdgeFilter(*value));
  return Status::Ok();
}

template <class Message>
Status ReadSeeds(const Message& message, const RequestLimits& limits, WalkRequest* walk) {
  ASSIGN_OR_RETURN(walk->seeds, ToSeeds(message.seeds(), limits));
  if (walk->seeds.empty()) return InvalidArgument("a walk needs at least one seed").At("seeds");
  return Status::Ok();
}

template <class Message>
Status ReadLimit(const Message& message, const RequestLimits& limits, WalkRequest* walk) {
  walk->limit = message.has_limit() ? message.limit() : 100;
  if (walk->limit >= 1 && walk->limit <= limits.page_items) return Status::Ok();
  return InvalidArgument(fmt::format("limit {} is not between 1 and {}", walk->limit, limits.page_items)).At("limit");
}

Status ReadEnd(const v1::Edge& edge, WriteEdge* write) {
  write->ended = true;
  ASSIGN_OR_RETURN(write->edge.retired, ToTimeAt(edge.retired_at(), "retired_at"));
  if (edge.version() == 0) return InvalidArgument("an edge that has ended has its version").At("version");
  write->edge.version = Version(edge.version());
  if (!write->recorded || *write->recorded <= *write->edge.retired) return Status::Ok();
  return InvalidArgument("retired_at is before recorded_at").At("retired_at");
}

}  // namespace

Result<std::vector<std::string>> ToSeeds(const ProtoStrings& ids, const RequestLimits& limits) {
  if (ids.size() > static_cast<int>(limits.seeds)) {
    return InvalidArgument(fmt::format("{} seeds are more than {}", ids.size(), limits.seeds)).At("seeds");
  }
  for (int i = 0; i < ids.size(); ++i) RETURN_IF_ERROR(CheckIdAt("a seed", ids[i], fmt::format("seeds[{}]", i)));
  return std::vector<std::string>(ids.begin(), ids.end());
}

Result<std::vector<std::string>> ToTypes(const ProtoStrings& types, const RequestLimits& limits) {
  if (types.size() > static_cast<int>(kTypesMax)) {
    return InvalidArgument(fmt::format("{} types are more than {}", types.size(), kTypesMax)).At("types");
  }
  for (int i = 0; i < types.size(); ++i) RETURN_IF_ERROR(CheckType(types[i], fmt::format("types[{}]", i), limits));
  return std::vector<std::string>(types.begin(), types.end());
}

Result<uint32_t> ToHops(uint32_t hops, const char* field) {
  if (hops >= 1 && hops <= kHopsMax) return hops;
  return InvalidArgument(fmt::format("{} hops are not between 1 and {}", hops, kHopsMax)).At(field);
}

Result<WriteEdge> ToWriteEdge(const v1::Edge& edge, const RequestLimits& limits, bool may_import) {
  RETURN_IF_ERROR(RefuseReplyFields(edge, may_import));
  RETURN_IF_ERROR(CheckIdAt("the source", edge.source(), "source"));
  RETURN_IF_ERROR(CheckType(edge.type(), "type", limits));
  RETURN_IF_ERROR(CheckIdAt("the target", edge.target(), "target"));
  WriteEdge write;
  write.source_id = edge.source();
  write.target_id = edge.target();
  write.edge.type = edge.type();
  ASSIGN_OR_RETURN(write.edge.scopes, ToScopes(edge));
  if (edge.id().empty()) {
    write.edge.id = DefaultEdgeId(write.edge.scopes, edge.source(), edge.type(), edge.target());
  } else {
    RETURN_IF_ERROR(CheckIdAt("the id", edge.id(), "id"));
    write.edge.id = edge.id();
  }
  write.edge.weight = edge.has_weight() ? edge.weight() : 1;
  if (!(std::isfinite(write.edge.weight) && write.edge.weight >= 0)) {
    return InvalidArgument(fmt::format("weight {} is not a number from 0 on", write.edge.weight)).At("weight");
  }
  RETURN_IF_ERROR(ReadMetadata(edge, &write.edge.metadata));
  RETURN_IF_ERROR(ReadValidity(edge, &write.edge));
  if (!edge.memory_id().empty()) RETURN_IF_ERROR(CheckIdAt("memory_id", edge.memory_id(), "memory_id"));
  write.memory_id = edge.memory_id();
  if (edge.has_recorded_at()) {
    ASSIGN_OR_RETURN(write.recorded, ToTimeAt(edge.recorded_at(), "recorded_at"));
  }
  if (edge.has_retired_at()) RETURN_IF_ERROR(ReadEnd(edge, &write));
  return write;
}

Result<WriteNode> ToWriteNode(const v1::Node& node, const RequestLimits& limits, bool may_import) {
  RETURN_IF_ERROR(RefuseReplyFields(node, may_import));
  RETURN_IF_ERROR(CheckIdAt("the id", node.id(), "id"));
  RETURN_IF_ERROR(CheckLabel("name", node.name(), limits.label_bytes));
  RETURN_IF_ERROR(CheckLabel("kind", node.kind(), limits.label_bytes));
  if (node.aliases_size() > static_cast<int>(kAliasesMax)) {
    return InvalidArgument(fmt::format("{} aliases are more than {}", node.aliases_size(), kAliasesMax)).At("aliases");
  }
  WriteNode write;
  for (int i = 0; i < node.aliases_size(); ++i) {
    RETURN_IF_ERROR(CheckLabel(fmt::format("aliases[{}]", i), node.aliases(i), limits.label_bytes));
    write.node.aliases.push_back(node.aliases(i));
  }
  write.node.id = node.id();
  write.node.name = node.name();
  write.node.kind = node.kind();
  RETURN_IF_ERROR(ReadMetadata(node, &write.node.metadata));
  ASSIGN_OR_RETURN(write.node.scopes, ToScopes(node));
  if (node.has_created_at()) {
    ASSIGN_OR_RETURN(write.created_at, ToTimeAt(node.created_at(), "created_at"));
  }
  if (node.has_updated_at()) {
    ASSIGN_OR_RETURN(write.updated_at, ToTimeAt(node.updated_at(), "updated_at"));
  }
  write.implicit = node.implicit();
  return write;
}

Result<EdgeListQuery> ToEdgeListQuery(const v1::ListEdgesRequest& request, const RequestLimits& limits) {
  EdgeListQuery query;
  if (!request.node().empty()) RETURN_IF_ERROR(CheckIdAt("the node", request.node(), "node"));
  query.node_id = request.node();
  RETURN_IF_ERROR(ReadEdgeChoice(request, Direction::kBoth, limits, &query));
  query.include_retired = request.include_retired();
  if (query.as_of && query.include_retired) {
    return InvalidArgument("as_of and include_retired exclude each other").At("include_retired");
  }
  return query;
}

Result<WalkRequest> ToWalk(const v1::ExpandRequest& request, const RequestLimits& limits) {
  WalkRequest walk;
  RETURN_IF_ERROR(ReadSeeds(request, limits, &walk));
  ASSIGN_OR_RETURN(walk.hops, ToHops(request.has_hops() ? request.hops() : 1, "hops"));
  RETURN_IF_ERROR(ReadEdgeChoice(request, Direction::kBoth, limits, &walk));
  RETURN_IF_ERROR(ReadLimit(request, limits, &walk));
  return walk;
}

Result<WalkRequest> ToWalk(const v1::PathRequest& request, const RequestLimits& limits) {
  WalkRequest walk;
  RETURN_IF_ERROR(CheckIdAt("the source", request.source(), "source"));
  RETURN_IF_ERROR(CheckIdAt("the target", request.target(), "target"));
  walk.seeds = {request.source()};
  walk.target = request.target();
  ASSIGN_OR_RETURN(walk.hops, ToHops(request.has_max_hops() ? request.max_hops() : 4, "max_hops"));
  RETURN_IF_ERROR(ReadEdgeChoice(request, Direction::kOut, limits, &walk));
  return walk;
}

Result<WalkRequest> ToWalk(const v1::RankRequest& request, const RequestLimits& limits) {
  WalkRequest walk;
  RETURN_IF_ERROR(ReadSeeds(request, limits, &walk));
  RETURN_IF_ERROR(ReadEdgeChoice(request, Direction::kBoth, limits, &walk));
  RETURN_IF_ERROR(ReadLimit(request, limits, &walk));
  return walk;
}

void FromEdge(const NamedEdge& named, v1::Edge* out) {
  const Edge& edge = named.edge;
  out->set_id(edge.id);
  out->set_source(named.source_id);
  out->set_type(edge.type);
  out->set_target(named.target_id);
  out->set_weight(edge.weight);
  FromObject(edge.metadata, out->mutable_metadata());
  FromScopes(edge.scopes, out);
  if (edge.valid_from) FromTimestamp(*edge.valid_from, out->mutable_valid_from());
  if (edge.valid_to) FromTimestamp(*edge.valid_to, out->mutable_valid_to());
  out->set_memory_id(named.memory_id);
  FromTimestamp(edge.recorded, out->mutable_recorded_at());
  if (edge.retired) FromTimestamp(*edge.retired, out->mutable_retired_at());
  out->set_version(edge.version.value);
}

void FromNode(const NodeView& view, v1::Node* out) {
  if (view.is_memory) {
    out->set_id(view.node.id);
    out->set_is_memory(true);
  } else {
    FromNode(view.node, out);
  }
  out->set_out_degree(view.degrees.out);
  out->set_in_degree(view.degrees.in);
}

void FromNode(const Node& node, v1::Node* out) {
  out->set_id(node.id);
  out->set_name(node.name);
  out->set_kind(node.kind);
  out->mutable_aliases()->Add(node.aliases.begin(), node.aliases.end());
  FromObject(node.metadata, out->mutable_metadata());
  FromScopes(node.scopes, out);
  FromTimestamp(node.created_at, out->mutable_created_at());
  FromTimestamp(node.updated_at, out->mutable_updated_at());
}

}  // namespace engram

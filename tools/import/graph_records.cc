#include "tools/import/graph_records.h"

#include <fmt/format.h>
#include <google/protobuf/util/message_differencer.h>

#include "graph/edge.h"

namespace engram {
namespace {

using google::protobuf::util::MessageDifferencer;

// The name of the first field that differs; empty when none does.
std::string FirstDifference(const google::protobuf::Message& wanted, const google::protobuf::Message& stored,
                            std::initializer_list<const char*> fields) {
  for (const char* name : fields) {
    MessageDifferencer differencer;
    const auto* field = wanted.GetDescriptor()->FindFieldByName(name);
    if (!differencer.CompareWithFields(wanted, stored, {field}, {field})) return name;
  }
  return {};
}

bool IsMissing(const Status& status) { return status.code() == StatusCode::kNotFound; }

std::string EdgeId(const v1::Edge& edge) {
  if (!edge.id().empty()) return edge.id();
  const Scopes scopes{edge.user_id(), edge.agent_id(), edge.run_id(), edge.app_id(), edge.actor_id()};
  return DefaultEdgeId(scopes, edge.source(), edge.type(), edge.target());
}

}  // namespace

void GraphRecords::Add(SourceRecord record) { records_.push_back(std::move(record)); }

Result<std::vector<GraphDifference>> GraphRecords::Compare() {
  std::vector<GraphDifference> differing;
  for (const SourceRecord& record : records_) {
    GraphDifference one;
    one.place = record.place;
    std::string field;
    if (const auto* node = std::get_if<v1::Node>(&record.item)) {
      one.kind = "node";
      one.id = node->id();
      ASSIGN_OR_RETURN(field, CompareNode(*node, &one.there));
    } else if (const auto* run = std::get_if<v1::Run>(&record.item)) {
      one.kind = "run";
      one.id = run->run_id();
      ASSIGN_OR_RETURN(field, CompareRun(*run, &one.there));
    } else if (const auto* edge = std::get_if<v1::Edge>(&record.item)) {
      one.kind = "edge";
      one.id = EdgeId(*edge);
      ASSIGN_OR_RETURN(field, CompareEdge(*edge, one.id, &one.there));
    }
    if (one.there && field.empty()) {
      ++matched_;
      continue;
    }
    one.what = one.there ? fmt::format("{} \"{}\" has another {} in the store", one.kind, one.id, field)
                         : fmt::format("{} \"{}\" is not in the store", one.kind, one.id);
    differing.push_back(std::move(one));
  }
  records_.clear();
  return differing;
}

Result<std::string> GraphRecords::CompareNode(const v1::Node& wanted, bool* there) {
  const auto stored = client_.GetNode(ns_, wanted.id());
  *there = stored.ok();
  if (!stored.ok()) return IsMissing(stored.status()) ? Result<std::string>(std::string()) : stored.status();
  if (wanted.implicit()) return std::string();
  return FirstDifference(
      wanted, *stored, {"name", "kind", "aliases", "metadata", "user_id", "agent_id", "run_id", "app_id", "actor_id"});
}

Result<std::string> GraphRecords::CompareRun(const v1::Run& wanted, bool* there) {
  const auto stored =
      client_.GetRun(ns_, wanted.run_id(), RunScopes{wanted.user_id(), wanted.agent_id(), wanted.app_id()});
  *there = stored.ok();
  if (!stored.ok()) return IsMissing(stored.status()) ? Result<std::string>(std::string()) : stored.status();
  return FirstDifference(wanted, *stored, {"metadata", "ttl_seconds"});
}

Result<std::string> GraphRecords::CompareEdge(const v1::Edge& wanted, const std::string& id, bool* there) {
  v1::ListEdgesRequest request;
  v1::Value& filter = (*request.mutable_filter()->mutable_object_value()->mutable_members())["id"];
  filter.set_string_value(id);
  request.set_node(wanted.source());
  request.set_direction("out");
  request.set_limit(1);
  auto page = client_.ListEdges(ns_, request);
  if (!page.ok() && IsMissing(page.status())) return std::string();
  if (!page.ok()) return page.status();
  *there = page->edges_size() > 0;
  if (!*there) return std::string();
  v1::Edge said = wanted;
  if (!said.has_weight()) said.set_weight(1);
  return FirstDifference(said, page->edges(0),
                         {"source", "type", "target", "weight", "metadata", "user_id", "agent_id", "run_id", "app_id",
                          "actor_id", "valid_from", "valid_to", "memory_id"});
}

}  // namespace engram

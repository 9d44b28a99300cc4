#include "tools/import/graph_records.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <google/protobuf/util/message_differencer.h>

#include "api/json.h"
#include "base/hash.h"
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
  RETURN_IF_ERROR(ReadEdges());
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
      field = CompareEdge(*edge, one.id, &one.there);
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

Status GraphRecords::ReadEdges() {
  edges_.clear();
  std::map<std::string, std::set<std::string>> by_source;
  for (const SourceRecord& record : records_) {
    if (const auto* edge = std::get_if<v1::Edge>(&record.item)) by_source[edge->source()].insert(EdgeId(*edge));
  }
  for (const auto& [source, ids] : by_source) {
    v1::ListEdgesRequest request;
    auto& members = *request.mutable_filter()->mutable_object_value()->mutable_members();
    v1::Value& in = (*members["id"].mutable_object_value()->mutable_members())["in"];
    for (const std::string& id : ids) in.mutable_list_value()->add_values()->set_string_value(id);
    request.set_node(source);
    request.set_direction("out");
    request.set_limit(static_cast<uint32_t>(ids.size()));
    do {
      auto page = client_.ListEdges(ns_, request);
      if (!page.ok() && IsMissing(page.status())) break;
      if (!page.ok()) return page.status();
      request.set_cursor(page->next_cursor());
      for (v1::Edge& edge : *page->mutable_edges()) edges_[edge.id()] = std::move(edge);
    } while (!request.cursor().empty());
  }
  return {};
}

std::string GraphRecords::CompareEdge(const v1::Edge& wanted, const std::string& id, bool* there) const {
  const auto stored = edges_.find(id);
  *there = stored != edges_.end();
  if (!*there) return {};
  v1::Edge said = wanted;
  if (!said.has_weight()) said.set_weight(1);
  return FirstDifference(said, stored->second,
                         {"source", "type", "target", "weight", "metadata", "user_id", "agent_id", "run_id", "app_id",
                          "actor_id", "valid_from", "valid_to", "memory_id"});
}

namespace {

uint64_t HashOfEnded(v1::Edge edge) {
  edge.clear_recorded_at();  // some sources do not tell
  if (!edge.has_weight()) edge.set_weight(1);
  return HashBytes64(PrintJson(edge));
}

}  // namespace

void EndedEdges::Add(const v1::Edge& edge) { ids_.emplace(HashOfEnded(edge), edge.id()); }

Result<std::vector<std::string>> EndedEdges::Missing(Client& client, const std::string& ns,
                                                     v1::ImportVerification* result) {
  std::vector<std::string> missing;
  if (ids_.empty()) return missing;
  v1::ListEdgesRequest request;
  request.set_include_retired(true);
  request.set_limit(1'000);
  do {
    ASSIGN_OR_RETURN(const v1::ListEdgesReply page, client.ListEdges(ns, request));
    for (const v1::Edge& edge : page.edges()) {
      if (edge.has_retired_at() && ids_.erase(HashOfEnded(edge)) > 0) result->set_matched(result->matched() + 1);
    }
    request.set_cursor(page.next_cursor());
  } while (!request.cursor().empty());
  for (auto& [hash, id] : ids_) missing.push_back(std::move(id));
  result->set_missing(result->missing() + missing.size());
  std::sort(missing.begin(), missing.end());
  return missing;
}

}  // namespace engram

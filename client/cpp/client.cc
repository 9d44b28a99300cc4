#include "client/cpp/client.h"

#include <utility>

#include "client/cpp/caller.h"
#include "client/cpp/target.h"

namespace engram {
namespace {

std::string MemoryTarget(const std::string& ns, const std::string& id, std::string_view rest = {}) {
  std::string out = NamespaceTarget(ns, "/memories/" + PercentEncode(id));
  out += rest;
  return out;
}

std::string RunTarget(const std::string& ns, const std::string& run_id, const RunScopes& scopes) {
  std::string out = NamespaceTarget(ns, "/runs/" + PercentEncode(run_id));
  AddQuery(&out, "user_id", scopes.user_id);
  AddQuery(&out, "agent_id", scopes.agent_id);
  AddQuery(&out, "app_id", scopes.app_id);
  return out;
}

}  // namespace

Result<std::unique_ptr<Client>> Client::Connect(const ClientOptions& options) {
  HttpTransportOptions http;
  http.host = options.host;
  http.port = options.port;
  http.tls = options.tls;
  http.key = options.key;
  http.connect_timeout = options.connect_timeout;
  http.idle_connections_max = options.idle_connections_max;
  ASSIGN_OR_RETURN(std::unique_ptr<Transport> transport, NewHttpTransport(std::move(http)));
  auto client = std::make_unique<Client>(std::move(transport), options);
  RETURN_IF_ERROR(client->CheckReady({.timeout = options.connect_timeout, .idempotency_key = {}}));
  return client;
}

Client::Client(std::unique_ptr<Transport> transport, ClientOptions options)
    : caller_(std::make_unique<Caller>(std::move(transport), std::move(options))) {}

Client::~Client() = default;

Result<v1::Namespace> Client::PutNamespace(const std::string& ns, const v1::NamespaceConfig& config,
                                           const CallOptions& options) {
  return caller_->Write<v1::Namespace>("PUT", NamespaceTarget(ns), &config, options);
}

Result<v1::Namespace> Client::DescribeNamespace(const std::string& ns, const CallOptions& options) {
  return caller_->Read<v1::Namespace>("GET", NamespaceTarget(ns), nullptr, options);
}

Result<v1::ListNamespacesReply> Client::ListNamespaces(const std::string& prefix, uint32_t limit,
                                                       const std::string& cursor, const CallOptions& options) {
  std::string target = "/v1/namespaces";
  AddQuery(&target, "prefix", prefix);
  AddQuery(&target, "limit", std::to_string(limit));
  AddQuery(&target, "cursor", cursor);
  return caller_->Read<v1::ListNamespacesReply>("GET", std::move(target), nullptr, options);
}

Result<v1::Namespace> Client::PatchNamespace(const std::string& ns, const v1::NamespacePatch& patch,
                                             const CallOptions& options) {
  return caller_->Write<v1::Namespace>("PATCH", NamespaceTarget(ns), &patch, options);
}

Result<v1::DeleteNamespaceReply> Client::DeleteNamespace(const std::string& ns, const CallOptions& options) {
  return caller_->Write<v1::DeleteNamespaceReply>("DELETE", NamespaceTarget(ns), nullptr, options);
}

Result<v1::WriteReply> Client::Write(const std::string& ns, const v1::WriteRequest& request,
                                     const CallOptions& options) {
  return caller_->Write<v1::WriteReply>("POST", NamespaceTarget(ns, "/memories"), &request, options);
}

Result<v1::Memory> Client::GetMemory(const std::string& ns, const std::string& id, const CallOptions& options) {
  return caller_->Read<v1::Memory>("GET", MemoryTarget(ns, id), nullptr, options);
}

Result<v1::GetReply> Client::GetMemories(const std::string& ns, const v1::GetRequest& request,
                                         const CallOptions& options) {
  return caller_->Read<v1::GetReply>("POST", NamespaceTarget(ns, "/memories:get"), &request, options);
}

Result<v1::PatchReply> Client::PatchMemory(const std::string& ns, const std::string& id, const v1::MemoryPatch& patch,
                                           const CallOptions& options) {
  return caller_->Write<v1::PatchReply>("PATCH", MemoryTarget(ns, id), &patch, options);
}

Result<v1::DeleteReply> Client::DeleteMemory(const std::string& ns, const std::string& id,
                                             std::optional<uint64_t> if_version, bool erase,
                                             const CallOptions& options) {
  std::string target = MemoryTarget(ns, id);
  if (if_version) AddQuery(&target, "if_version", std::to_string(*if_version));
  if (erase) AddQuery(&target, "erase", "true");
  return caller_->Write<v1::DeleteReply>("DELETE", std::move(target), nullptr, options);
}

Result<v1::UpdateReply> Client::UpdateMemories(const std::string& ns, const v1::UpdateRequest& request,
                                               const CallOptions& options) {
  return caller_->Write<v1::UpdateReply>("POST", NamespaceTarget(ns, "/memories:update"), &request, options);
}

Result<v1::DeleteReply> Client::DeleteMemories(const std::string& ns, const v1::DeleteRequest& request,
                                               const CallOptions& options) {
  return caller_->Write<v1::DeleteReply>("POST", NamespaceTarget(ns, "/memories:delete"), &request, options);
}

Result<v1::ListReply> Client::ListMemories(const std::string& ns, const v1::ListRequest& request,
                                           const CallOptions& options) {
  return caller_->Read<v1::ListReply>("POST", NamespaceTarget(ns, "/memories:list"), &request, options);
}

Result<v1::CountReply> Client::CountMemories(const std::string& ns, const v1::CountRequest& request,
                                             const CallOptions& options) {
  return caller_->Read<v1::CountReply>("POST", NamespaceTarget(ns, "/memories:count"), &request, options);
}

Result<v1::FacetReply> Client::FacetMemories(const std::string& ns, const v1::FacetRequest& request,
                                             const CallOptions& options) {
  return caller_->Read<v1::FacetReply>("POST", NamespaceTarget(ns, "/memories:facet"), &request, options);
}

Result<v1::HistoryReply> Client::GetHistory(const std::string& ns, const std::string& id, const CallOptions& options) {
  return caller_->Read<v1::HistoryReply>("GET", MemoryTarget(ns, id, "/history"), nullptr, options);
}

Result<v1::FeedbackReply> Client::GiveFeedback(const std::string& ns, const std::string& id,
                                               const v1::FeedbackRequest& request, const CallOptions& options) {
  return caller_->Write<v1::FeedbackReply>("POST", MemoryTarget(ns, id, ":feedback"), &request, options);
}

Result<v1::RunReply> Client::PutRun(const std::string& ns, const v1::Run& run, const CallOptions& options) {
  return caller_->Write<v1::RunReply>("PUT", RunTarget(ns, run.run_id(), {}), &run, options);
}

Result<v1::Run> Client::GetRun(const std::string& ns, const std::string& run_id, const RunScopes& scopes,
                               const CallOptions& options) {
  return caller_->Read<v1::Run>("GET", RunTarget(ns, run_id, scopes), nullptr, options);
}

Result<v1::DeleteReply> Client::DeleteRun(const std::string& ns, const std::string& run_id, const RunScopes& scopes,
                                          const CallOptions& options) {
  return caller_->Write<v1::DeleteReply>("DELETE", RunTarget(ns, run_id, scopes), nullptr, options);
}

Result<v1::ListRunsReply> Client::ListRuns(const std::string& ns, const v1::ListRunsRequest& request,
                                           const CallOptions& options) {
  return caller_->Read<v1::ListRunsReply>("POST", NamespaceTarget(ns, "/runs:list"), &request, options);
}

Result<v1::SearchReply> Client::Search(const std::string& ns, const v1::SearchRequest& request,
                                       const CallOptions& options) {
  return caller_->Read<v1::SearchReply>("POST", NamespaceTarget(ns, "/search"), &request, options);
}

Result<v1::SearchBatchReply> Client::SearchBatch(const std::string& ns, const v1::SearchBatchRequest& request,
                                                 const CallOptions& options) {
  return caller_->Read<v1::SearchBatchReply>("POST", NamespaceTarget(ns, "/search:batch"), &request, options);
}

Result<v1::PutEdgesReply> Client::PutEdges(const std::string& ns, const v1::PutEdgesRequest& request,
                                           const CallOptions& options) {
  return caller_->Write<v1::PutEdgesReply>("POST", NamespaceTarget(ns, "/edges"), &request, options);
}

Result<v1::DeleteEdgesReply> Client::DeleteEdges(const std::string& ns, const v1::DeleteEdgesRequest& request,
                                                 const CallOptions& options) {
  return caller_->Write<v1::DeleteEdgesReply>("POST", NamespaceTarget(ns, "/edges:delete"), &request, options);
}

Result<v1::ListEdgesReply> Client::ListEdges(const std::string& ns, const v1::ListEdgesRequest& request,
                                             const CallOptions& options) {
  return caller_->Read<v1::ListEdgesReply>("POST", NamespaceTarget(ns, "/edges:list"), &request, options);
}

Result<v1::NodeReply> Client::PutNode(const std::string& ns, const v1::Node& node, const CallOptions& options) {
  return caller_->Write<v1::NodeReply>("PUT", NamespaceTarget(ns, "/nodes/" + PercentEncode(node.id())), &node,
                                       options);
}

Result<v1::Node> Client::GetNode(const std::string& ns, const std::string& id, const CallOptions& options) {
  return caller_->Read<v1::Node>("GET", NamespaceTarget(ns, "/nodes/" + PercentEncode(id)), nullptr, options);
}

Result<v1::ExpandReply> Client::Expand(const std::string& ns, const v1::ExpandRequest& request,
                                       const CallOptions& options) {
  return caller_->Read<v1::ExpandReply>("POST", NamespaceTarget(ns, "/graph:expand"), &request, options);
}

Result<v1::PathReply> Client::FindPath(const std::string& ns, const v1::PathRequest& request,
                                       const CallOptions& options) {
  return caller_->Read<v1::PathReply>("POST", NamespaceTarget(ns, "/graph:path"), &request, options);
}

Result<v1::RankReply> Client::Rank(const std::string& ns, const v1::RankRequest& request, const CallOptions& options) {
  return caller_->Read<v1::RankReply>("POST", NamespaceTarget(ns, "/graph:rank"), &request, options);
}

Result<v1::ExportReply> Client::Export(const std::string& ns, const v1::ExportRequest& request,
                                       const CallOptions& options) {
  return caller_->Read<v1::ExportReply>("POST", NamespaceTarget(ns, "/export"), &request, options);
}

Result<v1::ChangesReply> Client::ListChanges(const std::string& ns, const v1::ChangesRequest& request,
                                             const CallOptions& options) {
  return caller_->Read<v1::ChangesReply>("POST", NamespaceTarget(ns, "/changes"), &request, options);
}

Result<v1::StatusReply> Client::GetStatus(const CallOptions& options) {
  return caller_->Read<v1::StatusReply>("GET", "/v1/status", nullptr, options);
}

Result<v1::ListImportsReply> Client::ListImports(const CallOptions& options) {
  return caller_->Read<v1::ListImportsReply>("GET", "/v1/imports", nullptr, options);
}

Result<v1::ListImportedReply> Client::ListImported(const std::string& ns, const v1::ListImportedRequest& request,
                                                   const CallOptions& options) {
  return caller_->Read<v1::ListImportedReply>("POST", NamespaceTarget(ns, "/imports:list"), &request, options);
}

Result<v1::RollBackImportReply> Client::RollBackImport(const std::string& ns, const v1::RollBackImportRequest& request,
                                                       const CallOptions& options) {
  return caller_->Write<v1::RollBackImportReply>("POST", NamespaceTarget(ns, "/imports:rollback"), &request, options);
}

Result<std::string> Client::GetMetrics(const CallOptions& options) {
  return caller_->Call({"GET", "/metrics", {}, false, {}}, nullptr, options);
}

Status Client::CheckReady(const CallOptions& options) {
  return caller_->Call({"GET", "/readyz", {}, false, {}}, nullptr, options).status();
}

}  // namespace engram

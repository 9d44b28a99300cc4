// The typed client: one method per endpoint, the API's own messages in and out.
//
//   ASSIGN_OR_RETURN(auto client, Client::Connect({.host = "127.0.0.1", .port = 7700}));
//   v1::WriteRequest write;
//   v1::Memory& memory = *write.add_memories();
//   memory.set_text("Ann drinks green tea");
//   ASSIGN_OR_RETURN(v1::WriteReply written, client->Write("notes", write));
//   v1::SearchRequest search;
//   search.set_text("what does Ann drink");
//   ASSIGN_OR_RETURN(v1::SearchReply found, client->Search("notes", search));
//
// Thread-safe; connections are pooled and shared. Calls block until they have an answer or their time is over.
// A call that the server was too busy for, or that lost its connection, is repeated with growing waits inside its
// time. That is safe: reads change nothing, and every write carries an Idempotency-Key (made by the client unless
// given), so that the server does it once.
//
// Errors are the server's own: code, message, field, details, retry_after_seconds and applied(). When nobody
// answers: Unavailable or DeadlineExceeded, with applied() kNo where the request surely never arrived.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "client/cpp/http_transport.h"
#include "client/cpp/retry.h"
#include "client/cpp/transport.h"
#include "engram/v1/admin.pb.h"
#include "engram/v1/graph.pb.h"
#include "engram/v1/memory.pb.h"
#include "engram/v1/namespace.pb.h"
#include "engram/v1/search.pb.h"
#include "engram/v1/status.pb.h"

namespace engram {

struct ClientOptions {
  std::string host = "127.0.0.1";
  uint16_t port = 7700;
  std::optional<TlsClientOptions> tls;  // nothing: plain HTTP
  std::string key;                      // empty: none is sent
  std::chrono::milliseconds connect_timeout{3'000};
  std::chrono::milliseconds timeout{60'000};  // of a call, with all its attempts
  RetryOptions retry;
  size_t idle_connections_max = 16;
  bool compress = true;  // request bodies from 1 KiB on, by snappy
};

struct CallOptions {
  std::optional<std::chrono::milliseconds> timeout;  // instead of ClientOptions::timeout
  // Writes only.
  std::string idempotency_key;  // empty: the client makes one
  bool buffered = false;        // ?durability=buffered
};

// What tells runs with the same run_id apart.
struct RunScopes {
  std::string user_id;
  std::string agent_id;
  std::string app_id;
};

class Client {
 public:
  // Asks the server whether it is there and ready: Unavailable when it is not within connect_timeout,
  // FailedPrecondition when its certificate is not trusted, InvalidArgument naming a file of `tls` that can't be used.
  static Result<std::unique_ptr<Client>> Connect(const ClientOptions& options);
  // The same client over any transport; asks nothing.
  Client(std::unique_ptr<Transport> transport, ClientOptions options);
  ~Client();

  // --- Namespaces.
  Result<v1::Namespace> PutNamespace(const std::string& ns, const v1::NamespaceConfig& config,
                                     const CallOptions& options = {});
  Result<v1::Namespace> DescribeNamespace(const std::string& ns, const CallOptions& options = {});
  Result<v1::ListNamespacesReply> ListNamespaces(const std::string& prefix = {}, uint32_t limit = 100,
                                                 const std::string& cursor = {}, const CallOptions& options = {});
  Result<v1::Namespace> PatchNamespace(const std::string& ns, const v1::NamespacePatch& patch,
                                       const CallOptions& options = {});
  Result<v1::DeleteNamespaceReply> DeleteNamespace(const std::string& ns, const CallOptions& options = {});

  // --- Memories.
  Result<v1::WriteReply> Write(const std::string& ns, const v1::WriteRequest& request, const CallOptions& options = {});
  Result<v1::Memory> GetMemory(const std::string& ns, const std::string& id, const CallOptions& options = {});
  Result<v1::GetReply> GetMemories(const std::string& ns, const v1::GetRequest& request,
                                   const CallOptions& options = {});
  Result<v1::PatchReply> PatchMemory(const std::string& ns, const std::string& id, const v1::MemoryPatch& patch,
                                     const CallOptions& options = {});
  Result<v1::DeleteReply> DeleteMemory(const std::string& ns, const std::string& id,
                                       std::optional<uint64_t> if_version = {}, bool erase = false,
                                       const CallOptions& options = {});
  Result<v1::UpdateReply> UpdateMemories(const std::string& ns, const v1::UpdateRequest& request,
                                         const CallOptions& options = {});
  Result<v1::DeleteReply> DeleteMemories(const std::string& ns, const v1::DeleteRequest& request,
                                         const CallOptions& options = {});
  Result<v1::ListReply> ListMemories(const std::string& ns, const v1::ListRequest& request,
                                     const CallOptions& options = {});
  Result<v1::CountReply> CountMemories(const std::string& ns, const v1::CountRequest& request,
                                       const CallOptions& options = {});
  Result<v1::FacetReply> FacetMemories(const std::string& ns, const v1::FacetRequest& request,
                                       const CallOptions& options = {});
  Result<v1::HistoryReply> GetHistory(const std::string& ns, const std::string& id, const CallOptions& options = {});
  Result<v1::FeedbackReply> GiveFeedback(const std::string& ns, const std::string& id,
                                         const v1::FeedbackRequest& request, const CallOptions& options = {});

  // --- Runs.
  Result<v1::RunReply> PutRun(const std::string& ns, const v1::Run& run, const CallOptions& options = {});
  Result<v1::Run> GetRun(const std::string& ns, const std::string& run_id, const RunScopes& scopes = {},
                         const CallOptions& options = {});
  Result<v1::DeleteReply> DeleteRun(const std::string& ns, const std::string& run_id, const RunScopes& scopes = {},
                                    const CallOptions& options = {});
  Result<v1::ListRunsReply> ListRuns(const std::string& ns, const v1::ListRunsRequest& request,
                                     const CallOptions& options = {});

  // --- Search.
  Result<v1::SearchReply> Search(const std::string& ns, const v1::SearchRequest& request,
                                 const CallOptions& options = {});
  Result<v1::SearchBatchReply> SearchBatch(const std::string& ns, const v1::SearchBatchRequest& request,
                                           const CallOptions& options = {});

  // --- Graph.
  Result<v1::PutEdgesReply> PutEdges(const std::string& ns, const v1::PutEdgesRequest& request,
                                     const CallOptions& options = {});
  Result<v1::DeleteEdgesReply> DeleteEdges(const std::string& ns, const v1::DeleteEdgesRequest& request,
                                           const CallOptions& options = {});
  Result<v1::ListEdgesReply> ListEdges(const std::string& ns, const v1::ListEdgesRequest& request,
                                       const CallOptions& options = {});
  Result<v1::NodeReply> PutNode(const std::string& ns, const v1::Node& node, const CallOptions& options = {});
  Result<v1::Node> GetNode(const std::string& ns, const std::string& id, const CallOptions& options = {});
  Result<v1::ExpandReply> Expand(const std::string& ns, const v1::ExpandRequest& request,
                                 const CallOptions& options = {});
  Result<v1::PathReply> FindPath(const std::string& ns, const v1::PathRequest& request,
                                 const CallOptions& options = {});
  Result<v1::RankReply> Rank(const std::string& ns, const v1::RankRequest& request, const CallOptions& options = {});

  // --- Operation.
  Result<v1::ExportReply> Export(const std::string& ns, const v1::ExportRequest& request,
                                 const CallOptions& options = {});
  Result<v1::ChangesReply> ListChanges(const std::string& ns, const v1::ChangesRequest& request,
                                       const CallOptions& options = {});
  Result<v1::StatusReply> GetStatus(const CallOptions& options = {});
  Result<v1::ListImportsReply> ListImports(const CallOptions& options = {});
  Result<v1::ListImportedReply> ListImported(const std::string& ns, const v1::ListImportedRequest& request,
                                             const CallOptions& options = {});
  Result<v1::RollBackImportReply> RollBackImport(const std::string& ns, const v1::RollBackImportRequest& request,
                                                 const CallOptions& options = {});

  // --- Tenants and keys: with the admin key.
  Result<v1::Tenant> CreateTenant(const v1::CreateTenantRequest& request, const CallOptions& options = {});
  Result<v1::ListTenantsReply> ListTenants(uint32_t limit = 100, const std::string& cursor = {},
                                           const CallOptions& options = {});
  Result<v1::Tenant> GetTenant(const std::string& tenant, const CallOptions& options = {});
  Result<v1::Tenant> PatchTenant(const std::string& tenant, const v1::PatchTenantRequest& request,
                                 const CallOptions& options = {});
  Result<v1::DropTenantReply> DropTenant(const std::string& tenant, const CallOptions& options = {});
  Result<v1::CreateKeyReply> CreateKey(const std::string& tenant, const v1::CreateKeyRequest& request,
                                       const CallOptions& options = {});
  Result<v1::ListKeysReply> ListKeys(const std::string& tenant, const CallOptions& options = {});
  Result<v1::ApiKey> RevokeKey(const std::string& tenant, const std::string& id, const CallOptions& options = {});
  Result<v1::CreateKeyReply> RotateKey(const std::string& tenant, const std::string& id,
                                       const v1::RotateKeyRequest& request, const CallOptions& options = {});

  // Prometheus text.
  Result<std::string> GetMetrics(const CallOptions& options = {});
  // OK when the server takes requests.
  Status CheckReady(const CallOptions& options = {});

 private:
  class Caller;
  std::unique_ptr<Caller> caller_;
};

}  // namespace engram

#include "server/routes.h"

#include <type_traits>

#include "server/handlers/admin.h"
#include "server/handlers/backups.h"
#include "server/handlers/export.h"
#include "server/handlers/graph.h"
#include "server/handlers/imports.h"
#include "server/handlers/memories.h"
#include "server/handlers/memory_queries.h"
#include "server/handlers/namespaces.h"
#include "server/handlers/operation.h"
#include "server/handlers/position_wait.h"
#include "server/handlers/runs.h"
#include "server/handlers/search.h"
#include "server/handlers/store.h"

namespace engram {
namespace {

template <class Request>
const google::protobuf::Message* DefaultInstance() {
  if constexpr (std::is_same_v<Request, NoBody>) {
    return nullptr;
  } else {
    return &Request::default_instance();
  }
}

// What a handler function takes and gives, read from its type.
template <auto kFunction>
struct Endpoint;

template <class Request, class Reply, Result<Reply> (*kFunction)(Service&, RequestContext&, Request&)>
struct Endpoint<kFunction> {
  static Handler Bind(Service& service) {
    const auto handle = [&service](RequestContext& context, Request& request, const Done<Reply>& done) {
      const auto run = [&service, &context, &request, done] { done(kFunction(service, context, request)); };
      WhenReached(service, context, WaitsOf(context, request), run, done);
    };
    return TypedAsync<Request, Reply>(Encode::kWhereDone, handle);
  }
  static const google::protobuf::Message* request() { return DefaultInstance<Request>(); }
  static const google::protobuf::Message* reply() { return DefaultInstance<Reply>(); }
};

template <class Request, class Reply, void (*kFunction)(Service&, RequestContext&, Request&, Done<Reply>)>
struct Endpoint<kFunction> {
  static Handler Bind(Service& service) {
    const auto handle = [&service](RequestContext& context, Request& request, Done<Reply> done) {
      kFunction(service, context, request, std::move(done));
    };
    return TypedAsync<Request, Reply>(Encode::kForConnection, handle);
  }
  static const google::protobuf::Message* request() { return DefaultInstance<Request>(); }
  static const google::protobuf::Message* reply() { return DefaultInstance<Reply>(); }
};

using Names = std::vector<std::string>;

template <auto kFunction>
ApiRoute Make(const char* method, std::string pattern, NeededRight right, Cost cost, Names query) {
  using E = Endpoint<kFunction>;
  return {method, std::move(pattern), right, cost, std::move(query), &E::Bind, E::request(), E::reply()};
}

// Reads wait for rows to come from disk.
template <auto kFunction>
ApiRoute Read(const char* method, std::string pattern, Names query = {}) {
  return Make<kFunction>(method, std::move(pattern), Right::kRead, Cost::kHeavy, std::move(query));
}
// Reads that are mostly over before another thread would have begun with them.
template <auto kFunction>
ApiRoute BriefRead(const char* method, std::string pattern, Names query = {}) {
  return Make<kFunction>(method, std::move(pattern), Right::kRead, Cost::kByHistory, std::move(query));
}
// Version and limits: every credential may.
template <auto kFunction>
ApiRoute ForAll(const char* method, std::string pattern) {
  return Make<kFunction>(method, std::move(pattern), Right::kStatus, Cost::kHeavy, {});
}
// Settings of what is there, and its end.
template <auto kFunction>
ApiRoute Manage(const char* method, std::string pattern, Cost cost) {
  return Make<kFunction>(method, std::move(pattern), Right::kManage, cost, {});
}
// For the admin key.
template <auto kFunction>
ApiRoute Operate(const char* method, std::string pattern, Names query = {}) {
  return Make<kFunction>(method, std::move(pattern), Right::kOperate, Cost::kHeavy, std::move(query));
}
// Writes by filter wait like reads; a namespace's settings load the tables of its analyzer.
template <auto kFunction>
ApiRoute Write(const char* method, std::string pattern, Names query = {}) {
  return Make<kFunction>(method, std::move(pattern), Right::kWrite, Cost::kHeavy, std::move(query));
}
// Writes that wait for nothing: the committer decides and replies. Their bodies may be long.
template <auto kFunction>
ApiRoute AsyncWrite(const char* method, std::string pattern, Names query = {}) {
  return Make<kFunction>(method, std::move(pattern), Right::kWrite, Cost::kBySize, std::move(query));
}
// The same with next to nothing to decode.
template <auto kFunction>
ApiRoute QuickWrite(const char* method, std::string pattern, Names query = {}) {
  return Make<kFunction>(method, std::move(pattern), Right::kWrite, Cost::kCheap, std::move(query));
}
// For who may bring memories over with their past: the way back.
template <auto kFunction>
ApiRoute AsyncImport(const char* method, std::string pattern) {
  return Make<kFunction>(method, std::move(pattern), Right::kImport, Cost::kCheap, {});
}

std::vector<ApiRoute> MakeRoutes() {
  const std::string ns = "/v1/namespaces/{ns}";
  const std::string tenants = "/v1/admin/tenants";
  const Names waits = {"min_position", "timeout_ms"};
  const Names one_memory = {"include", "min_position", "timeout_ms"};
  const Names scopes = {"user_id", "agent_id", "app_id"};
  return {
      Read<&ListNamespaces>("GET", "/v1/namespaces", {"prefix", "limit", "cursor"}),
      Write<&PutNamespace>("PUT", ns),
      Read<&DescribeNamespace>("GET", ns, waits),
      Manage<&PatchNamespaceConfig>("PATCH", ns, Cost::kHeavy),
      Manage<&DeleteNamespace>("DELETE", ns, Cost::kCheap),

      AsyncWrite<&WriteMemories>("POST", ns + "/memories"),
      BriefRead<&GetMemory>("GET", ns + "/memories/{id}", one_memory),
      AsyncWrite<&PatchOneMemory>("PATCH", ns + "/memories/{id}"),
      QuickWrite<&DeleteOneMemory>("DELETE", ns + "/memories/{id}", {"if_version", "erase"}),
      Read<&GetHistory>("GET", ns + "/memories/{id}/history"),
      QuickWrite<&GiveFeedback>("POST", ns + "/memories/{id}:feedback"),
      Read<&GetMemories>("POST", ns + "/memories:get"),
      Read<&ListMemories>("POST", ns + "/memories:list"),
      Read<&CountMemories>("POST", ns + "/memories:count"),
      Read<&FacetMemories>("POST", ns + "/memories:facet"),
      Write<&UpdateMemories>("POST", ns + "/memories:update"),
      Write<&DeleteMemories>("POST", ns + "/memories:delete"),

      AsyncWrite<&PutOneRun>("PUT", ns + "/runs/{run_id}"),
      Read<&GetOneRun>("GET", ns + "/runs/{run_id}", scopes),
      QuickWrite<&DeleteOneRun>("DELETE", ns + "/runs/{run_id}", scopes),
      Read<&ListRunsOf>("POST", ns + "/runs:list"),

      BriefRead<&SearchMemories>("POST", ns + "/search"),
      Read<&SearchBatch>("POST", ns + "/search:batch"),

      AsyncWrite<&PutEdges>("POST", ns + "/edges"),
      Write<&DeleteEdges>("POST", ns + "/edges:delete"),
      Read<&ListEdgesOf>("POST", ns + "/edges:list"),
      AsyncWrite<&PutOneNode>("PUT", ns + "/nodes/{id}"),
      Read<&GetOneNode>("GET", ns + "/nodes/{id}"),
      Read<&ExpandFrom>("POST", ns + "/graph:expand"),
      Read<&FindPathBetween>("POST", ns + "/graph:path"),
      Read<&RankFrom>("POST", ns + "/graph:rank"),

      Read<&ExportNamespace>("POST", ns + "/export"),
      Read<&ListChanges>("POST", ns + "/changes"),

      Read<&ListImportedOf>("POST", ns + "/imports:list"),
      AsyncImport<&RollBackOneImport>("POST", ns + "/imports:rollback"),

      ForAll<&GetStatus>("GET", "/v1/status"),
      Read<&ListImports>("GET", "/v1/imports"),

      Operate<&PostTenant>("POST", tenants),
      Operate<&ListTenants>("GET", tenants, {"limit", "cursor"}),
      Operate<&GetTenant>("GET", tenants + "/{tenant}"),
      Operate<&PatchTenantLimits>("PATCH", tenants + "/{tenant}"),
      Operate<&DeleteTenant>("DELETE", tenants + "/{tenant}"),
      Operate<&PostKey>("POST", tenants + "/{tenant}/keys"),
      Operate<&ListKeys>("GET", tenants + "/{tenant}/keys"),
      Operate<&DeleteKey>("DELETE", tenants + "/{tenant}/keys/{key}"),
      Operate<&RotateKey>("POST", tenants + "/{tenant}/keys/{key}:rotate"),

      Operate<&PostBackup>("POST", "/v1/admin/backups"),
      Operate<&ListBackups>("GET", "/v1/admin/backups"),
      Operate<&CancelBackup>("POST", "/v1/admin/backups:cancel"),
      Operate<&PruneBackups>("POST", "/v1/admin/backups:prune"),

      Operate<&DescribeStore>("GET", "/v1/admin/store"),
      Operate<&PostVerify>("POST", "/v1/admin/verify"),
      Operate<&GetVerify>("GET", "/v1/admin/verify"),
      Operate<&CancelVerify>("POST", "/v1/admin/verify:cancel"),
  };
}

}  // namespace

const std::vector<ApiRoute>& ApiRoutes() {
  static const std::vector<ApiRoute> routes = MakeRoutes();
  return routes;
}

void AddRoutes(Service& service, Router* router) {
  for (const ApiRoute& route : ApiRoutes()) {
    router->Add({route.method, route.pattern, route.right, route.cost, route.query, route.bind(service)});
  }
}

}  // namespace engram

#include "server/handlers/namespaces.h"

#include "server/handlers/convert_namespace.h"
#include "server/position_token.h"

namespace engram {
namespace {

// Who may not use a name may not take it for an alias either.
template <class Names>
Status CheckAliases(const RequestContext& context, const Names& aliases) {
  for (const std::string& alias : aliases) {
    if (Status status = CheckNamespaceScope(context.credential(), alias); !status.ok()) {
      return std::move(status).At("aliases");
    }
  }
  return {};
}

Result<WriteCall> BeginPut(const RequestContext& context, const v1::NamespaceConfig& request) {
  ASSIGN_OR_RETURN(WriteCall call, BeginWrite(context, IfAbsent::kCreateNamespace));
  RETURN_IF_ERROR(CheckAliases(context, request.aliases()));
  ASSIGN_OR_RETURN(NamespaceConfig config, ToNamespaceConfig(request));
  call.Add(CreateNamespace{std::move(config)});
  return call;
}

Result<WriteCall> BeginPatch(const RequestContext& context, const v1::NamespacePatch& request) {
  ASSIGN_OR_RETURN(WriteCall call, BeginWrite(context, IfAbsent::kFail));
  RETURN_IF_ERROR(CheckAliases(context, request.aliases().names()));
  ASSIGN_OR_RETURN(NamespacePatch patch, ToNamespacePatch(request));
  call.Add(PatchNamespace{std::move(patch)});
  return call;
}

void WriteConfig(Service& service, RequestContext& context, Result<WriteCall> call, Done<v1::Namespace> done) {
  if (!call.ok()) return done(std::move(call).status());
  call->mutation.read_back = true;
  // A memory says `vector` for its default one, a configuration does not.
  auto placed = [done = std::move(done)](Result<v1::Namespace> reply) {
    if (!reply.ok() && reply.status().field() == "vector") {
      return done(std::move(reply).status().At("vectors.default"));
    }
    done(std::move(reply));
  };
  Write<v1::Namespace>(service, context, *std::move(call), std::move(placed), [](const MutationResult& result) {
    v1::Namespace reply;
    FromNamespaceInfo(*result.namespace_info, &reply);
    reply.set_position(PositionOf(result));
    return reply;
  });
}

}  // namespace

void PutNamespace(Service& service, RequestContext& context, v1::NamespaceConfig& request, Done<v1::Namespace> done) {
  WriteConfig(service, context, BeginPut(context, request), std::move(done));
}

Result<v1::Namespace> DescribeNamespace(Service& service, RequestContext& context, NoBody&) {
  ASSIGN_OR_RETURN(const ReadCall call, BeginQueryRead(service, context));
  ASSIGN_OR_RETURN(const NamespaceInfo info, service.engine.DescribeNamespace(call.ns, call.options));
  v1::Namespace reply;
  FromNamespaceInfo(info, &reply);
  reply.set_position(call.Token(info.position));
  return reply;
}

Result<v1::ListNamespacesReply> ListNamespaces(Service& service, RequestContext& context, NoBody&) {
  ASSIGN_OR_RETURN(const std::optional<uint64_t> asked, context.QueryUint64("limit"));
  ASSIGN_OR_RETURN(const uint32_t limit, PageLimit(asked, service.limits()));
  ASSIGN_OR_RETURN(const std::string cursor, DecodeCursor(context.query("cursor").value_or("")));
  const std::string prefix = context.query("prefix").value_or("");
  ASSIGN_OR_RETURN(const Engine::NamespacePage page,
                   service.engine.ListNamespaces(context.tenant(), prefix, limit, cursor));
  v1::ListNamespacesReply reply;
  for (const NamespaceInfo& info : page.namespaces) {
    if (context.credential().MayUse(info.name)) FromNamespaceInfo(info, reply.add_namespaces());
  }
  reply.set_next_cursor(EncodeCursor(page.next_cursor));
  return reply;
}

void PatchNamespaceConfig(Service& service, RequestContext& context, v1::NamespacePatch& request,
                          Done<v1::Namespace> done) {
  WriteConfig(service, context, BeginPatch(context, request), std::move(done));
}

void DeleteNamespace(Service& service, RequestContext& context, NoBody&, Done<v1::DeleteNamespaceReply> done) {
  context.Audit("namespace.drop", context.path("ns"));
  Result<WriteCall> call = BeginWrite(context, IfAbsent::kFail);
  if (!call.ok()) return done(std::move(call).status());
  call->Add(DropNamespace{});
  Write<v1::DeleteNamespaceReply>(service, context, *std::move(call), std::move(done), [](const MutationResult&) {
    v1::DeleteNamespaceReply reply;
    reply.set_deleted(true);
    return reply;
  });
}

}  // namespace engram

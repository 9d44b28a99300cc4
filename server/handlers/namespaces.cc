#include "server/handlers/namespaces.h"

#include "server/handlers/convert_namespace.h"
#include "server/position_token.h"

namespace engram {
namespace {

Result<v1::Namespace> Describe(Service& service, const NamespaceRef& ns, NamespaceId number,
                               const ReadOptions& options) {
  ASSIGN_OR_RETURN(const NamespaceInfo info, service.engine.DescribeNamespace(ns, options));
  v1::Namespace reply;
  FromNamespaceInfo(info, &reply);
  reply.set_position(EncodePosition(number, info.position));
  return reply;
}

Result<v1::Namespace> WriteAndDescribe(Service& service, RequestContext& context, WriteCall call) {
  ASSIGN_OR_RETURN(const NamespaceRef ns, PathNamespace(context));
  Result<MutationResult> result = WriteAndWait(service, context, std::move(call));
  // A memory says `vector` for its default one, a configuration does not.
  if (!result.ok() && result.status().field() == "vector") return std::move(result).status().At("vectors.default");
  if (!result.ok()) return std::move(result).status();
  return Describe(service, ns, result->namespace_id, After(context, *result));
}

}  // namespace

Result<v1::Namespace> PutNamespace(Service& service, RequestContext& context, v1::NamespaceConfig& request) {
  ASSIGN_OR_RETURN(WriteCall call, BeginWrite(context, IfAbsent::kCreateNamespace));
  ASSIGN_OR_RETURN(NamespaceConfig config, ToNamespaceConfig(request));
  call.Add(CreateNamespace{std::move(config)});
  return WriteAndDescribe(service, context, std::move(call));
}

Result<v1::Namespace> DescribeNamespace(Service& service, RequestContext& context, NoBody&) {
  ASSIGN_OR_RETURN(const ReadCall call, BeginQueryRead(service, context));
  return Describe(service, call.ns, call.number, call.options);
}

Result<v1::ListNamespacesReply> ListNamespaces(Service& service, RequestContext& context, NoBody&) {
  ASSIGN_OR_RETURN(const std::optional<uint64_t> asked, context.QueryUint64("limit"));
  ASSIGN_OR_RETURN(const uint32_t limit, PageLimit(asked, service.limits()));
  ASSIGN_OR_RETURN(const std::string cursor, DecodeCursor(context.query("cursor").value_or("")));
  const std::string prefix = context.query("prefix").value_or("");
  ASSIGN_OR_RETURN(const Engine::NamespacePage page,
                   service.engine.ListNamespaces(context.tenant(), prefix, limit, cursor));
  v1::ListNamespacesReply reply;
  for (const NamespaceInfo& info : page.namespaces) FromNamespaceInfo(info, reply.add_namespaces());
  reply.set_next_cursor(EncodeCursor(page.next_cursor));
  return reply;
}

Result<v1::Namespace> PatchNamespaceConfig(Service& service, RequestContext& context, v1::NamespacePatch& request) {
  ASSIGN_OR_RETURN(WriteCall call, BeginWrite(context, IfAbsent::kFail));
  ASSIGN_OR_RETURN(NamespacePatch patch, ToNamespacePatch(request));
  call.Add(PatchNamespace{std::move(patch)});
  return WriteAndDescribe(service, context, std::move(call));
}

void DeleteNamespace(Service& service, RequestContext& context, NoBody&, Done<v1::DeleteNamespaceReply> done) {
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

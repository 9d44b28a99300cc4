// Namespaces: create, describe, list, change, erase.
#pragma once

#include "engram/v1/namespace.pb.h"
#include "server/handlers/call.h"

namespace engram {

Result<v1::Namespace> PutNamespace(Service& service, RequestContext& context, v1::NamespaceConfig& request);
Result<v1::Namespace> DescribeNamespace(Service& service, RequestContext& context, NoBody& request);
Result<v1::ListNamespacesReply> ListNamespaces(Service& service, RequestContext& context, NoBody& request);
Result<v1::Namespace> PatchNamespaceConfig(Service& service, RequestContext& context, v1::NamespacePatch& request);
void DeleteNamespace(Service& service, RequestContext& context, NoBody& request, Done<v1::DeleteNamespaceReply> done);

}  // namespace engram

// Namespaces: create, describe, list, change, erase.
#pragma once

#include "engram/v1/namespace.pb.h"
#include "server/handlers/call.h"

namespace engram {

void PutNamespace(Service& service, RequestContext& context, v1::NamespaceConfig& request, Done<v1::Namespace> done);
Result<v1::Namespace> DescribeNamespace(Service& service, RequestContext& context, NoBody& request);
Result<v1::ListNamespacesReply> ListNamespaces(Service& service, RequestContext& context, NoBody& request);
void PatchNamespaceConfig(Service& service, RequestContext& context, v1::NamespacePatch& request,
                          Done<v1::Namespace> done);
void DeleteNamespace(Service& service, RequestContext& context, NoBody& request, Done<v1::DeleteNamespaceReply> done);

}  // namespace engram

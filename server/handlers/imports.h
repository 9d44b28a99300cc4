// Imports: how far they are, what they brought, and taking that back.
#pragma once

#include "engram/v1/memory.pb.h"
#include "server/handlers/call.h"

namespace engram {

Result<v1::ListImportsReply> ListImports(Service& service, RequestContext& context, NoBody& request);
Result<v1::ListImportedReply> ListImportedOf(Service& service, RequestContext& context,
                                             v1::ListImportedRequest& request);
void RollBackOneImport(Service& service, RequestContext& context, v1::RollBackImportRequest& request,
                       Done<v1::RollBackImportReply> done);

}  // namespace engram

// Everything that a namespace holds, or what has changed in it, page by page.
#pragma once

#include "engram/v1/memory.pb.h"
#include "server/handlers/call.h"

namespace engram {

Result<v1::ExportReply> ExportNamespace(Service& service, RequestContext& context, v1::ExportRequest& request);
Result<v1::ChangesReply> ListChanges(Service& service, RequestContext& context, v1::ChangesRequest& request);

}  // namespace engram

// Everything that a namespace holds, page by page.
#pragma once

#include "engram/v1/memory.pb.h"
#include "server/handlers/call.h"

namespace engram {

Result<v1::ExportReply> ExportNamespace(Service& service, RequestContext& context, v1::ExportRequest& request);

}  // namespace engram

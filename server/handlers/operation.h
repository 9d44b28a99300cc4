// What runs here.
#pragma once

#include "engram/v1/memory.pb.h"
#include "engram/v1/status.pb.h"
#include "server/handlers/call.h"

namespace engram {

Result<v1::StatusReply> GetStatus(Service& service, RequestContext& context, NoBody& request);

}  // namespace engram

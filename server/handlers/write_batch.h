// A batch as it comes: everything that can be refused without the store is refused here.
#pragma once

#include "base/status.h"
#include "engram/v1/memory.pb.h"
#include "server/handlers/call.h"

namespace engram {

// Adds the batch's operations in the order memories, nodes, edges, deletes, import progress: an edge may speak of
// what came with it. InvalidArgument for an id that comes twice, too many items, nothing at all.
Status AddBatch(Service& service, const RequestContext& context, const v1::WriteRequest& request, WriteCall* call);

}  // namespace engram

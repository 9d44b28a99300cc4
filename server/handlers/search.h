// Searches, one or a batch.
#pragma once

#include "engram/v1/search.pb.h"
#include "server/handlers/call.h"

namespace engram {

Result<v1::SearchReply> SearchMemories(Service& service, RequestContext& context, v1::SearchRequest& request);
// Each search succeeds or fails for itself, in the order given.
Result<v1::SearchBatchReply> SearchBatch(Service& service, RequestContext& context, v1::SearchBatchRequest& request);

}  // namespace engram

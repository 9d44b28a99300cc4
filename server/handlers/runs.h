// Runs: all memories with the same scopes and run_id, and the record they share. A run is known by run_id, user_id,
// agent_id and app_id; the last three are query parameters.
#pragma once

#include "engram/v1/memory.pb.h"
#include "server/handlers/call.h"

namespace engram {

// Replaces metadata and ttl_seconds.
void PutOneRun(Service& service, RequestContext& context, v1::Run& request, Done<v1::RunReply> done);
Result<v1::Run> GetOneRun(Service& service, RequestContext& context, NoBody& request);
// Deletes the run's memories, too.
void DeleteOneRun(Service& service, RequestContext& context, NoBody& request, Done<v1::DeleteReply> done);
Result<v1::ListRunsReply> ListRunsOf(Service& service, RequestContext& context, v1::ListRunsRequest& request);

}  // namespace engram

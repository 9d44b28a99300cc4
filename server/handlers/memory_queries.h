// Memories by filter: list, count, facet, update, delete.
#pragma once

#include "engram/v1/memory.pb.h"
#include "server/handlers/call.h"

namespace engram {

Result<v1::ListReply> ListMemories(Service& service, RequestContext& context, v1::ListRequest& request);
Result<v1::CountReply> CountMemories(Service& service, RequestContext& context, v1::CountRequest& request);
Result<v1::FacetReply> FacetMemories(Service& service, RequestContext& context, v1::FacetRequest& request);

// By ids the answer comes after one mutation, which changes all or nothing. By filter the call waits for as many as
// it takes.
void UpdateMemories(Service& service, RequestContext& context, v1::UpdateRequest& request, Done<v1::UpdateReply> done);
void DeleteMemories(Service& service, RequestContext& context, v1::DeleteRequest& request, Done<v1::DeleteReply> done);

}  // namespace engram

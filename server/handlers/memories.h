// Memories one by one and in batches: write, read, patch, delete, history, feedback.
#pragma once

#include "engram/v1/memory.pb.h"
#include "server/handlers/call.h"

namespace engram {

void WriteMemories(Service& service, RequestContext& context, v1::WriteRequest& request, Done<v1::WriteReply> done);
Result<v1::Memory> GetMemory(Service& service, RequestContext& context, NoBody& request);
Result<v1::GetReply> GetMemories(Service& service, RequestContext& context, v1::GetRequest& request);
void PatchOneMemory(Service& service, RequestContext& context, v1::MemoryPatch& request, Done<v1::PatchReply> done);
void DeleteOneMemory(Service& service, RequestContext& context, NoBody& request, Done<v1::DeleteReply> done);
Result<v1::HistoryReply> GetHistory(Service& service, RequestContext& context, NoBody& request);
void GiveFeedback(Service& service, RequestContext& context, v1::FeedbackRequest& request,
                  Done<v1::FeedbackReply> done);

}  // namespace engram

#include "server/handlers/memories.h"

#include <utility>

#include <fmt/format.h>

#include "server/handlers/convert_filter.h"
#include "server/handlers/convert_memory.h"
#include "server/handlers/write_batch.h"

namespace engram {
namespace {

v1::WriteReply RenderBatch(const MutationResult& result, size_t memories) {
  v1::WriteReply reply;
  for (size_t i = 0; i < memories && i < result.results.size(); ++i) {
    const OperationResult& one = result.results[i];
    v1::WriteResult* shown = reply.add_results();
    shown->set_id(one.id);
    shown->set_version(one.version.value);
    shown->set_outcome(std::string(OutcomeName(one.outcome)));
  }
  reply.set_position(PositionOf(result));
  return reply;
}

// "a,b" and "a" -> names.
Result<Include> QueryInclude(const RequestContext& context) {
  ProtoStrings names;
  const std::string text = context.query("include").value_or("");
  size_t begin = 0;
  while (begin < text.size()) {
    const size_t comma = std::min(text.find(',', begin), text.size());
    *names.Add() = text.substr(begin, comma - begin);
    begin = comma + 1;
  }
  return ToInclude(names);
}

Include Everything() {
  Include include;
  include.vectors = true;
  return include;
}

Status NoSuchMemory(const std::string& id) { return NotFound(fmt::format("no memory \"{}\"", id)).At("id"); }

// The memory as this request, or an earlier one with its idempotency key, left it.
Result<v1::PatchReply> RenderPatched(const MutationResult& result) {
  if (!result.memory) {
    return NotFound("what this idempotency key wrote has been erased since").At("id").MarkApplied(Applied::kYes);
  }
  v1::PatchReply reply;
  FromMemory(*result.memory, Everything(), reply.mutable_memory());
  reply.set_position(PositionOf(result));
  return reply;
}

Result<WriteCall> BeginPatch(const Service& service, const RequestContext& context, const v1::MemoryPatch& request) {
  ASSIGN_OR_RETURN(WriteCall call, BeginWrite(context, IfAbsent::kFail));
  call.mutation.read_back = true;
  ASSIGN_OR_RETURN(std::string id, PathId(context, "id"));
  ASSIGN_OR_RETURN(PatchMemory patch, ToPatchMemory(std::move(id), request, service.limits()));
  call.Add(std::move(patch));
  return call;
}

Result<Feedback> ToFeedback(std::string id, const v1::FeedbackRequest& request) {
  Feedback feedback;
  feedback.id = std::move(id);
  if (request.signal() == "used") {
    feedback.signal = Feedback::Signal::kUsed;
  } else if (request.signal() == "helpful") {
    feedback.signal = Feedback::Signal::kHelpful;
  } else if (request.signal() == "harmful") {
    feedback.signal = Feedback::Signal::kHarmful;
  } else {
    return InvalidArgument(fmt::format("signal \"{}\" is none of used, helpful, harmful", request.signal()))
        .At("signal");
  }
  feedback.weight = request.has_weight() ? request.weight() : 1;
  if (!(feedback.weight > 0 && feedback.weight <= kFeedbackWeightMax)) {
    return InvalidArgument(
               fmt::format("weight {} is not a number above 0 and at most {}", feedback.weight, kFeedbackWeightMax))
        .At("weight");
  }
  return feedback;
}

Result<WriteCall> BeginDelete(RequestContext& context) {
  ASSIGN_OR_RETURN(WriteCall call, BeginWrite(context, IfAbsent::kFail));
  DeleteMemory remove;
  ASSIGN_OR_RETURN(remove.id, PathId(context, "id"));
  ASSIGN_OR_RETURN(remove.if_version, context.QueryUint64("if_version"));
  ASSIGN_OR_RETURN(remove.erase, context.QueryBool("erase"));
  if (remove.erase) context.Audit("memory.erase", context.path("ns"));
  remove.must_exist = true;
  call.Add(std::move(remove));
  return call;
}

Result<WriteCall> BeginFeedback(const RequestContext& context, const v1::FeedbackRequest& request) {
  ASSIGN_OR_RETURN(WriteCall call, BeginWrite(context, IfAbsent::kFail));
  ASSIGN_OR_RETURN(std::string id, PathId(context, "id"));
  ASSIGN_OR_RETURN(Feedback feedback, ToFeedback(std::move(id), request));
  call.Add(std::move(feedback));
  return call;
}

}  // namespace

void WriteMemories(Service& service, RequestContext& context, v1::WriteRequest& request, Done<v1::WriteReply> done) {
  Result<WriteCall> call = BeginWrite(context, IfAbsent::kCreateNamespace);
  if (!call.ok()) return done(std::move(call).status());
  if (Status status = AddBatch(service, context, request, &*call); !status.ok()) return done(std::move(status));
  const auto memories = static_cast<size_t>(request.memories_size());
  Write<v1::WriteReply>(service, context, *std::move(call), std::move(done),
                        [memories](const MutationResult& result) { return RenderBatch(result, memories); });
}

Result<v1::Memory> GetMemory(Service& service, RequestContext& context, NoBody&) {
  ASSIGN_OR_RETURN(const std::string id, PathId(context, "id"));
  const bool said = context.query("include").has_value();
  ASSIGN_OR_RETURN(const Include include, said ? QueryInclude(context) : Result<Include>(Everything()));
  ASSIGN_OR_RETURN(const ReadCall call, BeginQueryRead(service, context));
  ASSIGN_OR_RETURN(const GetReply got, service.engine.Get(call.ns, {id}, include, call.options));
  if (got.memories.empty()) return NoSuchMemory(id);
  v1::Memory reply;
  FromMemory(got.memories.front(), include, &reply);
  return reply;
}

Result<v1::GetReply> GetMemories(Service& service, RequestContext& context, v1::GetRequest& request) {
  ASSIGN_OR_RETURN(const std::vector<std::string> ids, ToDistinctIds(request.ids(), service.limits()));
  if (ids.empty()) return InvalidArgument("no ids to read").At("ids");
  ASSIGN_OR_RETURN(const Include include, ToInclude(request.include()));
  ASSIGN_OR_RETURN(const ReadCall call, BeginRead(service, context, request));
  ASSIGN_OR_RETURN(const GetReply got, service.engine.Get(call.ns, ids, include, call.options));
  v1::GetReply reply;
  for (const Memory& memory : got.memories) FromMemory(memory, include, reply.add_memories());
  reply.mutable_missing()->Add(got.missing.begin(), got.missing.end());
  reply.set_position(call.Token(got.position));
  return reply;
}

void PatchOneMemory(Service& service, RequestContext& context, v1::MemoryPatch& request, Done<v1::PatchReply> done) {
  Result<WriteCall> call = BeginPatch(service, context, request);
  if (!call.ok()) return done(std::move(call).status());
  Write<v1::PatchReply>(service, context, *std::move(call), std::move(done), RenderPatched);
}

void DeleteOneMemory(Service& service, RequestContext& context, NoBody&, Done<v1::DeleteReply> done) {
  Result<WriteCall> call = BeginDelete(context);
  if (!call.ok()) return done(std::move(call).status());
  Write<v1::DeleteReply>(service, context, *std::move(call), std::move(done), [](const MutationResult& result) {
    v1::DeleteReply reply;
    reply.set_deleted(CountOutcomes(result, Outcome::kDeleted));
    reply.set_position(PositionOf(result));
    return reply;
  });
}

Result<v1::HistoryReply> GetHistory(Service& service, RequestContext& context, NoBody&) {
  ASSIGN_OR_RETURN(const NamespaceRef ns, PathNamespace(context));
  ASSIGN_OR_RETURN(const std::string id, PathId(context, "id"));
  ASSIGN_OR_RETURN(const std::vector<HistoryEvent> events, service.engine.History(ns, id));
  v1::HistoryReply reply;
  for (const HistoryEvent& event : events) FromHistoryEvent(event, reply.add_events());
  return reply;
}

void GiveFeedback(Service& service, RequestContext& context, v1::FeedbackRequest& request,
                  Done<v1::FeedbackReply> done) {
  Result<WriteCall> call = BeginFeedback(context, request);
  if (!call.ok()) return done(std::move(call).status());
  Write<v1::FeedbackReply>(service, context, *std::move(call), std::move(done), [](const MutationResult& result) {
    v1::FeedbackReply reply;
    reply.set_position(PositionOf(result));
    return reply;
  });
}

}  // namespace engram

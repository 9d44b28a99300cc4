#include "server/handlers/memory_queries.h"

#include <utility>

#include <fmt/format.h>

#include "server/handlers/convert_filter.h"
#include "server/handlers/convert_memory.h"
#include "server/handlers/convert_update.h"
#include "server/handlers/convert_value.h"
#include "server/position_token.h"

namespace engram {
namespace {

Status CheckField(const std::string& field, const char* at) {
  if (IsFilterField(field)) return Status::Ok();
  return InvalidArgument(fmt::format("\"{}\" is no field of a memory", field)).At(at);
}

// "created_at desc", "metadata.topic", "id asc".
Status ReadOrder(const std::string& order, ListQuery* query) {
  if (order.empty()) return Status::Ok();
  // From the right: a metadata path may hold spaces.
  const size_t space = order.rfind(' ');
  const std::string direction = space == std::string::npos ? "" : order.substr(space + 1);
  const bool directed = direction == "asc" || direction == "desc";
  query->order_by = directed ? order.substr(0, space) : order;
  query->descending = direction == "desc";
  if (query->order_by.starts_with(' ') || query->order_by.ends_with(' ')) {
    return InvalidArgument("order_by is a field, or a field, one space and asc or desc").At("order_by");
  }
  return CheckField(query->order_by, "order_by");
}

Result<ListQuery> ToListQuery(const v1::ListRequest& request, const RequestLimits& limits) {
  ListQuery query;
  if (request.has_filter()) {
    ASSIGN_OR_RETURN(query.filter, ToFilter(request.filter()));
  }
  RETURN_IF_ERROR(ReadOrder(request.order_by(), &query));
  ASSIGN_OR_RETURN(query.limit, PageLimit(request, limits));
  ASSIGN_OR_RETURN(query.cursor, DecodeCursor(request.cursor()));
  ASSIGN_OR_RETURN(query.include, ToInclude(request.include()));
  query.include_expired = request.include_expired();
  return query;
}

Result<FacetQuery> ToFacetQuery(const v1::FacetRequest& request, const RequestLimits& limits) {
  FacetQuery query;
  RETURN_IF_ERROR(CheckField(request.field(), "field"));
  query.field = request.field();
  if (request.has_filter()) {
    ASSIGN_OR_RETURN(query.filter, ToFilter(request.filter()));
  }
  ASSIGN_OR_RETURN(query.limit, PageLimit(request, limits));
  ASSIGN_OR_RETURN(query.cursor, DecodeCursor(request.cursor()));
  if (!request.order_by().empty() && request.order_by() != "count" && request.order_by() != "value") {
    return InvalidArgument(fmt::format("order_by \"{}\" is neither count nor value", request.order_by()))
        .At("order_by");
  }
  query.by_value = request.order_by() == "value";
  if (!request.max().empty()) RETURN_IF_ERROR(CheckField(request.max(), "max"));
  query.max_field = request.max();
  return query;
}

// Times are numbers inside and RFC 3339 outside.
void FromFieldValue(const std::string& field, const Value& value, v1::Value* out) {
  if (IsTimeField(field) && value.kind() == Value::Kind::kInt) {
    out->set_string_value(FormatRfc3339(Timestamp{value.as_int()}));
  } else {
    FromValue(value, out);
  }
}

// What an update or a delete is about, checked, before it is known whether it goes by ids or by filter.
struct SelectiveWrite {
  NamespaceRef ns;
  Selection selection;
};

template <class Request>
Result<SelectiveWrite> BeginSelective(Service& service, const RequestContext& context, const Request& request) {
  SelectiveWrite write;
  ASSIGN_OR_RETURN(write.ns, PathNamespace(context));
  const v1::Value* filter = request.has_filter() ? &request.filter() : nullptr;
  ASSIGN_OR_RETURN(write.selection, ToSelection(request.ids(), filter, ParseFilter, service.limits()));
  return write;
}

// Renders what a write by filter did.
template <class Reply, class SetCount>
Result<Reply> RenderFilterWrite(Service& service, RequestContext& context, const NamespaceRef& ns,
                                const Result<Engine::FilterWriteReply>& wrote, SetCount set_count) {
  if (!wrote.ok()) return PlaceInRequest(wrote.status(), {});
  if (wrote->replayed) MarkReplayed(context);
  ASSIGN_OR_RETURN(const NamespaceId number, service.engine.FindNamespace(ns));
  Reply reply;
  set_count(&reply, wrote->changed);
  reply.set_position(EncodePosition(number, wrote->position));
  return reply;
}

void SetUpdated(v1::UpdateReply* reply, uint64_t count) { reply->set_updated(count); }
void SetDeleted(v1::DeleteReply* reply, uint64_t count) { reply->set_deleted(count); }

}  // namespace

Result<v1::ListReply> ListMemories(Service& service, RequestContext& context, v1::ListRequest& request) {
  ASSIGN_OR_RETURN(const ListQuery query, ToListQuery(request, service.limits()));
  ASSIGN_OR_RETURN(const ReadCall call, BeginRead(service, context, request));
  ASSIGN_OR_RETURN(const MemoryPage page, service.engine.List(call.ns, query, call.options));
  v1::ListReply reply;
  for (const Memory& memory : page.memories) FromMemory(memory, query.include, reply.add_memories());
  reply.set_next_cursor(EncodeCursor(page.next_cursor));
  reply.set_total(page.total);
  reply.set_position(call.Token(page.position));
  return reply;
}

Result<v1::CountReply> CountMemories(Service& service, RequestContext& context, v1::CountRequest& request) {
  std::optional<Filter> filter;
  if (request.has_filter()) {
    ASSIGN_OR_RETURN(filter, ToFilter(request.filter()));
  }
  ASSIGN_OR_RETURN(const ReadCall call, BeginRead(service, context, request));
  ASSIGN_OR_RETURN(const auto counted, service.engine.Count(call.ns, filter, call.options));
  v1::CountReply reply;
  reply.set_count(counted.first);
  reply.set_position(call.Token(counted.second));
  return reply;
}

Result<v1::FacetReply> FacetMemories(Service& service, RequestContext& context, v1::FacetRequest& request) {
  ASSIGN_OR_RETURN(const FacetQuery query, ToFacetQuery(request, service.limits()));
  ASSIGN_OR_RETURN(const ReadCall call, BeginRead(service, context, request));
  ASSIGN_OR_RETURN(const FacetPage page, service.engine.Facet(call.ns, query, call.options));
  v1::FacetReply reply;
  for (const FacetValue& value : page.values) {
    v1::FacetReply::Entry* entry = reply.add_values();
    FromFieldValue(query.field, value.value, entry->mutable_value());
    entry->set_count(value.count);
    if (value.max) FromFieldValue(query.max_field, *value.max, entry->mutable_max());
  }
  reply.set_next_cursor(EncodeCursor(page.next_cursor));
  reply.set_position(call.Token(page.position));
  return reply;
}

void UpdateMemories(Service& service, RequestContext& context, v1::UpdateRequest& request, Done<v1::UpdateReply> done) {
  Result<SelectiveWrite> write = BeginSelective(service, context, request);
  if (!write.ok()) return done(std::move(write).status());
  Result<UpdateMemory> change = ToUpdateMemory(request, service.limits());
  if (!change.ok()) return done(std::move(change).status());
  if (write->selection.filter) {
    const auto wrote = service.engine.UpdateByFilter(write->ns, *write->selection.filter, *change, context.durability(),
                                                     IdempotencyOf(context));
    return done(RenderFilterWrite<v1::UpdateReply>(service, context, write->ns, wrote, SetUpdated));
  }
  Result<WriteCall> call = BeginWrite(context, IfAbsent::kFail);
  if (!call.ok()) return done(std::move(call).status());
  for (size_t i = 0; i < write->selection.ids.size(); ++i) {
    change->id = write->selection.ids[i];
    call->Add(*change, fmt::format("ids[{}]", i));
  }
  Write<v1::UpdateReply>(service, context, *std::move(call), std::move(done), [](const MutationResult& result) {
    v1::UpdateReply reply;
    reply.set_updated(CountOutcomes(result, Outcome::kUpdated));
    reply.set_position(PositionOf(result));
    return reply;
  });
}

void DeleteMemories(Service& service, RequestContext& context, v1::DeleteRequest& request, Done<v1::DeleteReply> done) {
  if (request.erase()) context.Audit("memory.erase", context.path("ns"));
  Result<SelectiveWrite> write = BeginSelective(service, context, request);
  if (!write.ok()) return done(std::move(write).status());
  if (write->selection.filter) {
    const auto wrote = service.engine.DeleteByFilter(write->ns, *write->selection.filter, request.erase(),
                                                     context.durability(), IdempotencyOf(context));
    return done(RenderFilterWrite<v1::DeleteReply>(service, context, write->ns, wrote, SetDeleted));
  }
  Result<WriteCall> call = BeginWrite(context, IfAbsent::kFail);
  if (!call.ok()) return done(std::move(call).status());
  for (size_t i = 0; i < write->selection.ids.size(); ++i) {
    DeleteMemory remove;
    remove.id = write->selection.ids[i];
    remove.erase = request.erase();
    call->Add(std::move(remove), fmt::format("ids[{}]", i));
  }
  Write<v1::DeleteReply>(service, context, *std::move(call), std::move(done), [](const MutationResult& result) {
    v1::DeleteReply reply;
    reply.set_deleted(CountOutcomes(result, Outcome::kDeleted));
    reply.set_position(PositionOf(result));
    return reply;
  });
}

}  // namespace engram

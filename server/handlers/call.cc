#include "server/handlers/call.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "engine/config.h"
#include "server/position_token.h"

namespace engram {

Result<NamespaceRef> PathNamespace(const RequestContext& context) {
  const std::string& name = context.path("ns");
  if (Status status = CheckName("the namespace's name", name); !status.ok()) return std::move(status).At("namespace");
  return NamespaceRef{context.tenant(), name};
}

Result<std::string> PathId(const RequestContext& context, const char* parameter) {
  const std::string& id = context.path(parameter);
  if (Status status = CheckId("the id", id); !status.ok()) return std::move(status).At(parameter);
  return id;
}

std::string ReadCall::Token(Position position) const { return EncodePosition(number, position); }

Result<ReadCall> BeginRead(Service& service, const RequestContext& context, const std::string& min_position,
                           std::optional<uint32_t> timeout_ms) {
  ReadCall call;
  ASSIGN_OR_RETURN(call.ns, PathNamespace(context));
  ASSIGN_OR_RETURN(call.number, service.engine.FindNamespace(call.ns));
  call.options.deadline = context.Deadline(timeout_ms);
  if (min_position.empty()) return call;
  Result<PositionToken> token = DecodePosition(min_position);
  if (!token.ok()) return std::move(token).status().At("min_position");
  if (token->ns != call.number) return InvalidArgument("a position of another namespace").At("min_position");
  call.options.min_position = token->position;
  return call;
}

Result<ReadCall> BeginQueryRead(Service& service, const RequestContext& context) {
  ASSIGN_OR_RETURN(const std::optional<uint64_t> timeout, context.QueryUint64("timeout_ms"));
  std::optional<uint32_t> timeout_ms;
  if (timeout) timeout_ms = static_cast<uint32_t>(std::min<uint64_t>(*timeout, UINT32_MAX));
  return BeginRead(service, context, context.query("min_position").value_or(""), timeout_ms);
}

Result<uint32_t> PageLimit(std::optional<uint64_t> limit, const RequestLimits& limits) {
  if (!limit) return std::min(100u, limits.page_items);
  if (*limit >= 1 && *limit <= limits.page_items) return static_cast<uint32_t>(*limit);
  return InvalidArgument(fmt::format("limit {} is not between 1 and {}", *limit, limits.page_items)).At("limit");
}

std::optional<Mutation::Idempotency> IdempotencyOf(const RequestContext& context) {
  if (!context.idempotency_key()) return std::nullopt;
  return Mutation::Idempotency{*context.idempotency_key(), context.RequestHash()};
}

Result<WriteCall> BeginWrite(const RequestContext& context, IfAbsent if_absent) {
  ASSIGN_OR_RETURN(NamespaceRef ns, PathNamespace(context));
  WriteCall call;
  call.mutation.tenant = ns.tenant;
  call.mutation.namespace_name = std::move(ns.name);
  call.mutation.create_namespace = if_absent == IfAbsent::kCreateNamespace;
  call.mutation.idempotency = IdempotencyOf(context);
  return call;
}

void MarkReplayed(RequestContext& context) { context.AddReplyHeader("Idempotency-Replayed", "true"); }

Status PlaceInRequest(Status status, const std::vector<std::string>& places) {
  constexpr std::string_view kPrefix = "operations[";
  const std::string field = status.field();
  if (field.compare(0, kPrefix.size(), kPrefix) != 0) return status;
  size_t index = 0;
  const auto [end, error] = std::from_chars(field.data() + kPrefix.size(), field.data() + field.size(), index);
  if (error != std::errc() || end == field.data() + field.size() || *end != ']' || index >= places.size())
    return status;
  std::string rest(end + 1, field.data() + field.size());
  if (!rest.empty() && rest.front() == '.') rest.erase(0, 1);
  if (rest == "vectors.default") rest = "vector";
  const std::string& place = places[index];
  if (rest.empty()) return std::move(status).At(place);
  status = std::move(status).At(std::move(rest));
  if (place.empty()) return status;
  return std::move(status).Under(place);
}

std::string PositionOf(const MutationResult& result) { return EncodePosition(result.namespace_id, result.position); }

uint64_t CountOutcomes(const MutationResult& result, Outcome outcome) {
  const auto is = [outcome](const OperationResult& one) { return one.outcome == outcome; };
  return static_cast<uint64_t>(std::count_if(result.results.begin(), result.results.end(), is));
}

}  // namespace engram

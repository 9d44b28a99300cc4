// How handlers begin and end: which namespace a request means, from which position on it may be read, and how a
// mutation's result becomes a reply.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "engine/engine.h"
#include "server/handlers/service.h"
#include "server/request_context.h"
#include "server/typed_handler.h"

namespace engram {

// The namespace that the path names. InvalidArgument at "namespace" when that can't be a name.
Result<NamespaceRef> PathNamespace(const RequestContext& context);
// A parameter of the path that is an id.
Result<std::string> PathId(const RequestContext& context, const char* parameter);

struct ReadCall {
  NamespaceRef ns;
  NamespaceId number;
  ReadOptions options;

  std::string Token(Position position) const;
};
// NotFound when there is no such namespace; InvalidArgument at "min_position" for a position of another one.
Result<ReadCall> BeginRead(Service& service, const RequestContext& context, const std::string& min_position,
                           std::optional<uint32_t> timeout_ms);
// The same with query parameters `min_position` and `timeout_ms`.
Result<ReadCall> BeginQueryRead(Service& service, const RequestContext& context);
// The same for a message with these fields.
template <class Request>
Result<ReadCall> BeginRead(Service& service, const RequestContext& context, const Request& request) {
  std::optional<uint32_t> timeout_ms;
  if (request.has_timeout_ms()) timeout_ms = request.timeout_ms();
  return BeginRead(service, context, request.min_position(), timeout_ms);
}

// 1 to limits.page_items; 100 when not given.
Result<uint32_t> PageLimit(std::optional<uint64_t> limit, const RequestLimits& limits);
template <class Request>
Result<uint32_t> PageLimit(const Request& request, const RequestLimits& limits) {
  return PageLimit(request.has_limit() ? std::optional<uint64_t>(request.limit()) : std::nullopt, limits);
}

enum class IfAbsent : bool { kFail, kCreateNamespace };

// A mutation with everything but its operations and their places in the request.
struct WriteCall {
  Mutation mutation;
  std::vector<std::string> places;  // per operation, "memories[3]"; empty: the request itself

  void Add(Operation operation, std::string place = {}) {
    mutation.operations.push_back(std::move(operation));
    places.push_back(std::move(place));
  }
};
Result<WriteCall> BeginWrite(const RequestContext& context, IfAbsent if_absent);
std::optional<Mutation::Idempotency> IdempotencyOf(const RequestContext& context);

// Tells the client that this reply was stored by an earlier request with the same key.
void MarkReplayed(RequestContext& context);

// "operations[1].vectors.default" becomes "memories[1].vector".
Status PlaceInRequest(Status status, const std::vector<std::string>& places);

// Submits the mutation and answers from its result. Waits for nothing: `render` runs on the committer's thread, so it
// must be quick.
template <class Reply>
void Write(Service& service, RequestContext& context, WriteCall call, Done<Reply> done,
           std::function<Result<Reply>(const MutationResult&)> render) {
  auto answer = [&context, places = std::move(call.places), done = std::move(done),
                 render = std::move(render)](MutationResult result) {
    if (result.replayed) MarkReplayed(context);
    if (!result.status.ok()) return done(PlaceInRequest(std::move(result.status), places));
    done(render(result));
  };
  service.engine.Submit(std::move(call.mutation), context.durability(), std::move(answer));
}

// The position that a reply to a write carries.
std::string PositionOf(const MutationResult& result);

// How many of the operations ended like this.
uint64_t CountOutcomes(const MutationResult& result, Outcome outcome);

}  // namespace engram

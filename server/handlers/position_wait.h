// What a read does before it runs: wait for its min_position, without holding a worker.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "server/handlers/service.h"
#include "server/request_context.h"
#include "server/typed_handler.h"

namespace engram {

// As the request says it. Not there: waits for ServerLimits::position_wait; at most for position_wait_max.
struct PositionWait {
  std::string min_position;
  std::optional<uint32_t> timeout_ms;
};

template <class Request>
PositionWait WaitOf(const Request& request) {
  PositionWait wait{request.min_position(), std::nullopt};
  if (request.has_timeout_ms()) wait.timeout_ms = request.timeout_ms();
  return wait;
}

// The waits of a request: its own, of each search of a batch, or of the query parameters where there is no body.
template <class Request>
std::vector<PositionWait> WaitsOf(const RequestContext&, const Request& request) {
  std::vector<PositionWait> waits;
  if constexpr (requires { request.has_timeout_ms(); }) {
    waits.push_back(WaitOf(request));
  } else if constexpr (requires { request.searches(); }) {
    for (const auto& search : request.searches()) waits.push_back(WaitOf(search));
  }
  return waits;
}
std::vector<PositionWait> WaitsOf(const RequestContext& context, const NoBody& request);

// Calls `read` when all of the waits are over: now, on this thread, when there is nothing to wait for; on a worker
// otherwise. One that ends before its position came lets the read find that out for itself, as it does a token that is
// none. Calls `refuse` instead when the server ends or takes no more waits. Both live as long as the request does.
void WhenReached(Service& service, RequestContext& context, std::vector<PositionWait> waits, std::function<void()> read,
                 std::function<void(Status)> refuse);

}  // namespace engram

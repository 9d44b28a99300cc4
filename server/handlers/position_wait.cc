#include "server/handlers/position_wait.h"

#include <algorithm>
#include <memory>
#include <thread>

#include "server/handlers/call.h"
#include "server/position_token.h"

namespace engram {
namespace {

// Waits for one position after the other, from whichever thread the last one came on.
class Waiting : public std::enable_shared_from_this<Waiting> {
 public:
  Waiting(Service& service, RequestContext& context, std::vector<PositionWait> waits, std::function<void()> read,
          std::function<void(Status)> refuse)
      : service_(service),
        context_(context),
        waits_(std::move(waits)),
        read_(std::move(read)),
        refuse_(std::move(refuse)) {}

  void Next() {
    while (next_ < waits_.size()) {
      const PositionWait& wait = waits_[next_++];
      const std::optional<PositionToken> token = TokenOf(wait);
      if (!token) continue;
      const auto go_on = [self = shared_from_this()](Status status) { self->Over(std::move(status)); };
      return service_.engine.AwaitPosition(context_.tenant(), token->ns, token->position, DeadlineOf(wait), go_on);
    }
    if (std::this_thread::get_id() == worker_) return read_();
    if (Status status = context_.RunLater(read_); !status.ok()) refuse_(std::move(status));
  }

 private:
  void Over(Status status) {
    if (!status.ok() && status.code() != StatusCode::kDeadlineExceeded) return refuse_(std::move(status));
    Next();
  }

  // Nothing where there is nothing to wait for, or the read will refuse it.
  std::optional<PositionToken> TokenOf(const PositionWait& wait) const {
    if (wait.min_position.empty()) return std::nullopt;
    const Result<NamespaceRef> ns = PathNamespace(context_);
    if (!ns.ok()) return std::nullopt;
    const Result<NamespaceId> number = service_.engine.FindNamespace(*ns);
    const Result<PositionToken> token = DecodePosition(wait.min_position);
    if (!number.ok() || !token.ok() || token->ns != *number) return std::nullopt;
    return *token;
  }

  std::chrono::nanoseconds DeadlineOf(const PositionWait& wait) const {
    const ServerLimits& limits = service_.options.server_limits;
    const auto most = static_cast<uint32_t>(limits.position_wait_max.count());
    const auto usual = static_cast<uint32_t>(limits.position_wait.count());
    return context_.WaitDeadline(std::min(wait.timeout_ms.value_or(usual), most));
  }

  Service& service_;
  RequestContext& context_;
  const std::vector<PositionWait> waits_;
  const std::function<void()> read_;
  const std::function<void(Status)> refuse_;
  const std::thread::id worker_ = std::this_thread::get_id();
  size_t next_ = 0;
};

}  // namespace

std::vector<PositionWait> WaitsOf(const RequestContext& context, const NoBody&) {
  PositionWait wait{context.query("min_position").value_or(""), std::nullopt};
  const Result<std::optional<uint64_t>> timeout = context.QueryUint64("timeout_ms");
  if (timeout.ok() && *timeout) wait.timeout_ms = static_cast<uint32_t>(std::min<uint64_t>(**timeout, UINT32_MAX));
  return {std::move(wait)};
}

void WhenReached(Service& service, RequestContext& context, std::vector<PositionWait> waits, std::function<void()> read,
                 std::function<void(Status)> refuse) {
  const bool any =
      std::any_of(waits.begin(), waits.end(), [](const PositionWait& wait) { return !wait.min_position.empty(); });
  if (!any) return read();
  std::make_shared<Waiting>(service, context, std::move(waits), std::move(read), std::move(refuse))->Next();
}

}  // namespace engram

#include "client/cpp/caller.h"

#include <random>
#include <thread>

#include <fmt/format.h>
#include <google/protobuf/message.h>
#include <snappy.h>

#include "client/cpp/reply_status.h"

namespace engram {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr size_t kWorthCompressing = 1024;

double RandomFraction() {
  thread_local std::minstd_rand random(std::random_device{}());
  return std::uniform_real_distribution<double>(0, 1)(random);
}

std::string RandomPrefix() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}{:08x}-", random(), random(), random());
}

void Encode(const google::protobuf::Message& body, bool compress, WireRequest* request) {
  request->body = body.SerializeAsString();
  if (!compress || request->body.size() < kWorthCompressing) return;
  std::string packed;
  snappy::Compress(request->body.data(), request->body.size(), &packed);
  if (packed.size() >= request->body.size()) return;
  request->body = std::move(packed);
  request->snappy = true;
}

}  // namespace

Client::Caller::Caller(std::unique_ptr<Transport> transport, ClientOptions options)
    : transport_(std::move(transport)), options_(std::move(options)), key_prefix_(RandomPrefix()) {}

std::string Client::Caller::NewKey() { return fmt::format("{}{}", key_prefix_, keys_made_.fetch_add(1)); }

Result<std::string> Client::Caller::Call(WireRequest request, const google::protobuf::Message* body,
                                         const CallOptions& call) {
  if (body != nullptr) Encode(*body, options_.compress, &request);
  const auto deadline = Clock::now() + call.timeout.value_or(options_.timeout);
  bool maybe_applied = false;  // an earlier attempt was lost on the way, and no later one has told
  for (int attempt = 1;; ++attempt) {
    auto reply = transport_->Send(request, deadline);
    Status status = reply.ok() ? ReplyStatus(*reply) : reply.status();
    if (status.ok()) return std::move(reply->body);
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - Clock::now());
    std::optional<std::chrono::seconds> asked;
    if (reply.ok() && reply->retry_after_seconds) asked = std::chrono::seconds(*reply->retry_after_seconds);
    const double jitter = options_.retry.jitter ? options_.retry.jitter() : RandomFraction();
    const auto wait = WaitBeforeRetry(options_.retry, attempt, status, asked, left, jitter);
    if (!wait) {
      const bool told = reply.ok() && !WorthRetrying(status);
      return maybe_applied && !told ? std::move(status).MarkApplied(Applied::kUnknown) : std::move(status);
    }
    maybe_applied |= status.applied() == Applied::kUnknown;
    options_.retry.sleep ? options_.retry.sleep(*wait) : std::this_thread::sleep_for(*wait);
  }
}

}  // namespace engram

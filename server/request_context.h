// What a handler may ask about the request beside its decoded message. Made by the session, alive until the
// reply is given; confined to the thread that handles the request at the moment.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/status.h"
#include "server/credential.h"
#include "server/http.h"

namespace google::protobuf {
class Message;
}

namespace engram {

enum class Durability : uint8_t;  // engine/engine.h

class RequestContext {
 public:
  // `deadline` on clock.Monotonic().
  RequestContext(const Clock& clock, HttpRequest request, std::chrono::nanoseconds deadline);

  const HttpRequest& request() const { return request_; }
  HttpRequest& request() { return request_; }
  const Credential& credential() const { return credential_; }
  TenantId tenant() const { return credential_.tenant; }

  // A `{name}` of the route's pattern, percent-decoded. REQUIRES: the pattern has it.
  const std::string& path(std::string_view name) const;

  // Query parameters; those that the route does not list were refused before. Absent: nothing.
  std::optional<std::string> query(std::string_view name) const;
  // InvalidArgument, naming the parameter, when the text is no such value.
  Result<std::optional<uint64_t>> QueryUint64(std::string_view name) const;
  Result<bool> QueryBool(std::string_view name) const;  // absent: false; "true", "false", "1", "0"

  // ?durability=sync|buffered, checked before the handler runs; default sync.
  Durability durability() const { return durability_; }

  // The Idempotency-Key header (1 to 256 bytes), if any.
  const std::optional<std::string>& idempotency_key() const { return idempotency_key_; }
  // XXH3 over method, path, query and the decoded request in deterministic protobuf form, so that JSON and
  // protobuf of the same request give the same hash. Taken before the handler sees (and may take apart) the
  // request. REQUIRES: idempotency_key().
  uint64_t RequestHash() const;

  // When an answer has lost its use, on Clock::Monotonic(): the server's own limit, or `timeout_ms` from the
  // arrival of the request where that is sooner.
  std::chrono::nanoseconds Deadline(std::optional<uint32_t> timeout_ms = std::nullopt) const;
  // The same for what waits without a thread, and then goes on by RunLater.
  std::chrono::nanoseconds WaitDeadline(std::optional<uint32_t> timeout_ms) const;
  const Clock& clock() const { return clock_; }

  void AddReplyHeader(std::string name, std::string value);

  // What the request does must not be done unseen: the audit log says so, whatever the reply. `subject` is what it is
  // done to. The last call counts.
  void Audit(std::string event, std::string subject = {}) { audit_note_ = {std::move(event), std::move(subject)}; }
  struct AuditNote {
    std::string event;
    std::string subject;
  };
  const std::optional<AuditNote>& audit_note() const { return audit_note_; }

  // Goes on with this request on a worker, for handlers that had to wait for something. RateLimited when no more work
  // is taken; without a server behind it, `work` runs at once.
  Status RunLater(std::function<void()> work);

  // --- For the server itself.
  using RunOnWorker = std::function<Status(std::function<void()> work)>;
  void SetWorkers(RunOnWorker run) { run_on_worker_ = std::move(run); }
  // Until it is ended, Deadline is this one where it is sooner. RunLater ends it.
  void BeginBrief(std::chrono::nanoseconds until) { brief_until_ = until; }
  // Whether it had begun.
  bool EndBrief() { return std::exchange(brief_until_, std::nullopt).has_value(); }
  void SetCredential(Credential credential) { credential_ = std::move(credential); }
  void SetRoute(std::string_view pattern, std::vector<std::pair<std::string, std::string>> path_parameters);
  std::string_view route() const { return route_; }
  // Null where the pattern has no such parameter.
  const std::string* FindPath(std::string_view name) const;
  // Checks durability, Idempotency-Key and that every query parameter is among `allowed` or is "durability".
  Status ReadParameters(const std::vector<std::string>& allowed);
  void HashRequest(const google::protobuf::Message* message);
  std::vector<std::pair<std::string, std::string>> TakeReplyHeaders() { return std::move(reply_headers_); }

 private:
  const Clock& clock_;
  HttpRequest request_;
  std::chrono::nanoseconds arrived_;
  std::chrono::nanoseconds deadline_;
  std::optional<std::chrono::nanoseconds> brief_until_;
  Credential credential_;
  std::string_view route_;
  std::vector<std::pair<std::string, std::string>> path_parameters_;
  Durability durability_;
  std::optional<std::string> idempotency_key_;
  std::optional<uint64_t> request_hash_;
  std::vector<std::pair<std::string, std::string>> reply_headers_;
  RunOnWorker run_on_worker_;
  std::optional<AuditNote> audit_note_;
};

}  // namespace engram

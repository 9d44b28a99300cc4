// Errors as values: Status for calls that return nothing, Result<T> for calls that return a T.
//
// Three kinds of failure stay apart. A caller's mistake is kInvalidArgument and its relatives; the
// world's failure is kUnavailable, kOutOfSpace or kCorruption; our own bug is a failed check
// (base/check.h) and stops the process. A message says what failed, then the values.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/check.h"

namespace engram {

// The API's error codes, one for one (server/error.cc maps them to HTTP).
enum class StatusCode : uint8_t {
  kOk = 0,
  kInvalidArgument,
  kUnauthenticated,
  kPermissionDenied,
  kNotFound,
  kMethodNotAllowed,
  kRequestTimeout,
  kAlreadyExists,
  kPositionExpired,
  kFailedPrecondition,
  kPayloadTooLarge,
  kUnsupportedMediaType,
  kUnprocessable,
  kRateLimited,
  kHeadersTooLarge,
  kInternal,
  kUnavailable,
  kDeadlineExceeded,
  kOutOfSpace,
  kCorruption,
};

// "invalid_argument" and so on, as the API spells it. kCorruption is told as "internal".
std::string_view StatusCodeName(StatusCode code);

// Whether the failed call changed anything.
enum class Applied : uint8_t { kNo, kYes, kUnknown };

class [[nodiscard]] Status {
 public:
  Status() = default;  // OK
  Status(StatusCode code, std::string message);
  Status(const Status& other);
  Status& operator=(const Status& other);
  Status(Status&&) noexcept = default;
  Status& operator=(Status&&) noexcept = default;
  ~Status() = default;

  static Status Ok() { return {}; }

  bool ok() const { return rep_ == nullptr; }
  StatusCode code() const { return rep_ ? rep_->code : StatusCode::kOk; }
  const std::string& message() const;

  // Where in the request the mistake is, such as "memories[3].vector". Empty when it has no place.
  const std::string& field() const;
  Applied applied() const { return rep_ ? rep_->applied : Applied::kYes; }
  // How long a client should wait before it tries again; nothing when trying again is pointless.
  std::optional<uint32_t> retry_after_seconds() const;
  bool retryable() const;
  // Values a program may want apart from the message, such as {"expected", "384"}.
  const std::vector<std::pair<std::string, std::string>>& details() const;

  // Builders for a status on its way up. REQUIRES: !ok().
  Status&& At(std::string field) &&;
  // Prefixes the field: "vector" under "memories[3]" becomes "memories[3].vector".
  Status&& Under(std::string_view parent) &&;
  Status&& With(std::string key, std::string value) &&;
  Status&& RetryAfter(uint32_t seconds) &&;
  Status&& MarkApplied(Applied applied) &&;

  // "not_found: no memory \"a\" (field: id)", for logs and tests.
  std::string ToString() const;

 private:
  struct Rep {
    StatusCode code;
    Applied applied = Applied::kNo;
    std::optional<uint32_t> retry_after_seconds;
    std::string message;
    std::string field;
    std::vector<std::pair<std::string, std::string>> details;
  };
  std::unique_ptr<Rep> rep_;
};

Status InvalidArgument(std::string message);
Status NotFound(std::string message);
Status AlreadyExists(std::string message);
Status FailedPrecondition(std::string message);
Status Unprocessable(std::string message);
Status Unavailable(std::string message);
Status DeadlineExceeded(std::string message);
Status RateLimited(std::string message);
Status Internal(std::string message);
Status Corruption(std::string message);

// A T or the reason why there is none.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}        // NOLINT: implicit on purpose
  Result(Status status) : state_(std::in_place_index<1>, std::move(status)) {  // NOLINT: implicit
    ENGRAM_CHECK(!std::get<1>(state_).ok());
  }

  bool ok() const { return state_.index() == 0; }
  Status status() const& { return ok() ? Status() : std::get<1>(state_); }
  Status status() && { return ok() ? Status() : std::move(std::get<1>(state_)); }

  // REQUIRES: ok().
  T& value() & {
    ENGRAM_CHECK(ok());
    return *std::get_if<0>(&state_);
  }
  const T& value() const& {
    ENGRAM_CHECK(ok());
    return *std::get_if<0>(&state_);
  }
  T&& value() && {
    ENGRAM_CHECK(ok());
    return std::move(*std::get_if<0>(&state_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

 private:
  std::variant<T, Status> state_;
};

}  // namespace engram

#define ENGRAM_CONCAT_INNER(a, b) a##b
#define ENGRAM_CONCAT(a, b) ENGRAM_CONCAT_INNER(a, b)

// Returns the status of `expr` from the enclosing function unless it is OK.
#define RETURN_IF_ERROR(expr)                      \
  do {                                             \
    ::engram::Status engram_status = (expr);       \
    if (!engram_status.ok()) return engram_status; \
  } while (false)

// ASSIGN_OR_RETURN(auto x, F()): binds the value, or returns the status.
#define ASSIGN_OR_RETURN(lhs, expr) ENGRAM_ASSIGN_OR_RETURN_IMPL(ENGRAM_CONCAT(engram_result_, __LINE__), lhs, expr)
#define ENGRAM_ASSIGN_OR_RETURN_IMPL(result, lhs, expr) \
  auto result = (expr);                                 \
  if (!result.ok()) return std::move(result).status();  \
  lhs = std::move(result).value()

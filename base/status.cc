#include "base/status.h"

namespace engram {
namespace {

const std::string& EmptyString() {
  static const std::string empty;
  return empty;
}

}  // namespace

std::string_view StatusCodeName(StatusCode code) {
  switch (code) {
    case StatusCode::kOk: return "ok";
    case StatusCode::kInvalidArgument: return "invalid_argument";
    case StatusCode::kUnauthenticated: return "unauthenticated";
    case StatusCode::kPermissionDenied: return "permission_denied";
    case StatusCode::kNotFound: return "not_found";
    case StatusCode::kMethodNotAllowed: return "method_not_allowed";
    case StatusCode::kRequestTimeout: return "request_timeout";
    case StatusCode::kAlreadyExists: return "already_exists";
    case StatusCode::kPositionExpired: return "position_expired";
    case StatusCode::kFailedPrecondition: return "failed_precondition";
    case StatusCode::kPayloadTooLarge: return "payload_too_large";
    case StatusCode::kUnsupportedMediaType: return "unsupported_media_type";
    case StatusCode::kUnprocessable: return "unprocessable";
    case StatusCode::kRateLimited: return "rate_limited";
    case StatusCode::kHeadersTooLarge: return "headers_too_large";
    case StatusCode::kInternal: return "internal";
    case StatusCode::kUnavailable: return "unavailable";
    case StatusCode::kDeadlineExceeded: return "deadline_exceeded";
    case StatusCode::kOutOfSpace: return "out_of_space";
    case StatusCode::kCorruption: return "internal";
  }
  return "internal";
}

Status::Status(StatusCode code, std::string message) {
  if (code == StatusCode::kOk) return;
  rep_ = std::make_unique<Rep>();
  rep_->code = code;
  rep_->message = std::move(message);
}

Status::Status(const Status& other) : rep_(other.rep_ ? std::make_unique<Rep>(*other.rep_) : nullptr) {}

Status& Status::operator=(const Status& other) {
  if (this != &other) rep_ = other.rep_ ? std::make_unique<Rep>(*other.rep_) : nullptr;
  return *this;
}

const std::string& Status::message() const { return rep_ ? rep_->message : EmptyString(); }

const std::string& Status::field() const { return rep_ ? rep_->field : EmptyString(); }

std::optional<uint32_t> Status::retry_after_seconds() const {
  if (!rep_) return std::nullopt;
  if (rep_->retry_after_seconds) return rep_->retry_after_seconds;
  if (rep_->code == StatusCode::kRateLimited || rep_->code == StatusCode::kUnavailable) return 1;
  return std::nullopt;
}

bool Status::retryable() const {
  if (!rep_) return false;
  switch (rep_->code) {
    case StatusCode::kRateLimited:
    case StatusCode::kUnavailable:
    case StatusCode::kDeadlineExceeded:
    case StatusCode::kRequestTimeout:
    case StatusCode::kOutOfSpace: return true;
    default: return rep_->retry_after_seconds.has_value();
  }
}

const std::vector<std::pair<std::string, std::string>>& Status::details() const {
  static const std::vector<std::pair<std::string, std::string>> none;
  return rep_ ? rep_->details : none;
}

Status&& Status::At(std::string field) && {
  ENGRAM_CHECK(rep_);
  rep_->field = std::move(field);
  return std::move(*this);
}

Status&& Status::Under(std::string_view parent) && {
  ENGRAM_CHECK(rep_);
  std::string field(parent);
  if (!rep_->field.empty() && rep_->field.front() != '[') field += '.';
  field += rep_->field;
  rep_->field = std::move(field);
  return std::move(*this);
}

Status&& Status::With(std::string key, std::string value) && {
  ENGRAM_CHECK(rep_);
  rep_->details.emplace_back(std::move(key), std::move(value));
  return std::move(*this);
}

Status&& Status::RetryAfter(uint32_t seconds) && {
  ENGRAM_CHECK(rep_);
  rep_->retry_after_seconds = seconds;
  return std::move(*this);
}

Status&& Status::MarkApplied(Applied applied) && {
  ENGRAM_CHECK(rep_);
  rep_->applied = applied;
  return std::move(*this);
}

std::string Status::ToString() const {
  if (ok()) return "ok";
  std::string out(StatusCodeName(code()));
  out += ": ";
  out += message();
  if (!field().empty()) out += " (field: " + field() + ")";
  return out;
}

Status InvalidArgument(std::string message) { return {StatusCode::kInvalidArgument, std::move(message)}; }
Status NotFound(std::string message) { return {StatusCode::kNotFound, std::move(message)}; }
Status AlreadyExists(std::string message) { return {StatusCode::kAlreadyExists, std::move(message)}; }
Status FailedPrecondition(std::string message) { return {StatusCode::kFailedPrecondition, std::move(message)}; }
Status Unprocessable(std::string message) { return {StatusCode::kUnprocessable, std::move(message)}; }
Status Unavailable(std::string message) { return {StatusCode::kUnavailable, std::move(message)}; }
Status DeadlineExceeded(std::string message) { return {StatusCode::kDeadlineExceeded, std::move(message)}; }
Status RateLimited(std::string message) { return {StatusCode::kRateLimited, std::move(message)}; }
Status Internal(std::string message) { return {StatusCode::kInternal, std::move(message)}; }
Status Corruption(std::string message) { return {StatusCode::kCorruption, std::move(message)}; }

}  // namespace engram

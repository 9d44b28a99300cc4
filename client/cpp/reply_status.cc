#include "client/cpp/reply_status.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "api/json.h"
#include "engram/v1/value.pb.h"

namespace engram {
namespace {

std::optional<StatusCode> CodeNamed(std::string_view name) {
  for (int code = 1; code <= static_cast<int>(StatusCode::kOutOfSpace); ++code) {
    if (StatusCodeName(static_cast<StatusCode>(code)) == name) return static_cast<StatusCode>(code);
  }
  return std::nullopt;
}

StatusCode CodeOfHttp(int status) {
  switch (status) {
    case 401: return StatusCode::kUnauthenticated;
    case 403: return StatusCode::kPermissionDenied;
    case 404: return StatusCode::kNotFound;
    case 405: return StatusCode::kMethodNotAllowed;
    case 408: return StatusCode::kRequestTimeout;
    case 413: return StatusCode::kPayloadTooLarge;
    case 415: return StatusCode::kUnsupportedMediaType;
    case 429: return StatusCode::kRateLimited;
    case 431: return StatusCode::kHeadersTooLarge;
    case 502:
    case 503: return StatusCode::kUnavailable;
    case 504: return StatusCode::kDeadlineExceeded;
    default: return status < 500 ? StatusCode::kInvalidArgument : StatusCode::kInternal;
  }
}

Applied AppliedNamed(std::string_view name) {
  if (name == "no") return Applied::kNo;
  return name == "yes" ? Applied::kYes : Applied::kUnknown;
}

std::string DetailText(const v1::Value& value) {
  return value.kind_case() == v1::Value::kStringValue ? value.string_value() : PrintJson(value);
}

// Refusals come before the request's encoding is known and so as JSON.
bool ReadError(const WireReply& reply, v1::ErrorReply* error) {
  if (reply.content_type.starts_with("application/json")) return ParseJson(reply.body, error).ok();
  if (reply.content_type.starts_with("application/x-protobuf")) return error->ParseFromString(reply.body);
  return false;
}

}  // namespace

Status ReplyStatus(const WireReply& reply) {
  if (reply.status >= 200 && reply.status < 300) return {};
  v1::ErrorReply body;
  if (!ReadError(reply, &body) || body.error().code().empty()) {
    constexpr size_t kShown = 200;
    Status status(CodeOfHttp(reply.status), fmt::format("the server answered {}: {}", reply.status,
                                                        std::string_view(reply.body).substr(0, kShown)));
    if (reply.retry_after_seconds) status = std::move(status).RetryAfter(*reply.retry_after_seconds);
    return std::move(status).MarkApplied(reply.status < 500 ? Applied::kNo : Applied::kUnknown);
  }
  const v1::Error& error = body.error();
  Status status(CodeNamed(error.code()).value_or(CodeOfHttp(reply.status)), error.message());
  if (!error.field().empty()) status = std::move(status).At(error.field());
  if (reply.retry_after_seconds) status = std::move(status).RetryAfter(*reply.retry_after_seconds);
  std::vector<std::pair<std::string, std::string>> details;
  for (const auto& [key, value] : error.details()) details.emplace_back(key, DetailText(value));
  std::sort(details.begin(), details.end());  // a proto map has no order
  for (auto& [key, value] : details) status = std::move(status).With(std::move(key), std::move(value));
  return std::move(status).MarkApplied(AppliedNamed(error.applied()));
}

}  // namespace engram

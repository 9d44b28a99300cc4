#include "server/error.h"

#include <string>

#include "api/json.h"
#include "engram/v1/value.pb.h"
#include "server/access_log.h"
#include "server/encoding.h"

namespace engram {
namespace {

constexpr std::string_view kDamaged =
    "what this needs is damaged on the server's disk; its log says where, and `engram verify --data DIR` what to do";

// What went wrong inside is for the log; a client learns that it did.
bool IsPrivate(StatusCode code) { return code == StatusCode::kInternal || code == StatusCode::kCorruption; }

std::string_view AppliedName(Applied applied) {
  switch (applied) {
    case Applied::kNo: return "no";
    case Applied::kYes: return "yes";
    case Applied::kUnknown: break;
  }
  return "unknown";
}

HttpResponse ErrorIn(WireFormat format, const Status& status) {
  v1::ErrorReply reply;
  FillError(status, reply.mutable_error());
  HttpResponse response;
  response.status = HttpStatus(status.code());
  response.content_type = ContentTypeOf(format);
  response.body = format == WireFormat::kJson ? PrintJson(reply) : reply.SerializeAsString();
  // RFC 9110, 11.6.1: a 401 says how to come back.
  if (status.code() == StatusCode::kUnauthenticated) {
    response.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"engram\"");
  }
  if (const auto seconds = status.retry_after_seconds()) {
    response.headers.emplace_back("Retry-After", std::to_string(*seconds));
  }
  return response;
}

}  // namespace

int HttpStatus(StatusCode code) {
  switch (code) {
    case StatusCode::kOk: return 200;
    case StatusCode::kInvalidArgument: return 400;
    case StatusCode::kUnauthenticated: return 401;
    case StatusCode::kPermissionDenied: return 403;
    case StatusCode::kNotFound: return 404;
    case StatusCode::kMethodNotAllowed: return 405;
    case StatusCode::kRequestTimeout: return 408;
    case StatusCode::kAlreadyExists: return 409;
    case StatusCode::kPositionExpired: return 410;
    case StatusCode::kFailedPrecondition: return 412;
    case StatusCode::kPayloadTooLarge: return 413;
    case StatusCode::kUnsupportedMediaType: return 415;
    case StatusCode::kUnprocessable: return 422;
    case StatusCode::kRateLimited: return 429;
    case StatusCode::kHeadersTooLarge: return 431;
    case StatusCode::kCorruption:  // the rest is served
    case StatusCode::kUnavailable: return 503;
    case StatusCode::kDeadlineExceeded: return 504;
    case StatusCode::kOutOfSpace: return 507;
    case StatusCode::kInternal: break;
  }
  return 500;
}

void FillError(const Status& status, v1::Error* error) {
  error->set_code(std::string(StatusCodeName(status.code())));
  error->set_retryable(status.retryable());
  error->set_applied(std::string(AppliedName(status.applied())));
  if (status.code() == StatusCode::kCorruption) {
    error->set_code(std::string(StatusCodeName(StatusCode::kUnavailable)));
    error->set_message(std::string(kDamaged));
    return;
  }
  if (IsPrivate(status.code())) {
    error->set_message("the server failed; its log says why");
    return;
  }
  error->set_message(status.message());
  error->set_field(status.field());
  for (const auto& [key, value] : status.details()) (*error->mutable_details())[key].set_string_value(value);
}

HttpResponse ErrorResponse(RequestContext& context, const Status& status) {
  if (IsPrivate(status.code())) LogInternalError(context.route(), status.ToString());
  HttpResponse response = ErrorIn(ReplyFormat(context.request()), status);
  for (auto& header : context.TakeReplyHeaders()) response.headers.push_back(std::move(header));
  return response;
}

HttpResponse ErrorResponse(const Status& status) { return ErrorIn(WireFormat::kJson, status); }

}  // namespace engram

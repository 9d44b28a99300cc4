// One HTTP request and its reply as handlers see them: no socket, no parser, nothing of Boost.
// Plain data; a request belongs to its session until the reply is given.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"

namespace engram {

inline constexpr std::string_view kJsonType = "application/json";
inline constexpr std::string_view kProtobufType = "application/x-protobuf";
inline constexpr std::string_view kTextType = "text/plain; charset=utf-8";

struct HttpRequest {
  std::string method;                 // "GET", upper case
  std::string target;                 // as on the wire: path and query, still percent-encoded
  std::vector<std::string> segments;  // of the path, still percent-encoded: "/v1/a%2Fb" is {"v1", "a%2Fb"}
  std::vector<std::pair<std::string, std::string>> query;  // decoded, in the order given

  // The header fields that mean something to us, copied before the body is read; empty when absent.
  std::string authorization;
  std::string content_type;
  std::string content_encoding;
  std::string accept;
  std::string idempotency_key;
  std::string host;
  std::string origin;

  std::string body;
};

struct HttpResponse {
  int status = 200;
  std::string content_type;
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;  // beside Content-Type, -Length and Connection
};

// "%41" -> "A"; InvalidArgument on a broken escape or when the result is not UTF-8. `plus_is_space` for queries.
Result<std::string> PercentDecode(std::string_view text, bool plus_is_space = false);

// Fills segments and query from request->target. InvalidArgument on broken escapes in the query, a query
// parameter given twice, or a target that is no absolute path.
Status SplitTarget(HttpRequest* request);

}  // namespace engram

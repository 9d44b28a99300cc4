// Any bytes as the head of a request: what the guard accepts, the parser behind it reads the same, the router finds or
// refuses, and no beginning of it looks like garbage.
#include <memory>
#include <string>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "base/check.h"
#include "base/utf8.h"
#include "fuzz/input.h"
#include "server/request_guard.h"
#include "server/router.h"
#include "server/routes.h"

namespace engram {
namespace {

namespace http = boost::beast::http;

constexpr size_t kHeadBytesMax = 16 * 1024;

const HostRules& Rules() {
  static const HostRules rules = {{"localhost", "127.0.0.1", "[::1]"}, {"https://app.example"}};
  return rules;
}

const Router& Routes() {
  static const Router* const router = [] {
    auto made = std::make_unique<Router>();
    const Handler never_called = [](RequestContext&, const Respond&) {};
    for (const ApiRoute& route : ApiRoutes()) {
      made->Add({route.method, route.pattern, route.right, route.cost, route.query, never_called});
    }
    return made.release();
  }();
  return *router;
}

// As the session copies it. False when the parser has its own reasons to refuse.
bool Parse(std::string_view head, const RequestFraming& framing, HttpRequest* request) {
  http::request_parser<http::string_body> parser;
  parser.header_limit(static_cast<std::uint32_t>(head.size()) + 1);
  parser.body_limit(boost::none);
  boost::system::error_code error;
  const size_t used = parser.put(boost::asio::buffer(head.data(), head.size()), error);
  if (error || !parser.is_header_done()) return false;
  ENGRAM_CHECK(used == head.size());
  ENGRAM_CHECK(parser.chunked() == framing.chunked);
  const auto length = parser.content_length();
  ENGRAM_CHECK(length.has_value() == framing.content_length.has_value());
  if (length) ENGRAM_CHECK(*length == *framing.content_length);
  ENGRAM_CHECK(parser.keep_alive() == framing.keep_alive);
  request->method = std::string(parser.get().method_string());
  request->target = std::string(parser.get().target());
  return true;
}

void CheckRoute(HttpRequest request) {
  if (!SplitTarget(&request).ok()) return;
  for (const auto& [name, value] : request.query) ENGRAM_CHECK(IsUtf8(name) && IsUtf8(value));
  RouteMatch match;
  if (!Routes().Find(request, &match).ok()) return;
  ENGRAM_CHECK(match.route != nullptr && match.route->method == request.method);
  for (const auto& [name, value] : match.path_parameters) ENGRAM_CHECK(IsUtf8(value));
}

}  // namespace
}  // namespace engram

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {  // NOLINT: its name
  using namespace engram;                                                  // NOLINT: a file of one function
  std::string_view head = FuzzInput(data, size).rest().substr(0, kHeadBytesMax);
  const size_t end = head.find("\r\n\r\n");
  (void)GuardPartialHead(head);
  if (end == std::string_view::npos) return 0;
  head = head.substr(0, end + 4);
  const auto framing = GuardRequest(head, Rules());
  if (!framing.ok()) return 0;
  for (size_t split = 0; split < head.size(); ++split) ENGRAM_CHECK(GuardPartialHead(head.substr(0, split)).ok());
  HttpRequest request;
  if (Parse(head, *framing, &request)) CheckRoute(std::move(request));
  return 0;
}

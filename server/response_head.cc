#include "server/response_head.h"

#include <string_view>

namespace engram {
namespace {

void AppendField(std::string_view name, std::string_view value, std::string* head) {
  head->append(name).append(": ");
  for (const char c : value) {
    if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) head->push_back(c);
  }
  head->append("\r\n");
}

}  // namespace

const char* ReasonPhrase(int status) {
  switch (status) {
    case 200: return "OK";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 422: return "Unprocessable Content";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 507: return "Insufficient Storage";
    default: return "Status";
  }
}

std::string ResponseHead(const HttpResponse& response, bool keep_alive) {
  std::string head;
  head.reserve(256);
  head.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ").append(ReasonPhrase(response.status));
  head.append("\r\n");
  if (!response.content_type.empty()) AppendField("Content-Type", response.content_type, &head);
  AppendField("Content-Length", std::to_string(response.body.size()), &head);
  AppendField("X-Content-Type-Options", "nosniff", &head);
  for (const auto& [name, value] : response.headers) AppendField(name, value, &head);
  AppendField("Connection", keep_alive ? "keep-alive" : "close", &head);
  head.append("\r\n");
  return head;
}

}  // namespace engram

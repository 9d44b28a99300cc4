#include "tools/listen_address.h"

#include <charconv>
#include <utility>

#include <fmt/format.h>

namespace engram {
namespace {

Result<uint16_t> ParsePort(std::string_view digits, std::string_view whole) {
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error == std::errc() && end == digits.data() + digits.size()) return port;
  return InvalidArgument(fmt::format("\"{}\" has no port from 0 to 65535", whole));
}

bool IsNumber(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

Result<HostPort> ParseHostPort(std::string_view text) {
  HostPort out;
  if (IsNumber(text)) {
    ASSIGN_OR_RETURN(out.port, ParsePort(text, text));
    out.host = "127.0.0.1";
    return out;
  }
  std::string_view rest;
  if (text.starts_with('[')) {
    const size_t close = text.find(']');
    if (close == std::string_view::npos) return InvalidArgument(fmt::format("\"{}\" lacks a ]", text));
    out.host = text.substr(1, close - 1);
    rest = text.substr(close + 1);
  } else {
    const size_t colon = text.find(':');
    out.host = text.substr(0, colon);
    rest = colon == std::string_view::npos ? std::string_view() : text.substr(colon);
  }
  if (out.host.empty()) return InvalidArgument(fmt::format("\"{}\" names no host: use HOST:PORT", text));
  if (rest.empty()) return out;
  if (!rest.starts_with(':')) return InvalidArgument(fmt::format("\"{}\" is no HOST:PORT", text));
  ASSIGN_OR_RETURN(out.port, ParsePort(rest.substr(1), text));
  return out;
}

bool IsLoopbackAddress(std::string_view address) { return address == "::1" || address.starts_with("127."); }

Result<ServerUrl> ParseServerUrl(std::string_view url) {
  constexpr std::string_view kMark = "://";
  std::string_view rest = url;
  std::string_view scheme = "http";
  if (const size_t mark = url.find(kMark); mark != std::string_view::npos) {
    scheme = url.substr(0, mark);
    rest.remove_prefix(mark + kMark.size());
  }
  if (scheme != "http" && scheme != "https") {
    return InvalidArgument(fmt::format("\"{}\" is no http:// or https:// address", url));
  }
  if (rest.ends_with('/')) rest.remove_suffix(1);
  if (rest.find('/') != std::string_view::npos) {
    return InvalidArgument(fmt::format("\"{}\" has a path: give {}://HOST:PORT alone", url, scheme));
  }
  ASSIGN_OR_RETURN(HostPort at, ParseHostPort(rest));
  return ServerUrl{std::move(at.host), at.port, scheme == "https"};
}

}  // namespace engram

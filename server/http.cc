#include "server/http.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/utf8.h"

namespace engram {
namespace {

// The byte that two hexadecimal digits name; -1 when `text` does not begin with two.
int HexByte(std::string_view text) {
  if (text.size() < 2) return -1;
  uint8_t byte = 0;
  const auto end = std::from_chars(text.data(), text.data() + 2, byte, 16);
  return end.ptr == text.data() + 2 ? byte : -1;
}

// Calls `take` with each piece between separators.
template <class Take>
Status Split(std::string_view text, char separator, Take take) {
  for (;;) {
    const size_t end = text.find(separator);
    RETURN_IF_ERROR(take(text.substr(0, end)));
    if (end == std::string_view::npos) return Status::Ok();
    text.remove_prefix(end + 1);
  }
}

Status AddQueryParameter(std::string_view pair, HttpRequest* request) {
  if (pair.empty()) return Status::Ok();
  const size_t equals = pair.find('=');
  const std::string_view value = equals == std::string_view::npos ? "" : pair.substr(equals + 1);
  ASSIGN_OR_RETURN(std::string name, PercentDecode(pair.substr(0, equals), true));
  ASSIGN_OR_RETURN(std::string decoded, PercentDecode(value, true));
  const auto same_name = [&](const auto& other) { return other.first == name; };
  if (std::any_of(request->query.begin(), request->query.end(), same_name)) {
    return InvalidArgument(fmt::format("the query parameter \"{}\" is there twice", name)).At(name);
  }
  request->query.emplace_back(std::move(name), std::move(decoded));
  return Status::Ok();
}

}  // namespace

Result<std::string> PercentDecode(std::string_view text, bool plus_is_space) {
  std::string decoded;
  decoded.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      decoded.push_back(' ');
      continue;
    }
    if (text[i] != '%') {
      decoded.push_back(text[i]);
      continue;
    }
    const int byte = HexByte(text.substr(i + 1));
    if (byte < 0) return InvalidArgument(fmt::format("broken percent-encoding in \"{}\"", text.substr(0, 100)));
    decoded.push_back(static_cast<char>(byte));
    i += 2;
  }
  if (!IsUtf8(decoded)) return InvalidArgument(fmt::format("\"{}\" is not UTF-8", text.substr(0, 100)));
  return decoded;
}

Status SplitTarget(HttpRequest* request) {
  const std::string_view target = request->target;
  if (!target.starts_with('/')) return InvalidArgument("the request target is no absolute path");
  const size_t mark = target.find('?');
  RETURN_IF_ERROR(Split(target.substr(1, mark == std::string_view::npos ? mark : mark - 1), '/', [&](auto segment) {
    request->segments.emplace_back(segment);
    return Status::Ok();
  }));
  if (mark == std::string_view::npos) return Status::Ok();
  return Split(target.substr(mark + 1), '&', [&](auto pair) { return AddQueryParameter(pair, request); });
}

}  // namespace engram

// Base64 with the standard alphabet (RFC 4648 §4).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace engram {

void AppendBase64(std::string_view bytes, std::string* out);
// Padding may be left out; anything else that is no exact encoding gives nothing.
std::optional<std::string> DecodeBase64(std::string_view text);

}  // namespace engram

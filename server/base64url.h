// Base64 in the alphabet for addresses, without padding (RFC 4648, section 5): how opaque bytes travel.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace engram {

std::string EncodeBase64Url(std::string_view bytes);

// Nothing on a character outside the alphabet, an impossible length or stray bits at the end: each sequence
// of bytes has one form.
std::optional<std::string> DecodeBase64Url(std::string_view text);

}  // namespace engram

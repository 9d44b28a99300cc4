// token  := base64url(bytes check)      bytes := namespace:varint position:varint
// cursor := base64url(bytes check)      bytes are the engine's
// check is the low byte of the hash of the bytes: it tells a mistyped or cut token from a real one.
#include "server/position_token.h"

#include <optional>

#include "base/coding.h"
#include "base/hash.h"
#include "server/base64url.h"

namespace engram {
namespace {

char CheckByte(std::string_view bytes) { return static_cast<char>(HashBytes64(bytes) & 0xFF); }

std::string Seal(std::string bytes) {
  bytes += CheckByte(bytes);
  return EncodeBase64Url(bytes);
}

std::optional<std::string> Open(std::string_view text) {
  std::optional<std::string> bytes = DecodeBase64Url(text);
  if (!bytes || bytes->empty()) return std::nullopt;
  const char check = bytes->back();
  bytes->pop_back();
  if (check != CheckByte(*bytes)) return std::nullopt;
  return bytes;
}

}  // namespace

std::string EncodePosition(NamespaceId ns, Position position) {
  std::string bytes;
  AppendVarint(&bytes, ns.value);
  AppendVarint(&bytes, position.value);
  return Seal(std::move(bytes));
}

Result<PositionToken> DecodePosition(std::string_view token) {
  const std::optional<std::string> bytes = Open(token);
  if (!bytes) return InvalidArgument("not a position of this server");
  ByteReader in(*bytes);
  const uint64_t ns = in.Varint();
  const Position position(in.Varint());
  if (!in.ok() || !in.empty() || ns > UINT32_MAX) return InvalidArgument("not a position of this server");
  return PositionToken{NamespaceId(static_cast<uint32_t>(ns)), position};
}

std::string EncodeCursor(std::string_view cursor) {
  if (cursor.empty()) return {};
  return Seal(std::string(cursor));
}

Result<std::string> DecodeCursor(std::string_view text) {
  if (text.empty()) return std::string();
  std::optional<std::string> bytes = Open(text);
  if (!bytes) return InvalidArgument("not a cursor of this server").At("cursor");
  return *std::move(bytes);
}

}  // namespace engram

#include "server/api_key.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include <openssl/rand.h>

#include "base/check.h"

namespace engram {
namespace {

constexpr std::string_view kAlphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr size_t kIdSize = 16;
constexpr size_t kSecretSize = 43;  // 43 * log2(62) = 256.03 bits
constexpr size_t kChecksumSize = 6;

bool IsAlphanumeric(std::string_view text) { return text.find_first_not_of(kAlphabet) == std::string_view::npos; }

// Each character equally likely: bytes that would favour some are drawn again.
std::string RandomText(size_t size) {
  constexpr uint8_t kFair = 256 / 62 * 62;
  std::string text;
  std::array<uint8_t, 64> bytes{};
  while (text.size() < size) {
    ENGRAM_CHECK(RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1);
    for (const uint8_t byte : bytes) {
      if (byte < kFair && text.size() < size) text.push_back(kAlphabet[byte % kAlphabet.size()]);
    }
  }
  return text;
}

uint32_t Crc32(std::string_view bytes) {
  uint32_t crc = ~uint32_t{0};
  for (const char byte : bytes) {
    crc ^= static_cast<uint8_t>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xEDB88320U : 0);
  }
  return ~crc;
}

std::string Checksum(std::string_view bytes) {
  std::string text(kChecksumSize, kAlphabet[0]);
  uint32_t rest = Crc32(bytes);
  for (auto at = text.rbegin(); at != text.rend(); ++at) {
    *at = kAlphabet[rest % kAlphabet.size()];
    rest /= static_cast<uint32_t>(kAlphabet.size());
  }
  return text;
}

std::string MakeToken(std::string_view id) {
  std::string token = std::string(kApiKeyPrefix).append(id).append("_") + RandomText(kSecretSize);
  return token + Checksum(token);
}

}  // namespace

NewApiKey MakeApiKey() {
  NewApiKey made;
  made.id = RandomText(kIdSize);
  made.token = MakeToken(made.id);
  return made;
}

std::string MakeAdminKey() { return MakeToken(kAdminKeyId); }

Result<std::string> ParseApiKey(std::string_view token) {
  const auto is_none = [] { return InvalidArgument("that is no key of this server: one begins with engram_"); };
  if (!token.starts_with(kApiKeyPrefix)) return is_none();
  const std::string_view rest = token.substr(kApiKeyPrefix.size());
  const std::string_view id = rest.substr(0, rest.find('_'));
  if (id.size() == rest.size() || (id.size() != kIdSize && id != kAdminKeyId)) return is_none();
  const std::string_view secret = rest.substr(id.size() + 1);
  const bool whole = secret.size() == kSecretSize + kChecksumSize && IsAlphanumeric(id) && IsAlphanumeric(secret);
  if (!whole || Checksum(token.substr(0, token.size() - kChecksumSize)) != token.substr(token.size() - kChecksumSize)) {
    return InvalidArgument("the key is damaged: its checksum does not fit, so a character is wrong or missing");
  }
  return std::string(id);
}

namespace {

// How many characters of base64url `text` begins with.
size_t Base64UrlRun(std::string_view text) {
  const auto end = std::find_if(text.begin(), text.end(), [](char c) {
    return kAlphabet.find(c) == std::string_view::npos && c != '-' && c != '_';
  });
  return static_cast<size_t>(end - text.begin());
}

// How long the JSON Web Token is that `text` begins with, signed or not; 0: there is none.
size_t TokenSize(std::string_view text) {
  constexpr size_t kPartMin = 8;
  const size_t header = Base64UrlRun(text);
  if (header < kPartMin || header == text.size() || text[header] != '.') return 0;
  const size_t claims = Base64UrlRun(text.substr(header + 1));
  if (claims < kPartMin) return 0;
  const size_t end = header + 1 + claims;
  return end < text.size() && text[end] == '.' ? end + 1 + Base64UrlRun(text.substr(end + 1)) : end;
}

// A token's header is JSON, so that its base64 begins with that of {" .
std::string WithoutTokens(std::string_view text) {
  constexpr std::string_view kBegin = "eyJ";
  std::string out;
  while (true) {
    const size_t begin = text.find(kBegin);
    if (begin == std::string_view::npos) return out.append(text);
    const size_t size = TokenSize(text.substr(begin));
    out.append(text.substr(0, begin)).append(size == 0 ? kBegin : "eyJ***");
    text.remove_prefix(begin + std::max(size, kBegin.size()));
  }
}

std::string WithoutKeys(std::string_view text) {
  std::string out;
  while (true) {
    const size_t begin = text.find(kApiKeyPrefix);
    const size_t id_end = begin == std::string_view::npos ? begin : text.find('_', begin + kApiKeyPrefix.size());
    if (id_end == std::string_view::npos) return out.append(text);
    out.append(text.substr(0, id_end + 1));
    text.remove_prefix(id_end + 1);
    const size_t secret = std::min({text.find_first_not_of(kAlphabet), text.find(kApiKeyPrefix), text.size()});
    // Shorter words of this form hold no secret worth the name.
    if (secret > 8) {
      out += "***";
      text.remove_prefix(secret);
    }
  }
}

}  // namespace

std::string WithoutSecrets(std::string_view text) { return WithoutTokens(WithoutKeys(text)); }

}  // namespace engram

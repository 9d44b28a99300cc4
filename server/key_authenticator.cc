#include "server/key_authenticator.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/file.h"
#include "server/api_key.h"

namespace engram {
namespace {

// Longer ones are no keys, and are not worth a hash.
constexpr size_t kKeyBytesMax = 256;

Status Unknown(std::string message) { return {StatusCode::kUnauthenticated, std::move(message)}; }

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// "Bearer <key>" (RFC 6750); the scheme's case means nothing.
Result<std::string_view> TokenOf(std::string_view authorization) {
  constexpr std::string_view kScheme = "bearer ";
  if (authorization.empty()) return Unknown("this server wants a key: send Authorization: Bearer <key>");
  std::string scheme(authorization.substr(0, kScheme.size()));
  std::transform(scheme.begin(), scheme.end(), scheme.begin(), Lower);
  if (scheme != kScheme) return Unknown("the Authorization header is not of the form: Bearer <key>");
  std::string_view token = authorization.substr(kScheme.size());
  token.remove_prefix(std::min(token.find_first_not_of(' '), token.size()));
  if (token.empty()) return Unknown("the Authorization header holds no key");
  return token;
}

}  // namespace

Result<std::string> ReadAdminKey(const std::string& path) {
  ASSIGN_OR_RETURN(std::string text, FileSystem::Posix().ReadFile(path));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  const Result<std::string> id = ParseApiKey(text);
  if (!id.ok() || *id != kAdminKeyId) {
    return InvalidArgument(fmt::format("{} holds no admin key: `engram keys admin FILE` makes one", path));
  }
  return text;
}

KeyAuthenticator::KeyAuthenticator(Engine& engine, KeyVault& vault, const Clock& clock, std::string admin_hash,
                                   std::unique_ptr<JwtAuthenticator> tokens)
    : engine_(engine), vault_(vault), clock_(clock), admin_hash_(std::move(admin_hash)), tokens_(std::move(tokens)) {}

Result<Credential> KeyAuthenticator::Authenticate(const HttpRequest& request) const {
  ASSIGN_OR_RETURN(const std::string_view token, TokenOf(request.authorization));
  if (tokens_ != nullptr && !token.starts_with(kApiKeyPrefix)) return tokens_->Authenticate(token);
  if (token.size() > kKeyBytesMax) return Unknown("the Authorization header holds no key");
  auto id = ParseApiKey(token);
  if (!id.ok()) return Unknown(id.status().message());
  ASSIGN_OR_RETURN(const std::string hash, vault_.Hash(token));
  if (*id != kAdminKeyId) return OfKey(*id, hash);
  if (!EqualInConstantTime(hash, admin_hash_)) return Unknown("this server does not know that key");
  Credential admin;
  admin.key_id = kAdminKeyId;
  for (const Right right : {Right::kOperate, Right::kMetrics, Right::kStatus}) {
    admin.rights |= static_cast<uint8_t>(right);
  }
  return admin;
}

Result<Credential> KeyAuthenticator::OfKey(std::string_view id, std::string_view hash) const {
  static const std::string nobodys(kApiKeyHashBytes, '\0');
  const std::optional<KnownKey> known = engine_.FindApiKey(id);
  const bool equal = EqualInConstantTime(hash, known ? known->key->hash : nobodys);
  if (!known || !equal) return Unknown("this server does not know that key");
  const ApiKey& key = *known->key;
  if (key.revoked_at) return Unknown(fmt::format("the key {} was revoked at {}", id, FormatRfc3339(*key.revoked_at)));
  if (IsOver(key, clock_.Now())) {
    return Unknown(fmt::format("the key {} expired at {}", id, FormatRfc3339(*key.expires_at)));
  }
  Credential credential;
  credential.tenant = key.tenant;
  credential.tenant_name = known->tenant->name;
  credential.rights = key.rights | static_cast<uint8_t>(Right::kStatus);
  credential.key_id = key.id;
  credential.namespaces = std::shared_ptr<const std::vector<std::string>>(known->key, &key.namespaces);
  credential.requests_per_second = known->tenant->limits.requests_per_second;
  credential.worker_ms_per_second = known->tenant->limits.worker_ms_per_second;
  return credential;
}

}  // namespace engram

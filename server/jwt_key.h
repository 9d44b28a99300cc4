// A key that signatures of JSON Web Tokens are checked with: of one algorithm, whatever a token says of itself
// (RFC 8725, 3.1). The names are those of RFC 7518, 3.1 and RFC 8037.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"

struct evp_pkey_st;  // OpenSSL's EVP_PKEY

namespace engram {

enum class JwtAlgorithm : uint8_t {
  kHs256,  // HMAC-SHA-256 under a shared secret
  kRs256,  // RSASSA-PKCS1-v1_5 with SHA-256
  kEdDsa,  // Ed25519
};

// InvalidArgument for any other word: "none" is one.
Result<JwtAlgorithm> ParseJwtAlgorithm(std::string_view name);

// Immutable.
class JwtKey {
 public:
  // `file` holds the public key (PEM), or the secret's bytes without the newline at their end. A secret has 32 bytes at
  // least, is readable by its owner alone and no PEM; an RSA key has 2048 to 8192 bits. Errors name the file.
  // `id` may be empty: the key is for tokens with any kid, or none.
  static Result<JwtKey> Load(JwtAlgorithm algorithm, std::string id, const std::string& file);

  JwtAlgorithm algorithm() const { return algorithm_; }
  const std::string& id() const { return id_; }

  // Whether `signature` is this key's under `signed_text`.
  bool Verifies(std::string_view signed_text, std::string_view signature) const;

 private:
  JwtKey(JwtAlgorithm algorithm, std::string id) : algorithm_(algorithm), id_(std::move(id)) {}

  JwtAlgorithm algorithm_;
  std::string id_;
  std::string secret_;                             // HS256 alone
  std::shared_ptr<const evp_pkey_st> public_key_;  // the others
};

}  // namespace engram

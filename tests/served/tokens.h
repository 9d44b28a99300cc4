// JSON Web Tokens for tests, good ones and others: made from the text of header and claims as it is given.
#pragma once

#include <memory>
#include <string>
#include <string_view>

struct evp_pkey_st;

namespace engram {

class TokenSigner {
 public:
  // With a shared secret.
  static TokenSigner Hs256(std::string secret);
  // With new keys.
  static TokenSigner Rs256(unsigned bits = 2048);
  static TokenSigner EdDsa();

  // The public key as a PEM, or the secret.
  std::string KeyText() const;

  // base64url(header) "." base64url(claims) "." base64url(signature)
  std::string Sign(std::string_view header, std::string_view claims) const;
  // With {"alg":…,"typ":"JWT"} for a header.
  std::string Sign(std::string_view claims) const;
  // The signature's bytes over any text.
  std::string SignatureOf(std::string_view text) const;

 private:
  TokenSigner(std::string algorithm, std::string secret, evp_pkey_st* key);

  std::string algorithm_;
  std::string secret_;
  std::shared_ptr<evp_pkey_st> key_;
};

// Without padding.
std::string Base64UrlOf(std::string_view bytes);

}  // namespace engram

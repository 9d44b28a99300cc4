#include "tests/served/tokens.h"

#include <cstdint>
#include <utility>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

namespace engram {
namespace {

EVP_PKEY* NewEd25519() {
  EVP_PKEY_CTX* context = EVP_PKEY_CTX_new_id(EVP_PKEY_ED25519, nullptr);
  EVP_PKEY* key = nullptr;
  EVP_PKEY_keygen_init(context);
  EVP_PKEY_keygen(context, &key);
  EVP_PKEY_CTX_free(context);
  return key;
}

const unsigned char* Bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

}  // namespace

std::string Base64UrlOf(std::string_view bytes) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string text;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t three = 0;
    for (size_t j = 0; j < 3; ++j) three = three << 8 | (i + j < bytes.size() ? Bytes(bytes)[i + j] : 0U);
    const size_t digits = bytes.size() - i >= 3 ? 4 : bytes.size() - i + 1;
    for (size_t j = 0; j < digits; ++j) text.push_back(kDigits[three >> (18 - 6 * j) & 63]);
  }
  return text;
}

TokenSigner::TokenSigner(std::string algorithm, std::string secret, evp_pkey_st* key)
    : algorithm_(std::move(algorithm)), secret_(std::move(secret)), key_(key, EVP_PKEY_free) {}

TokenSigner TokenSigner::Hs256(std::string secret) { return {"HS256", std::move(secret), nullptr}; }
TokenSigner TokenSigner::Rs256(unsigned bits) { return {"RS256", "", EVP_RSA_gen(bits)}; }
TokenSigner TokenSigner::EdDsa() { return {"EdDSA", "", NewEd25519()}; }

std::string TokenSigner::KeyText() const {
  if (key_ == nullptr) return secret_;
  BIO* out = BIO_new(BIO_s_mem());
  PEM_write_bio_PUBKEY(out, key_.get());
  char* text = nullptr;
  const long size = BIO_get_mem_data(out, &text);
  std::string pem(text, static_cast<size_t>(size));
  BIO_free(out);
  return pem;
}

std::string TokenSigner::SignatureOf(std::string_view text) const {
  std::string signature(1024, '\0');
  auto* to = reinterpret_cast<unsigned char*>(signature.data());
  if (key_ == nullptr) {
    unsigned size = 0;
    HMAC(EVP_sha256(), secret_.data(), static_cast<int>(secret_.size()), Bytes(text), text.size(), to, &size);
    signature.resize(size);
    return signature;
  }
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  size_t size = signature.size();
  EVP_DigestSignInit(context, nullptr, algorithm_ == "RS256" ? EVP_sha256() : nullptr, nullptr, key_.get());
  EVP_DigestSign(context, to, &size, Bytes(text), text.size());
  EVP_MD_CTX_free(context);
  signature.resize(size);
  return signature;
}

std::string TokenSigner::Sign(std::string_view header, std::string_view claims) const {
  const std::string text = Base64UrlOf(header) + "." + Base64UrlOf(claims);
  return text + "." + Base64UrlOf(SignatureOf(text));
}

std::string TokenSigner::Sign(std::string_view claims) const {
  return Sign("{\"alg\":\"" + algorithm_ + "\",\"typ\":\"JWT\"}", claims);
}

}  // namespace engram

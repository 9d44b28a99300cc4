#include "server/jwt_key.h"

#include <array>
#include <utility>

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>

#include "base/check.h"
#include "base/file.h"
#include "server/key_vault.h"
#include "server/secret_file.h"

namespace engram {
namespace {

constexpr size_t kSecretBytesMin = 32;  // RFC 7518, 3.2: as long as the hash
constexpr int kRsaBitsMin = 2048;
constexpr int kRsaBitsMax = 8192;  // what costs more to check is an attack on us

Result<std::string> ReadSharedSecret(const std::string& file) {
  ASSIGN_OR_RETURN(std::string secret, ReadSecretFile(file));
  while (!secret.empty() && (secret.back() == '\n' || secret.back() == '\r')) secret.pop_back();
  // A public key as a secret is the classic mistake: everybody has it.
  if (secret.find("-----BEGIN") != std::string::npos) {
    return InvalidArgument(fmt::format("{} holds a PEM, which is no shared secret", file));
  }
  if (secret.size() < kSecretBytesMin) {
    return InvalidArgument(
        fmt::format("the secret in {} has {} bytes, fewer than {}", file, secret.size(), kSecretBytesMin));
  }
  return secret;
}

Result<std::shared_ptr<const EVP_PKEY>> ReadPublicKey(JwtAlgorithm algorithm, const std::string& file) {
  ASSIGN_OR_RETURN(const std::string pem, FileSystem::Posix().ReadFile(file));
  const std::unique_ptr<BIO, decltype(&BIO_free)> bytes(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
                                                        BIO_free);
  std::shared_ptr<EVP_PKEY> key(PEM_read_bio_PUBKEY(bytes.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
  ERR_clear_error();
  if (key == nullptr) return InvalidArgument(fmt::format("{} holds no public key (-----BEGIN PUBLIC KEY-----)", file));
  const bool rsa = algorithm == JwtAlgorithm::kRs256;
  if (EVP_PKEY_get_base_id(key.get()) != (rsa ? EVP_PKEY_RSA : EVP_PKEY_ED25519)) {
    return InvalidArgument(fmt::format("{} holds no {} key", file, rsa ? "RSA" : "Ed25519"));
  }
  const int bits = EVP_PKEY_get_bits(key.get());
  if (rsa && (bits < kRsaBitsMin || bits > kRsaBitsMax)) {
    return InvalidArgument(
        fmt::format("the RSA key in {} has {} bits, not {} to {}", file, bits, kRsaBitsMin, kRsaBitsMax));
  }
  return std::shared_ptr<const EVP_PKEY>(std::move(key));
}

bool HmacEquals(std::string_view secret, std::string_view text, std::string_view signature) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned size = 0;
  const auto* made = HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
                          reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac.data(), &size);
  ENGRAM_CHECK(made != nullptr);
  return EqualInConstantTime({reinterpret_cast<const char*>(mac.data()), size}, signature);
}

}  // namespace

Result<JwtAlgorithm> ParseJwtAlgorithm(std::string_view name) {
  if (name == "HS256") return JwtAlgorithm::kHs256;
  if (name == "RS256") return JwtAlgorithm::kRs256;
  if (name == "EdDSA") return JwtAlgorithm::kEdDsa;
  return InvalidArgument(fmt::format("an algorithm is HS256, RS256 or EdDSA, not \"{}\"", name.substr(0, 100)));
}

Result<JwtKey> JwtKey::Load(JwtAlgorithm algorithm, std::string id, const std::string& file) {
  JwtKey key(algorithm, std::move(id));
  if (algorithm == JwtAlgorithm::kHs256) {
    ASSIGN_OR_RETURN(key.secret_, ReadSharedSecret(file));
  } else {
    ASSIGN_OR_RETURN(key.public_key_, ReadPublicKey(algorithm, file));
  }
  return key;
}

bool JwtKey::Verifies(std::string_view signed_text, std::string_view signature) const {
  if (algorithm_ == JwtAlgorithm::kHs256) return HmacEquals(secret_, signed_text, signature);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  ENGRAM_CHECK(context != nullptr);
  const EVP_MD* digest = algorithm_ == JwtAlgorithm::kRs256 ? EVP_sha256() : nullptr;  // Ed25519 has its own
  // OpenSSL counts references through it and changes nothing else.
  auto* key = const_cast<EVP_PKEY*>(public_key_.get());
  const auto bytes = [](std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); };
  const bool verified =
      EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, key) == 1 &&
      EVP_DigestVerify(context.get(), bytes(signature), signature.size(), bytes(signed_text), signed_text.size()) == 1;
  ERR_clear_error();
  return verified;
}

}  // namespace engram

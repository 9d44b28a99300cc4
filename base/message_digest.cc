#include "base/message_digest.h"

#include <array>

#include <fmt/format.h>
#include <openssl/evp.h>

#include "base/check.h"

namespace engram {
namespace {

constexpr size_t kDigestBytesMax = 64;  // EVP_MAX_MD_SIZE

std::string Hex(const unsigned char* bytes, size_t size) {
  std::string out;
  for (size_t i = 0; i < size; ++i) out += fmt::format("{:02x}", bytes[i]);
  return out;
}

}  // namespace

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  State() { ENGRAM_CHECK(context != nullptr && EVP_DigestInit_ex(context, EVP_sha256(), nullptr) == 1); }
  ~State() { EVP_MD_CTX_free(context); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
};

Sha256::Sha256() : state_(std::make_unique<State>()) {}
Sha256::~Sha256() = default;

void Sha256::Update(std::string_view bytes) {
  ENGRAM_CHECK(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) == 1);
}

std::string Sha256::FinishHex() {
  std::array<unsigned char, kDigestBytesMax> digest{};
  unsigned int size = 0;
  ENGRAM_CHECK(EVP_DigestFinal_ex(state_->context, digest.data(), &size) == 1);
  return Hex(digest.data(), size);
}

std::string Md5Hex(std::string_view bytes) {
  std::array<unsigned char, kDigestBytesMax> digest{};
  unsigned int size = 0;
  ENGRAM_CHECK(EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_md5(), nullptr) == 1);
  return Hex(digest.data(), size);
}

}  // namespace engram

#include "server/key_vault.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "base/check.h"
#include "base/file.h"

namespace engram {
namespace {

constexpr size_t kSecretBytes = 32;
constexpr size_t kHashBytes = 32;

std::string Reason() { return std::generic_category().message(errno); }

}  // namespace

KeyVault::KeyVault(std::string data_dir) : path_(std::move(data_dir) + "/key-secret") {}

Status KeyVault::Open(bool has_keys) {
  struct stat about {};
  if (::stat(path_.c_str(), &about) != 0) {
    if (errno != ENOENT) return Unavailable(fmt::format("can't look at {}: {}", path_, Reason()));
    if (!has_keys) return {};
    return FailedPrecondition(
        fmt::format("{} is missing, and without it no key of this store can be checked: bring it back from where it "
                    "is kept",
                    path_));
  }
  if ((about.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return FailedPrecondition(
        fmt::format("others may read {} (mode {:04o}): chmod 600 it", path_, about.st_mode & 07777U));
  }
  ASSIGN_OR_RETURN(std::string secret, FileSystem::Posix().ReadFile(path_));
  if (secret.size() != kSecretBytes) {
    return FailedPrecondition(fmt::format("{} has {} bytes instead of {}", path_, secret.size(), kSecretBytes));
  }
  const MutexLock lock(mutex_);
  secret_ = std::move(secret);
  return {};
}

// The name comes last: a crash leaves no half of a secret under it.
Status KeyVault::Make() {
  std::array<unsigned char, kSecretBytes> bytes{};
  ENGRAM_CHECK(RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1);
  std::string secret(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const std::string half_written = path_ + ".tmp";
  ::unlink(half_written.c_str());
  const int file = ::open(half_written.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) return Unavailable(fmt::format("can't make {}: {}", half_written, Reason()));
  const bool written =
      ::write(file, secret.data(), secret.size()) == static_cast<ssize_t>(secret.size()) && ::fsync(file) == 0;
  const std::string reason = Reason();
  ::close(file);
  if (!written) return Unavailable(fmt::format("can't write {}: {}", half_written, reason));
  FileSystem& files = FileSystem::Posix();
  RETURN_IF_ERROR(files.Rename(half_written, path_));
  RETURN_IF_ERROR(files.SyncDirectory(ParentDirectory(path_)));
  secret_ = std::move(secret);
  return {};
}

Result<std::string> KeyVault::Hash(std::string_view token) {
  std::string secret;
  {
    const MutexLock lock(mutex_);
    if (secret_.empty()) RETURN_IF_ERROR(Make());  // once in the life of a store
    secret = secret_;
  }
  std::array<unsigned char, kHashBytes> hash{};
  unsigned size = 0;
  const auto* made = HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
                          reinterpret_cast<const unsigned char*>(token.data()), token.size(), hash.data(), &size);
  OPENSSL_cleanse(secret.data(), secret.size());
  ENGRAM_CHECK(made != nullptr && size == hash.size());
  return std::string(reinterpret_cast<const char*>(hash.data()), hash.size());
}

bool EqualInConstantTime(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace engram

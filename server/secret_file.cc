#include "server/secret_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include <fmt/format.h>

namespace engram {
namespace {

constexpr size_t kBytesMax = size_t{64} << 10;

// Closes it at the end.
class Descriptor {
 public:
  explicit Descriptor(int file) : file_(file) {}
  ~Descriptor() {
    if (file_ >= 0) ::close(file_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return file_; }

 private:
  const int file_;
};

Status CantRead(const std::string& path) {
  const StatusCode code = errno == ENOENT ? StatusCode::kNotFound : StatusCode::kUnavailable;
  return {code, fmt::format("can't read {}: {}", path, std::generic_category().message(errno))};
}

}  // namespace

// Looks at the file that it then reads, not at one that has its name a moment earlier.
Result<std::string> ReadSecretFile(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat about {};
  if (file.get() < 0 || ::fstat(file.get(), &about) != 0) return CantRead(path);
  if (!S_ISREG(about.st_mode)) return InvalidArgument(fmt::format("{} is no file", path));
  const mode_t refused = about.st_uid == 0 ? S_IWGRP | S_IXGRP | S_IRWXO : S_IRWXG | S_IRWXO;
  if ((about.st_mode & refused) != 0) {
    return FailedPrecondition(
        fmt::format("others may read {} (mode {:04o}): chmod 600 it", path, about.st_mode & 07777U));
  }
  std::string bytes;
  std::array<char, 4096> piece{};
  while (true) {
    const ssize_t size = ::read(file.get(), piece.data(), piece.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return CantRead(path);
    if (size == 0) return bytes;
    bytes.append(piece.data(), static_cast<size_t>(size));
    if (bytes.size() > kBytesMax) return InvalidArgument(fmt::format("{} is larger than any key", path));
  }
}

}  // namespace engram

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <system_error>

#include <fmt/format.h>

#include "base/file.h"

namespace engram {
namespace {

Status FromErrno(std::string_view what, const std::string& path, int error) {
  std::string message = fmt::format("{} {}: {}", what, path, std::generic_category().message(error));
  if (error == ENOENT) return NotFound(std::move(message));
  if (error == ENOSPC || error == EDQUOT) return {StatusCode::kOutOfSpace, std::move(message)};
  return Unavailable(std::move(message));
}

// Calls `f` again while a signal interrupts it.
template <class F>
auto Retry(F f) {
  auto result = f();
  while (result == -1 && errno == EINTR) result = f();
  return result;
}

// An open file descriptor, closed at the end of its life.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }

  int get() const { return fd_; }
  int Release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

Result<Descriptor> Open(const std::string& path, int flags) {
  const int fd = Retry([&] { return ::open(path.c_str(), flags | O_CLOEXEC, 0640); });
  if (fd < 0) return FromErrno("can't open", path, errno);
  return Descriptor(fd);
}

class PosixWritableFile final : public WritableFile {
 public:
  PosixWritableFile(Descriptor file, std::string path) : file_(std::move(file)), path_(std::move(path)) {}

  Status Append(std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t written = Retry([&] { return ::write(file_.get(), bytes.data(), bytes.size()); });
      if (written < 0) return FromErrno("can't write", path_, errno);
      bytes.remove_prefix(static_cast<size_t>(written));
    }
    return {};
  }

  Status Sync() override {
    // Not tried again after EINTR: see the header.
    if (::fdatasync(file_.get()) != 0) return FromErrno("can't sync", path_, errno);
    return {};
  }

  Status Close() override {
    // Linux has released the descriptor whatever close says.
    if (::close(file_.Release()) != 0) return FromErrno("can't close", path_, errno);
    return {};
  }

 private:
  Descriptor file_;
  std::string path_;
};

class PosixMappedFile final : public MappedFile {
 public:
  PosixMappedFile(void* begin, size_t size) : begin_(begin), size_(size) {}
  PosixMappedFile(const PosixMappedFile&) = delete;
  PosixMappedFile& operator=(const PosixMappedFile&) = delete;
  ~PosixMappedFile() override {
    if (size_ > 0) ::munmap(begin_, size_);
  }

  std::string_view bytes() const override { return {static_cast<const char*>(begin_), size_}; }

  void Release(uint64_t offset, uint64_t size) const override {
    static const auto kPage = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
    // Whole pages only; one that is shared with bytes outside stays.
    const uint64_t first = (offset + kPage - 1) / kPage * kPage;
    const uint64_t last = std::min<uint64_t>(offset + size, size_) / kPage * kPage;
    if (first < last) ::madvise(static_cast<char*>(begin_) + first, last - first, MADV_DONTNEED);
  }

 private:
  void* begin_;
  size_t size_;
};

class PosixFileLock final : public FileLock {
 public:
  explicit PosixFileLock(Descriptor file) : file_(std::move(file)) {}

 private:
  Descriptor file_;
};

class PosixFileSystem final : public FileSystem {
 public:
  Result<std::string> ReadFile(const std::string& path) const override {
    ASSIGN_OR_RETURN(const Descriptor file, Open(path, O_RDONLY));
    struct stat info {};
    if (::fstat(file.get(), &info) != 0) return FromErrno("can't stat", path, errno);
    std::string contents;
    contents.resize(static_cast<size_t>(info.st_size));
    size_t size = 0;
    // One byte of room more than expected, so that a file that grew is read to its end.
    while (true) {
      if (size == contents.size()) contents.resize(size + std::max<size_t>(size / 2, 4096));
      const ssize_t n = Retry([&] { return ::read(file.get(), contents.data() + size, contents.size() - size); });
      if (n < 0) return FromErrno("can't read", path, errno);
      if (n == 0) break;
      size += static_cast<size_t>(n);
    }
    contents.resize(size);
    return contents;
  }

  Result<std::unique_ptr<MappedFile>> Map(const std::string& path) const override {
    ASSIGN_OR_RETURN(const Descriptor file, Open(path, O_RDONLY));
    struct stat info {};
    if (::fstat(file.get(), &info) != 0) return FromErrno("can't stat", path, errno);
    const auto size = static_cast<size_t>(info.st_size);
    if (size == 0) return std::unique_ptr<MappedFile>(std::make_unique<PosixMappedFile>(nullptr, 0));
    void* begin = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file.get(), 0);
    if (begin == MAP_FAILED) return FromErrno("can't map", path, errno);
    return std::unique_ptr<MappedFile>(std::make_unique<PosixMappedFile>(begin, size));
  }

  Result<std::unique_ptr<WritableFile>> OpenForWriting(const std::string& path) override {
    ASSIGN_OR_RETURN(Descriptor file, Open(path, O_WRONLY | O_CREAT | O_TRUNC));
    return std::unique_ptr<WritableFile>(std::make_unique<PosixWritableFile>(std::move(file), path));
  }

  Result<uint64_t> FileSize(const std::string& path) const override {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) return FromErrno("can't stat", path, errno);
    return static_cast<uint64_t>(info.st_size);
  }

  Result<bool> Exists(const std::string& path) const override {
    struct stat info {};
    if (::stat(path.c_str(), &info) == 0) return true;
    if (errno == ENOENT || errno == ENOTDIR) return false;
    return FromErrno("can't stat", path, errno);
  }

  Status Remove(const std::string& path) override {
    if (std::remove(path.c_str()) != 0) return FromErrno("can't remove", path, errno);
    return {};
  }

  Status Rename(const std::string& from, const std::string& to) override {
    if (std::rename(from.c_str(), to.c_str()) != 0) return FromErrno("can't rename to " + to, from, errno);
    return {};
  }

  Status CreateDirectory(const std::string& path) override {
    ASSIGN_OR_RETURN(const bool exists, Exists(path));
    if (exists) return CheckIsDirectory(path);
    const std::string parent = ParentDirectory(path);
    if (parent != path) RETURN_IF_ERROR(CreateDirectory(parent));
    if (::mkdir(path.c_str(), 0750) != 0 && errno != EEXIST) return FromErrno("can't create directory", path, errno);
    return SyncDirectory(parent);
  }

  Result<std::vector<std::string>> ListDirectory(const std::string& path) const override {
    const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(path.c_str()), ::closedir);
    if (directory == nullptr) return FromErrno("can't open directory", path, errno);
    std::vector<std::string> names;
    errno = 0;
    for (const dirent* entry = ::readdir(directory.get()); entry != nullptr; entry = ::readdir(directory.get())) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
      errno = 0;
    }
    if (errno != 0) return FromErrno("can't read directory", path, errno);
    std::sort(names.begin(), names.end());
    return names;
  }

  Status SyncDirectory(const std::string& path) override {
    ASSIGN_OR_RETURN(const Descriptor directory, Open(path, O_RDONLY | O_DIRECTORY));
    if (::fsync(directory.get()) != 0) return FromErrno("can't sync directory", path, errno);
    return {};
  }

  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override {
    ASSIGN_OR_RETURN(Descriptor file, Open(path, O_RDWR | O_CREAT));
    // flock belongs to the open file, not to the process, so a second user in this process is kept out too.
    if (Retry([&] { return ::flock(file.get(), LOCK_EX | LOCK_NB); }) == 0) {
      return std::unique_ptr<FileLock>(std::make_unique<PosixFileLock>(std::move(file)));
    }
    if (errno == EWOULDBLOCK) return FailedPrecondition("locked by another process: " + path);
    return FromErrno("can't lock", path, errno);
  }

  Result<uint64_t> FreeSpace(const std::string& path) const override {
    struct statvfs info {};
    if (::statvfs(path.c_str(), &info) != 0) return FromErrno("can't stat the disk of", path, errno);
    return uint64_t{info.f_bavail} * info.f_frsize;
  }

 private:
  static Status CheckIsDirectory(const std::string& path) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) return FromErrno("can't stat", path, errno);
    if (!S_ISDIR(info.st_mode)) return FromErrno("can't create directory", path, ENOTDIR);
    return {};
  }
};

}  // namespace

FileSystem& FileSystem::Posix() {
  static PosixFileSystem files;
  return files;
}

}  // namespace engram

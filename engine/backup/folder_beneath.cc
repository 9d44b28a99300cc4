#include "engine/backup/folder_beneath.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <system_error>

#include <fmt/format.h>

namespace engram {
namespace {

constexpr mode_t kFileMode = 0640;
constexpr mode_t kFolderMode = 0750;

Status FromErrno(std::string_view what, const std::string& path, int error) {
  std::string message = fmt::format("{} {}: {}", what, path, std::generic_category().message(error));
  if (error == ENOENT) return NotFound(std::move(message));
  if (error == ENOSPC || error == EDQUOT) return {StatusCode::kOutOfSpace, std::move(message)};
  if (error == ELOOP || error == ENOTDIR) return Corruption(std::move(message) + " (links are not followed)");
  return Unavailable(std::move(message));
}

// Calls `f` again while a signal interrupts it.
template <class F>
auto Retry(F f) {
  auto result = f();
  while (result == -1 && errno == EINTR) result = f();
  return result;
}

bool IsPart(std::string_view part) {
  return !part.empty() && part != "." && part != ".." && std::all_of(part.begin(), part.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  });
}

std::string_view ParentOf(std::string_view name) {
  const size_t slash = name.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : name.substr(0, slash);
}

std::string LastPart(std::string_view name) {
  const size_t slash = name.rfind('/');
  return std::string(slash == std::string_view::npos ? name : name.substr(slash + 1));
}

Status BadName(std::string_view name) {
  return InvalidArgument(fmt::format("\"{}\" is no name of a file here", name.substr(0, 200)));
}

}  // namespace

FileBeneath::~FileBeneath() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<uint64_t> FileBeneath::Size() const {
  struct stat about {};
  if (::fstat(descriptor_, &about) != 0) return FromErrno("can't look at", path_, errno);
  return static_cast<uint64_t>(about.st_size);
}

Result<size_t> FileBeneath::Read(char* buffer, size_t size) {
  size_t done = 0;
  while (done < size) {
    const ssize_t got = Retry([&] { return ::read(descriptor_, buffer + done, size - done); });
    if (got < 0) return FromErrno("can't read", path_, errno);
    if (got == 0) break;
    done += static_cast<size_t>(got);
  }
  return done;
}

Status FileBeneath::Append(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = Retry([&] { return ::write(descriptor_, bytes.data(), bytes.size()); });
    if (written < 0) return FromErrno("can't write", path_, errno);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return {};
}

Status FileBeneath::Truncate(uint64_t size) {
  if (Retry([&] { return ::ftruncate(descriptor_, static_cast<off_t>(size)); }) != 0) {
    return FromErrno("can't cut", path_, errno);
  }
  return {};
}

Status FileBeneath::Sync() {
  if (::fsync(descriptor_) != 0) return FromErrno("can't sync", path_, errno);
  return {};
}

Result<FolderBeneath> FolderBeneath::Open(const std::string& path) {
  const int fd = Retry([&] { return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
  if (fd < 0) return FromErrno("can't open the folder", path, errno);
  return FolderBeneath(fd, path);
}

FolderBeneath::~FolderBeneath() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

bool FolderBeneath::IsName(std::string_view name) {
  while (true) {
    const size_t slash = name.find('/');
    if (!IsPart(name.substr(0, slash))) return false;
    if (slash == std::string_view::npos) return true;
    name.remove_prefix(slash + 1);
  }
}

std::string FolderBeneath::PathOf(std::string_view name) const {
  return name.empty() ? path_ : fmt::format("{}/{}", path_, name);
}

Result<FileBeneath> FolderBeneath::OpenFolder(std::string_view name) const {
  if (!name.empty() && !IsName(name)) return BadName(name);
  constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  const int start = Retry([&] { return ::openat(descriptor_, ".", kFlags); });
  if (start < 0) return FromErrno("can't open the folder", path_, errno);
  auto folder = std::make_unique<FileBeneath>(start, path_);
  std::string_view rest = name;
  while (!rest.empty()) {
    const size_t slash = rest.find('/');
    const std::string part(rest.substr(0, slash));
    const int next = Retry([&] { return ::openat(folder->descriptor(), part.c_str(), kFlags); });
    if (next < 0) return FromErrno("can't open the folder", PathOf(name), errno);
    folder = std::make_unique<FileBeneath>(next, PathOf(name));
    rest = slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);
  }
  return std::move(*folder);
}

Result<FileBeneath> FolderBeneath::OpenParent(std::string_view name) const {
  if (!IsName(name)) return BadName(name);
  return OpenFolder(ParentOf(name));
}

Result<FileBeneath> FolderBeneath::OpenFile(std::string_view name, int flags) const {
  ASSIGN_OR_RETURN(const FileBeneath parent, OpenParent(name));
  const std::string last = LastPart(name);
  // O_NONBLOCK: a pipe must not hold us up before we see that it is one.
  const int fd = Retry([&] {
    return ::openat(parent.descriptor(), last.c_str(), flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, kFileMode);
  });
  if (fd < 0) return FromErrno("can't open", PathOf(name), errno);
  FileBeneath file(fd, PathOf(name));
  struct stat about {};
  if (::fstat(fd, &about) != 0) return FromErrno("can't look at", PathOf(name), errno);
  if (!S_ISREG(about.st_mode)) return Corruption(fmt::format("{} is no regular file", PathOf(name)));
  return file;
}

Result<FileBeneath> FolderBeneath::OpenForReading(std::string_view name) const { return OpenFile(name, O_RDONLY); }

Result<FileBeneath> FolderBeneath::Create(std::string_view name) const {
  return OpenFile(name, O_WRONLY | O_CREAT | O_TRUNC);
}

Result<FileBeneath> FolderBeneath::OpenForAppending(std::string_view name) const {
  return OpenFile(name, O_RDWR | O_CREAT | O_APPEND);
}

Result<std::string> FolderBeneath::ReadAll(std::string_view name, uint64_t bytes_max) const {
  ASSIGN_OR_RETURN(FileBeneath file, OpenForReading(name));
  ASSIGN_OR_RETURN(const uint64_t size, file.Size());
  if (size > bytes_max) {
    return Corruption(fmt::format("{} has {} bytes, more than {}", PathOf(name), size, bytes_max));
  }
  std::string bytes(size, '\0');
  ASSIGN_OR_RETURN(const size_t got, file.Read(bytes.data(), bytes.size()));
  bytes.resize(got);
  return bytes;
}

Status FolderBeneath::Replace(std::string_view name, std::string_view contents) const {
  const std::string part = std::string(name) + ".part";
  ASSIGN_OR_RETURN(FileBeneath file, Create(part));
  RETURN_IF_ERROR(file.Append(contents));
  RETURN_IF_ERROR(file.Sync());
  RETURN_IF_ERROR(Rename(part, name));
  return SyncFolder(ParentOf(name));
}

Status FolderBeneath::MakeFolder(std::string_view name) const {
  ASSIGN_OR_RETURN(FileBeneath parent, OpenParent(name));
  const std::string last = LastPart(name);
  if (::mkdirat(parent.descriptor(), last.c_str(), kFolderMode) == 0) return parent.Sync();
  return errno == EEXIST ? Status() : FromErrno("can't make the folder", PathOf(name), errno);
}

Status FolderBeneath::Rename(std::string_view from, std::string_view to) const {
  ASSIGN_OR_RETURN(const FileBeneath from_parent, OpenParent(from));
  ASSIGN_OR_RETURN(const FileBeneath to_parent, OpenParent(to));
  const std::string old_name = LastPart(from);
  const std::string new_name = LastPart(to);
  if (::renameat(from_parent.descriptor(), old_name.c_str(), to_parent.descriptor(), new_name.c_str()) != 0) {
    return FromErrno("can't rename", PathOf(from), errno);
  }
  return {};
}

Status FolderBeneath::Remove(std::string_view name) const {
  ASSIGN_OR_RETURN(const FileBeneath parent, OpenParent(name));
  const std::string last = LastPart(name);
  if (::unlinkat(parent.descriptor(), last.c_str(), 0) != 0) return FromErrno("can't remove", PathOf(name), errno);
  return {};
}

Result<std::vector<std::string>> FolderBeneath::List(std::string_view name) const {
  auto opened = OpenFolder(name);
  if (!opened.ok()) {
    if (opened.status().code() == StatusCode::kNotFound) return std::vector<std::string>();
    return std::move(opened).status();
  }
  const int copy = ::dup(opened->descriptor());
  DIR* folder = copy < 0 ? nullptr : ::fdopendir(copy);
  if (folder == nullptr) return FromErrno("can't list", PathOf(name), errno);
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(folder)) {
    const std::string_view found = entry->d_name;
    if (found != "." && found != "..") names.emplace_back(found);
  }
  ::closedir(folder);
  std::sort(names.begin(), names.end());
  return names;
}

Status FolderBeneath::SyncFolder(std::string_view name) const {
  ASSIGN_OR_RETURN(FileBeneath folder, OpenFolder(name));
  return folder.Sync();
}

Result<FileBeneath> FolderBeneath::Lock(std::string_view name) const {
  ASSIGN_OR_RETURN(FileBeneath file, OpenFile(name, O_RDWR | O_CREAT));
  if (Retry([&] { return ::flock(file.descriptor(), LOCK_EX | LOCK_NB); }) == 0) return file;
  if (errno == EWOULDBLOCK) return Unavailable(fmt::format("another process is at work in {}", path_));
  return FromErrno("can't lock", PathOf(name), errno);
}

}  // namespace engram

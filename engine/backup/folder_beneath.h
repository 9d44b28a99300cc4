// A folder whose contents come from elsewhere: nothing in it may lead out of it.
//
// Names are relative, of the parts [A-Za-z0-9._-] with slashes between, and no part is "." or "..". Every part is
// opened without following links (open(2), O_NOFOLLOW), and only regular files are opened as files, so that neither a
// symbolic link nor a device or pipe put into the folder is ever read or written.
//
// Errors: InvalidArgument for other names, NotFound, kOutOfSpace, Corruption for links and what is no regular file,
// otherwise Unavailable; each names folder and file. A failed Sync is never tried again.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"

namespace engram {

// An open file of such a folder. Confined to one thread.
class FileBeneath {
 public:
  FileBeneath(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}
  FileBeneath(FileBeneath&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)), path_(std::move(other.path_)) {}
  FileBeneath& operator=(FileBeneath&&) = delete;
  ~FileBeneath();

  Result<uint64_t> Size() const;
  // Fewer bytes than `size` only at the file's end; 0 behind it.
  Result<size_t> Read(char* buffer, size_t size);
  Status Append(std::string_view bytes);
  Status Truncate(uint64_t size);
  Status Sync();

  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
  std::string path_;  // for messages
};

// Thread-safe.
class FolderBeneath {
 public:
  // The path itself is the operator's and may lead over links.
  static Result<FolderBeneath> Open(const std::string& path);
  FolderBeneath(FolderBeneath&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)), path_(std::move(other.path_)) {}
  FolderBeneath& operator=(FolderBeneath&&) = delete;
  ~FolderBeneath();

  const std::string& path() const { return path_; }

  static bool IsName(std::string_view name);

  Result<FileBeneath> OpenForReading(std::string_view name) const;
  // Makes the file or empties it; mode 0640.
  Result<FileBeneath> Create(std::string_view name) const;
  // Makes the file if it is not there.
  Result<FileBeneath> OpenForAppending(std::string_view name) const;
  // The whole file; Corruption when it has more than `bytes_max`.
  Result<std::string> ReadAll(std::string_view name, uint64_t bytes_max) const;
  // Durably makes `contents` the file's content by way of `name`.part.
  Status Replace(std::string_view name, std::string_view contents) const;

  // One that is there is fine. Its parent must be there.
  Status MakeFolder(std::string_view name) const;
  Status Rename(std::string_view from, std::string_view to) const;
  Status Remove(std::string_view name) const;
  // Names in it, sorted; "" for the folder itself. Nothing for a folder that is not there.
  Result<std::vector<std::string>> List(std::string_view name) const;
  Status SyncFolder(std::string_view name) const;

  // Held until the file is closed; Unavailable while another process, or another in this one, holds it.
  Result<FileBeneath> Lock(std::string_view name) const;

 private:
  FolderBeneath(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}

  Result<FileBeneath> OpenFile(std::string_view name, int flags) const;
  // The folder that holds `name`, open.
  Result<FileBeneath> OpenParent(std::string_view name) const;
  Result<FileBeneath> OpenFolder(std::string_view name) const;
  std::string PathOf(std::string_view name) const;

  int descriptor_;
  std::string path_;
};

}  // namespace engram

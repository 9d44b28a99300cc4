// Our own files (segments, manifests, locks) and the seam to the disk: the real one, and the twin of
// base/testing/fault_file_system.h that fails and crashes on demand.
//
// Errors: NotFound when the file is not there, kOutOfSpace when the disk or quota is full, otherwise
// Unavailable with the path and the system's reason. A failed Sync must never be tried again: the
// kernel may have dropped the pages and would then say OK about bytes that are lost
// (Rebello et al., "Can Applications Recover from fsync Failures?", USENIX ATC 2020).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace engram {

// A file written front to back. Confined to one thread. Nothing is durable before Sync.
class WritableFile {
 public:
  // Closes without Sync when Close was not called.
  virtual ~WritableFile() = default;
  // After an error the file holds some prefix of what was appended.
  virtual Status Append(std::string_view bytes) = 0;
  // All bytes so far are on the disk when it returns OK; the file's name needs SyncDirectory.
  virtual Status Sync() = 0;
  // Nothing may be called afterwards.
  virtual Status Close() = 0;
};

// The bytes of a file as memory, for reading only. Thread-safe. They stay readable when the file is removed
// or its name is taken by another. A file must not be changed or cut while it is mapped: ours are written
// once and renamed into place. A disk that fails under a mapping stops the process (SIGBUS).
class MappedFile {
 public:
  virtual ~MappedFile() = default;
  // Starts at a page's beginning (at least 64-byte aligned in the twin); empty for an empty file.
  virtual std::string_view bytes() const = 0;
  // Says that these bytes will not be asked for soon, so that their memory may go to others.
  virtual void Release(uint64_t offset, uint64_t size) const = 0;
};

// Held until destroyed; the death of the process releases it too.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

// Thread-safe.
class FileSystem {
 public:
  virtual ~FileSystem() = default;

  virtual Result<std::string> ReadFile(const std::string& path) const = 0;
  // Reads nothing yet: pages come when they are first touched.
  virtual Result<std::unique_ptr<MappedFile>> Map(const std::string& path) const = 0;
  // Creates the file or empties it.
  virtual Result<std::unique_ptr<WritableFile>> OpenForWriting(const std::string& path) = 0;
  virtual Result<uint64_t> FileSize(const std::string& path) const = 0;
  // Whether a file or directory of this name is there.
  virtual Result<bool> Exists(const std::string& path) const = 0;
  // A file or an empty directory.
  virtual Status Remove(const std::string& path) = 0;
  // Replaces `to` in one step if it is there.
  virtual Status Rename(const std::string& from, const std::string& to) = 0;

  // With the parents that are missing, durably. One that is there already is fine.
  virtual Status CreateDirectory(const std::string& path) = 0;
  // Names (not paths) of files and directories in it, sorted.
  virtual Result<std::vector<std::string>> ListDirectory(const std::string& path) const = 0;
  // Makes creations, renames and removals in it durable.
  virtual Status SyncDirectory(const std::string& path) = 0;

  // Keeps a second process (or a second user in this one) out: FailedPrecondition when the lock is held.
  virtual Result<std::unique_ptr<FileLock>> Lock(const std::string& path) = 0;
  // Bytes that an ordinary user may still write on the disk of `path`.
  virtual Result<uint64_t> FreeSpace(const std::string& path) const = 0;

  // Durably makes `contents` the file's content: after a crash it has the old content or the new one,
  // never a mixture. Uses `path`.tmp, which a crash may leave behind.
  Status ReplaceFile(const std::string& path, std::string_view contents);

  // The operating system's files.
  static FileSystem& Posix();
};

// "a/b" for "a/b/c", "." for "c", "/" for "/c".
std::string ParentDirectory(const std::string& path);

}  // namespace engram

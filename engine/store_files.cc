#include "engine/store_files.h"

#include <algorithm>
#include <cstdarg>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include "base/log.h"
#include "engine/store_read_guard.h"

namespace engram {
namespace {

using rocksdb::FileOptions;
using rocksdb::FSDirectory;
using rocksdb::FSRandomAccessFile;
using rocksdb::FSSequentialFile;
using rocksdb::FSWritableFile;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

// --- What a failed sync does.

IOStatus StopUnlessSynced(IOStatus status, const std::string& file) {
  if (status.ok() || status.IsNotSupported()) return status;
  Log(LogLevel::kError, "store_sync_failed", {{"file", file}, {"error", status.ToString()}});
  std::abort();
}

class SyncedFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  SyncedFile(std::unique_ptr<FSWritableFile>&& file, std::string name)
      : FSWritableFileOwnerWrapper(std::move(file)), name_(std::move(name)) {}

  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    return StopUnlessSynced(FSWritableFileOwnerWrapper::Sync(options, debug), name_);
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return StopUnlessSynced(FSWritableFileOwnerWrapper::Fsync(options, debug), name_);
  }
  IOStatus RangeSync(uint64_t offset, uint64_t size, const IOOptions& options, IODebugContext* debug) override {
    return StopUnlessSynced(FSWritableFileOwnerWrapper::RangeSync(offset, size, options, debug), name_);
  }

 private:
  std::string name_;
};

class SyncedDirectory final : public rocksdb::FSDirectoryWrapper {
 public:
  SyncedDirectory(std::unique_ptr<FSDirectory>&& directory, std::string name)
      : FSDirectoryWrapper(std::move(directory)), name_(std::move(name)) {}

  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return StopUnlessSynced(FSDirectoryWrapper::Fsync(options, debug), name_);
  }
  IOStatus FsyncWithDirOptions(const IOOptions& options, IODebugContext* debug,
                               const rocksdb::DirFsyncOptions& why) override {
    return StopUnlessSynced(FSDirectoryWrapper::FsyncWithDirOptions(options, debug, why), name_);
  }

 private:
  std::string name_;
};

class SyncGuard final : public rocksdb::FileSystemWrapper {
 public:
  using FileSystemWrapper::FileSystemWrapper;
  const char* Name() const override { return "EngramSyncGuard"; }

  IOStatus NewWritableFile(const std::string& name, const FileOptions& options, std::unique_ptr<FSWritableFile>* file,
                           IODebugContext* debug) override {
    IOStatus status = FileSystemWrapper::NewWritableFile(name, options, file, debug);
    if (status.ok()) *file = std::make_unique<SyncedFile>(std::move(*file), name);
    return status;
  }
  IOStatus ReopenWritableFile(const std::string& name, const FileOptions& options,
                              std::unique_ptr<FSWritableFile>* file, IODebugContext* debug) override {
    IOStatus status = FileSystemWrapper::ReopenWritableFile(name, options, file, debug);
    if (status.ok()) *file = std::make_unique<SyncedFile>(std::move(*file), name);
    return status;
  }
  IOStatus NewDirectory(const std::string& name, const IOOptions& options, std::unique_ptr<FSDirectory>* directory,
                        IODebugContext* debug) override {
    IOStatus status = FileSystemWrapper::NewDirectory(name, options, directory, debug);
    if (status.ok()) *directory = std::make_unique<SyncedDirectory>(std::move(*directory), name);
    return status;
  }
};

// --- RocksDB's files as files of ours.

IOStatus ToRocks(const Status& status) {
  switch (status.code()) {
    case StatusCode::kOk: return IOStatus::OK();
    case StatusCode::kNotFound: return IOStatus::PathNotFound(status.message());
    case StatusCode::kOutOfSpace: return IOStatus::NoSpace(status.message());
    default: return IOStatus::IOError(status.message());
  }
}

// Copies what there is of [offset, offset + n).
Slice CopyRange(std::string_view bytes, uint64_t offset, size_t n, char* to) {
  const std::string_view part = bytes.substr(std::min<uint64_t>(offset, bytes.size()), n);
  if (!part.empty()) std::memcpy(to, part.data(), part.size());
  return {to, part.size()};
}

// As the file was when it was opened; RocksDB reads logs and manifests so.
class FileFromStart final : public FSSequentialFile {
 public:
  explicit FileFromStart(std::string bytes) : bytes_(std::move(bytes)) {}

  IOStatus Read(size_t n, const IOOptions& /*options*/, Slice* result, char* scratch,
                IODebugContext* /*debug*/) override {
    *result = CopyRange(bytes_, at_, n, scratch);
    at_ += result->size();
    return IOStatus::OK();
  }
  IOStatus Skip(uint64_t n) override {
    at_ = std::min<uint64_t>(at_ + n, bytes_.size());
    return IOStatus::OK();
  }

 private:
  std::string bytes_;
  uint64_t at_ = 0;
};

// Each read is one of the file system's, so that each can fail.
class FileByParts final : public FSRandomAccessFile {
 public:
  FileByParts(FileSystem& files, std::string path) : files_(files), path_(std::move(path)) {}

  IOStatus Read(uint64_t offset, size_t n, const IOOptions& /*options*/, Slice* result, char* scratch,
                IODebugContext* /*debug*/) const override {
    *result = {};
    const auto mapped = files_.Map(path_);
    if (!mapped.ok()) return ToRocks(mapped.status());
    *result = CopyRange((*mapped)->bytes(), offset, n, scratch);
    return IOStatus::OK();
  }

 private:
  FileSystem& files_;
  std::string path_;
};

class FileToWrite final : public FSWritableFile {
 public:
  explicit FileToWrite(std::unique_ptr<WritableFile> file) : file_(std::move(file)) {}

  using FSWritableFile::Append;
  IOStatus Append(const Slice& data, const IOOptions& /*options*/, IODebugContext* /*debug*/) override {
    size_ += data.size();
    return ToRocks(file_->Append({data.data(), data.size()}));
  }
  IOStatus Flush(const IOOptions& /*options*/, IODebugContext* /*debug*/) override { return IOStatus::OK(); }
  IOStatus Sync(const IOOptions& /*options*/, IODebugContext* /*debug*/) override { return ToRocks(file_->Sync()); }
  IOStatus Close(const IOOptions& /*options*/, IODebugContext* /*debug*/) override { return ToRocks(file_->Close()); }
  // Syncing goes on beside appending, as with the system's files.
  bool IsSyncThreadSafe() const override { return true; }
  uint64_t GetFileSize(const IOOptions& /*options*/, IODebugContext* /*debug*/) override { return size_; }

 private:
  std::unique_ptr<WritableFile> file_;
  uint64_t size_ = 0;
};

class Directory final : public FSDirectory {
 public:
  Directory(FileSystem& files, std::string path) : files_(files), path_(std::move(path)) {}
  IOStatus Fsync(const IOOptions& /*options*/, IODebugContext* /*debug*/) override {
    return ToRocks(files_.SyncDirectory(path_));
  }

 private:
  FileSystem& files_;
  std::string path_;
};

class Locked final : public rocksdb::FileLock {
 public:
  explicit Locked(std::unique_ptr<engram::FileLock> lock) : lock_(std::move(lock)) {}

 private:
  std::unique_ptr<engram::FileLock> lock_;
};

class NoLog final : public rocksdb::Logger {
 public:
  using Logger::Logv;
  void Logv(const char* /*format*/, va_list /*arguments*/) override {}
  size_t GetLogFileSize() const override { return 0; }
};

// What RocksDB needs for how we use it; the rest says NotSupported.
class OurFiles final : public rocksdb::FileSystem {
 public:
  explicit OurFiles(engram::FileSystem& files) : files_(files) {}
  const char* Name() const override { return "EngramFiles"; }

  IOStatus NewSequentialFile(const std::string& path, const FileOptions& /*options*/,
                             std::unique_ptr<FSSequentialFile>* file, IODebugContext* /*debug*/) override {
    auto bytes = files_.ReadFile(Named(path));
    if (!bytes.ok()) return ToRocks(bytes.status());
    *file = std::make_unique<FileFromStart>(std::move(*bytes));
    return IOStatus::OK();
  }
  IOStatus NewRandomAccessFile(const std::string& path, const FileOptions& /*options*/,
                               std::unique_ptr<FSRandomAccessFile>* file, IODebugContext* /*debug*/) override {
    const auto size = files_.FileSize(Named(path));
    if (!size.ok()) return ToRocks(size.status());
    *file = std::make_unique<FileByParts>(files_, Named(path));
    return IOStatus::OK();
  }
  IOStatus NewWritableFile(const std::string& path, const FileOptions& /*options*/,
                           std::unique_ptr<FSWritableFile>* file, IODebugContext* /*debug*/) override {
    auto opened = files_.OpenForWriting(Named(path));
    if (!opened.ok()) return ToRocks(opened.status());
    *file = std::make_unique<FileToWrite>(std::move(*opened));
    return IOStatus::OK();
  }
  IOStatus NewDirectory(const std::string& path, const IOOptions& /*options*/, std::unique_ptr<FSDirectory>* directory,
                        IODebugContext* /*debug*/) override {
    *directory = std::make_unique<Directory>(files_, Named(path));
    return IOStatus::OK();
  }
  IOStatus FileExists(const std::string& path, const IOOptions& /*options*/, IODebugContext* /*debug*/) override {
    const auto exists = files_.Exists(Named(path));
    if (!exists.ok()) return ToRocks(exists.status());
    return *exists ? IOStatus::OK() : IOStatus::NotFound(path);
  }
  IOStatus GetChildren(const std::string& path, const IOOptions& /*options*/, std::vector<std::string>* names,
                       IODebugContext* /*debug*/) override {
    auto listed = files_.ListDirectory(Named(path));
    if (!listed.ok()) return ToRocks(listed.status());
    *names = std::move(*listed);
    return IOStatus::OK();
  }
  IOStatus DeleteFile(const std::string& path, const IOOptions& /*options*/, IODebugContext* /*debug*/) override {
    return ToRocks(files_.Remove(Named(path)));
  }
  IOStatus CreateDir(const std::string& path, const IOOptions& /*options*/, IODebugContext* /*debug*/) override {
    return ToRocks(files_.CreateDirectory(Named(path)));
  }
  IOStatus CreateDirIfMissing(const std::string& path, const IOOptions& /*options*/,
                              IODebugContext* /*debug*/) override {
    return ToRocks(files_.CreateDirectory(Named(path)));
  }
  IOStatus DeleteDir(const std::string& path, const IOOptions& /*options*/, IODebugContext* /*debug*/) override {
    return ToRocks(files_.Remove(Named(path)));
  }
  IOStatus GetFileSize(const std::string& path, const IOOptions& /*options*/, uint64_t* size,
                       IODebugContext* /*debug*/) override {
    const auto found = files_.FileSize(Named(path));
    if (found.ok()) *size = *found;
    return ToRocks(found.status());
  }
  // Only the age of old logs is told by it, and of those there are none.
  IOStatus GetFileModificationTime(const std::string& /*path*/, const IOOptions& /*options*/, uint64_t* time,
                                   IODebugContext* /*debug*/) override {
    *time = 0;
    return IOStatus::OK();
  }
  IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions& /*options*/,
                      IODebugContext* /*debug*/) override {
    return ToRocks(files_.Rename(Named(from), Named(to)));
  }
  IOStatus LockFile(const std::string& path, const IOOptions& /*options*/, rocksdb::FileLock** lock,
                    IODebugContext* /*debug*/) override {
    auto held = files_.Lock(Named(path));
    if (!held.ok()) return ToRocks(held.status());
    *lock = new Locked(std::move(*held));  // RocksDB's to give back
    return IOStatus::OK();
  }
  IOStatus UnlockFile(rocksdb::FileLock* lock, const IOOptions& /*options*/, IODebugContext* /*debug*/) override {
    delete lock;
    return IOStatus::OK();
  }
  IOStatus GetTestDirectory(const IOOptions& /*options*/, std::string* /*path*/, IODebugContext* /*debug*/) override {
    return IOStatus::NotSupported("no directory for tests");
  }
  IOStatus NewLogger(const std::string& /*path*/, const IOOptions& /*options*/,
                     std::shared_ptr<rocksdb::Logger>* logger, IODebugContext* /*debug*/) override {
    *logger = std::make_shared<NoLog>();
    return IOStatus::OK();
  }
  IOStatus GetAbsolutePath(const std::string& path, const IOOptions& /*options*/, std::string* absolute,
                           IODebugContext* /*debug*/) override {
    *absolute = path;
    return IOStatus::OK();
  }
  IOStatus GetFreeSpace(const std::string& path, const IOOptions& /*options*/, uint64_t* bytes,
                        IODebugContext* /*debug*/) override {
    const auto free = files_.FreeSpace(Named(path));
    if (free.ok()) *bytes = *free;
    return ToRocks(free.status());
  }
  IOStatus IsDirectory(const std::string& path, const IOOptions& /*options*/, bool* is,
                       IODebugContext* /*debug*/) override {
    const auto exists = files_.Exists(Named(path));
    if (!exists.ok()) return ToRocks(exists.status());
    if (!*exists) return IOStatus::PathNotFound(path);
    *is = files_.ListDirectory(Named(path)).ok();
    return IOStatus::OK();
  }

 private:
  // RocksDB says "rows/" and "rows//LOCK"; names are literal here.
  static std::string Named(const std::string& path) {
    std::string name;
    for (const char c : path) {
      if (c != '/' || name.empty() || name.back() != '/') name += c;
    }
    if (name.size() > 1 && name.back() == '/') name.pop_back();
    return name;
  }

  engram::FileSystem& files_;
};

std::shared_ptr<rocksdb::Env> Guarded(std::shared_ptr<rocksdb::FileSystem> files) {
  return rocksdb::NewCompositeEnv(GuardReads(std::make_shared<SyncGuard>(std::move(files))));
}

}  // namespace

std::shared_ptr<rocksdb::Env> StoreEnv(FileSystem& files) {
  if (&files != &FileSystem::Posix()) return Guarded(std::make_shared<OurFiles>(files));
  static const std::shared_ptr<rocksdb::Env> env = Guarded(rocksdb::FileSystem::Default());
  return env;
}

}  // namespace engram

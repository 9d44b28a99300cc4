#include "engine/store_read_guard.h"

#include <cstdlib>
#include <string>
#include <utility>

#include <rocksdb/file_system.h>

#include "base/log.h"

namespace engram {
namespace {

using rocksdb::FileOptions;
using rocksdb::FSRandomAccessFile;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

void StopOnReadError(const IOStatus& status, const std::string& file) {
  if (status.ok() || !status.IsIOError()) return;
  Log(LogLevel::kError, "store_read_failed", {{"file", file}, {"error", status.ToString()}});
  std::abort();
}

class GuardedFile final : public rocksdb::FSRandomAccessFileOwnerWrapper {
 public:
  GuardedFile(std::unique_ptr<FSRandomAccessFile>&& file, std::string name)
      : FSRandomAccessFileOwnerWrapper(std::move(file)), name_(std::move(name)) {}

  IOStatus Read(uint64_t offset, size_t n, const IOOptions& options, rocksdb::Slice* result, char* scratch,
                IODebugContext* debug) const override {
    IOStatus status = FSRandomAccessFileOwnerWrapper::Read(offset, n, options, result, scratch, debug);
    StopOnReadError(status, name_);
    return status;
  }

  IOStatus MultiRead(rocksdb::FSReadRequest* requests, size_t n, const IOOptions& options,
                     IODebugContext* debug) override {
    IOStatus status = FSRandomAccessFileOwnerWrapper::MultiRead(requests, n, options, debug);
    StopOnReadError(status, name_);
    for (size_t i = 0; i < n; ++i) StopOnReadError(requests[i].status, name_);
    return status;
  }

 private:
  std::string name_;
};

class ReadGuard final : public rocksdb::FileSystemWrapper {
 public:
  using FileSystemWrapper::FileSystemWrapper;
  const char* Name() const override { return "EngramReadGuard"; }

  IOStatus NewRandomAccessFile(const std::string& name, const FileOptions& options,
                               std::unique_ptr<FSRandomAccessFile>* file, IODebugContext* debug) override {
    IOStatus status = FileSystemWrapper::NewRandomAccessFile(name, options, file, debug);
    if (status.ok()) *file = std::make_unique<GuardedFile>(std::move(*file), name);
    return status;
  }
};

}  // namespace

std::shared_ptr<rocksdb::FileSystem> GuardReads(std::shared_ptr<rocksdb::FileSystem> files) {
  return std::make_shared<ReadGuard>(std::move(files));
}

}  // namespace engram

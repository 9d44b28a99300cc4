// The folder of all segment files: `<tenant>-<namespace>-<number>.seg`, numbers in decimal. Names of users never
// become names of files.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/ids.h"
#include "base/mutex.h"
#include "base/status.h"

namespace engram {

// Which file.
struct SegmentName {
  TenantId tenant;
  NamespaceId ns;
  uint32_t number = 0;
  auto operator<=>(const SegmentName&) const = default;
};

std::string SegmentFileName(const SegmentName& name);
// Nothing for what is not named like a segment.
std::optional<SegmentName> ParseSegmentFileName(std::string_view file);

// Thread-safe as far as callers keep to different files.
class SegmentFolder {
 public:
  // Makes the folder if it isn't there.
  static Result<SegmentFolder> Open(FileSystem* files, std::string path);

  FileSystem& files() const { return *files_; }
  const std::string& path() const { return path_; }
  std::string PathOf(const SegmentName& name) const { return path_ + '/' + SegmentFileName(name); }

  // Removes every segment file that `wanted` denies; returns how many. Other files stay.
  Result<uint64_t> RemoveFiles(const std::function<Result<bool>(const SegmentName&)>& wanted) const;
  // Removes what a writer left half-written. REQUIRES: nobody writes to the folder.
  Status RemoveHalfWritten() const;
  // One that is not there is fine: open mappings keep their bytes.
  Status Remove(const SegmentName& name) const;

  // While it lives no segment file goes: removals wait for its end, and for that of others like it. One that fails then
  // leaves a file that no manifest names, which goes when the store is opened. The folder must outlive it.
  class [[nodiscard]] Hold {
   public:
    explicit Hold(const SegmentFolder& folder);
    ~Hold();
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;

   private:
    const SegmentFolder& folder_;
  };

 private:
  struct Removals {
    Mutex mutex;
    uint32_t holds GUARDED_BY(mutex) = 0;
    std::vector<std::string> waiting GUARDED_BY(mutex);  // names of files
  };

  SegmentFolder(FileSystem* files, std::string path)
      : files_(files), path_(std::move(path)), removals_(std::make_unique<Removals>()) {}

  // True when it was removed, false when that waits for a Hold.
  Result<bool> RemoveOrWait(const std::string& file) const;

  FileSystem* files_;
  std::string path_;
  std::unique_ptr<Removals> removals_;
};

}  // namespace engram

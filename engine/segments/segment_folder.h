// The folder of all segment files: `<tenant>-<namespace>-<number>.seg`, numbers in decimal. Names of users never
// become names of files.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/ids.h"
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
  std::string PathOf(const SegmentName& name) const { return path_ + '/' + SegmentFileName(name); }

  // Removes every segment file that `wanted` denies; returns how many. Other files stay.
  Result<uint64_t> RemoveFiles(const std::function<Result<bool>(const SegmentName&)>& wanted) const;
  // Removes what a writer left half-written. REQUIRES: nobody writes to the folder.
  Status RemoveHalfWritten() const;
  // One that is not there is fine: open mappings keep their bytes.
  Status Remove(const SegmentName& name) const;

 private:
  SegmentFolder(FileSystem* files, std::string path) : files_(files), path_(std::move(path)) {}

  FileSystem* files_;
  std::string path_;
};

}  // namespace engram

// Room on the disk: refuses writes while there still is some, because what was begun needs it to end well (rows in
// memory become files, files are merged), and a full disk stops all of that at once.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "base/file.h"
#include "base/status.h"

namespace engram {

enum class SpaceUse : uint8_t {
  kAdds,
  kRemoves,  // takes a little now and gives more back later
};

// Thread-safe. Asks the system each time, which takes about a microsecond.
class FreeSpace {
 public:
  // Of the disk that has `path`. With a floor of 0 nothing is ever refused.
  FreeSpace(const FileSystem& files, std::string path, uint64_t floor);

  // OutOfSpace with less than the floor left, or half of it for what removes. Unavailable when the disk doesn't say.
  Status Check(SpaceUse use) const;
  // The same for a write, and counts those refused.
  Status Admit(SpaceUse use);

  Result<uint64_t> bytes() const { return files_.FreeSpace(path_); }
  uint64_t refused() const { return refused_; }

 private:
  const FileSystem& files_;
  const std::string path_;
  const uint64_t floor_;
  std::atomic<uint64_t> refused_{0};
};

}  // namespace engram

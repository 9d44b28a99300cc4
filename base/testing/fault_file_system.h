// A FileSystem in memory that fails and crashes on demand, so that a test can walk through every
// operation of a protocol and ask what is left after each.
//
// It forgets what a real disk may forget: bytes that were not synced, and names that were created,
// renamed or removed in a directory that was not synced.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/mutex.h"

namespace engram {

// Thread-safe. Paths are names, taken literally; "/" and "." are there from the start.
class FaultFileSystem final : public FileSystem {
 public:
  FaultFileSystem();
  ~FaultFileSystem() override;

  // --- Faults.
  // Operations so far: every call of FileSystem, Append, Sync and Close counts one.
  uint64_t operations() const;
  // The operation after `n` further ones fails with `error` (0 = the very next); later ones work again.
  // A failing Append writes half of its bytes. A failing Sync loses what was not synced before: later
  // Syncs of that file say OK and change nothing, like a kernel that has dropped the pages.
  void FailAfter(uint64_t n, Status error);
  // Appends beyond this many bytes in all files get kOutOfSpace.
  void SetFreeSpace(uint64_t bytes);
  // Changes one byte of a file's content, as a bad disk does. REQUIRES: the file has it.
  void FlipByte(const std::string& path, size_t offset);

  // The power goes: un-synced bytes and un-synced names are lost, locks are released, and files that
  // are open answer Unavailable from now on.
  void Crash();
  // The same, but of each un-synced tail a random part survives, with a garbled end, and each un-synced
  // name change happens or not.
  void CrashTorn(uint64_t seed);

  // --- FileSystem.
  Result<std::string> ReadFile(const std::string& path) const override;
  // The content of this moment; a byte flipped later shows in later mappings only.
  Result<std::unique_ptr<MappedFile>> Map(const std::string& path) const override;
  Result<std::unique_ptr<WritableFile>> OpenForWriting(const std::string& path) override;
  Result<uint64_t> FileSize(const std::string& path) const override;
  Result<bool> Exists(const std::string& path) const override;
  Status Remove(const std::string& path) override;
  Status Rename(const std::string& from, const std::string& to) override;
  Status CreateDirectory(const std::string& path) override;
  Result<std::vector<std::string>> ListDirectory(const std::string& path) const override;
  Status SyncDirectory(const std::string& path) override;
  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override;
  Result<uint64_t> FreeSpace(const std::string& path) const override;

 private:
  class File;
  class Mapping;
  class HeldLock;
  // What a name stands for: bytes, or a directory.
  struct Node {
    bool directory = false;
    std::string bytes;          // what readers see
    std::string durable;        // what a crash leaves: `bytes` at the last Sync
    bool sync_is_lost = false;  // a Sync failed: the tail never reaches the disk
  };
  using Names = std::map<std::string, std::shared_ptr<Node>>;

  // Counts one operation; the injected error when it is this one's turn.
  Status Step() const REQUIRES(mutex_);
  Result<std::shared_ptr<Node>> Find(const std::string& path) const REQUIRES(mutex_);
  Status RequireParent(const std::string& path) const REQUIRES(mutex_);
  void Restart(std::mt19937_64* torn) REQUIRES(mutex_);

  mutable Mutex mutex_;
  mutable uint64_t operations_ GUARDED_BY(mutex_) = 0;
  mutable std::optional<std::pair<uint64_t, Status>> fault_ GUARDED_BY(mutex_);
  uint64_t free_space_ GUARDED_BY(mutex_) = uint64_t{1} << 40;
  uint64_t generation_ GUARDED_BY(mutex_) = 0;  // how often it crashed; open files remember theirs
  Names names_ GUARDED_BY(mutex_);
  Names durable_names_ GUARDED_BY(mutex_);
  std::set<std::string> locked_ GUARDED_BY(mutex_);
};

}  // namespace engram

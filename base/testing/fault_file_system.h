// A FileSystem in memory that fails and crashes on demand, so that a test can walk through every
// operation of a protocol and ask what is left after each.
//
// It forgets what a real disk may forget: bytes that were not synced, and names that were created,
// renamed or removed in a directory that was not synced.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
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

// What an operation does to the disk.
enum class FileOperation : uint8_t {
  kOpen,  // for writing
  kWrite,
  kSync,
  kClose,
  kRead,    // ReadFile, Map
  kRename,  // also Remove
  kSyncDirectory,
  kLook,  // Exists, FileSize, ListDirectory, FreeSpace, CreateDirectory, Lock
};
inline constexpr size_t kFileOperations = 8;

// How a machine, or a process on it, ends.
enum class EndOf : uint8_t {
  kProcess,  // kill -9: the system keeps what it was given
  // As CrashTorn, but names change in their order, as on a file system with a journal: a beginning of what was not
  // synced happened. RocksDB relies on that when it goes over to a new manifest.
  kPower,
};

// Thread-safe. Paths are names, taken literally; "/" and "." are there from the start.
class FaultFileSystem final : public FileSystem {
 public:
  FaultFileSystem();
  ~FaultFileSystem() override;

  // --- Faults.
  // Operations so far: every call of FileSystem, Append, Sync and Close counts one.
  uint64_t operations() const;
  uint64_t operations(FileOperation kind) const;
  // The operation after `n` further ones fails with `error` (0 = the very next); later ones work again.
  // A failing Append writes half of its bytes. A failing Sync loses what was not synced before: later
  // Syncs of that file say OK and change nothing, like a kernel that has dropped the pages.
  void FailAfter(uint64_t n, Status error);
  // The same, counting operations of this kind alone.
  void FailAfter(FileOperation kind, uint64_t n, Status error);
  // Syncs wait from now on, until told otherwise.
  void StallSyncs(bool stall);
  // Appends beyond this many bytes in all files get kOutOfSpace.
  void SetFreeSpace(uint64_t bytes);
  // Changes one byte of a file's content, as a bad disk does. REQUIRES: the file has it.
  void FlipByte(const std::string& path, size_t offset);

  // The power goes: un-synced bytes and un-synced names are lost, locks are released, and files that
  // are open answer Unavailable from now on.
  void Crash();
  // The same, but of each un-synced tail a random part survives, with a garbled end, or any of its sectors or pages
  // in any order (the others read as zeros), and each un-synced name change happens or not.
  void CrashTorn(uint64_t seed);

  // --- Ends without an end: a disk of its own with what this one would hold if all ended now. Who works on this one
  // goes on and learns nothing of it.
  std::unique_ptr<FaultFileSystem> After(EndOf what, uint64_t seed) const;
  // Makes that before the operation after `n` further ones, whoever's it is, and calls `then` at once, from its
  // thread. REQUIRES: `then` doesn't use this disk.
  void EndAfter(uint64_t n, EndOf what, uint64_t seed, std::function<void()> then);
  // What the last EndAfter made; nothing when it did not come to that, and never will.
  std::unique_ptr<FaultFileSystem> TakeEnd();

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
  // At once; null: the name goes.
  using NameChange = std::vector<std::pair<std::string, std::shared_ptr<Node>>>;

  struct Fault {
    std::optional<FileOperation> kind;
    uint64_t number = 0;
    Status error;
  };
  struct End {
    uint64_t number = 0;
    EndOf what = EndOf::kPower;
    uint64_t seed = 0;
    std::function<void()> then;
  };

  // Counts one operation; the injected error when it is this one's turn.
  Status Step(FileOperation kind) const REQUIRES(mutex_);
  std::unique_ptr<FaultFileSystem> Copy(EndOf what, uint64_t seed) const REQUIRES(mutex_);
  Result<std::shared_ptr<Node>> Find(const std::string& path) const REQUIRES(mutex_);
  void Change(NameChange change) REQUIRES(mutex_);
  Status RequireParent(const std::string& path) const REQUIRES(mutex_);
  void Restart(std::mt19937_64* torn) REQUIRES(mutex_);

  mutable Mutex mutex_;
  mutable std::array<uint64_t, kFileOperations> operations_ GUARDED_BY(mutex_) = {};
  mutable uint64_t operations_all_ GUARDED_BY(mutex_) = 0;
  mutable std::optional<Fault> fault_ GUARDED_BY(mutex_);
  mutable std::optional<End> end_ GUARDED_BY(mutex_);
  mutable std::unique_ptr<FaultFileSystem> ended_ GUARDED_BY(mutex_);
  bool syncs_stall_ GUARDED_BY(mutex_) = false;
  CondVar syncs_go_on_;
  uint64_t free_space_ GUARDED_BY(mutex_) = uint64_t{1} << 40;
  uint64_t generation_ GUARDED_BY(mutex_) = 0;  // how often it crashed; open files remember theirs
  Names names_ GUARDED_BY(mutex_);
  Names durable_names_ GUARDED_BY(mutex_);
  std::vector<NameChange> unsynced_names_ GUARDED_BY(mutex_);  // from durable_names_ to names_
  std::set<std::string> locked_ GUARDED_BY(mutex_);
};

}  // namespace engram

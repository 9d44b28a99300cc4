// What copies of a store need of it, beside reading and committing: a copy at one moment, and the write-ahead log as a
// sequence of commits that another store can repeat. Part of store.cc. Thread-safe like Store.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "engine/store.h"

namespace engram {

// One commit as the write-ahead log has it. Every row that a commit changes takes one number of the store's own count
// of changes, so the next commit's first one follows on `last`.
struct LoggedCommit {
  uint64_t first = 0;
  uint64_t last = 0;
  std::string bytes;
};

class StoreCopies {
 public:
  virtual ~StoreCopies() = default;

  // Of a store that Store or this class opened.
  static StoreCopies& Of(Store& store);
  static const StoreCopies& Of(const Store& store);

  // Store::Open, keeping so many bytes of the write-ahead log behind what the store itself needs, for ReadLog.
  static Result<std::unique_ptr<Store>> OpenKeepingLog(const StoreOptions& options, uint64_t keep_log_bytes);
  // For looking only: Commit and what else changes anything fails. It sees a store that is open for writing as it was.
  static Result<std::unique_ptr<Store>> OpenForReading(const StoreOptions& options);

  // The number of the last change.
  virtual uint64_t LastChange() const = 0;
  // Another for every folder that a store was made or restored in.
  virtual Result<std::string> Identity() const = 0;
  // Makes the folder `path`, on the same disk: the store as it is at one moment, by hard links where files don't
  // change.
  virtual Status Checkpoint(const std::string& path) const = 0;
  // The commits that follow change `after`, in order, up to about `bytes_max`; all of them are on the disk. Empty when
  // there are none. PositionExpired when the log does not go back so far.
  virtual Result<std::vector<LoggedCommit>> ReadLog(uint64_t after, uint64_t bytes_max) = 0;
  // Commits again what another store has committed. FailedPrecondition unless it follows on the last change.
  virtual Status Repeat(const LoggedCommit& commit) = 0;
  // What the commit put under the key; nothing when it did not, or removed it.
  static Result<std::optional<std::string>> PutByCommit(std::string_view commit, std::string_view key);
};

}  // namespace engram

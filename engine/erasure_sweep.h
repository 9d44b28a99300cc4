// Takes the bytes of what was erased out of the store's files.
//
// An erasure deletes rows, and no read sees them any more; their bytes stay in RocksDB's files until a compaction meets
// them. This compacts the ranges that the ledger (engine/erasure.h) names, and remembers in a file of the data folder
// how far it has come, so that a crash only makes it compact again. What the write-ahead log held goes with the flush,
// unless it is kept for an archive. Segments are the sealer's part.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/file.h"
#include "base/mutex.h"
#include "base/status.h"
#include "engine/store.h"

namespace engram {

// Thread-safe; one run at a time.
class ErasureSweep {
 public:
  // `store` and `files` must outlive it.
  ErasureSweep(Store* store, FileSystem* files, const std::string& data_dir)
      : store_(store), files_(files), file_(data_dir + "/erasures-compacted") {}

  // The number that the next erasure gets.
  Result<uint64_t> Next() const;
  // Compacts for all erasures before `until`, a value of Next(), whose rows are gone by now: those of a namespace or a
  // tenant are swept after it was noted. Nothing when that was done.
  Status Run(uint64_t until) EXCLUDES(running_, mutex_);
  // Erasures whose bytes may still be in files. Does not wait for a run.
  Result<uint64_t> Waiting() EXCLUDES(mutex_);

 private:
  Result<uint64_t> Done() EXCLUDES(mutex_);
  Status Compact(uint64_t from, uint64_t to);

  Store* store_;
  FileSystem* files_;
  const std::string file_;
  Mutex running_;  // held over compactions
  Mutex mutex_;
  std::optional<uint64_t> done_ GUARDED_BY(mutex_);
};

}  // namespace engram

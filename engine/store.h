// RocksDB, behind one file: store.cc and its parts store_*.cc are the only places that name it.
//
// Thread-safe, but for Overlay, which belongs to the one committing thread. A failed fsync or a read error
// from a data file stops the process: going on could acknowledge what is lost.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/kv.h"
#include "base/status.h"

namespace engram {

struct StoreOptions {
  std::string path;
  FileSystem* files = &FileSystem::Posix();
  uint64_t block_cache_bytes = uint64_t{256} << 20;
  uint64_t write_buffer_bytes = uint64_t{64} << 20;
  uint64_t min_free_bytes = 0;  // with less left on the disk commits are OutOfSpace
};

class Store {
 public:
  static Result<std::unique_ptr<Store>> Open(const StoreOptions& options);
  // Whether Open would find a store at `path` rather than make one.
  static Result<bool> Exists(const FileSystem& files, const std::string& path);
  virtual ~Store() = default;

  // The committed state at this moment, unchanged while it is held. Thread-safe; hold it briefly, since it
  // keeps overwritten rows alive.
  virtual std::shared_ptr<const KvReader> Snapshot() const = 0;

  // A batch over the committed state: reads see what was put into it. One at a time.
  class Overlay : public KvReader, public KvBatch {
   public:
    virtual void SetSavePoint() = 0;
    // Undoes everything since the last save point and removes that.
    virtual void RollbackToSavePoint() = 0;
    // Keeps what was done since the last save point and removes that.
    virtual void PopSavePoint() = 0;
  };
  virtual std::unique_ptr<Overlay> NewOverlay() = 0;

  // All of the overlay or nothing, synced to disk when asked. OutOfSpace when the disk is full: nothing was written,
  // and so it stays until a few seconds after there is room again.
  virtual Status Commit(std::unique_ptr<Overlay> overlay, bool sync) = 0;

  // Whether commits fail because the disk is, or was until just now, full.
  virtual bool out_of_space() const = 0;

  // Makes every buffered commit durable.
  virtual Status SyncLog() = 0;
  // Rewrites the range so that deleted rows leave the files.
  virtual Status CompactRange(std::string_view begin, std::string_view end) = 0;

  virtual uint64_t DiskBytes() const = 0;
  // For /metrics: {"rocksdb_estimate_num_keys", 12} …
  virtual std::vector<std::pair<std::string, double>> Gauges() const = 0;
};

}  // namespace engram

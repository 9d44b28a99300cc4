// A store that is looked at and not changed: nothing is recovered, compacted or removed, and no file of it is written.
// For whoever checks a data folder that no process has open, or the store of this one (engine/doctor). Thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/kv.h"
#include "base/status.h"

namespace engram {

class Store;

// A file with rows, and between which keys they are.
struct DataFile {
  std::string path;
  uint64_t bytes = 0;
  std::string first_key;
  std::string last_key;
  std::string checksum;  // empty: it was written without one
};

class ReadOnlyStore {
 public:
  // `path`: the folder of the rows. Corruption names what is damaged or gone. `*lost` says what is missing at the end
  // of a store that opens all the same: less than was there when it was closed in order (store_close_mark.h), or, after
  // a crash, a log that can't be read up to its last whole record; after a power cut that may be writes which were
  // never synced. REQUIRES: nobody writes to it.
  static Result<std::unique_ptr<ReadOnlyStore>> Open(const std::string& path, Status* lost);
  // A store that is open for writing, as it is whenever it is asked; it must outlive this. A file that has made room
  // for another meanwhile is no damage.
  static std::unique_ptr<ReadOnlyStore> Of(const Store& store);
  virtual ~ReadOnlyStore() = default;

  // All rows; it must not outlive the store.
  virtual std::shared_ptr<const KvReader> Snapshot() const = 0;
  virtual std::vector<DataFile> Files() const = 0;
  // Reads all of it. Corruption when it is not what was written or gone, Unavailable when reading failed.
  virtual Status CheckFile(const DataFile& file) const = 0;
};

}  // namespace engram

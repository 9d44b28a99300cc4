// Records on their way into one atomic write.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engram/v1/memory.pb.h"
#include "tools/import/source.h"

namespace engram {

struct BatchLimits {
  size_t items = 100;
  size_t bytes = size_t{8} << 20;  // well below what a server takes in one body
};

// Confined to one thread.
class ImportBatch {
 public:
  explicit ImportBatch(BatchLimits limits) : limits_(limits) {}

  // Whether the record must wait for the next batch: no room, or an id that is in this one already (the later record
  // of a file wins; a batch with both is refused).
  bool Refuses(const SourceRecord& record) const;
  // A namespace's configuration is no item of a batch.
  void Add(SourceRecord record);
  bool empty() const { return records_.empty(); }
  size_t size() const { return records_.size(); }
  size_t bytes() const { return bytes_; }
  bool full() const { return records_.size() >= limits_.items; }
  void Clear();

  // Takes the memories out that `settled` is true for; it may change the others.
  void RemoveMemories(const std::function<bool(v1::Memory* memory, bool seen)>& settled);
  std::vector<std::string> MemoryIds() const;
  std::vector<const v1::Memory*> Memories() const;

  // The items in their order, without mode and progress.
  v1::WriteRequest Request() const;
  // Takes out the record that an error's field ("memories[3].vector") is about; nothing when it names none.
  std::optional<SourceRecord> TakeBlamed(const std::string& field);

 private:
  const BatchLimits limits_;
  size_t bytes_ = 0;
  std::vector<SourceRecord> records_;
  std::set<std::string> ids_;  // of memories and nodes, which share one space
  std::set<std::string> edge_ids_;
};

}  // namespace engram

// What OpenMemory, mem0's local server, keeps of memories.
//
//   id, content                    memory id, text          user's user_id, app's name   user_id, app_id
//   state active paused archived   state                    created_at updated_at        the same
//   state deleted                  a tombstone              access log                   access_count, last_accessed_at
//   metadata                       metadata                 categories                   metadata "categories"
//   archived_at, status history    metadata "archived_at", "status_history": [{"from", "to", "at"}]
//
// A member of the metadata that is called like one of ours stays, and ours is "openmemory_" + its name. OpenMemory
// itself keeps vectors in a vector store beside it, under the memories' ids.
#pragma once

#include <memory>
#include <string>

#include "tools/import/openmemory_reader.h"
#include "tools/import/source.h"
#include "tools/import/vector_shelf.h"

namespace engram {

inline constexpr const char* kOpenMemorySystem = "openmemory";

// source.version tells whether a memory has changed since it was imported (import/revision.h); that it was read there
// is no change.
class OpenMemorySource final : public ImportSource {
 public:
  // A zip archive or a SQLite database, told apart by how it begins. `vectors`: what its vector store has; may be null.
  static Result<std::unique_ptr<OpenMemorySource>> Open(const std::string& file, bool quick,
                                                        std::unique_ptr<VectorShelf> vectors = nullptr);

  SourceDescription Describe() const override;
  std::string DefaultImportId() const override;
  const char* unit() const override { return "memories"; }
  Result<bool> Resume(const std::string& cursor) override;
  Result<bool> Next(SourceRecord* record) override;
  std::string Cursor(bool finished) const override;
  std::optional<double> Fraction() const override;
  std::vector<std::string> Notes() const override;

 private:
  OpenMemorySource(std::string file, std::unique_ptr<OpenMemoryReader> reader, std::unique_ptr<VectorShelf> vectors)
      : file_(std::move(file)), reader_(std::move(reader)), vectors_(std::move(vectors)) {}
  Status ToItem(const OpenMemoryRow& row, RecordItem* item);
  Status ToMemory(const OpenMemoryRow& row, v1::Memory* memory);

  const std::string file_;
  const std::unique_ptr<OpenMemoryReader> reader_;
  const std::unique_ptr<VectorShelf> vectors_;
  bool config_given_ = false;
  uint64_t read_ = 0;
  uint64_t without_vector_ = 0;
};

}  // namespace engram

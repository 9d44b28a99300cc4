// What OpenMemory (mem0's local server) keeps of a memory, wherever it is read from: its SQLite database or the zip
// that POST /api/v1/backup/export makes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/timestamp.h"
#include "engram/v1/value.pb.h"

namespace engram {

struct OpenMemoryRow {
  std::string place;  // "row 17", "memories, item 3"
  std::string raw;    // JSON, for the rejects file
  Status problem;     // not OK: only the two above mean anything

  struct StateChange {
    std::string from;
    std::string to;
    std::optional<Timestamp> at;
  };

  std::string id;
  std::string user;  // as applications call it, not the row's UUID
  std::string app;   // its name
  std::string content;
  std::string state;   // "active", "paused", "archived" or "deleted"
  v1::Value metadata;  // an object, or nothing
  std::string vector;  // JSON, in a column that OpenMemory itself leaves empty
  std::optional<Timestamp> created_at;
  std::optional<Timestamp> updated_at;
  std::optional<Timestamp> archived_at;
  std::optional<Timestamp> deleted_at;
  std::vector<std::string> categories;  // ascending
  std::vector<StateChange> changes;     // in their order
  std::optional<uint64_t> accesses;
  std::optional<Timestamp> accessed_at;
};

// Confined to one thread. Rows come in an order that does not change.
class OpenMemoryReader {
 public:
  virtual ~OpenMemoryReader() = default;

  virtual uint64_t memories() const = 0;
  // What is in no row: rules, policies. Sentences without a full stop.
  virtual std::vector<std::string> Notes() const = 0;

  // False at the end.
  virtual Result<bool> Next(OpenMemoryRow* row) = 0;
  // As PointReader has them.
  virtual std::string Cursor() const = 0;
  virtual Result<bool> Seek(const std::string& cursor) = 0;
};

// openmemory.db. `quick`: see SqliteDatabase::CheckIntegrity. InvalidArgument when it has no memories of OpenMemory's.
Result<std::unique_ptr<OpenMemoryReader>> OpenOpenMemoryDatabase(const std::string& file, bool quick);

// The zip, of which memories.json says everything; errors are ReadZipped's and JSON's.
Result<std::unique_ptr<OpenMemoryReader>> OpenOpenMemoryExport(const std::string& file);

}  // namespace engram

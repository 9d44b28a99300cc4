// What happened to mem0's memories, out of the SQLite file that mem0 keeps beside its vector store (history.db). The
// Python and the TypeScript SDK have written it with these columns:
//
//   a  until 2024-08   history: memory_id prev_value new_value event timestamp is_deleted
//   b  until 2025-05   history: memory_id old_memory new_memory new_value event created_at updated_at is_deleted
//   c  since           b without new_value, with actor_id role
//   t  TypeScript      memory_history: memory_id previous_value new_value action created_at updated_at is_deleted
//
// Some upgrades left the former table behind as history_old or old_history: its rows that `history` lacks are read.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/hash.h"
#include "base/status.h"
#include "base/timestamp.h"
#include "tools/import/sqlite_database.h"

namespace engram {

struct Mem0Event {
  enum class Kind : uint8_t { kAdd, kUpdate, kDelete, kOther };
  Kind kind = Kind::kOther;  // kOther: one that changes nothing ("NONE")
  std::optional<std::string> old_text;
  std::optional<std::string> new_text;
  std::optional<Timestamp> time;  // of the event; an upgrade of mem0's own has lost some
  std::string actor_id;
  std::string role;
};

// What is known of the lives of memories, wherever it is kept. Confined to one thread.
class Mem0EventLog {
 public:
  virtual ~Mem0EventLog() = default;

  // In the order they happened; empty for a memory that has none. InvalidArgument names what can't be read.
  virtual Result<std::vector<Mem0Event>> EventsOf(const std::string& memory_id) = 0;
  // Ids of memories with events, in an order of their own: the one behind `after` ("" for the first); nothing at the
  // end.
  virtual Result<std::optional<std::string>> NextId(const std::string& after) = 0;
  // Last words of conversations, which are no memories.
  virtual uint64_t messages() const = 0;
};

// ADD, UPDATE and DELETE; anything else is kOther.
Mem0Event::Kind Mem0EventKind(const std::string& name);

// Holds 48 bytes per event.
class Mem0History final : public Mem0EventLog {
 public:
  // NotFound when the file has no history. `quick`: see SqliteDatabase::CheckIntegrity.
  static Result<std::unique_ptr<Mem0History>> Open(const std::string& path, bool quick);

  uint64_t events() const { return rows_.size(); }
  uint64_t messages() const override { return messages_; }
  Result<std::vector<Mem0Event>> EventsOf(const std::string& memory_id) override;
  Result<std::optional<std::string>> NextId(const std::string& after) override;

 private:
  struct Table {
    std::string name;
    std::string columns;  // of a query, in the order of Column (.cc)
  };
  struct Row {
    Hash128 memory;
    size_t table = 0;
    int64_t row = 0;
    auto operator<=>(const Row&) const = default;
  };

  Mem0History(std::string path, std::unique_ptr<SqliteDatabase> database)
      : path_(std::move(path)), database_(std::move(database)) {}
  Status FindTables();
  Status AddTable(const std::string& name);
  Status ReadRows(size_t table);
  Result<Mem0Event> ReadEvent(const Row& row);

  const std::string path_;
  const std::unique_ptr<SqliteDatabase> database_;
  std::vector<Table> tables_;
  std::vector<Row> rows_;  // sorted: by memory, then in the order they were put in
  uint64_t messages_ = 0;
};

}  // namespace engram

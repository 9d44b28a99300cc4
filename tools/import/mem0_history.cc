#include "tools/import/mem0_history.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/utf8.h"
#include "tools/import/loose_time.h"

namespace engram {
namespace {

// What a query over any of the tables gives.
enum Column : int { kMemoryId, kOldText, kNewText, kEvent, kCreatedAt, kUpdatedAt, kIsDeleted, kActorId, kRole };

// The names of each, newest first; a table has at most one of a row.
constexpr const char* kNames[][3] = {
    {"memory_id"},
    {"old_memory", "prev_value", "previous_value"},
    {"new_memory", "new_value"},
    {"event", "action"},
    {"created_at", "timestamp"},
    {"updated_at"},
    {"is_deleted"},
    {"actor_id"},
    {"role"},
};

// The former tables first: what they alone have is older.
constexpr const char* kTypeScript = "memory_history";
constexpr const char* kTables[] = {"old_history", "history_old", "history", kTypeScript};

Result<std::string> Text(const SqliteQuery& query, int column) {
  std::string text = query.Text(column);
  if (query.Type(column) == ColumnType::kBlob || !IsUtf8(text)) return InvalidArgument("a value is no UTF-8 text");
  return text;
}

Result<std::optional<Timestamp>> Time(const SqliteQuery& query, int column) {
  using Maybe = std::optional<Timestamp>;
  switch (query.Type(column)) {
    case ColumnType::kNull: return Maybe();
    case ColumnType::kInteger: return Maybe(FromEpochNumber(query.Int(column)));
    default: break;
  }
  const std::string text = query.Text(column);
  if (text.empty()) return Maybe();
  ASSIGN_OR_RETURN(const Timestamp time, ParseLooseTime(text));
  return Maybe(time);
}

}  // namespace

Mem0Event::Kind Mem0EventKind(const std::string& name) {
  if (name == "ADD") return Mem0Event::Kind::kAdd;
  if (name == "UPDATE") return Mem0Event::Kind::kUpdate;
  if (name == "DELETE") return Mem0Event::Kind::kDelete;
  return Mem0Event::Kind::kOther;
}

Result<std::unique_ptr<Mem0History>> Mem0History::Open(const std::string& path, bool quick) {
  ASSIGN_OR_RETURN(auto database, SqliteDatabase::Open(path));
  RETURN_IF_ERROR(database->CheckIntegrity(quick));
  auto history = std::unique_ptr<Mem0History>(new Mem0History(path, std::move(database)));
  RETURN_IF_ERROR(history->FindTables());
  for (size_t i = 0; i < history->tables_.size(); ++i) RETURN_IF_ERROR(history->ReadRows(i));
  std::sort(history->rows_.begin(), history->rows_.end());
  return history;
}

Status Mem0History::FindTables() {
  for (const char* name : kTables) RETURN_IF_ERROR(AddTable(name));
  if (tables_.empty()) return NotFound(fmt::format("{} has no table history that mem0 has written", path_));
  ASSIGN_OR_RETURN(const auto columns, database_->Columns("messages"));
  if (columns.empty()) return {};
  ASSIGN_OR_RETURN(messages_, database_->Count("messages"));
  return {};
}

Status Mem0History::AddTable(const std::string& name) {
  ASSIGN_OR_RETURN(const std::vector<SqliteColumn> columns, database_->Columns(name));
  if (columns.empty()) return {};
  std::set<std::string> present;
  for (const SqliteColumn& column : columns) present.insert(column.name);
  Table table{name, ""};
  for (const auto& names : kNames) {
    std::string found = "NULL";
    for (const char* candidate : names) {
      if (candidate == nullptr || present.count(candidate) == 0) continue;
      found = fmt::format("\"{}\"", candidate);
      break;
    }
    table.columns += (table.columns.empty() ? "" : ", ") + found;
  }
  if (present.count("memory_id") == 0 || (present.count("event") == 0 && present.count("action") == 0)) {
    return InvalidArgument(
        fmt::format("the table {} of {} is none of mem0's: it lacks memory_id or event", name, path_));
  }
  tables_.push_back(std::move(table));
  return {};
}

Status Mem0History::ReadRows(size_t number) {
  // Of a former table, only what was not copied to a later one under the same id.
  const std::string& name = tables_[number].name;
  std::string condition;
  for (size_t later = number + 1; later < tables_.size() && tables_[later].name != kTypeScript; ++later) {
    condition += fmt::format(" {} id NOT IN (SELECT id FROM \"{}\" WHERE id IS NOT NULL)",
                             condition.empty() ? "WHERE" : "AND", tables_[later].name);
  }
  ASSIGN_OR_RETURN(SqliteQuery query,
                   database_->Prepare(fmt::format("SELECT memory_id, rowid FROM \"{}\" {}", name, condition)));
  while (true) {
    ASSIGN_OR_RETURN(const bool more, query.Step());
    if (!more) return {};
    rows_.push_back({HashBytes128(query.Text(0)), number, query.Int(1)});
  }
}

Result<Mem0Event> Mem0History::ReadEvent(const Row& row) {
  const Table& table = tables_[row.table];
  ASSIGN_OR_RETURN(SqliteQuery query, database_->Prepare(fmt::format("SELECT {} FROM \"{}\" WHERE rowid = ?1",
                                                                     table.columns, table.name)));
  query.BindInt(1, row.row);
  ASSIGN_OR_RETURN(const bool found, query.Step());
  if (!found) return Corruption(fmt::format("row {} of {} is gone", row.row, table.name));
  const auto read = [&]() -> Result<Mem0Event> {
    Mem0Event event;
    ASSIGN_OR_RETURN(const std::string name, Text(query, kEvent));
    event.kind = Mem0EventKind(name);
    if (query.Type(kOldText) != ColumnType::kNull) {
      ASSIGN_OR_RETURN(event.old_text, Text(query, kOldText));
    }
    if (query.Type(kNewText) != ColumnType::kNull) {
      ASSIGN_OR_RETURN(event.new_text, Text(query, kNewText));
    }
    ASSIGN_OR_RETURN(const auto created_at, Time(query, kCreatedAt));
    ASSIGN_OR_RETURN(const auto updated_at, Time(query, kUpdatedAt));
    const bool adds = event.kind == Mem0Event::Kind::kAdd;
    event.time = adds && created_at ? created_at : updated_at ? updated_at : created_at;
    ASSIGN_OR_RETURN(event.actor_id, Text(query, kActorId));
    ASSIGN_OR_RETURN(event.role, Text(query, kRole));
    return event;
  };
  auto event = read();
  if (event.ok()) return event;
  return Status(event.status().code(), fmt::format("row {} of {}: {}", row.row, table.name, event.status().message()));
}

Result<std::vector<Mem0Event>> Mem0History::EventsOf(const std::string& memory_id) {
  const Hash128 memory = HashBytes128(memory_id);
  std::vector<Mem0Event> events;
  auto row = std::lower_bound(rows_.begin(), rows_.end(), memory,
                              [](const Row& at, const Hash128& wanted) { return at.memory < wanted; });
  for (; row != rows_.end() && row->memory == memory; ++row) {
    ASSIGN_OR_RETURN(Mem0Event event, ReadEvent(*row));
    events.push_back(std::move(event));
  }
  return events;
}

Result<std::optional<std::string>> Mem0History::NextId(const std::string& after) {
  const auto row = after.empty() ? rows_.begin()
                                 : std::upper_bound(rows_.begin(), rows_.end(), HashBytes128(after),
                                                    [](const Hash128& id, const Row& at) { return id < at.memory; });
  if (row == rows_.end()) return std::optional<std::string>();
  ASSIGN_OR_RETURN(SqliteQuery query, database_->Prepare(fmt::format("SELECT memory_id FROM \"{}\" WHERE rowid = ?1",
                                                                     tables_[row->table].name)));
  query.BindInt(1, row->row);
  ASSIGN_OR_RETURN(const bool found, query.Step());
  if (!found) return Corruption(fmt::format("row {} of {} is gone", row->row, tables_[row->table].name));
  return std::optional<std::string>(query.Text(0));
}

}  // namespace engram

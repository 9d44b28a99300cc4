// openmemory.db as SQLAlchemy makes it: UUIDs are 32 hexadecimal digits, times are UTC without a zone.
//
//   users(id, user_id, …)  apps(id, name, …)  categories(id, name, …)  memory_categories(memory_id, category_id)
//   memories(id, user_id, app_id, content, vector, metadata, state, created_at, updated_at, archived_at, deleted_at)
//   memory_status_history(memory_id, old_state, new_state, changed_at, …)  memory_access_logs(memory_id, accessed_at,
//   …)
#include <limits>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "api/json.h"
#include "base/hash.h"
#include "base/utf8.h"
#include "tools/import/loose_time.h"
#include "tools/import/openmemory_reader.h"
#include "tools/import/qdrant_config.h"
#include "tools/import/row_cursor.h"
#include "tools/import/sqlite_database.h"

namespace engram {
namespace {

// The columns of memories that are read, in the order of Column; all but the first five may be missing.
constexpr const char* kColumns[] = {"id",     "user_id",    "app_id",     "content",     "state",     "metadata",
                                    "vector", "created_at", "updated_at", "archived_at", "deleted_at"};
constexpr int kRequired = 5;
enum Column : int {
  kId,
  kUserId,
  kAppId,
  kContent,
  kState,
  kMetadata,
  kVector,
  kCreated,
  kUpdated,
  kArchived,
  kDeleted,
  kRow,
  kUser,
  kApp
};

Result<std::string> TextAt(const SqliteQuery& query, int column, const char* name) {
  std::string text = query.Text(column);
  if (query.Type(column) == ColumnType::kBlob || !IsUtf8(text)) {
    return InvalidArgument("the value is no UTF-8 text").At(name);
  }
  return text;
}

Result<std::optional<Timestamp>> TimeAt(const SqliteQuery& query, int column, const char* name) {
  using Maybe = std::optional<Timestamp>;
  if (query.Type(column) == ColumnType::kNull) return Maybe();
  if (query.Type(column) == ColumnType::kInteger) return Maybe(FromEpochNumber(query.Int(column)));
  auto time = ParseLooseTime(query.Text(column));
  if (!time.ok()) return std::move(time).status().At(name);
  return Maybe(*time);
}

class OpenMemoryDatabase final : public OpenMemoryReader {
 public:
  explicit OpenMemoryDatabase(std::unique_ptr<SqliteDatabase> database) : database_(std::move(database)) {}

  Status Open(const std::string& file) {
    ASSIGN_OR_RETURN(const auto memories, Names("memories"));
    for (int i = 0; i < kRequired; ++i) {
      if (memories.count(kColumns[i]) != 0) continue;
      return InvalidArgument(
          fmt::format("{} is no database of OpenMemory's: it has no memories with {}", file, kColumns[i]));
    }
    for (const char* name : kColumns) {
      columns_ += memories.count(name) != 0 ? fmt::format("m.\"{}\", ", name) : std::string("NULL, ");
    }
    for (const char* table : {"users", "apps"}) {
      ASSIGN_OR_RETURN(const auto names, Names(table));
      if (names.empty()) {
        return InvalidArgument(fmt::format("{} is no database of OpenMemory's: it has no {}", file, table));
      }
    }
    ASSIGN_OR_RETURN(memories_, database_->Count("memories"));
    ASSIGN_OR_RETURN(has_categories_, Has("memory_categories", "categories"));
    ASSIGN_OR_RETURN(has_changes_, Has("memory_status_history", nullptr));
    ASSIGN_OR_RETURN(has_accesses_, Has("memory_access_logs", nullptr));
    for (const auto& [table, what] :
         {std::pair{"access_controls", "rules of access"}, std::pair{"archive_policies", "policies of archiving"},
          std::pair{"configs", "rows of configuration"}, std::pair{"documents", "documents"}}) {
      ASSIGN_OR_RETURN(const bool there, Has(table, nullptr));
      if (!there) continue;
      ASSIGN_OR_RETURN(const uint64_t rows, database_->Count(table));
      if (rows > 0) notes_.push_back(fmt::format("{} {} are no memories and were left out", rows, what));
    }
    return Start(std::nullopt);
  }

  uint64_t memories() const override { return memories_; }
  std::vector<std::string> Notes() const override { return notes_; }

  Result<bool> Next(OpenMemoryRow* row) override {
    ASSIGN_OR_RETURN(const bool more, query_->Step());
    if (!more) return false;
    *row = OpenMemoryRow();
    last_ = RowCursor{query_->Int(kRow), HashBytes64(query_->Text(kId))};
    row->place = fmt::format("row {}", last_->row);
    row->raw = Raw();
    row->problem = Read(row);
    return true;
  }

  std::string Cursor() const override { return last_ ? last_->ToText() : "start"; }

  Result<bool> Seek(const std::string& text) override {
    ASSIGN_OR_RETURN(const auto cursor, FindRowCursor(*database_, "SELECT id FROM memories WHERE rowid = ?1", text));
    RETURN_IF_ERROR(Start(cursor));
    return cursor.has_value();
  }

 private:
  Result<std::set<std::string>> Names(const std::string& table) {
    ASSIGN_OR_RETURN(const auto columns, database_->Columns(table));
    std::set<std::string> names;
    for (const SqliteColumn& column : columns) names.insert(column.name);
    return names;
  }
  Result<bool> Has(const char* table, const char* other) {
    ASSIGN_OR_RETURN(const auto names, Names(table));
    if (names.empty() || other == nullptr) return !names.empty();
    return Has(other, nullptr);
  }

  Status Start(const std::optional<RowCursor>& after) {
    query_.reset();
    ASSIGN_OR_RETURN(SqliteQuery query,
                     database_->Prepare(
                         fmt::format("SELECT {}m.rowid, u.user_id, a.name FROM memories m LEFT JOIN users u ON u.id = "
                                     "m.user_id LEFT JOIN apps a ON a.id = m.app_id WHERE m.rowid > ?1 "
                                     "ORDER BY m.rowid",
                                     columns_)));
    query.BindInt(1, after ? after->row : std::numeric_limits<int64_t>::min());
    query_.emplace(std::move(query));
    last_ = after;
    return {};
  }

  std::string Raw() const {
    v1::Value value;
    auto& members = *value.mutable_object_value()->mutable_members();
    for (size_t i = 0; i < std::size(kColumns); ++i) {
      const int column = static_cast<int>(i);
      if (query_->Type(column) != ColumnType::kNull) members[kColumns[i]].set_string_value(query_->Text(column));
    }
    return PrintJson(value);
  }

  Status Read(OpenMemoryRow* row) {
    ASSIGN_OR_RETURN(const std::string id, TextAt(*query_, kId, "id"));
    row->id = CanonicalUuid(id).value_or(id);
    ASSIGN_OR_RETURN(row->user, TextAt(*query_, query_->Type(kUser) == ColumnType::kNull ? kUserId : kUser, "user_id"));
    ASSIGN_OR_RETURN(row->app, TextAt(*query_, query_->Type(kApp) == ColumnType::kNull ? kAppId : kApp, "app_id"));
    ASSIGN_OR_RETURN(row->content, TextAt(*query_, kContent, "content"));
    ASSIGN_OR_RETURN(row->state, TextAt(*query_, kState, "state"));
    ASSIGN_OR_RETURN(row->vector, TextAt(*query_, kVector, "vector"));
    ASSIGN_OR_RETURN(const std::string metadata, TextAt(*query_, kMetadata, "metadata"));
    if (!metadata.empty()) {
      if (Status status = ParseJson(metadata, &row->metadata); !status.ok()) return std::move(status).Under("metadata");
    }
    ASSIGN_OR_RETURN(row->created_at, TimeAt(*query_, kCreated, "created_at"));
    ASSIGN_OR_RETURN(row->updated_at, TimeAt(*query_, kUpdated, "updated_at"));
    ASSIGN_OR_RETURN(row->archived_at, TimeAt(*query_, kArchived, "archived_at"));
    ASSIGN_OR_RETURN(row->deleted_at, TimeAt(*query_, kDeleted, "deleted_at"));
    // Under the id as the table has it.
    if (has_categories_) RETURN_IF_ERROR(ReadCategories(id, row));
    if (has_changes_) RETURN_IF_ERROR(ReadChanges(id, row));
    return has_accesses_ ? ReadAccesses(id, row) : Status();
  }

  Status ReadCategories(const std::string& id, OpenMemoryRow* row) {
    ASSIGN_OR_RETURN(SqliteQuery query,
                     database_->Prepare("SELECT c.name FROM memory_categories mc JOIN categories c ON c.id = "
                                        "mc.category_id WHERE mc.memory_id = ?1 ORDER BY c.name"));
    query.BindText(1, id);
    while (true) {
      ASSIGN_OR_RETURN(const bool more, query.Step());
      if (!more) return {};
      ASSIGN_OR_RETURN(std::string name, TextAt(query, 0, "categories"));
      row->categories.push_back(std::move(name));
    }
  }

  Status ReadChanges(const std::string& id, OpenMemoryRow* row) {
    ASSIGN_OR_RETURN(SqliteQuery query,
                     database_->Prepare("SELECT old_state, new_state, changed_at FROM memory_status_history WHERE "
                                        "memory_id = ?1 ORDER BY changed_at, rowid"));
    query.BindText(1, id);
    while (true) {
      ASSIGN_OR_RETURN(const bool more, query.Step());
      if (!more) return {};
      OpenMemoryRow::StateChange change;
      ASSIGN_OR_RETURN(change.from, TextAt(query, 0, "status_history"));
      ASSIGN_OR_RETURN(change.to, TextAt(query, 1, "status_history"));
      ASSIGN_OR_RETURN(change.at, TimeAt(query, 2, "status_history"));
      row->changes.push_back(std::move(change));
    }
  }

  Status ReadAccesses(const std::string& id, OpenMemoryRow* row) {
    ASSIGN_OR_RETURN(
        SqliteQuery query,
        database_->Prepare("SELECT count(*), max(accessed_at) FROM memory_access_logs WHERE memory_id = ?1"));
    query.BindText(1, id);
    ASSIGN_OR_RETURN(const bool any, query.Step());
    if (!any || query.Int(0) == 0) return {};
    row->accesses = static_cast<uint64_t>(query.Int(0));
    ASSIGN_OR_RETURN(row->accessed_at, TimeAt(query, 1, "access_log"));
    return {};
  }

  const std::unique_ptr<SqliteDatabase> database_;
  std::string columns_;
  uint64_t memories_ = 0;
  bool has_categories_ = false;
  bool has_changes_ = false;
  bool has_accesses_ = false;
  std::vector<std::string> notes_;
  std::optional<SqliteQuery> query_;
  std::optional<RowCursor> last_;
};

}  // namespace

Result<std::unique_ptr<OpenMemoryReader>> OpenOpenMemoryDatabase(const std::string& file, bool quick) {
  ASSIGN_OR_RETURN(auto database, SqliteDatabase::Open(file));
  RETURN_IF_ERROR(database->CheckIntegrity(quick));
  auto reader = std::make_unique<OpenMemoryDatabase>(std::move(database));
  RETURN_IF_ERROR(reader->Open(file));
  return std::unique_ptr<OpenMemoryReader>(std::move(reader));
}

}  // namespace engram

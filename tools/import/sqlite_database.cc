#include "tools/import/sqlite_database.h"

#include <filesystem>
#include <utility>

#include <fmt/format.h>
#include <sqlite3.h>

#include "base/check.h"
#include "base/file.h"

namespace engram {
namespace {

constexpr int kBusyMs = 5'000;  // how long a writer's checkpoint may keep us waiting

// As a URI: what means something there is escaped.
std::string ImmutableUri(const std::string& path) {
  std::string out = "file:";
  for (const char c : path) {
    if (c == '?' || c == '#' || c == '%') {
      out += fmt::format("%{:02x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out + "?immutable=1";
}

int OpenHandle(const std::string& path, int flags, sqlite3** handle) {
  const int result = sqlite3_open_v2(path.c_str(), handle, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | flags, nullptr);
  if (result != SQLITE_OK) return result;
  sqlite3_busy_timeout(*handle, kBusyMs);
  // Opening reads nothing; this does.
  return sqlite3_exec(*handle, "SELECT count(*) FROM sqlite_schema", nullptr, nullptr, nullptr);
}

// `type` in capitals.
SqliteAffinity AffinityOf(const std::string& type) {
  const auto has = [&](const char* word) { return type.find(word) != std::string::npos; };
  if (has("INT")) return SqliteAffinity::kInteger;
  if (has("CHAR") || has("CLOB") || has("TEXT")) return SqliteAffinity::kText;
  if (has("BLOB") || type.empty()) return SqliteAffinity::kBlob;
  if (has("REAL") || has("FLOA") || has("DOUB")) return SqliteAffinity::kReal;
  return SqliteAffinity::kNumeric;
}

bool HasWal(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path + "-wal", error);
}

}  // namespace

SqliteQuery::SqliteQuery(SqliteQuery&& other) noexcept : statement_(std::exchange(other.statement_, nullptr)) {}
SqliteQuery::~SqliteQuery() { sqlite3_finalize(statement_); }

void SqliteQuery::BindInt(int parameter, int64_t value) {
  ENGRAM_CHECK(sqlite3_bind_int64(statement_, parameter, value) == SQLITE_OK);
}

void SqliteQuery::BindText(int parameter, std::string_view value) {
  ENGRAM_CHECK(sqlite3_bind_text64(statement_, parameter, value.data(), value.size(), SQLITE_TRANSIENT, SQLITE_UTF8) ==
               SQLITE_OK);
}

void SqliteQuery::BindReal(int parameter, double value) {
  ENGRAM_CHECK(sqlite3_bind_double(statement_, parameter, value) == SQLITE_OK);
}

void SqliteQuery::BindBlob(int parameter, std::string_view value) {
  // A null pointer would bind NULL.
  const char* const bytes = value.empty() ? "" : value.data();
  ENGRAM_CHECK(sqlite3_bind_blob64(statement_, parameter, bytes, value.size(), SQLITE_TRANSIENT) == SQLITE_OK);
}

void SqliteQuery::BindNull(int parameter) { ENGRAM_CHECK(sqlite3_bind_null(statement_, parameter) == SQLITE_OK); }

Result<bool> SqliteQuery::Step() {
  const int result = sqlite3_step(statement_);
  if (result == SQLITE_ROW) return true;
  if (result == SQLITE_DONE) return false;
  sqlite3* handle = sqlite3_db_handle(statement_);
  if (result == SQLITE_CORRUPT || result == SQLITE_NOTADB) return Corruption(sqlite3_errmsg(handle));
  const bool writes = sqlite3_stmt_readonly(statement_) == 0;
  // A constraint, a value of the wrong type, or what a trigger raises or can't do.
  const bool refused =
      result == SQLITE_CONSTRAINT || result == SQLITE_MISMATCH || result == SQLITE_TOOBIG || result == SQLITE_ERROR;
  if (writes && refused && sqlite3_get_autocommit(handle) == 0) return FailedPrecondition(sqlite3_errmsg(handle));
  return Unavailable(fmt::format("{} the database failed: {}", writes ? "writing" : "reading", sqlite3_errmsg(handle)));
}

ColumnType SqliteQuery::Type(int column) const {
  switch (sqlite3_column_type(statement_, column)) {
    case SQLITE_INTEGER: return ColumnType::kInteger;
    case SQLITE_FLOAT: return ColumnType::kReal;
    case SQLITE_TEXT: return ColumnType::kText;
    case SQLITE_BLOB: return ColumnType::kBlob;
    default: return ColumnType::kNull;
  }
}

int64_t SqliteQuery::Int(int column) const { return sqlite3_column_int64(statement_, column); }
double SqliteQuery::Real(int column) const { return sqlite3_column_double(statement_, column); }

std::string SqliteQuery::Text(int column) const {
  // A blob as it is, without the conversion that its text form would be.
  const bool blob = Type(column) == ColumnType::kBlob;
  const void* bytes = blob ? sqlite3_column_blob(statement_, column)
                           : static_cast<const void*>(sqlite3_column_text(statement_, column));
  const int size = sqlite3_column_bytes(statement_, column);
  return bytes == nullptr ? std::string() : std::string(static_cast<const char*>(bytes), static_cast<size_t>(size));
}

Result<std::unique_ptr<SqliteDatabase>> SqliteDatabase::Open(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return NotFound(fmt::format("there is no file {}", path));
  if (!std::filesystem::is_regular_file(path, error)) return InvalidArgument(fmt::format("{} is no file", path));
  sqlite3* handle = nullptr;
  int result = OpenHandle(path, 0, &handle);
  if (result == SQLITE_CANTOPEN && !HasWal(path)) {
    // A database in WAL mode on a medium where no -shm can be made. Without a -wal all of it is in the file.
    sqlite3_close_v2(std::exchange(handle, nullptr));
    result = OpenHandle(ImmutableUri(std::filesystem::absolute(path, error).string()), SQLITE_OPEN_URI, &handle);
  }
  auto database = std::unique_ptr<SqliteDatabase>(new SqliteDatabase(path, handle));
  if (result == SQLITE_NOTADB) return InvalidArgument(fmt::format("{} is no SQLite database", path));
  if (result != SQLITE_OK) return database->Error("opening");
  RETURN_IF_ERROR(database->Defend());
  RETURN_IF_ERROR(database->Execute("BEGIN"));
  RETURN_IF_ERROR(database->Execute("SELECT count(*) FROM sqlite_schema"));  // the transaction starts with a read
  return database;
}

Result<std::unique_ptr<SqliteDatabase>> SqliteDatabase::OpenForWriting(const std::string& path) {
  sqlite3* handle = nullptr;
  const int result = sqlite3_open_v2(path.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  auto database = std::unique_ptr<SqliteDatabase>(new SqliteDatabase(path, handle));
  if (result != SQLITE_OK) return database->Error("opening for writing");
  if (sqlite3_db_readonly(handle, "main") == 1) return Unavailable(fmt::format("{} may not be written to", path));
  sqlite3_busy_timeout(handle, kBusyMs);
  RETURN_IF_ERROR(database->Defend());
  // A full-text index beside the table is kept up by triggers, which may use its virtual table in a trusted schema
  // alone.
  const bool set = sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 1, nullptr) == SQLITE_OK &&
                   sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 1, nullptr) == SQLITE_OK;
  if (!set) return database->Error("securing");
  RETURN_IF_ERROR(database->Execute("PRAGMA foreign_keys = ON"));
  return database;
}

Result<std::unique_ptr<SqliteDatabase>> SqliteDatabase::InMemory() {
  sqlite3* handle = nullptr;
  const int result = sqlite3_open_v2(":memory:", &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  auto database = std::unique_ptr<SqliteDatabase>(new SqliteDatabase("a database in memory", handle));
  if (result != SQLITE_OK) return database->Error("making");
  return database;
}

SqliteDatabase::~SqliteDatabase() { sqlite3_close_v2(handle_); }

Status SqliteDatabase::Error(const char* what) const {
  return Unavailable(fmt::format("{} {} failed: {}", what, path_, sqlite3_errmsg(handle_)));
}

Status SqliteDatabase::Execute(const char* sql) {
  return sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr) == SQLITE_OK ? Status() : Error("reading");
}

Status SqliteDatabase::Defend() {
  // https://www.sqlite.org/security.html, section 1.1
  const bool set = sqlite3_db_config(handle_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr) == SQLITE_OK &&
                   sqlite3_db_config(handle_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr) == SQLITE_OK &&
                   sqlite3_db_config(handle_, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr) == SQLITE_OK &&
                   sqlite3_db_config(handle_, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr) == SQLITE_OK;
  if (!set) return Error("securing");
  RETURN_IF_ERROR(Execute("PRAGMA cell_size_check = ON"));
  return Execute("PRAGMA mmap_size = 0");
}

Status SqliteDatabase::CheckIntegrity(bool quick) {
  ASSIGN_OR_RETURN(SqliteQuery query, Prepare(quick ? "PRAGMA quick_check(1)" : "PRAGMA integrity_check(1)"));
  ASSIGN_OR_RETURN(const bool told, query.Step());
  if (!told) return Internal("the integrity check said nothing");
  const std::string finding = query.Text(0);
  return finding == "ok" ? Status() : Corruption(fmt::format("{} is damaged: {}", path_, finding));
}

Status SqliteDatabase::Run(const std::string& sql) {
  ASSIGN_OR_RETURN(SqliteQuery query, Prepare(sql));
  return query.Step().status();
}

int64_t SqliteDatabase::changed() const { return sqlite3_changes(handle_); }

Status SqliteDatabase::CopyTo(const std::string& path) {
  std::error_code error;
  if (std::filesystem::exists(path, error)) return AlreadyExists(fmt::format("{} is there already", path));
  const std::string part = path + ".part";
  std::filesystem::remove(part, error);  // of a run that was killed
  {
    sqlite3* handle = nullptr;
    const int opened = sqlite3_open_v2(part.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
    const SqliteDatabase copy(part, handle);  // closed before it gets its name
    if (opened != SQLITE_OK) return copy.Error("making");
    sqlite3_backup* const backup = sqlite3_backup_init(handle, "main", handle_, "main");
    if (backup == nullptr) return copy.Error("copying to");
    const int step = sqlite3_backup_step(backup, -1);
    const int finished = sqlite3_backup_finish(backup);
    if (step != SQLITE_DONE || finished != SQLITE_OK) return copy.Error("copying to");
  }
  RETURN_IF_ERROR(FileSystem::Posix().Rename(part, path));
  return FileSystem::Posix().SyncDirectory(ParentDirectory(path));
}

Result<SqliteQuery> SqliteDatabase::Prepare(const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(handle_, sql.c_str(), static_cast<int>(sql.size()), &statement, nullptr) != SQLITE_OK) {
    return Error("reading");
  }
  return SqliteQuery(statement);
}

Result<std::vector<SqliteColumn>> SqliteDatabase::Columns(const std::string& table) {
  std::vector<SqliteColumn> columns;
  ASSIGN_OR_RETURN(
      SqliteQuery query,
      Prepare("SELECT c.name, c.pk, upper(c.type), (SELECT count(*) FROM pragma_table_info(t.name) k WHERE "
              "k.pk > 0), c.\"notnull\", c.dflt_value IS NOT NULL FROM sqlite_schema t JOIN pragma_table_info(t.name) "
              "c WHERE t.type = 'table' AND "
              "t.name = ?1 ORDER BY c.cid"));
  query.BindText(1, table);
  while (true) {
    ASSIGN_OR_RETURN(const bool more, query.Step());
    if (!more) return columns;
    const bool only_key = query.Int(1) > 0 && query.Int(3) == 1;
    const std::string type = query.Text(2);
    columns.push_back(
        {query.Text(0), only_key && type == "INTEGER", AffinityOf(type), query.Int(4) != 0, query.Int(5) != 0});
  }
}

Result<uint64_t> SqliteDatabase::Count(const std::string& table) {
  ASSIGN_OR_RETURN(SqliteQuery query, Prepare(fmt::format("SELECT count(*) FROM \"{}\"", table)));
  ASSIGN_OR_RETURN(const bool told, query.Step());
  return told ? static_cast<uint64_t>(query.Int(0)) : 0;
}

}  // namespace engram

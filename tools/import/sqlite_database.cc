#include "tools/import/sqlite_database.h"

#include <filesystem>
#include <utility>

#include <fmt/format.h>
#include <sqlite3.h>

#include "base/check.h"

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

Result<bool> SqliteQuery::Step() {
  const int result = sqlite3_step(statement_);
  if (result == SQLITE_ROW) return true;
  if (result == SQLITE_DONE) return false;
  sqlite3* handle = sqlite3_db_handle(statement_);
  if (result == SQLITE_CORRUPT || result == SQLITE_NOTADB) return Corruption(sqlite3_errmsg(handle));
  return Unavailable(fmt::format("reading the database failed: {}", sqlite3_errmsg(handle)));
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
              "k.pk > 0) FROM sqlite_schema t JOIN pragma_table_info(t.name) c WHERE t.type = 'table' AND "
              "t.name = ?1 ORDER BY c.cid"));
  query.BindText(1, table);
  while (true) {
    ASSIGN_OR_RETURN(const bool more, query.Step());
    if (!more) return columns;
    const bool only_key = query.Int(1) > 0 && query.Int(3) == 1;
    columns.push_back({query.Text(0), only_key && query.Text(2) == "INTEGER"});
  }
}

Result<uint64_t> SqliteDatabase::Count(const std::string& table) {
  ASSIGN_OR_RETURN(SqliteQuery query, Prepare(fmt::format("SELECT count(*) FROM \"{}\"", table)));
  ASSIGN_OR_RETURN(const bool told, query.Step());
  return told ? static_cast<uint64_t>(query.Int(0)) : 0;
}

}  // namespace engram

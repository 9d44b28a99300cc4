// cursor := "start" | "finished" | "row " number " id " 16 hex digits      the row given last, with a hash of its id
#include "tools/import/sqlite_table_source.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "base/hash.h"
#include "tools/import/import_id.h"

namespace engram {
namespace {

constexpr int kIdColumn = 0;

std::string Join(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

}  // namespace

Result<std::unique_ptr<SqliteTableSource>> SqliteTableSource::Open(const std::string& path, SqliteMapping mapping,
                                                                   bool quick) {
  ASSIGN_OR_RETURN(auto database, SqliteDatabase::Open(path));
  RETURN_IF_ERROR(database->CheckIntegrity(quick));
  auto source =
      std::unique_ptr<SqliteTableSource>(new SqliteTableSource(path, std::move(database), std::move(mapping)));
  RETURN_IF_ERROR(source->FindTable());
  RETURN_IF_ERROR(source->Choose());
  RETURN_IF_ERROR(source->OpenVectors());
  RETURN_IF_ERROR(source->FindAmbiguousIds());
  RETURN_IF_ERROR(source->Start(""));
  return source;
}

Status SqliteTableSource::FindTable() {
  table_ = mapping_.table;
  ASSIGN_OR_RETURN(const auto definition, FindVirtualTable(*database_, mapping_.table));
  if (definition && definition->module != "fts5") {
    return InvalidArgument(fmt::format("{} is a virtual table of {}, whose rows can't be read as they are",
                                       mapping_.table, definition->module))
        .At("table");
  }
  FtsContent content;
  if (definition) {
    ASSIGN_OR_RETURN(content, FindFtsContent(*definition, mapping_.table));
    table_ = content.table;
  }
  ASSIGN_OR_RETURN(const auto columns, database_->Columns(table_));
  if (columns.empty()) return NotFound(fmt::format("{} has no table {}", path_, table_)).At("table");
  std::set<std::string> present;
  for (const SqliteColumn& column : columns) {
    present.insert(column.name);
    if (!definition) sql_columns_[column.name] = column.name;
    has_rows_ = has_rows_ && (column.name != kSqliteRowNumber || column.integer_primary_key);
  }
  for (size_t i = 0; i < content.columns.size(); ++i) {
    const std::string column = fmt::format("c{}", i);
    if (present.count(column) == 0) return Corruption(fmt::format("{} has no column {}", table_, column));
    sql_columns_[content.columns[i]] = column;
  }
  has_rows_ = has_rows_ && database_->Prepare(fmt::format("SELECT rowid FROM {} LIMIT 0", QuoteName(table_))).ok();
  if (has_rows_) sql_columns_[kSqliteRowNumber] = kSqliteRowNumber;
  ASSIGN_OR_RETURN(SqliteQuery query, database_->Prepare(fmt::format("SELECT count(*) FROM {}", QuoteName(table_))));
  ASSIGN_OR_RETURN(const bool told, query.Step());
  rows_ = told ? static_cast<uint64_t>(query.Int(0)) : 0;
  return {};
}

Status SqliteTableSource::Choose() {
  std::set<std::string> known;
  for (const auto& [name, sql] : sql_columns_) known.insert(name);
  reader_.emplace(mapping_, std::move(known));
  RETURN_IF_ERROR(reader_->Choose());
  const std::vector<std::string>& chosen = reader_->columns();
  for (const auto& [name, sql] : sql_columns_) {
    if (name != kSqliteRowNumber && std::find(chosen.begin(), chosen.end(), name) == chosen.end())
      ignored_.push_back(name);
  }
  return {};
}

Status SqliteTableSource::OpenVectors() {
  for (const auto& [space, vector] : mapping_.vectors) {
    v1::VectorSpace& config = (*config_.mutable_vectors())[space];
    config.set_type(v1::VECTOR_TYPE_DENSE);
    config.set_metric(vector.metric);
    if (vector.sqlite_vec.empty()) continue;
    auto column = SqliteVecColumn::Open(*database_, vector.sqlite_vec, vector.column);
    if (!column.ok()) return std::move(column).status().Under("vectors." + space);
    // A vec0 table's own rows are named in the column rowid of its _rowids.
    if (sql_columns_.count(kSqliteRowNumber) == 0) {
      return InvalidArgument("the table has no row numbers to join by").At("vectors." + space);
    }
    config.set_dimensions(column->dimensions());
    RETURN_IF_ERROR(reader_->TakeVectorsFrom(space, *std::move(column)));
  }
  return {};
}

Status SqliteTableSource::FindAmbiguousIds() {
  const std::string id = sql_columns_.at(reader_->columns()[kIdColumn]);
  ASSIGN_OR_RETURN(
      SqliteQuery query,
      database_->Prepare(fmt::format("SELECT CAST({0} AS TEXT) AS name FROM {1} WHERE {0} IS NOT NULL GROUP BY name "
                                     "HAVING count(*) > 1",
                                     QuoteName(id), QuoteName(table_))));
  while (true) {
    ASSIGN_OR_RETURN(const bool more, query.Step());
    if (!more) return {};
    ambiguous_ids_.insert(query.Text(0));
  }
}

Status SqliteTableSource::Start(const std::string& condition) {
  std::string list;
  for (const std::string& column : reader_->columns()) {
    list += (list.empty() ? "" : ", ") + QuoteName(sql_columns_.at(column));
  }
  list += has_rows_ ? ", rowid" : ", NULL";
  query_.reset();
  ASSIGN_OR_RETURN(SqliteQuery query,
                   database_->Prepare(fmt::format("SELECT {} FROM {} {} ORDER BY {}", list, QuoteName(table_),
                                                  condition, has_rows_ ? "rowid" : "1")));
  query_.emplace(std::move(query));
  last_row_.reset();
  return {};
}

SourceDescription SqliteTableSource::Describe() const {
  return {"sqlite:" + mapping_.table, fmt::format("{} table {}", path_, mapping_.table), rows_};
}

std::string SqliteTableSource::DefaultImportId() const { return MakeImportId("sqlite", path_ + "/" + mapping_.table); }

Result<bool> SqliteTableSource::Resume(const std::string& text) {
  constexpr std::string_view kRow = "row ";
  constexpr std::string_view kId = " id ";
  if (!has_rows_ || !text.starts_with(kRow)) return false;
  int64_t row = 0;
  uint64_t hash = 0;
  const char* const end = text.data() + text.size();
  const auto number = std::from_chars(text.data() + kRow.size(), end, row);
  if (number.ec != std::errc() || !std::string_view(number.ptr, end).starts_with(kId)) return false;
  const auto digits = std::from_chars(number.ptr + kId.size(), end, hash, 16);
  if (digits.ec != std::errc() || digits.ptr != end) return false;
  ASSIGN_OR_RETURN(
      SqliteQuery query,
      database_->Prepare(fmt::format("SELECT {} FROM {} WHERE rowid = ?1",
                                     QuoteName(sql_columns_.at(reader_->columns()[kIdColumn])), QuoteName(table_))));
  query.BindInt(1, row);
  ASSIGN_OR_RETURN(const bool found, query.Step());
  if (!found || HashBytes64(query.Text(0)) != hash) return false;
  RETURN_IF_ERROR(Start("WHERE rowid > ?1"));
  query_->BindInt(1, row);
  last_row_ = row;
  last_id_hash_ = hash;
  config_given_ = true;
  return true;
}

Result<bool> SqliteTableSource::Next(SourceRecord* record) {
  if (!std::exchange(config_given_, true) && config_.vectors_size() > 0) {
    record->place = "mapping";
    record->item = config_;
    return true;
  }
  ASSIGN_OR_RETURN(const bool more, query_->Step());
  if (!more) return false;
  ++read_;
  const std::string id = query_->Text(kIdColumn);
  if (has_rows_) {
    last_row_ = query_->Int(static_cast<int>(reader_->columns().size()));
    last_id_hash_ = HashBytes64(id);
    record->place = fmt::format("row {}", *last_row_);
  } else {
    record->place = fmt::format("row with the id {}", id);
  }
  record->raw = reader_->Raw(*query_);
  auto memory = reader_->Read(*query_);
  if (memory.ok() && ambiguous_ids_.count(id) != 0) memory = AlreadyExists("several rows have this id").At("id");
  record->problem = memory.status();
  if (memory.ok()) record->item = *std::move(memory);
  return true;
}

std::string SqliteTableSource::Cursor(bool finished) const {
  // What changes in a table may be anywhere in it: the next run looks at all of it.
  if (finished) return "finished";
  return last_row_ ? fmt::format("row {} id {:016x}", *last_row_, last_id_hash_) : "start";
}

std::optional<double> SqliteTableSource::Fraction() const {
  return rows_ == 0 ? 1.0 : static_cast<double>(read_) / static_cast<double>(rows_);
}

std::vector<std::string> SqliteTableSource::Notes() const {
  if (ignored_.empty()) return {};
  return {
      fmt::format("columns of {} that the mapping does not name were left out: {}", mapping_.table, Join(ignored_))};
}

}  // namespace engram

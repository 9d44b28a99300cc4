#include "tools/import/captures_source.h"

#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "api/json.h"
#include "base/hash.h"
#include "base/timestamp.h"
#include "base/utf8.h"
#include "tools/import/import_id.h"
#include "tools/import/loose_time.h"
#include "tools/import/revision.h"
#include "tools/import/sqlite_raw_row.h"

namespace engram {
namespace {

constexpr const char* kStart = "start";

// The columns of the query; kRow is the row's number in the file, NULL where rows have none.
enum Column : int { kId, kSession, kTime, kUserText, kAgentText, kMetadata, kRow };

// cursor := "start" | ("row " row | "finished") ", seen " row " id " 16 hex digits
// `row` is what to go on after, `seen` the greatest that any run has read, with a hash of the id that stood there.
struct CapturesCursor {
  std::optional<int64_t> row;  // none: finished
  int64_t seen = 0;
  uint64_t id_hash = 0;
};

std::string FormatCursor(const CapturesCursor& cursor) {
  const std::string place = cursor.row ? fmt::format("row {}", *cursor.row) : "finished";
  return fmt::format("{}, seen {} id {:016x}", place, cursor.seen, cursor.id_hash);
}

template <class Number>
bool TakeNumber(std::string_view* text, int base, Number* number) {
  const auto end = std::from_chars(text->data(), text->data() + text->size(), *number, base);
  if (end.ec != std::errc()) return false;
  text->remove_prefix(static_cast<size_t>(end.ptr - text->data()));
  return true;
}

bool TakeWord(std::string_view* text, std::string_view word) {
  if (!text->starts_with(word)) return false;
  text->remove_prefix(word.size());
  return true;
}

std::optional<CapturesCursor> ParseCursor(std::string_view text) {
  CapturesCursor cursor;
  if (TakeWord(&text, "row ")) {
    if (!TakeNumber(&text, 10, &cursor.row.emplace())) return std::nullopt;
  } else if (!TakeWord(&text, "finished")) {
    return std::nullopt;
  }
  const bool whole = TakeWord(&text, ", seen ") && TakeNumber(&text, 10, &cursor.seen) && TakeWord(&text, " id ") &&
                     TakeNumber(&text, 16, &cursor.id_hash) && text.empty();
  return whole ? std::optional<CapturesCursor>(cursor) : std::nullopt;
}

// Of the row's columns as they stand in the file. Never change it: rows would look new to stores that have them.
uint64_t HashRow(const SqliteQuery& row) {
  std::string bytes;
  for (int column = kId; column <= kMetadata; ++column) {
    const std::string text = row.Text(column);
    bytes += fmt::format("{}:{}:", static_cast<int>(row.Type(column)), text.size());
    bytes += text;
  }
  return HashBytes64(bytes);
}

bool HasText(const SqliteQuery& row, Column column) { return row.Type(column) != ColumnType::kNull; }

Result<std::string> Utf8Text(const SqliteQuery& row, Column column) {
  std::string text = row.Text(column);
  if (row.Type(column) == ColumnType::kBlob)
    return InvalidArgument("a blob where text is expected").At(kCaptureColumns[column]);
  if (!IsUtf8(text)) return InvalidArgument("the text is not UTF-8").At(kCaptureColumns[column]);
  return text;
}

Status ReadTime(const SqliteQuery& row, v1::Memory* memory) {
  Result<Timestamp> time = Timestamp{};
  switch (row.Type(kTime)) {
    case ColumnType::kNull: return {};
    case ColumnType::kInteger: time = FromEpochNumber(row.Int(kTime)); break;
    case ColumnType::kReal: time = FromEpochNumber(row.Real(kTime)); break;
    default: time = ParseLooseTime(row.Text(kTime));
  }
  if (!time.ok()) return std::move(time).status().At("timestamp");
  *memory->mutable_created_at() = ToProtoTime(*time);
  *memory->mutable_event_time() = memory->created_at();
  return {};
}

Status ReadMetadata(const SqliteQuery& row, v1::Memory* memory) {
  if (!HasText(row, kMetadata)) return {};
  ASSIGN_OR_RETURN(const std::string text, Utf8Text(row, kMetadata));
  if (text.empty()) return {};
  v1::Value value;
  if (Status status = ParseJson(text, &value); !status.ok()) {
    return InvalidArgument(fmt::format("metadata is no JSON: {}", status.message())).At("metadata");
  }
  if (value.kind_case() != v1::Value::kObjectValue) {
    return InvalidArgument("metadata is JSON but no object").At("metadata");
  }
  *memory->mutable_metadata() = value.object_value().members();
  return {};
}

Status ReadField(const SqliteQuery& row, Column column, v1::Memory* memory) {
  if (!HasText(row, column)) return {};
  ASSIGN_OR_RETURN((*memory->mutable_fields())[kCaptureColumns[column]], Utf8Text(row, column));
  return {};
}

}  // namespace

Result<v1::Memory> ReadCapture(const SqliteQuery& row) {
  v1::Memory memory;
  if (row.Type(kId) == ColumnType::kNull) return InvalidArgument("the id is NULL").At("id");
  ASSIGN_OR_RETURN(*memory.mutable_id(), Utf8Text(row, kId));
  if (memory.id().empty()) return InvalidArgument("the id is empty").At("id");
  memory.mutable_source()->set_system(kCapturesSystem);
  memory.mutable_source()->set_id(memory.id());
  memory.mutable_source()->set_version(FirstRevision(HashRow(row)));
  if (HasText(row, kSession)) {
    ASSIGN_OR_RETURN(*memory.mutable_run_id(), Utf8Text(row, kSession));
  }
  RETURN_IF_ERROR(ReadTime(row, &memory));
  RETURN_IF_ERROR(ReadField(row, kUserText, &memory));
  RETURN_IF_ERROR(ReadField(row, kAgentText, &memory));
  RETURN_IF_ERROR(ReadMetadata(row, &memory));
  return memory;
}

std::string RawCapture(const SqliteQuery& row) {
  return RawRow(row, {std::begin(kCaptureColumns), std::end(kCaptureColumns)});
}

Result<std::unique_ptr<CapturesSource>> CapturesSource::Open(const std::string& path, bool quick) {
  ASSIGN_OR_RETURN(auto database, SqliteDatabase::Open(path));
  RETURN_IF_ERROR(database->CheckIntegrity(quick));
  auto source = std::unique_ptr<CapturesSource>(new CapturesSource(path, std::move(database)));
  RETURN_IF_ERROR(source->ReadColumns());
  ASSIGN_OR_RETURN(source->rows_, source->database_->Count("captures"));
  RETURN_IF_ERROR(source->FindAmbiguousIds());
  RETURN_IF_ERROR(source->Rewind());
  return source;
}

Status CapturesSource::ReadColumns() {
  ASSIGN_OR_RETURN(const std::vector<SqliteColumn> columns, database_->Columns("captures"));
  if (columns.empty()) return NotFound(fmt::format("{} has no table \"captures\"", path_));
  const std::set<std::string> known(std::begin(kCaptureColumns), std::end(kCaptureColumns));
  for (const SqliteColumn& column : columns) {
    if (column.name == "id") rows_keep_numbers_ = column.integer_primary_key;
    if (known.count(column.name) != 0) {
      present_.insert(column.name);
    } else {
      ignored_.push_back(column.name);
    }
  }
  has_rows_ = database_->Prepare("SELECT rowid FROM captures LIMIT 0").ok();
  if (present_.count("id") == 0) return NotFound(fmt::format("the table captures of {} has no column id", path_));
  if (present_.count("user_text") + present_.count("agent_text") > 0) return {};
  return NotFound(fmt::format("the table captures of {} has neither user_text nor agent_text", path_));
}

Status CapturesSource::FindAmbiguousIds() {
  ASSIGN_OR_RETURN(SqliteQuery query,
                   database_->Prepare("SELECT CAST(id AS TEXT) AS name FROM captures WHERE id IS NOT "
                                      "NULL GROUP BY name HAVING count(*) > 1"));
  while (true) {
    ASSIGN_OR_RETURN(const bool more, query.Step());
    if (!more) return {};
    ambiguous_ids_.insert(query.Text(0));
  }
}

Status CapturesSource::Start(const std::string& condition) {
  std::string list;
  for (const char* column : kCaptureColumns) {
    list += list.empty() ? "" : ", ";
    list += present_.count(column) != 0 ? fmt::format("captures.\"{}\"", column) : "NULL";
  }
  list += has_rows_ ? ", captures.rowid" : ", NULL";
  query_.reset();
  ASSIGN_OR_RETURN(SqliteQuery query,
                   database_->Prepare(fmt::format("SELECT {} FROM captures {} ORDER BY {}", list, condition,
                                                  has_rows_ ? "captures.rowid" : "captures.id")));
  query_.emplace(std::move(query));
  return {};
}

Status CapturesSource::Rewind() {
  read_ = 0;
  last_row_.reset();
  return Start("");
}

SourceDescription CapturesSource::Describe() const { return {kCapturesSystem, path_, rows_}; }

std::string CapturesSource::DefaultImportId() const { return MakeImportId("sqlite", path_); }

// Rows without a key of their own may be numbered anew when the file is compacted: then the mark is not the row it was.
Result<bool> CapturesSource::Knows(int64_t row, uint64_t id_hash) {
  ASSIGN_OR_RETURN(SqliteQuery query, database_->Prepare("SELECT id FROM captures WHERE rowid = ?1"));
  query.BindInt(1, row);
  ASSIGN_OR_RETURN(const bool found, query.Step());
  return found ? HashBytes64(query.Text(0)) == id_hash : rows_keep_numbers_;
}

Result<bool> CapturesSource::Resume(const std::string& text) {
  const auto cursor = ParseCursor(text);
  if (!cursor || !has_rows_) return false;
  ASSIGN_OR_RETURN(const bool known, Knows(cursor->seen, cursor->id_hash));
  if (!known) return false;
  seen_ = cursor->seen;
  high_ = {cursor->seen, cursor->id_hash};
  if (!cursor->row) return false;
  RETURN_IF_ERROR(Start("WHERE captures.rowid > ?1"));
  query_->BindInt(1, *cursor->row);
  last_row_ = *cursor->row;
  return true;
}

Result<bool> CapturesSource::Next(SourceRecord* record) {
  ASSIGN_OR_RETURN(const bool more, query_->Step());
  if (!more) return false;
  ++read_;
  const std::string id = query_->Text(kId);
  if (has_rows_) {
    last_row_ = query_->Int(kRow);
    record->seen = seen_ && *last_row_ <= *seen_;
    if (!high_ || *last_row_ > high_->row) high_ = {*last_row_, HashBytes64(id)};
  }
  record->place = fmt::format("capture {}", query_->Type(kId) == ColumnType::kNull ? "NULL" : id);
  record->raw = RawCapture(*query_);
  auto memory = ReadCapture(*query_);
  if (memory.ok() && ambiguous_ids_.count(id) != 0) memory = AlreadyExists("several rows have this id").At("id");
  record->problem = memory.status();
  if (memory.ok()) record->item = *std::move(memory);
  return true;
}

std::string CapturesSource::Cursor(bool finished) const {
  if (!high_ || (!finished && !last_row_)) return kStart;
  return FormatCursor({finished ? std::nullopt : last_row_, high_->row, high_->id_hash});
}

std::optional<double> CapturesSource::Fraction() const {
  return rows_ == 0 ? 1.0 : static_cast<double>(read_) / static_cast<double>(rows_);
}

}  // namespace engram

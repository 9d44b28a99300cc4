// cursor := "start" | "finished" | "row " number " id " 16 hex digits      the row given last, with a hash of its id
#include "tools/import/sqlite_table_source.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "api/json.h"
#include "base/hash.h"
#include "base/utf8.h"
#include "tools/import/import_id.h"
#include "tools/import/loose_time.h"
#include "tools/import/revision.h"

namespace engram {
namespace {

constexpr int kIdColumn = 0;
constexpr const char* kRowNumber = "rowid";

std::string Join(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

Result<Timestamp> ReadTime(const SqliteQuery& row, int column) {
  switch (row.Type(column)) {
    case ColumnType::kInteger: return FromEpochNumber(row.Int(column));
    case ColumnType::kReal: return FromEpochNumber(row.Real(column));
    default: return ParseLooseTime(row.Text(column));
  }
}

// Little-endian f64 as floats; what is beyond a float becomes infinite, which checks refuse.
std::string Narrow(const std::string& bytes) {
  static_assert(std::endian::native == std::endian::little);
  std::string out(bytes.size() / 2, '\0');
  for (size_t i = 0; i < bytes.size() / sizeof(double); ++i) {
    double wide = 0;
    std::memcpy(&wide, bytes.data() + i * sizeof(double), sizeof(double));
    constexpr double kMax = std::numeric_limits<float>::max();
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    const float narrow = wide > kMax ? kInfinity : wide < -kMax ? -kInfinity : static_cast<float>(wide);
    std::memcpy(out.data() + i * sizeof(float), &narrow, sizeof(float));
  }
  return out;
}

// The bytes of a JSON array of numbers.
Result<std::string> FromJsonArray(const std::string& text) {
  v1::Value value;
  if (!ParseJson(text, &value).ok() || !value.has_list_value()) return InvalidArgument("no JSON array");
  std::string wide;
  for (const v1::Value& component : value.list_value().values()) {
    if (!component.has_double_value() && !component.has_int_value()) return InvalidArgument("a component is no number");
    const double number =
        component.has_int_value() ? static_cast<double>(component.int_value()) : component.double_value();
    wide.append(reinterpret_cast<const char*>(&number), sizeof(number));
  }
  return Narrow(wide);
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
    has_rows_ = has_rows_ && (column.name != kRowNumber || column.integer_primary_key);
  }
  for (size_t i = 0; i < content.columns.size(); ++i) {
    const std::string column = fmt::format("c{}", i);
    if (present.count(column) == 0) return Corruption(fmt::format("{} has no column {}", table_, column));
    sql_columns_[content.columns[i]] = column;
  }
  has_rows_ = has_rows_ && database_->Prepare(fmt::format("SELECT rowid FROM {} LIMIT 0", QuoteName(table_))).ok();
  if (has_rows_) sql_columns_[kRowNumber] = kRowNumber;
  ASSIGN_OR_RETURN(SqliteQuery query, database_->Prepare(fmt::format("SELECT count(*) FROM {}", QuoteName(table_))));
  ASSIGN_OR_RETURN(const bool told, query.Step());
  rows_ = told ? static_cast<uint64_t>(query.Int(0)) : 0;
  return {};
}

Result<int> SqliteTableSource::Number(const std::string& column) {
  if (sql_columns_.count(column) == 0) {
    std::vector<std::string> names;
    for (const auto& [name, sql] : sql_columns_) names.push_back(name);
    return InvalidArgument(fmt::format("{} has no column {}; it has: {}", mapping_.table, column, Join(names)));
  }
  const auto found = std::find(chosen_.begin(), chosen_.end(), column);
  if (found != chosen_.end()) return static_cast<int>(found - chosen_.begin());
  chosen_.push_back(column);
  return static_cast<int>(chosen_.size() - 1);
}

Status SqliteTableSource::Choose() {
  const std::string& id = mapping_.id.empty() ? kRowNumber : mapping_.id;
  const auto choose = [&](const std::string& column, const std::string& place) {
    auto number = Number(column);
    return number.ok() ? Status() : std::move(number).status().At(place);
  };
  RETURN_IF_ERROR(choose(id, "id"));
  for (const auto& [part, column] : mapping_.parts) RETURN_IF_ERROR(choose(column, part));
  for (const auto& [name, column] : mapping_.fields) RETURN_IF_ERROR(choose(column, "fields." + name));
  for (const auto& [name, column] : mapping_.metadata) RETURN_IF_ERROR(choose(column.column, "metadata." + name));
  if (!mapping_.metadata_object.empty()) RETURN_IF_ERROR(choose(mapping_.metadata_object, "metadata_object"));
  for (const auto& [space, vector] : mapping_.vectors) {
    if (vector.sqlite_vec.empty()) RETURN_IF_ERROR(choose(vector.column, "vectors." + space));
  }
  for (const auto& [name, sql] : sql_columns_) {
    if (name != kRowNumber && std::find(chosen_.begin(), chosen_.end(), name) == chosen_.end())
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
    if (sql_columns_.count(kRowNumber) == 0) {
      return InvalidArgument("the table has no row numbers to join by").At("vectors." + space);
    }
    RETURN_IF_ERROR(Number(kRowNumber).status());
    config.set_dimensions(column->dimensions());
    vec_columns_.emplace(space, *std::move(column));
  }
  return {};
}

Status SqliteTableSource::FindAmbiguousIds() {
  const std::string id = sql_columns_.at(chosen_[kIdColumn]);
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
  for (const std::string& column : chosen_) {
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
  ASSIGN_OR_RETURN(SqliteQuery query,
                   database_->Prepare(fmt::format("SELECT {} FROM {} WHERE rowid = ?1",
                                                  QuoteName(sql_columns_.at(chosen_[kIdColumn])), QuoteName(table_))));
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
    last_row_ = query_->Int(static_cast<int>(chosen_.size()));
    last_id_hash_ = HashBytes64(id);
    record->place = fmt::format("row {}", *last_row_);
  } else {
    record->place = fmt::format("row with the id {}", id);
  }
  record->raw = RawRow();
  auto memory = ReadMemory();
  if (memory.ok() && ambiguous_ids_.count(id) != 0) memory = AlreadyExists("several rows have this id").At("id");
  record->problem = memory.status();
  if (memory.ok()) record->item = *std::move(memory);
  return true;
}

Result<std::string> SqliteTableSource::Text(int column) const {
  std::string text = query_->Text(column);
  const std::string& name = chosen_[static_cast<size_t>(column)];
  if (query_->Type(column) == ColumnType::kBlob) return InvalidArgument("a blob where text is expected").At(name);
  if (!IsUtf8(text)) return InvalidArgument("the text is not UTF-8").At(name);
  return text;
}

Result<v1::Memory> SqliteTableSource::ReadMemory() {
  v1::Memory memory;
  if (query_->Type(kIdColumn) == ColumnType::kNull) return InvalidArgument("the id is NULL").At(chosen_[kIdColumn]);
  ASSIGN_OR_RETURN(*memory.mutable_id(), Text(kIdColumn));
  if (memory.id().empty()) return InvalidArgument("the id is empty").At(chosen_[kIdColumn]);
  RETURN_IF_ERROR(ReadParts(&memory));
  for (const auto& [name, column] : mapping_.fields) {
    ASSIGN_OR_RETURN(const int number, Number(column));
    if (query_->Type(number) == ColumnType::kNull) continue;
    ASSIGN_OR_RETURN((*memory.mutable_fields())[name], Text(number));
  }
  RETURN_IF_ERROR(ReadMetadata(&memory));
  RETURN_IF_ERROR(ReadVectors(&memory));
  return memory;
}

Status SqliteTableSource::ReadParts(v1::Memory* memory) {
  const auto* type = v1::Memory::descriptor();
  const auto* reflection = v1::Memory::GetReflection();
  for (const auto& [part, constant] : mapping_.constants) {
    reflection->SetString(memory, type->FindFieldByName(part), constant);
  }
  for (const auto& [part, column] : mapping_.parts) {
    ASSIGN_OR_RETURN(const int number, Number(column));
    if (query_->Type(number) == ColumnType::kNull) continue;
    const auto* field = type->FindFieldByName(part);
    switch (field->cpp_type()) {
      case google::protobuf::FieldDescriptor::CPPTYPE_STRING: {
        ASSIGN_OR_RETURN(std::string text, Text(number));
        reflection->SetString(memory, field, std::move(text));
        break;
      }
      case google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE: {
        auto time = ReadTime(*query_, number);
        if (!time.ok()) return std::move(time).status().At(column);
        reflection->MutableMessage(memory, field)->CopyFrom(ToProtoTime(*time));
        break;
      }
      case google::protobuf::FieldDescriptor::CPPTYPE_BOOL:
        reflection->SetBool(memory, field, query_->Int(number) != 0);
        break;
      default: reflection->SetDouble(memory, field, query_->Real(number));
    }
  }
  if (memory->has_created_at() && !memory->has_updated_at()) *memory->mutable_updated_at() = memory->created_at();
  return {};
}

Status SqliteTableSource::ReadMetadata(v1::Memory* memory) {
  auto& metadata = *memory->mutable_metadata();
  if (!mapping_.metadata_object.empty()) {
    ASSIGN_OR_RETURN(const int number, Number(mapping_.metadata_object));
    ASSIGN_OR_RETURN(const std::string text, Text(number));
    v1::Value value;
    if (!text.empty()) {
      const Status status = ParseJson(text, &value);
      if (!status.ok() || !value.has_object_value()) {
        return InvalidArgument(status.ok() ? "JSON but no object" : fmt::format("no JSON: {}", status.message()))
            .At(mapping_.metadata_object);
      }
      metadata = value.object_value().members();
    }
  }
  for (const auto& [name, column] : mapping_.metadata) {
    ASSIGN_OR_RETURN(const int number, Number(column.column));
    switch (query_->Type(number)) {
      case ColumnType::kNull: break;
      case ColumnType::kInteger: metadata[name].set_int_value(query_->Int(number)); break;
      case ColumnType::kReal: metadata[name].set_double_value(query_->Real(number)); break;
      default: {
        ASSIGN_OR_RETURN(std::string text, Text(number));
        if (!column.json) {
          metadata[name].set_string_value(std::move(text));
        } else if (const Status status = ParseJson(text, &metadata[name]); !status.ok()) {
          return InvalidArgument(fmt::format("no JSON: {}", status.message())).At(column.column);
        }
      }
    }
  }
  return {};
}

// Little-endian floats; nothing where the row has no such vector.
Result<std::optional<std::string>> SqliteTableSource::VectorBytes(const std::string& space, uint64_t* hash) {
  using Bytes = std::optional<std::string>;
  const auto vec = vec_columns_.find(space);
  if (vec != vec_columns_.end()) {
    ASSIGN_OR_RETURN(const int number, Number(kRowNumber));
    ASSIGN_OR_RETURN(auto bytes, vec->second.Find(query_->Int(number)));
    if (bytes) *hash = HashBytes64(fmt::format("{:016x}", *hash) + *bytes);
    return bytes;
  }
  const SqliteMapping::VectorColumn& vector = mapping_.vectors.at(space);
  ASSIGN_OR_RETURN(const int number, Number(vector.column));
  if (query_->Type(number) == ColumnType::kNull) return Bytes();
  if (vector.format == VectorFormat::kJson) {
    auto bytes = FromJsonArray(query_->Text(number));
    if (!bytes.ok()) return std::move(bytes).status().At(vector.column);
    return Bytes(*std::move(bytes));
  }
  if (query_->Type(number) != ColumnType::kBlob) return InvalidArgument("no blob").At(vector.column);
  std::string bytes = query_->Text(number);
  const size_t size = vector.format == VectorFormat::kF64 ? sizeof(double) : sizeof(float);
  if (bytes.size() % size != 0) {
    return InvalidArgument(fmt::format("{} bytes are no floats of {}", bytes.size(), size)).At(vector.column);
  }
  return Bytes(vector.format == VectorFormat::kF64 ? Narrow(bytes) : std::move(bytes));
}

Status SqliteTableSource::ReadVectors(v1::Memory* memory) {
  uint64_t hash = HashRow();
  for (const auto& [space, column] : mapping_.vectors) {
    ASSIGN_OR_RETURN(auto bytes, VectorBytes(space, &hash));
    if (!bytes || bytes->empty()) continue;
    v1::Vector& vector = space == "default" ? *memory->mutable_vector() : (*memory->mutable_vectors())[space];
    vector.set_dense_f32(*std::move(bytes));
  }
  v1::Source& source = *memory->mutable_source();
  source.set_system("sqlite:" + mapping_.table);
  source.set_id(memory->id());
  source.set_version(FirstRevision(hash));
  return {};
}

// Never change it: rows would look new to stores that have them.
uint64_t SqliteTableSource::HashRow() const {
  std::string bytes;
  for (size_t i = 0; i < chosen_.size(); ++i) {
    const std::string text = query_->Text(static_cast<int>(i));
    bytes += fmt::format("{}:{}:", static_cast<int>(query_->Type(static_cast<int>(i))), text.size());
    bytes += text;
  }
  return HashBytes64(bytes);
}

// For the rejects file: every column read, blobs and broken text in hexadecimal.
std::string SqliteTableSource::RawRow() const {
  v1::Value raw;
  auto& members = *raw.mutable_object_value()->mutable_members();
  for (size_t i = 0; i < chosen_.size(); ++i) {
    const int column = static_cast<int>(i);
    v1::Value& value = members[chosen_[i]];
    const std::string text = query_->Text(column);
    switch (query_->Type(column)) {
      case ColumnType::kNull: value.set_null_value(true); break;
      case ColumnType::kInteger: value.set_int_value(query_->Int(column)); break;
      case ColumnType::kReal: value.set_double_value(query_->Real(column)); break;
      case ColumnType::kText:
      case ColumnType::kBlob: {
        if (query_->Type(column) == ColumnType::kText && IsUtf8(text)) {
          value.set_string_value(text);
          break;
        }
        std::string hex = "hex:";
        for (const char c : text) hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
        value.set_string_value(std::move(hex));
      }
    }
  }
  return PrintJson(raw);
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

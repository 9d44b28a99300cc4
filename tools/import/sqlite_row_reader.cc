#include "tools/import/sqlite_row_reader.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "api/json.h"
#include "base/hash.h"
#include "base/utf8.h"
#include "tools/import/loose_time.h"
#include "tools/import/revision.h"
#include "tools/import/sqlite_raw_row.h"

namespace engram {
namespace {

constexpr int kIdColumn = 0;

std::string Join(const std::set<std::string>& names) {
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

Result<int> SqliteRowReader::Number(const std::string& column) {
  if (known_.count(column) == 0) {
    return InvalidArgument(fmt::format("{} has no column {}; it has: {}", mapping_.table, column, Join(known_)));
  }
  const auto found = std::find(chosen_.begin(), chosen_.end(), column);
  if (found != chosen_.end()) return static_cast<int>(found - chosen_.begin());
  chosen_.push_back(column);
  return static_cast<int>(chosen_.size() - 1);
}

Status SqliteRowReader::Choose() {
  const std::string& id = mapping_.id.empty() ? kSqliteRowNumber : mapping_.id;
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
  return {};
}

Status SqliteRowReader::TakeVectorsFrom(const std::string& space, SqliteVecColumn column) {
  RETURN_IF_ERROR(Number(kSqliteRowNumber).status());
  vec_columns_.emplace(space, std::move(column));
  return {};
}

Result<std::string> SqliteRowReader::Text(const SqliteQuery& row, int column) const {
  std::string text = row.Text(column);
  const std::string& name = chosen_[static_cast<size_t>(column)];
  if (row.Type(column) == ColumnType::kBlob) return InvalidArgument("a blob where text is expected").At(name);
  if (!IsUtf8(text)) return InvalidArgument("the text is not UTF-8").At(name);
  return text;
}

Result<v1::Memory> SqliteRowReader::Read(const SqliteQuery& row) {
  v1::Memory memory;
  if (row.Type(kIdColumn) == ColumnType::kNull) return InvalidArgument("the id is NULL").At(chosen_[kIdColumn]);
  ASSIGN_OR_RETURN(*memory.mutable_id(), Text(row, kIdColumn));
  if (memory.id().empty()) return InvalidArgument("the id is empty").At(chosen_[kIdColumn]);
  RETURN_IF_ERROR(ReadParts(row, &memory));
  for (const auto& [name, column] : mapping_.fields) {
    ASSIGN_OR_RETURN(const int number, Number(column));
    if (row.Type(number) == ColumnType::kNull) continue;
    ASSIGN_OR_RETURN((*memory.mutable_fields())[name], Text(row, number));
  }
  RETURN_IF_ERROR(ReadMetadata(row, &memory));
  RETURN_IF_ERROR(ReadVectors(row, &memory));
  return memory;
}

Status SqliteRowReader::ReadParts(const SqliteQuery& row, v1::Memory* memory) {
  const auto* type = v1::Memory::descriptor();
  const auto* reflection = v1::Memory::GetReflection();
  for (const auto& [part, constant] : mapping_.constants) {
    reflection->SetString(memory, type->FindFieldByName(part), constant);
  }
  for (const auto& [part, column] : mapping_.parts) {
    ASSIGN_OR_RETURN(const int number, Number(column));
    if (row.Type(number) == ColumnType::kNull) continue;
    const auto* field = type->FindFieldByName(part);
    switch (field->cpp_type()) {
      case google::protobuf::FieldDescriptor::CPPTYPE_STRING: {
        ASSIGN_OR_RETURN(std::string text, Text(row, number));
        reflection->SetString(memory, field, std::move(text));
        break;
      }
      case google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE: {
        auto time = ReadTime(row, number);
        if (!time.ok()) return std::move(time).status().At(column);
        reflection->MutableMessage(memory, field)->CopyFrom(ToProtoTime(*time));
        break;
      }
      case google::protobuf::FieldDescriptor::CPPTYPE_BOOL:
        reflection->SetBool(memory, field, row.Int(number) != 0);
        break;
      default: reflection->SetDouble(memory, field, row.Real(number));
    }
  }
  if (memory->has_created_at() && !memory->has_updated_at()) *memory->mutable_updated_at() = memory->created_at();
  return {};
}

Status SqliteRowReader::ReadMetadata(const SqliteQuery& row, v1::Memory* memory) {
  auto& metadata = *memory->mutable_metadata();
  if (!mapping_.metadata_object.empty()) {
    ASSIGN_OR_RETURN(const int number, Number(mapping_.metadata_object));
    ASSIGN_OR_RETURN(const std::string text, Text(row, number));
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
    switch (row.Type(number)) {
      case ColumnType::kNull: break;
      case ColumnType::kInteger: metadata[name].set_int_value(row.Int(number)); break;
      case ColumnType::kReal: metadata[name].set_double_value(row.Real(number)); break;
      default: {
        ASSIGN_OR_RETURN(std::string text, Text(row, number));
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
Result<std::optional<std::string>> SqliteRowReader::VectorBytes(const SqliteQuery& row, const std::string& space,
                                                                uint64_t* hash) {
  using Bytes = std::optional<std::string>;
  const auto vec = vec_columns_.find(space);
  if (vec != vec_columns_.end()) {
    ASSIGN_OR_RETURN(const int number, Number(kSqliteRowNumber));
    ASSIGN_OR_RETURN(auto bytes, vec->second.Find(row.Int(number)));
    if (bytes) *hash = HashBytes64(fmt::format("{:016x}", *hash) + *bytes);
    return bytes;
  }
  const SqliteMapping::VectorColumn& vector = mapping_.vectors.at(space);
  ASSIGN_OR_RETURN(const int number, Number(vector.column));
  if (row.Type(number) == ColumnType::kNull) return Bytes();
  if (vector.format == VectorFormat::kJson) {
    auto bytes = FromJsonArray(row.Text(number));
    if (!bytes.ok()) return std::move(bytes).status().At(vector.column);
    return Bytes(*std::move(bytes));
  }
  if (row.Type(number) != ColumnType::kBlob) return InvalidArgument("no blob").At(vector.column);
  std::string bytes = row.Text(number);
  const size_t size = vector.format == VectorFormat::kF64 ? sizeof(double) : sizeof(float);
  if (bytes.size() % size != 0) {
    return InvalidArgument(fmt::format("{} bytes are no floats of {}", bytes.size(), size)).At(vector.column);
  }
  return Bytes(vector.format == VectorFormat::kF64 ? Narrow(bytes) : std::move(bytes));
}

Status SqliteRowReader::ReadVectors(const SqliteQuery& row, v1::Memory* memory) {
  uint64_t hash = HashRow(row);
  for (const auto& [space, column] : mapping_.vectors) {
    ASSIGN_OR_RETURN(auto bytes, VectorBytes(row, space, &hash));
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
uint64_t SqliteRowReader::HashRow(const SqliteQuery& row) const {
  std::string bytes;
  for (size_t i = 0; i < chosen_.size(); ++i) {
    const std::string text = row.Text(static_cast<int>(i));
    bytes += fmt::format("{}:{}:", static_cast<int>(row.Type(static_cast<int>(i))), text.size());
    bytes += text;
  }
  return HashBytes64(bytes);
}

std::string SqliteRowReader::Raw(const SqliteQuery& row) const { return RawRow(row, chosen_); }

}  // namespace engram

#include "tools/import/sqlite_cells.h"

#include <charconv>
#include <cstring>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "api/json.h"
#include "tools/import/dense_floats.h"

namespace engram {
namespace {

// From the one that gives way to the one that stays, where one column stands for several.
constexpr const char* kTimes[] = {"updated_at", "created_at", "event_time", "expires_at"};

Timestamp TimeOf(const google::protobuf::Timestamp& time) {
  return {time.seconds() * 1'000'000 + time.nanos() / 1'000};
}

SqliteCell AsCell(WrittenTime time) {
  return std::visit([](auto&& value) { return SqliteCell(std::forward<decltype(value)>(value)); }, std::move(time));
}

SqliteCell TextCell(const std::string& text) { return text.empty() ? SqliteCell() : SqliteCell(text); }

SqliteCell MetadataCell(const v1::Value& value, bool json) {
  if (json) return PrintJson(value);
  switch (value.kind_case()) {
    case v1::Value::kIntValue: return value.int_value();
    case v1::Value::kDoubleValue: return value.double_value();
    case v1::Value::kStringValue: return value.string_value();
    default: return {};
  }
}

template <class Number>
SqliteCell NumbersCell(const std::vector<float>& floats) {
  const std::vector<Number> numbers(floats.begin(), floats.end());
  std::string bytes(numbers.size() * sizeof(Number), '\0');
  std::memcpy(bytes.data(), numbers.data(), bytes.size());
  return SqliteBlob{std::move(bytes)};
}

Result<SqliteCell> VectorCell(const v1::Vector& vector, VectorFormat format) {
  if (vector.has_sparse() || vector.has_multi()) return InvalidArgument("a column holds a dense vector alone");
  const std::vector<float> floats = DenseFloats(vector);
  if (floats.empty()) return SqliteCell();
  switch (format) {
    case VectorFormat::kF32: return NumbersCell<float>(floats);
    case VectorFormat::kF64: return NumbersCell<double>(floats);
    case VectorFormat::kJson: break;
  }
  // The shortest text that reads back as the same float.
  return SqliteCell(fmt::format("[{}]", fmt::join(floats, ",")));
}

void AddParts(const v1::Memory& memory, const SqliteMapping& mapping, const std::map<std::string, TimeForm>& times,
              SqliteCells* cells) {
  const auto* type = v1::Memory::descriptor();
  const auto* reflection = v1::Memory::GetReflection();
  const auto set = [&](const std::string& column, SqliteCell cell) {
    // NULL is what another part of this column may still fill.
    if (cell.index() != 0 || cells->count(column) == 0) (*cells)[column] = std::move(cell);
  };
  for (const auto& [part, column] : mapping.parts) {
    const auto* field = type->FindFieldByName(part);
    switch (field->cpp_type()) {
      case google::protobuf::FieldDescriptor::CPPTYPE_STRING:
        set(column, TextCell(reflection->GetString(memory, field)));
        break;
      case google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE: break;  // below, in their order
      case google::protobuf::FieldDescriptor::CPPTYPE_BOOL:
        set(column, reflection->HasField(memory, field) ? SqliteCell(int64_t{reflection->GetBool(memory, field)})
                                                        : SqliteCell());
        break;
      default:
        set(column,
            reflection->HasField(memory, field) ? SqliteCell(reflection->GetDouble(memory, field)) : SqliteCell());
    }
  }
  for (const char* part : kTimes) {
    const auto column = mapping.parts.find(part);
    if (column == mapping.parts.end()) continue;
    const auto* field = type->FindFieldByName(part);
    if (!reflection->HasField(memory, field)) {
      set(column->second, SqliteCell());
      continue;
    }
    const auto& time =
        static_cast<const google::protobuf::Timestamp&>(reflection->GetMessage(memory, field));  // as the .proto has it
    const auto form = times.find(column->second);
    set(column->second, AsCell((form == times.end() ? TimeForm() : form->second).Write(TimeOf(time))));
  }
}

void AddMetadata(const v1::Memory& memory, const SqliteMapping& mapping, SqliteCells* cells) {
  v1::Value rest;
  auto& members = *rest.mutable_object_value()->mutable_members();
  members = memory.metadata();
  for (const auto& [name, column] : mapping.metadata) {
    const auto value = memory.metadata().find(name);
    (*cells)[column.column] =
        value == memory.metadata().end() ? SqliteCell() : MetadataCell(value->second, column.json);
    members.erase(name);
  }
  if (mapping.metadata_object.empty()) return;
  (*cells)[mapping.metadata_object] = members.empty() ? SqliteCell() : SqliteCell(PrintJson(rest));
}

}  // namespace

void BindCell(const SqliteCell& cell, int parameter, SqliteQuery* query) {
  struct Binder {
    SqliteQuery* query;
    int parameter;
    void operator()(std::monostate) const { query->BindNull(parameter); }
    void operator()(int64_t value) const { query->BindInt(parameter, value); }
    void operator()(double value) const { query->BindReal(parameter, value); }
    void operator()(const std::string& value) const { query->BindText(parameter, value); }
    void operator()(const SqliteBlob& value) const { query->BindBlob(parameter, value.bytes); }
  };
  std::visit(Binder{query, parameter}, cell);
}

Result<SqliteCells> CellsOf(const v1::Memory& memory, const SqliteMapping& mapping,
                            const std::map<std::string, TimeForm>& times) {
  SqliteCells cells;
  AddParts(memory, mapping, times, &cells);
  for (const auto& [name, column] : mapping.fields) {
    const auto text = memory.fields().find(name);
    cells[column] = text == memory.fields().end() ? SqliteCell() : SqliteCell(text->second);
  }
  AddMetadata(memory, mapping, &cells);
  for (const auto& [space, column] : mapping.vectors) {
    const auto named = memory.vectors().find(space);
    const v1::Vector* vector = named == memory.vectors().end() ? nullptr : &named->second;
    if (space == "default" && memory.has_vector()) vector = &memory.vector();
    cells[column.column] = SqliteCell();
    if (vector == nullptr) continue;
    auto cell = VectorCell(*vector, column.format);
    if (!cell.ok()) return std::move(cell).status().At("vectors." + space);
    cells[column.column] = *std::move(cell);
  }
  return cells;
}

SqliteCell IdCell(const std::string& id) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), number);
  const bool whole = error == std::errc() && end == id.data() + id.size() && std::to_string(number) == id;
  return whole ? SqliteCell(number) : SqliteCell(id);
}

}  // namespace engram

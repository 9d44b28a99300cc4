#include <algorithm>
#include <bit>
#include <cstring>
#include <vector>

#include "api/json_writer.h"

namespace engram {
namespace {

void AppendObject(const v1::Value::Object& object, std::string* out) {
  // protobuf's maps have no order; ours has, so that equal messages give equal text.
  std::vector<const google::protobuf::MapPair<std::string, v1::Value>*> members;
  members.reserve(object.members().size());
  for (const auto& member : object.members()) members.push_back(&member);
  std::sort(members.begin(), members.end(), [](const auto* a, const auto* b) { return a->first < b->first; });
  char separator = '{';
  for (const auto* member : members) {
    out->push_back(separator);
    separator = ',';
    AppendJsonString(member->first, out);
    out->push_back(':');
    AppendJsonValue(member->second, out);
  }
  out->append(members.empty() ? "{}" : "}");
}

// AppendItem is called with each index below `count`.
template <class AppendItem>
void AppendArray(int count, std::string* out, AppendItem append_item) {
  out->push_back('[');
  for (int i = 0; i < count; ++i) {
    if (i > 0) out->push_back(',');
    append_item(i);
  }
  out->push_back(']');
}

void AppendFloats(const google::protobuf::RepeatedField<float>& values, std::string* out) {
  AppendArray(values.size(), out, [&](int i) { AppendJsonFloat(values[i], out); });
}

void AppendFloatBytes(const std::string& bytes, std::string* out) {
  static_assert(std::endian::native == std::endian::little);
  AppendArray(static_cast<int>(bytes.size() / sizeof(float)), out, [&](int i) {
    float value;
    std::memcpy(&value, bytes.data() + static_cast<size_t>(i) * sizeof(float), sizeof(float));
    AppendJsonFloat(value, out);
  });
}

}  // namespace

void AppendJsonValue(const v1::Value& value, std::string* out) {
  switch (value.kind_case()) {
    case v1::Value::KIND_NOT_SET:
    case v1::Value::kNullValue: out->append("null"); return;
    case v1::Value::kBoolValue: out->append(value.bool_value() ? "true" : "false"); return;
    case v1::Value::kIntValue: return AppendJsonInteger(int64_t{value.int_value()}, out);
    case v1::Value::kUintValue: return AppendJsonInteger(uint64_t{value.uint_value()}, out);
    case v1::Value::kDoubleValue: return AppendJsonDouble(value.double_value(), out);
    case v1::Value::kStringValue: return AppendJsonString(value.string_value(), out);
    case v1::Value::kListValue: {
      const auto& values = value.list_value().values();
      return AppendArray(values.size(), out, [&](int i) { AppendJsonValue(values[i], out); });
    }
    case v1::Value::kObjectValue: return AppendObject(value.object_value(), out);
  }
}

void AppendJsonVector(const v1::Vector& vector, std::string* out) {
  switch (vector.kind_case()) {
    case v1::Vector::KIND_NOT_SET: out->append("[]"); return;
    case v1::Vector::kDense: return AppendFloats(vector.dense().values(), out);
    case v1::Vector::kDenseF32: return AppendFloatBytes(vector.dense_f32(), out);
    case v1::Vector::kMulti: {
      const auto& rows = vector.multi().rows();
      return AppendArray(rows.size(), out, [&](int i) { AppendFloats(rows[i].values(), out); });
    }
    case v1::Vector::kSparse: break;
  }
  const auto& indices = vector.sparse().indices();
  out->append("{\"indices\":");
  AppendArray(indices.size(), out, [&](int i) { AppendJsonInteger(uint64_t{indices[i]}, out); });
  out->append(",\"values\":");
  AppendFloats(vector.sparse().values(), out);
  out->push_back('}');
}

}  // namespace engram

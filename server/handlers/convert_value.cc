#include "server/handlers/convert_value.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "base/value_coding.h"
#include "engine/config.h"

namespace engram {
namespace {

constexpr int64_t kFirstSecond = -62'135'596'800;  // 0001-01-01T00:00:00Z
constexpr int64_t kLastSecond = 253'402'300'799;   // 9999-12-31T23:59:59Z

// A key as a step of a field path.
std::string PathStep(std::string_view key) {
  std::string step;
  for (const char c : key) {
    if (c == '.' || c == '\\') step += '\\';
    step += c;
  }
  return step;
}

Result<Value> ToValueAtDepth(const v1::Value& value, uint32_t depth);

Result<Value::Object> ToObjectAtDepth(const ProtoObject& members, uint32_t depth) {
  if (depth >= kValueDepthMax) return InvalidArgument(fmt::format("nested deeper than {} levels", kValueDepthMax));
  Value::Object object;
  for (const auto& [key, member] : members) {
    Result<Value> converted = ToValueAtDepth(member, depth + 1);
    if (!converted.ok()) return std::move(converted).status().Under(PathStep(key));
    object.emplace(key, *std::move(converted));
  }
  return object;
}

Result<Value::List> ToListAtDepth(const v1::Value::List& list, uint32_t depth) {
  if (depth >= kValueDepthMax) return InvalidArgument(fmt::format("nested deeper than {} levels", kValueDepthMax));
  Value::List values;
  values.reserve(static_cast<size_t>(list.values_size()));
  for (int i = 0; i < list.values_size(); ++i) {
    Result<Value> converted = ToValueAtDepth(list.values(i), depth + 1);
    if (!converted.ok()) return std::move(converted).status().Under(fmt::format("[{}]", i));
    values.push_back(*std::move(converted));
  }
  return values;
}

Result<Value> ToValueAtDepth(const v1::Value& value, uint32_t depth) {
  switch (value.kind_case()) {
    case v1::Value::kBoolValue: return Value(value.bool_value());
    case v1::Value::kIntValue: return Value(int64_t{value.int_value()});
    case v1::Value::kUintValue: return Value(uint64_t{value.uint_value()});
    case v1::Value::kDoubleValue:
      if (!std::isfinite(value.double_value())) return Unprocessable("a number must be finite");
      return Value(value.double_value());
    case v1::Value::kStringValue: return Value(value.string_value());
    case v1::Value::kListValue: {
      ASSIGN_OR_RETURN(Value::List list, ToListAtDepth(value.list_value(), depth));
      return Value(std::move(list));
    }
    case v1::Value::kObjectValue: {
      ASSIGN_OR_RETURN(Value::Object object, ToObjectAtDepth(value.object_value().members(), depth));
      return Value(std::move(object));
    }
    case v1::Value::kNullValue:
    case v1::Value::KIND_NOT_SET: break;
  }
  return Value();
}

// Where the first component stands that is not finite, or nothing.
std::optional<size_t> FindNotFinite(const std::vector<float>& values) {
  for (size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) return i;
  }
  return std::nullopt;
}

Status CheckFinite(const std::vector<float>& values) {
  const std::optional<size_t> at = FindNotFinite(values);
  if (at) return Unprocessable(fmt::format("component {} is not a finite number", *at));
  return Status::Ok();
}

Status CheckLength(size_t length, const RequestLimits& limits) {
  if (length == 0) return InvalidArgument("a vector needs at least one component");
  if (length > limits.dimensions) {
    return Unprocessable(fmt::format("{} dimensions are more than {}", length, limits.dimensions))
        .With("got", std::to_string(length))
        .With("limit", std::to_string(limits.dimensions));
  }
  return Status::Ok();
}

Result<VectorValue> ToDense(DenseVector values, const RequestLimits& limits) {
  RETURN_IF_ERROR(CheckLength(values.size(), limits));
  RETURN_IF_ERROR(CheckFinite(values));
  return VectorValue(std::move(values));
}

Result<VectorValue> ToDenseFromBytes(const std::string& bytes, const RequestLimits& limits) {
  static_assert(std::endian::native == std::endian::little);
  if (bytes.size() % sizeof(float) != 0) {
    return InvalidArgument(fmt::format("{} bytes are no whole number of 32-bit floats", bytes.size()));
  }
  DenseVector values(bytes.size() / sizeof(float));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return ToDense(std::move(values), limits);
}

Result<VectorValue> ToSparse(const v1::Vector::Sparse& sparse, const RequestLimits& limits) {
  SparseVector out;
  out.indices.assign(sparse.indices().begin(), sparse.indices().end());
  out.values.assign(sparse.values().begin(), sparse.values().end());
  if (out.indices.size() != out.values.size()) {
    return InvalidArgument(fmt::format("{} indices do not go with {} values", out.indices.size(), out.values.size()));
  }
  for (size_t i = 1; i < out.indices.size(); ++i) {
    if (out.indices[i - 1] >= out.indices[i]) {
      return InvalidArgument(
                 fmt::format("indices must ascend: {} is followed by {}", out.indices[i - 1], out.indices[i]))
          .At(fmt::format("indices[{}]", i));
    }
  }
  RETURN_IF_ERROR(CheckLength(out.values.size(), limits));
  RETURN_IF_ERROR(CheckFinite(out.values));
  return VectorValue(std::move(out));
}

Result<VectorValue> ToMulti(const v1::Vector::Multi& multi, const RequestLimits& limits) {
  if (multi.rows().empty()) return InvalidArgument("a vector needs at least one row");
  if (multi.rows_size() > static_cast<int>(limits.multi_rows)) {
    return Unprocessable(fmt::format("{} rows are more than {}", multi.rows_size(), limits.multi_rows));
  }
  MultiVector out;
  const int length = multi.rows(0).values_size();
  RETURN_IF_ERROR(CheckLength(static_cast<size_t>(length), limits));
  out.dimensions = static_cast<uint32_t>(length);
  out.values.reserve(static_cast<size_t>(length) * static_cast<size_t>(multi.rows_size()));
  for (int i = 0; i < multi.rows_size(); ++i) {
    const auto& row = multi.rows(i).values();
    if (row.size() != length) {
      return Unprocessable(fmt::format("rows of {} and of {} components", length, row.size()))
          .At(fmt::format("[{}]", i));
    }
    out.values.insert(out.values.end(), row.begin(), row.end());
  }
  RETURN_IF_ERROR(CheckFinite(out.values));
  return VectorValue(std::move(out));
}

void FromFloats(const float* values, size_t n, v1::Vector::Dense* out) {
  out->mutable_values()->Add(values, values + n);
}

}  // namespace

Result<Value> ToValue(const v1::Value& value) { return ToValueAtDepth(value, 0); }
Result<Value::Object> ToObject(const ProtoObject& members) { return ToObjectAtDepth(members, 0); }

void FromValue(const Value& value, v1::Value* out) {
  switch (value.kind()) {
    case Value::Kind::kNull: out->set_null_value(true); break;
    case Value::Kind::kBool: out->set_bool_value(value.as_bool()); break;
    case Value::Kind::kInt: out->set_int_value(value.as_int()); break;
    case Value::Kind::kUint: out->set_uint_value(value.as_uint()); break;
    case Value::Kind::kDouble: out->set_double_value(value.as_double()); break;
    case Value::Kind::kString: out->set_string_value(value.as_string()); break;
    case Value::Kind::kList: {
      v1::Value::List* list = out->mutable_list_value();
      for (const Value& element : value.as_list()) FromValue(element, list->add_values());
      break;
    }
    case Value::Kind::kObject: FromObject(value.as_object(), out->mutable_object_value()->mutable_members()); break;
  }
}

void FromObject(const Value::Object& object, ProtoObject* out) {
  for (const auto& [key, member] : object) FromValue(member, &(*out)[key]);
}

Result<Timestamp> ToTimestamp(const google::protobuf::Timestamp& time) {
  if (time.seconds() < kFirstSecond || time.seconds() > kLastSecond || time.nanos() < 0 || time.nanos() > 999'999'999) {
    return InvalidArgument("a time must lie in the years 1 to 9999");
  }
  return Timestamp{time.seconds() * 1'000'000 + time.nanos() / 1000};
}

void FromTimestamp(Timestamp time, google::protobuf::Timestamp* out) {
  int64_t seconds = time.micros / 1'000'000;
  int64_t micros = time.micros % 1'000'000;
  if (micros < 0) {
    micros += 1'000'000;
    --seconds;
  }
  out->set_seconds(seconds);
  out->set_nanos(static_cast<int32_t>(micros * 1000));
}

Result<VectorValue> ToVector(const v1::Vector& vector, const RequestLimits& limits) {
  switch (vector.kind_case()) {
    case v1::Vector::kDense:
      return ToDense(DenseVector(vector.dense().values().begin(), vector.dense().values().end()), limits);
    case v1::Vector::kDenseF32: return ToDenseFromBytes(vector.dense_f32(), limits);
    case v1::Vector::kSparse: return ToSparse(vector.sparse(), limits);
    case v1::Vector::kMulti: return ToMulti(vector.multi(), limits);
    case v1::Vector::KIND_NOT_SET: break;
  }
  return InvalidArgument("a vector needs at least one component");
}

void FromVector(const VectorValue& vector, v1::Vector* out) {
  if (const auto* dense = std::get_if<DenseVector>(&vector)) {
    FromFloats(dense->data(), dense->size(), out->mutable_dense());
  } else if (const auto* sparse = std::get_if<SparseVector>(&vector)) {
    out->mutable_sparse()->mutable_indices()->Add(sparse->indices.begin(), sparse->indices.end());
    out->mutable_sparse()->mutable_values()->Add(sparse->values.begin(), sparse->values.end());
  } else {
    const auto& multi = std::get<MultiVector>(vector);
    v1::Vector::Multi* rows = out->mutable_multi();
    for (size_t at = 0; at < multi.values.size(); at += multi.dimensions) {
      FromFloats(multi.values.data() + at, multi.dimensions, rows->add_rows());
    }
  }
}

Status CheckScopes(const Scopes& scopes) {
  const std::pair<std::string_view, const std::string&> named[] = {{"user_id", scopes.user_id},
                                                                   {"agent_id", scopes.agent_id},
                                                                   {"run_id", scopes.run_id},
                                                                   {"app_id", scopes.app_id},
                                                                   {"actor_id", scopes.actor_id}};
  for (const auto& [name, value] : named) {
    if (value.empty()) continue;
    if (Status status = CheckId(name, value); !status.ok()) return std::move(status).At(std::string(name));
  }
  return Status::Ok();
}

Status CheckLabel(const std::string& field, const std::string& value, size_t bytes_max) {
  if (value.size() <= bytes_max) return Status::Ok();
  return InvalidArgument(fmt::format("{} bytes are more than {}", value.size(), bytes_max)).At(field);
}

}  // namespace engram

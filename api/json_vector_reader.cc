#include <cmath>

#include <fmt/format.h>

#include "api/base64.h"
#include "api/json_reader.h"

namespace engram {
namespace {

using google::protobuf::RepeatedField;
using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

// The parser counts no further; a body of 32 MiB holds no such array of numbers in practice.
constexpr size_t kCountMax = 0xffffff;

Status ReadFloats(array numbers, RepeatedField<float>* values) {
  const size_t count = numbers.size();
  if (count >= kCountMax) return InvalidArgument("too many numbers");
  values->Resize(static_cast<int>(count), 0);
  float* out = values->mutable_data();
  size_t i = 0;
  for (const element number : numbers) {
    double wide = 0;
    if (number.get_double().get(wide) != simdjson::SUCCESS) {
      return WrongType("a number", number).At(fmt::format("[{}]", i));
    }
    const auto narrow = static_cast<float>(wide);
    if (std::isinf(narrow)) {
      return Unprocessable(fmt::format("{} does not fit a 32-bit float", wide)).At(fmt::format("[{}]", i));
    }
    out[i++] = narrow;
  }
  return Status::Ok();
}

Status ReadIndices(array numbers, RepeatedField<uint32_t>* indices) {
  indices->Reserve(static_cast<int>(numbers.size()));
  size_t i = 0;
  for (const element number : numbers) {
    uint64_t index = 0;
    if (number.get_uint64().get(index) != simdjson::SUCCESS || index > UINT32_MAX) {
      return InvalidArgument("expected an integer from 0 to 4294967295").At(fmt::format("[{}]", i));
    }
    indices->Add(static_cast<uint32_t>(index));
    ++i;
  }
  return Status::Ok();
}

Status ReadRows(array rows, v1::Vector::Multi* multi) {
  size_t i = 0;
  for (const element row : rows) {
    array numbers;
    if (row.get_array().get(numbers) != simdjson::SUCCESS) {
      return WrongType("an array of numbers", row).At(fmt::format("[{}]", i));
    }
    Status status = ReadFloats(numbers, multi->add_rows()->mutable_values());
    if (!status.ok()) return std::move(status).Under(fmt::format("[{}]", i));
    ++i;
  }
  return Status::Ok();
}

Status ReadBase64(element json, v1::Vector* vector) {
  std::string_view text;
  if (json.get_string().get(text) != simdjson::SUCCESS) return WrongType("a base64 string", json).At("f32_base64");
  std::optional<std::string> bytes = DecodeBase64(text);
  if (!bytes || bytes->size() % sizeof(float) != 0) {
    return InvalidArgument("not the base64 of little-endian 32-bit floats").At("f32_base64");
  }
  vector->set_dense_f32(*std::move(bytes));
  return Status::Ok();
}

Status ReadSparsePart(std::string_view key, element json, v1::Vector::Sparse* sparse) {
  array numbers;
  if (json.get_array().get(numbers) != simdjson::SUCCESS) return WrongType("an array of numbers", json);
  return key == "indices" ? ReadIndices(numbers, sparse->mutable_indices())
                          : ReadFloats(numbers, sparse->mutable_values());
}

// {"indices": […], "values": […]} or {"f32_base64": "…"}.
Status ReadVectorObject(object json, v1::Vector* vector) {
  bool indices = false;
  bool values = false;
  bool base64 = false;
  for (const auto [key, item] : json) {
    bool* seen = key == "indices" ? &indices : key == "values" ? &values : key == "f32_base64" ? &base64 : nullptr;
    if (seen == nullptr) {
      return InvalidArgument("a vector is an array, {\"indices\", \"values\"} or {\"f32_base64\"}")
          .At(std::string(key));
    }
    if (*seen) return DuplicateKey(key);
    *seen = true;
    if (seen == &base64) {
      RETURN_IF_ERROR(ReadBase64(item, vector));
      continue;
    }
    Status status = ReadSparsePart(key, item, vector->mutable_sparse());
    if (!status.ok()) return std::move(status).Under(key);
  }
  if (base64 != (indices && values) && indices == values) return Status::Ok();
  return InvalidArgument("a vector object has either indices and values, or f32_base64");
}

}  // namespace

Status ReadVector(element json, v1::Vector* vector) {
  object members;
  if (json.get_object().get(members) == simdjson::SUCCESS) return ReadVectorObject(members, vector);
  array items;
  if (json.get_array().get(items) != simdjson::SUCCESS) return WrongType("a vector", json);
  if (items.begin() != items.end() && (*items.begin()).is_array()) return ReadRows(items, vector->mutable_multi());
  return ReadFloats(items, vector->mutable_dense()->mutable_values());
}

}  // namespace engram

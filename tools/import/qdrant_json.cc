#include "tools/import/qdrant_json.h"

#include <charconv>
#include <limits>
#include <utility>

#include <fmt/format.h>
#include <simdjson.h>

#include "api/json.h"
#include "base/hash.h"
#include "tools/import/qdrant_config.h"
#include "tools/import/qdrant_point.h"

namespace engram {
namespace {

using google::protobuf::RepeatedField;
using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

constexpr size_t kUuidChars = 36;

Result<std::string> ReadId(element json) {
  uint64_t number = 0;
  std::string_view text;
  if (json.get_uint64().get(number) == simdjson::SUCCESS) return std::to_string(number);
  if (json.get_string().get(text) == simdjson::SUCCESS) {
    if (auto uuid = CanonicalUuid(text)) return *std::move(uuid);
  }
  return InvalidArgument("the id is neither an unsigned integer nor a UUID").At("id");
}

// What is beyond a float becomes infinite, which checks refuse.
bool AsFloat(element json, float* number) {
  constexpr double kMax = std::numeric_limits<float>::max();
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  double value = 0;
  if (json.get_double().get(value) != simdjson::SUCCESS) return false;
  *number = value > kMax ? kInfinity : value < -kMax ? -kInfinity : static_cast<float>(value);
  return true;
}

Status ReadFloats(array numbers, RepeatedField<float>* out) {
  for (const element json : numbers) {
    float number = 0;
    if (!AsFloat(json, &number))
      return InvalidArgument("a component is no number").At(fmt::format("[{}]", out->size()));
    out->Add(number);
  }
  return {};
}

Status ReadSparse(object json, v1::Vector* vector) {
  array indices;
  array values;
  if (json["indices"].get(indices) != simdjson::SUCCESS || json["values"].get(values) != simdjson::SUCCESS) {
    return InvalidArgument("no sparse vector: its indices or values are missing");
  }
  if (indices.size() != values.size()) {
    return InvalidArgument(fmt::format("{} indices and {} values", indices.size(), values.size()));
  }
  std::vector<std::pair<uint32_t, float>> entries;
  entries.reserve(indices.size());
  auto value = values.begin();
  for (const element json_index : indices) {
    uint64_t index = 0;
    float weight = 0;
    const bool fits = json_index.get_uint64().get(index) == simdjson::SUCCESS && index <= UINT32_MAX;
    if (!fits || !AsFloat(*value, &weight)) {
      return InvalidArgument(fmt::format("entry {} is no index of 32 bits with a number", entries.size()));
    }
    entries.emplace_back(static_cast<uint32_t>(index), weight);
    ++value;
  }
  return SetSparse(std::move(entries), vector);
}

Status ReadVector(element json, v1::Vector* vector) {
  object sparse;
  if (json.get_object().get(sparse) == simdjson::SUCCESS) return ReadSparse(sparse, vector);
  array items;
  if (json.get_array().get(items) != simdjson::SUCCESS) {
    return InvalidArgument("neither a list of numbers nor a sparse vector");
  }
  const bool multi = items.begin() != items.end() && (*items.begin()).is_array();
  if (!multi) return ReadFloats(items, vector->mutable_dense()->mutable_values());
  size_t i = 0;
  for (const element row : items) {
    array numbers;
    if (row.get_array().get(numbers) != simdjson::SUCCESS) {
      return InvalidArgument("a number among rows").At(fmt::format("[{}]", i));
    }
    Status status = ReadFloats(numbers, vector->mutable_multi()->add_rows()->mutable_values());
    if (!status.ok()) return std::move(status).Under(fmt::format("[{}]", i));
    ++i;
  }
  return {};
}

Status ReadVectors(element json, StoredPoint* point) {
  if (json.is_null()) return {};
  object named;
  if (json.get_object().get(named) != simdjson::SUCCESS) {
    array items;
    // An empty list is what a point without a vector has.
    if (json.get_array().get(items) == simdjson::SUCCESS && items.begin() == items.end()) return {};
    return ReadVector(json, &point->vectors["default"]);
  }
  for (const auto [name, vector] : named) {
    const std::string space = name.empty() ? "default" : std::string(name);
    if (point->vectors.count(space) != 0) return InvalidArgument(fmt::format("two vectors \"{}\"", space));
    Status status = ReadVector(vector, &point->vectors[space]);
    if (!status.ok()) return std::move(status).Under(space);
  }
  return {};
}

Status ReadPayload(element json, StoredPoint* point) {
  if (json.is_null()) return {};
  v1::Value value;
  // By the reader that checks everything: depth, keys that come twice, the range of numbers.
  RETURN_IF_ERROR(ParseJson(simdjson::minify(json), &value));
  if (!value.has_object_value()) return InvalidArgument("no object");
  for (auto& [key, member] : *value.mutable_object_value()->mutable_members()) point->payload[key] = std::move(member);
  return {};
}

Status ReadPoint(object json, StoredPoint* point) {
  element id;
  if (json["id"].get(id) != simdjson::SUCCESS) return InvalidArgument("the point has no id").At("id");
  ASSIGN_OR_RETURN(point->id, ReadId(id));
  element part;
  if (json["vector"].get(part) == simdjson::SUCCESS) {
    if (Status status = ReadVectors(part, point); !status.ok()) return std::move(status).Under("vector");
  }
  if (json["payload"].get(part) == simdjson::SUCCESS) {
    if (Status status = ReadPayload(part, point); !status.ok()) return std::move(status).Under("payload");
  }
  return {};
}

uint64_t FingerprintOf(const StoredPoint& point) {
  std::string all = point.id;
  for (const auto& [space, vector] : point.vectors) all += fmt::format("\n{}\n{}", space, PrintJson(vector));
  for (const auto& [key, value] : point.payload) all += fmt::format("\n{}\n{}", key, PrintJson(value));
  return HashBytes64(all);
}

std::vector<StoredPoint> ReadPoints(array items) {
  std::vector<StoredPoint> points;
  for (const element item : items) {
    StoredPoint& point = points.emplace_back();
    object members;
    point.problem = item.get_object().get(members) == simdjson::SUCCESS ? ReadPoint(members, &point)
                                                                        : InvalidArgument("a point that is no object");
    point.place = point.id.empty() ? fmt::format("item {} of a page", points.size() - 1) : "point " + point.id;
    point.raw = simdjson::minify(item);
    if (point.problem.ok()) point.fingerprint = FingerprintOf(point);
  }
  return points;
}

Status NoJson(simdjson::error_code error) {
  return InvalidArgument(fmt::format("the answer is no JSON: {}", simdjson::error_message(error)));
}

}  // namespace

Result<std::vector<StoredPoint>> ReadQdrantPoints(const std::string& json) {
  simdjson::dom::parser parser;
  element root;
  if (const auto error = parser.parse(json).get(root); error != simdjson::SUCCESS) return NoJson(error);
  array points;
  if (root["result"].get(points) != simdjson::SUCCESS) return InvalidArgument("the answer has no list as its result");
  return ReadPoints(points);
}

Result<QdrantPage> ReadQdrantPage(const std::string& json) {
  simdjson::dom::parser parser;
  element root;
  if (const auto error = parser.parse(json).get(root); error != simdjson::SUCCESS) return NoJson(error);
  array points;
  if (root["result"]["points"].get(points) != simdjson::SUCCESS) {
    return InvalidArgument("the answer has no result.points");
  }
  QdrantPage page;
  page.points = ReadPoints(points);
  element next;
  if (root["result"]["next_page_offset"].get(next) != simdjson::SUCCESS || next.is_null()) return page;
  ASSIGN_OR_RETURN(const std::string id, ReadId(next));
  page.next = QdrantIdJson(id);
  return page;
}

bool QdrantIdLess(std::string_view left, std::string_view right) {
  const bool left_uuid = left.size() == kUuidChars;
  const bool right_uuid = right.size() == kUuidChars;
  if (left_uuid != right_uuid) return right_uuid;
  return left.size() != right.size() ? left.size() < right.size() : left < right;
}

bool IsQdrantId(std::string_view id) {
  if (id.size() == kUuidChars) return CanonicalUuid(id) == id;
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), number);
  return error == std::errc() && end == id.data() + id.size() && std::to_string(number) == id;
}

std::string QdrantIdJson(std::string_view id) {
  return id.size() == kUuidChars ? fmt::format("\"{}\"", id) : std::string(id);
}

}  // namespace engram

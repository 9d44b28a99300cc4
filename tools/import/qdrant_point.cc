#include "tools/import/qdrant_point.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <set>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "api/base64.h"
#include "base/utf8.h"
#include "tools/import/dense_floats.h"
#include "tools/import/pickle.h"
#include "tools/import/pickle_writer.h"
#include "tools/import/qdrant_config.h"

namespace engram {
namespace {

using Kind = PickleItem::Kind;

constexpr const char* kModels = "qdrant_client.http.models.models";
constexpr const char* kPoint = "qdrant_client.http.models.models.PointStruct";
constexpr const char* kSparse = "qdrant_client.http.models.models.SparseVector";

const std::set<std::string>& Classes() {
  static const std::set<std::string> classes = [] {
    std::set<std::string> all = PickledPayloadClasses();
    all.insert(kPoint);
    all.insert(kSparse);
    return all;
  }();
  return classes;
}

Result<std::string> ReadId(const Pickle& pickle, const PickleItem& item) {
  switch (item.kind) {
    case Kind::kInt:
      if (item.number >= 0) return std::to_string(item.number);
      break;
    case Kind::kUint: return std::to_string(static_cast<uint64_t>(item.number));
    case Kind::kText:
      if (auto uuid = CanonicalUuid(item.text)) return *std::move(uuid);
      break;
    case Kind::kObject: {
      v1::Value value;
      RETURN_IF_ERROR(ToWireValue(pickle, item, &value));
      if (item.text == "uuid.UUID") return value.string_value();
      break;
    }
    default: break;
  }
  return InvalidArgument("the id is neither an unsigned integer nor a UUID").At("id");
}

// What is beyond a float becomes infinite, which checks refuse.
bool AsFloat(const PickleItem& item, float* number) {
  constexpr double kMax = std::numeric_limits<float>::max();
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  double value = 0;
  switch (item.kind) {
    case Kind::kFloat: value = item.real; break;
    case Kind::kInt: value = static_cast<double>(item.number); break;
    case Kind::kUint: value = static_cast<double>(static_cast<uint64_t>(item.number)); break;
    default: return false;
  }
  *number = value > kMax ? kInfinity : value < -kMax ? -kInfinity : static_cast<float>(value);
  return true;
}

bool IsSequence(const PickleItem& item) { return item.kind == Kind::kList || item.kind == Kind::kTuple; }

class VectorReader {
 public:
  explicit VectorReader(const Pickle& pickle) : pickle_(pickle) {}

  Status Read(const PickleItem& item, v1::Vector* vector) {
    if (item.kind == Kind::kObject) return ReadSparse(item, vector);
    if (!IsSequence(item)) return InvalidArgument("neither a list of numbers nor a sparse vector");
    const bool multi = !item.members.empty() && IsSequence(pickle_.at(item.members[0]));
    if (!multi) return ReadFloats(item, vector->mutable_dense()->mutable_values());
    for (size_t i = 0; i < item.members.size(); ++i) {
      const PickleItem& row = pickle_.at(item.members[i]);
      if (!IsSequence(row)) return InvalidArgument("a number among rows").At(fmt::format("[{}]", i));
      Status status = ReadFloats(row, vector->mutable_multi()->add_rows()->mutable_values());
      if (!status.ok()) return std::move(status).Under(fmt::format("[{}]", i));
    }
    return {};
  }

 private:
  // A pickle may refer to one list a million times: what it becomes is bounded here.
  Status Count(size_t floats) {
    floats_ += floats;
    constexpr size_t kFloatsMax = size_t{16} << 20;
    return floats_ <= kFloatsMax ? Status()
                                 : InvalidArgument(fmt::format("vectors of more than {} components", kFloatsMax));
  }

  Status ReadFloats(const PickleItem& item, google::protobuf::RepeatedField<float>* out) {
    RETURN_IF_ERROR(Count(item.members.size()));
    out->Reserve(static_cast<int>(item.members.size()));
    for (size_t i = 0; i < item.members.size(); ++i) {
      float number = 0;
      if (!AsFloat(pickle_.at(item.members[i]), &number)) {
        return InvalidArgument("a component is no number").At(fmt::format("[{}]", i));
      }
      out->Add(number);
    }
    return {};
  }

  Status ReadSparse(const PickleItem& item, v1::Vector* vector) {
    const PickleItem* attributes = item.text == kSparse ? pickle_.AttributesOf(item) : nullptr;
    const PickleItem* indices = attributes == nullptr ? nullptr : pickle_.Find(*attributes, "indices");
    const PickleItem* values = attributes == nullptr ? nullptr : pickle_.Find(*attributes, "values");
    if (indices == nullptr || values == nullptr || !IsSequence(*indices) || !IsSequence(*values)) {
      return InvalidArgument("no sparse vector: its indices or values are missing");
    }
    if (indices->members.size() != values->members.size()) {
      return InvalidArgument(fmt::format("{} indices and {} values", indices->members.size(), values->members.size()));
    }
    RETURN_IF_ERROR(Count(indices->members.size()));
    std::vector<std::pair<uint32_t, float>> entries;
    for (size_t i = 0; i < indices->members.size(); ++i) {
      const PickleItem& index = pickle_.at(indices->members[i]);
      float value = 0;
      const bool fits =
          index.kind == Kind::kInt && index.number >= 0 && index.number <= std::numeric_limits<uint32_t>::max();
      if (!fits || !AsFloat(pickle_.at(values->members[i]), &value)) {
        return InvalidArgument(fmt::format("entry {} is no index of 32 bits with a number", i));
      }
      entries.emplace_back(static_cast<uint32_t>(index.number), value);
    }
    return SetSparse(std::move(entries), vector);
  }

  const Pickle& pickle_;
  size_t floats_ = 0;
};

// Of one unnamed vector, or of named ones: {"": …, "image": …}.
Status ReadVectors(const Pickle& pickle, const PickleItem& item, StoredPoint* point) {
  VectorReader reader(pickle);
  if (item.kind == Kind::kNone) return {};
  if (item.kind != Kind::kDict) {
    // An empty list is what a point without a vector has.
    if (IsSequence(item) && item.members.empty()) return {};
    return reader.Read(item, &point->vectors["default"]);
  }
  for (size_t i = 0; i < item.members.size(); i += 2) {
    const PickleItem& name = pickle.at(item.members[i]);
    if (name.kind != Kind::kText || !IsUtf8(name.text)) return InvalidArgument("a vector's name is no text");
    const std::string space = name.text.empty() ? "default" : name.text;
    if (point->vectors.count(space) != 0) return InvalidArgument(fmt::format("two vectors \"{}\"", space));
    Status status = reader.Read(pickle.at(item.members[i + 1]), &point->vectors[space]);
    if (!status.ok()) return std::move(status).Under(space);
  }
  return {};
}

Status ReadPayload(const Pickle& pickle, const PickleItem& item, StoredPoint* point) {
  v1::Value value;
  RETURN_IF_ERROR(ToWireValue(pickle, item, &value));
  if (value.has_null_value()) return {};
  if (!value.has_object_value()) return InvalidArgument("no object");
  for (auto& [key, member] : *value.mutable_object_value()->mutable_members()) {
    point->payload[key] = std::move(member);
  }
  return {};
}

// A model of pydantic: `attributes` in turn name and value, written by `write`. Each major version takes its own
// members of the state and none of the other's.
template <class Write>
void WriteModel(const char* name, const std::vector<std::string_view>& attributes, PickleWriter* out, Write write) {
  out->BeginObject(kModels, name);
  out->BeginDict();
  out->Text("__dict__");
  out->BeginDict();
  for (const std::string_view attribute : attributes) {
    out->Text(attribute);
    write(attribute);
  }
  out->EndDict();
  for (const char* set : {"__fields_set__", "__pydantic_fields_set__"}) {
    out->Text(set);
    out->BeginSet();
    for (const std::string_view attribute : attributes) out->Text(attribute);
    out->EndSet();
  }
  out->Text("__private_attribute_values__");
  out->BeginDict();
  out->EndDict();
  for (const char* nothing : {"__pydantic_extra__", "__pydantic_private__"}) {
    out->Text(nothing);
    out->None();
  }
  out->EndDict();
  out->EndObject();
}

template <class Numbers>
void WriteFloats(const Numbers& numbers, PickleWriter* out) {
  out->BeginList();
  for (const float number : numbers) out->Float(number);
  out->EndList();
}

void WriteVector(const v1::Vector& vector, PickleWriter* out) {
  if (vector.has_sparse()) {
    return WriteModel("SparseVector", {"indices", "values"}, out, [&](std::string_view attribute) {
      if (attribute == "values") return WriteFloats(vector.sparse().values(), out);
      out->BeginList();
      for (const uint32_t index : vector.sparse().indices()) out->Int(index);
      out->EndList();
    });
  }
  if (!vector.has_multi()) return WriteFloats(DenseFloats(vector), out);
  out->BeginList();
  for (const auto& row : vector.multi().rows()) WriteFloats(row.values(), out);
  out->EndList();
}

void WriteVectors(const StoredPoint& point, const PointForm& form, PickleWriter* out) {
  if (form.IsAlone(point)) return WriteVector(point.vectors.begin()->second, out);
  out->BeginDict();
  for (const auto& [space, vector] : point.vectors) {
    out->Text(form.NameOf(space));
    WriteVector(vector, out);
  }
  out->EndDict();
}

void WriteId(const std::string& id, PickleWriter* out) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), number);
  const bool whole = error == std::errc() && end == id.data() + id.size();
  return whole ? out->Uint(number) : out->Text(id);
}

}  // namespace

Status SetSparse(std::vector<std::pair<uint32_t, float>> entries, v1::Vector* vector) {
  std::sort(entries.begin(), entries.end());
  v1::Vector::Sparse& sparse = *vector->mutable_sparse();
  for (const auto& [index, value] : entries) {
    if (sparse.indices_size() > 0 && sparse.indices(sparse.indices_size() - 1) == index) {
      return InvalidArgument(fmt::format("index {} comes twice", index));
    }
    sparse.add_indices(index);
    sparse.add_values(value);
  }
  return {};
}

Status ReadQdrantPoint(std::string_view bytes, StoredPoint* point) {
  ASSIGN_OR_RETURN(const Pickle pickle, Pickle::Parse(bytes, Classes()));
  const PickleItem& root = pickle.root();
  const bool is_point = root.kind == Kind::kObject && root.text == kPoint;
  const PickleItem* attributes = is_point ? pickle.AttributesOf(root) : nullptr;
  if (attributes == nullptr) return InvalidArgument("the pickle holds no point");
  const PickleItem* id = pickle.Find(*attributes, "id");
  if (id == nullptr) return InvalidArgument("the point has no id").At("id");
  ASSIGN_OR_RETURN(point->id, ReadId(pickle, *id));
  if (const PickleItem* vector = pickle.Find(*attributes, "vector")) {
    if (Status status = ReadVectors(pickle, *vector, point); !status.ok()) return std::move(status).Under("vector");
  }
  if (const PickleItem* payload = pickle.Find(*attributes, "payload")) {
    if (Status status = ReadPayload(pickle, *payload, point); !status.ok()) return std::move(status).Under("payload");
  }
  return {};
}

Result<std::string> ReadQdrantKey(std::string_view base64) {
  const auto bytes = DecodeBase64(base64);
  if (!bytes) return InvalidArgument("the row's key is not base64");
  ASSIGN_OR_RETURN(const Pickle pickle, Pickle::Parse(*bytes, Classes()));
  return ReadId(pickle, pickle.root());
}

std::string WriteQdrantPoint(const StoredPoint& point, const PointForm& form) {
  PickleWriter out;
  WriteModel("PointStruct", {"id", "vector", "payload"}, &out, [&](std::string_view attribute) {
    if (attribute == "id") return WriteId(point.id, &out);
    if (attribute == "vector") return WriteVectors(point, form, &out);
    out.BeginDict();
    for (const auto& [key, value] : point.payload) {
      out.Text(key);
      out.Wire(value);
    }
    out.EndDict();
  });
  return std::move(out).Finish();
}

std::string WriteQdrantKey(const std::string& id) {
  PickleWriter out;
  WriteId(id, &out);
  std::string key;
  AppendBase64(std::move(out).Finish(), &key);
  return key;
}

}  // namespace engram

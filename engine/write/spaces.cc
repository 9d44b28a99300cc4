#include "engine/write/spaces.h"

#include <fmt/format.h>

#include "index/vector/vector_index.h"

namespace engram {
namespace {

std::string FieldOf(const std::string& space) { return space == kDefaultSpace ? "vector" : "vectors." + space; }

Status WrongType(const std::string& name, VectorType expected, VectorType got) {
  return Unprocessable(
      fmt::format("space \"{}\" holds {} vectors, not {} ones", name, VectorTypeName(expected), VectorTypeName(got)));
}

Status CheckFinite(const std::vector<float>& values) {
  // L2 asks nothing of the norm, so this checks NaN and infinity alone.
  return CheckVector(values, static_cast<uint32_t>(values.size()), Metric::kL2);
}

Status CheckAgainst(const VectorSpace& space, const VectorValue& vector) {
  if (const auto* dense = std::get_if<DenseVector>(&vector)) return CheckVector(*dense, space.dimensions, space.metric);
  if (const auto* sparse = std::get_if<SparseVector>(&vector)) return CheckFinite(sparse->values);
  const auto& multi = std::get<MultiVector>(vector);
  if (multi.dimensions != space.dimensions) {
    return Unprocessable(fmt::format("rows of {} dimensions in a space of {}", multi.dimensions, space.dimensions))
        .With("expected", std::to_string(space.dimensions))
        .With("got", std::to_string(multi.dimensions));
  }
  return CheckFinite(multi.values);
}

uint32_t DimensionsOf(const VectorValue& vector) {
  if (const auto* dense = std::get_if<DenseVector>(&vector)) return static_cast<uint32_t>(dense->size());
  if (const auto* multi = std::get_if<MultiVector>(&vector)) return multi->dimensions;
  return 0;
}

// The space for a vector, made or completed by it where that is allowed.
Result<VectorSpace*> SpaceFor(Transaction& tx, const std::string& name, const VectorValue& vector) {
  auto& spaces = tx.head.config.vectors;
  const auto type = static_cast<VectorType>(vector.index());
  auto it = spaces.find(name);
  if (it == spaces.end()) {
    if (name != kDefaultSpace || type != VectorType::kDense) {
      return Unprocessable(fmt::format("the namespace has no vector space \"{}\": add it by PATCH first", name));
    }
    it = spaces.emplace(name, VectorSpace()).first;
    tx.head_changed = true;
  }
  VectorSpace& space = it->second;
  if (space.type != type) return WrongType(name, space.type, type);
  if (space.dimensions == 0 && type != VectorType::kSparse) {
    const uint32_t dimensions = DimensionsOf(vector);
    if (dimensions == 0 || dimensions > kDimensionsMax) {
      return Unprocessable(fmt::format("{} dimensions are not between 1 and {}", dimensions, kDimensionsMax));
    }
    space.dimensions = dimensions;
    tx.head_changed = true;
  }
  return &space;
}

Status AdmitModel(Transaction& tx, const std::string& name, const std::string& model, VectorSpace* space) {
  if (model.empty() || model == space->model) return {};
  if (!space->model.empty()) {
    return AlreadyExists(
               fmt::format("space \"{}\" holds vectors of model \"{}\", not \"{}\"", name, space->model, model))
        .At("vector_models." + name);
  }
  space->model = model;
  tx.head_changed = true;
  return {};
}

Status NotA(std::string_view path, std::string_view wanted) {
  return InvalidArgument(fmt::format("{} must be {}", path, wanted)).At(std::string(path));
}

Status SetString(std::string_view path, const Value& value, std::string* field) {
  if (!value.is_null() && value.kind() != Value::Kind::kString) return NotA(path, "a string");
  *field = value.is_null() ? std::string() : value.as_string();
  return {};
}

Status SetTime(std::string_view path, const Value& value, std::optional<Timestamp>* time) {
  time->reset();
  if (value.is_null()) return {};
  if (value.kind() != Value::Kind::kString) return NotA(path, "an RFC 3339 time");
  auto parsed = ParseRfc3339(value.as_string());
  if (!parsed.ok()) return std::move(parsed).status().At(std::string(path));
  *time = *parsed;
  return {};
}

Status SetState(const Value& value, Attributes* attributes) {
  for (const MemoryState state : {MemoryState::kActive, MemoryState::kArchived, MemoryState::kPaused}) {
    if (value == Value(MemoryStateName(state))) {
      attributes->state = state;
      return {};
    }
  }
  return NotA("state", "\"active\", \"archived\" or \"paused\"");
}

Status SetImportance(const Value& value, StateChange* change) {
  if (value.is_null()) {
    change->importance.emplace(std::nullopt);
    return {};
  }
  if (!value.is_number() || CompareNumbers(value, Value(0)) < 0 || CompareNumbers(value, Value(1)) > 0) {
    return NotA("importance", "a number between 0 and 1");
  }
  const double number = value.kind() == Value::Kind::kDouble ? value.as_double() : static_cast<double>(value.as_int());
  change->importance.emplace(number);
  return {};
}

// "a.b\.c" into {"a", "b.c"}.
std::vector<std::string> SplitPath(std::string_view path) {
  std::vector<std::string> parts(1);
  for (size_t i = 0; i < path.size(); ++i) {
    if (path[i] == '\\' && i + 1 < path.size()) {
      parts.back().push_back(path[++i]);
    } else if (path[i] == '.') {
      parts.emplace_back();
    } else {
      parts.back().push_back(path[i]);
    }
  }
  return parts;
}

void SetMetadata(std::string_view path, const Value& value, Value::Object* metadata) {
  const std::vector<std::string> parts = SplitPath(path);
  Value::Object* object = metadata;
  for (size_t i = 0; i + 1 < parts.size(); ++i) {
    const auto it = object->find(parts[i]);
    const bool is_object = it != object->end() && it->second.kind() == Value::Kind::kObject;
    if (!is_object && value.is_null()) return;
    Value& child = (*object)[parts[i]];
    if (!is_object) child = Value(Value::Object());
    object = &child.as_object();
  }
  if (value.is_null()) {
    object->erase(parts.back());
  } else {
    object->insert_or_assign(parts.back(), value);
  }
}

}  // namespace

Status AdmitVectors(Transaction& tx, const Content& content, const std::map<std::string, std::string>& models) {
  for (const auto& [name, vector] : content.vectors) {
    auto space = SpaceFor(tx, name, vector);
    if (!space.ok()) return std::move(space).status().At(FieldOf(name));
    if (Status status = CheckAgainst(**space, vector); !status.ok()) return std::move(status).At(FieldOf(name));
    if (const auto model = models.find(name); model != models.end()) {
      RETURN_IF_ERROR(AdmitModel(tx, name, model->second, *space));
    }
  }
  return {};
}

Status SetPath(std::string_view path, const Value& value, Attributes* attributes, StateChange* change) {
  constexpr std::string_view kMetadata = "metadata.";
  if (path.starts_with(kMetadata) && path.size() > kMetadata.size()) {
    SetMetadata(path.substr(kMetadata.size()), value, &attributes->metadata);
    return {};
  }
  if (path == "role") return SetString(path, value, &attributes->role);
  if (path == "kind") return SetString(path, value, &attributes->kind);
  if (path == "source.system") return SetString(path, value, &attributes->source.system);
  if (path == "source.id") return SetString(path, value, &attributes->source.id);
  if (path == "source.batch") return SetString(path, value, &attributes->source.batch);
  if (path == "state") return SetState(value, attributes);
  if (path == "event_time") return SetTime(path, value, &attributes->event_time);
  if (path == "expires_at") return SetTime(path, value, &change->expires_at.emplace());
  if (path == "importance") return SetImportance(value, change);
  if (path == "pinned") {
    if (value.kind() != Value::Kind::kBool) return NotA(path, "true or false");
    change->pinned = value.as_bool();
    return {};
  }
  return InvalidArgument(
             fmt::format("\"{}\" can't be set: use metadata.<path>, role, kind, state, source.system, source.id, "
                         "source.batch, event_time, expires_at, importance or pinned",
                         path))
      .At(std::string(path));
}

}  // namespace engram

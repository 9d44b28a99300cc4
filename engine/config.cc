#include "engine/config.h"

#include <cmath>

#include <fmt/format.h>

#include "base/utf8.h"
#include "base/value_coding.h"
#include "index/vector/vector_index.h"

namespace engram {
namespace {

constexpr size_t kSpacesMax = 32;
constexpr size_t kAliasesMax = 64;

Status CheckWord(std::string_view what, std::string_view word, size_t bytes_max, bool slash) {
  if (word.empty()) return InvalidArgument(fmt::format("{} is empty", what));
  if (word.size() > bytes_max) {
    return InvalidArgument(fmt::format("{} has {} bytes, more than {}", what, word.size(), bytes_max));
  }
  if (!IsUtf8(word)) return InvalidArgument(fmt::format("{} is not valid UTF-8", what));
  for (const char c : word) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) return InvalidArgument(fmt::format("{} holds a control character", what));
    if (!slash && c == '/') return InvalidArgument(fmt::format("{} \"{}\" holds a '/'", what, word));
  }
  return {};
}

Status CheckSpace(const VectorSpace& space) {
  if (space.type == VectorType::kSparse) {
    if (space.dimensions != 0) return InvalidArgument("a sparse space has no dimensions").At("dimensions");
  } else if (space.dimensions > kDimensionsMax) {
    return InvalidArgument(fmt::format("{} dimensions are more than {}", space.dimensions, kDimensionsMax))
        .At("dimensions");
  }
  return {};
}

}  // namespace

std::string_view VectorTypeName(VectorType type) {
  switch (type) {
    case VectorType::kDense: return "dense";
    case VectorType::kSparse: return "sparse";
    case VectorType::kMulti: return "multi";
  }
  return "dense";
}

Status CheckName(std::string_view what, std::string_view name) { return CheckWord(what, name, kNameBytesMax, false); }

Status CheckId(std::string_view what, std::string_view id) { return CheckWord(what, id, kIdBytesMax, true); }

Status CheckConfig(const NamespaceConfig& config) {
  if (config.vectors.size() > kSpacesMax) {
    return InvalidArgument(fmt::format("{} vector spaces are more than {}", config.vectors.size(), kSpacesMax))
        .At("vectors");
  }
  for (const auto& [name, space] : config.vectors) {
    if (Status status = CheckName("the space's name", name); !status.ok()) return std::move(status).At("vectors");
    if (Status status = CheckSpace(space); !status.ok()) return std::move(status).Under("vectors." + name);
  }
  if (auto analyzer = Analyzer::Create(config.text); !analyzer.ok()) return std::move(analyzer).status().Under("text");
  if (!std::isfinite(config.bm25.k1) || config.bm25.k1 < 0 || config.bm25.k1 > 100) {
    return InvalidArgument(fmt::format("k1 = {} is not between 0 and 100", config.bm25.k1)).At("text.k1");
  }
  if (!(config.bm25.b >= 0 && config.bm25.b <= 1)) {
    return InvalidArgument(fmt::format("b = {} is not between 0 and 1", config.bm25.b)).At("text.b");
  }
  if (ValueDepth(config.metadata) > kValueDepthMax) {
    return InvalidArgument(fmt::format("metadata is nested more than {} levels deep", kValueDepthMax)).At("metadata");
  }
  if (config.aliases.size() > kAliasesMax) {
    return InvalidArgument(fmt::format("{} aliases are more than {}", config.aliases.size(), kAliasesMax))
        .At("aliases");
  }
  for (const std::string& alias : config.aliases) {
    if (Status status = CheckName("an alias", alias); !status.ok()) return std::move(status).At("aliases");
  }
  return {};
}

void MergePatch(const Value::Object& patch, Value::Object* target) {
  for (const auto& [key, value] : patch) {
    if (value.is_null()) {
      target->erase(key);
    } else if (value.kind() == Value::Kind::kObject) {
      Value& into = (*target)[key];
      if (into.kind() != Value::Kind::kObject) into = Value(Value::Object());
      MergePatch(value.as_object(), &into.as_object());
    } else {
      target->insert_or_assign(key, value);
    }
  }
}

}  // namespace engram

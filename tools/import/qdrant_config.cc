#include "tools/import/qdrant_config.h"

#include <cctype>

#include <fmt/format.h>

namespace engram {
namespace {

void AddSpace(const std::string& name, const QdrantMembers& params, v1::NamespaceConfig* config,
              std::vector<std::string>* notes) {
  v1::VectorSpace& space = (*config->mutable_vectors())[name];
  if (const v1::Value* size = FindMember(params, "size");
      size != nullptr && size->has_int_value() && size->int_value() > 0) {
    space.set_dimensions(static_cast<uint32_t>(size->int_value()));
  }
  space.set_type(FindMember(params, "multivector_config") != nullptr ? v1::VECTOR_TYPE_MULTI : v1::VECTOR_TYPE_DENSE);
  const v1::Value* given = FindMember(params, "distance");
  const std::string distance = given == nullptr ? "" : given->string_value();
  space.set_metric(distance == "Dot" ? v1::METRIC_DOT : distance == "Cosine" ? v1::METRIC_COSINE : v1::METRIC_L2);
  if (distance == "Dot" || distance == "Cosine" || distance == "Euclid") return;
  notes->push_back(
      fmt::format("the vectors \"{}\" are compared by l2; their distance \"{}\" is none of ours", name, distance));
}

}  // namespace

const v1::Value* FindMember(const QdrantMembers& members, const std::string& name) {
  const auto found = members.find(name);
  return found == members.end() || found->second.has_null_value() ? nullptr : &found->second;
}

const QdrantMembers* FindObject(const QdrantMembers& members, const std::string& name) {
  const v1::Value* value = FindMember(members, name);
  return value != nullptr && value->has_object_value() ? &value->object_value().members() : nullptr;
}

void ReadQdrantConfig(const QdrantMembers& created, v1::NamespaceConfig* config, std::vector<std::string>* notes) {
  if (const QdrantMembers* vectors = FindObject(created, "vectors")) {
    const v1::Value* size = FindMember(*vectors, "size");
    if (size != nullptr && size->has_int_value()) {
      AddSpace("default", *vectors, config, notes);
    } else {
      for (const auto& [name, params] : *vectors) {
        if (params.has_object_value()) {
          AddSpace(name.empty() ? "default" : name, params.object_value().members(), config, notes);
        }
      }
    }
  }
  const QdrantMembers* sparse = FindObject(created, "sparse_vectors");
  if (sparse == nullptr) return;
  for (const auto& [name, params] : *sparse) {
    (*config->mutable_vectors())[name].set_type(v1::VECTOR_TYPE_SPARSE);
  }
}

std::optional<std::string> CanonicalUuid(std::string_view text) {
  constexpr size_t kDigits = 32;
  std::string digits;
  if (text.starts_with("urn:uuid:")) text.remove_prefix(9);
  for (const char c : text) {
    if (c == '-') continue;
    if (std::isxdigit(static_cast<unsigned char>(c)) == 0) return std::nullopt;
    digits += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  if (digits.size() != kDigits) return std::nullopt;
  for (const size_t at : {size_t{8}, size_t{13}, size_t{18}, size_t{23}}) digits.insert(at, "-");
  return digits;
}

}  // namespace engram

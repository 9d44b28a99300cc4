#include "server/jwt_config.h"

#include <algorithm>
#include <initializer_list>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "api/json.h"
#include "base/file.h"
#include "engram/v1/value.pb.h"

namespace engram {
namespace {

constexpr size_t kKeysMax = 16;
constexpr size_t kWordMax = 255;
constexpr int64_t kLeewayMax = 300;

using Members = google::protobuf::Map<std::string, v1::Value>;

Status CheckMembers(const Members& members, std::initializer_list<std::string_view> known) {
  for (const auto& [name, value] : members) {
    if (std::find(known.begin(), known.end(), name) == known.end()) return InvalidArgument("unknown member").At(name);
  }
  return {};
}

// 1 to 255 bytes.
Result<std::string> ReadWord(const Members& members, const std::string& name) {
  const auto found = members.find(name);
  if (found == members.end()) return InvalidArgument("it is missing").At(name);
  const std::string& word = found->second.string_value();
  if (word.empty() || word.size() > kWordMax) {
    return InvalidArgument(fmt::format("expected a string of 1 to {} bytes", kWordMax)).At(name);
  }
  return word;
}

Result<int64_t> ReadLeeway(const Members& members) {
  const auto found = members.find("leeway_seconds");
  if (found == members.end()) return 0;
  const v1::Value& value = found->second;
  if (value.kind_case() != v1::Value::kIntValue || value.int_value() < 0 || value.int_value() > kLeewayMax) {
    return InvalidArgument(fmt::format("expected an integer from 0 to {}", kLeewayMax)).At("leeway_seconds");
  }
  return value.int_value();
}

Result<JwtKey> ReadKey(const v1::Value& value, const std::string& folder) {
  if (!value.has_object_value()) return InvalidArgument("expected an object");
  const Members& members = value.object_value().members();
  RETURN_IF_ERROR(CheckMembers(members, {"algorithm", "file", "kid"}));
  ASSIGN_OR_RETURN(const std::string name, ReadWord(members, "algorithm"));
  auto algorithm = ParseJwtAlgorithm(name);
  if (!algorithm.ok()) return std::move(algorithm).status().At("algorithm");
  ASSIGN_OR_RETURN(std::string file, ReadWord(members, "file"));
  std::string id;
  if (members.contains("kid")) {
    ASSIGN_OR_RETURN(id, ReadWord(members, "kid"));
  }
  if (!file.starts_with('/')) file = folder + "/" + file;
  auto key = JwtKey::Load(*algorithm, std::move(id), file);
  if (!key.ok()) return std::move(key).status().At("file");
  return key;
}

Result<std::vector<JwtKey>> ReadKeys(const Members& members, const std::string& folder) {
  const auto found = members.find("keys");
  const size_t count = found == members.end() ? 0 : static_cast<size_t>(found->second.list_value().values_size());
  if (count == 0 || count > kKeysMax) {
    return InvalidArgument(fmt::format("expected an array of 1 to {} keys", kKeysMax)).At("keys");
  }
  std::vector<JwtKey> keys;
  for (const v1::Value& value : found->second.list_value().values()) {
    const std::string place = fmt::format("keys[{}]", keys.size());
    auto key = ReadKey(value, folder);
    if (!key.ok()) return std::move(key).status().Under(place);
    for (const JwtKey& other : keys) {
      if (other.id() == key->id() && other.algorithm() == key->algorithm()) {
        return InvalidArgument("another key has the same algorithm and kid").At(place);
      }
    }
    keys.push_back(*std::move(key));
  }
  return keys;
}

Result<JwtConfig> ReadConfig(const std::string& json, const std::string& folder) {
  v1::Value root;
  RETURN_IF_ERROR(ParseJson(json, &root));
  if (!root.has_object_value()) return InvalidArgument("expected an object");
  const Members& members = root.object_value().members();
  RETURN_IF_ERROR(CheckMembers(members, {"issuer", "audience", "leeway_seconds", "keys"}));
  JwtConfig config;
  ASSIGN_OR_RETURN(config.issuer, ReadWord(members, "issuer"));
  ASSIGN_OR_RETURN(config.audience, ReadWord(members, "audience"));
  ASSIGN_OR_RETURN(config.leeway_seconds, ReadLeeway(members));
  ASSIGN_OR_RETURN(config.keys, ReadKeys(members, folder));
  return config;
}

}  // namespace

Result<JwtConfig> LoadJwtConfig(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string json, FileSystem::Posix().ReadFile(path));
  auto config = ReadConfig(json, ParentDirectory(path));
  if (config.ok()) return config;
  const Status& why = config.status();
  return Status(why.code(), fmt::format("{}: {}", path, why.message())).At(why.field());
}

}  // namespace engram

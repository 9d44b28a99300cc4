// What Qdrant says of a collection in JSON, in its local folder and over its REST API alike.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engram/v1/namespace.pb.h"
#include "engram/v1/value.pb.h"

namespace engram {

using QdrantMembers = google::protobuf::Map<std::string, v1::Value>;

// Nothing when it is absent or null; FindObject: or no object.
const v1::Value* FindMember(const QdrantMembers& members, const std::string& name);
const QdrantMembers* FindObject(const QdrantMembers& members, const std::string& name);

// Spaces out of {"vectors": …, "sparse_vectors": …}; the unnamed one is "default". Notes tell of a distance that is
// none of ours.
void ReadQdrantConfig(const QdrantMembers& params, v1::NamespaceConfig* config, std::vector<std::string>* notes);

// Hexadecimal digits with hyphens or without; Qdrant takes a UUID in any spelling for the same id. Nothing for what is
// no UUID.
std::optional<std::string> CanonicalUuid(std::string_view text);

}  // namespace engram

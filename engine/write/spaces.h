// What a write may say: vectors against the namespace's spaces, paths of memories:update against the attributes.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "engine/write/transaction.h"

namespace engram {

// Checks every vector against its space: Unprocessable for an unknown space, wrong type, wrong dimension (both
// numbers named), NaN, infinity or a zero vector under cosine; AlreadyExists for another model. The first dense
// vector makes the space "default"; the first vector fixes a space's open dimensions and model.
Status AdmitVectors(Transaction& tx, const Content& content, const std::map<std::string, std::string>& models);

// Sets one path of memories:update ("metadata.topic", "state", "importance", …); null removes. InvalidArgument for
// paths that can't be set and values of the wrong kind. Times are RFC 3339 strings.
Status SetPath(std::string_view path, const Value& value, Attributes* attributes, StateChange* change);

}  // namespace engram

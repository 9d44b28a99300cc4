// What is wrong with a search request whatever the namespace is.
#pragma once

#include "base/status.h"
#include "engine/search.h"

namespace engram::search {

constexpr uint32_t kContextWindowMax = 100;

// InvalidArgument with the field.
Status CheckRequest(const SearchRequest& request);

// "text", "vector" or "graph".
std::string_view LegTypeName(LegType type);

}  // namespace engram::search

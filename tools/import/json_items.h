// Records out of JSON that somebody has saved from an API: an array of objects, pages of them ({"results": […]}), or
// either on lines of their own.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/status.h"

namespace engram {

struct JsonItem {
  std::string place;  // "pages/1.json, item 17" or "pages/1.jsonl, line 4, item 0"
  std::string json;   // compact
};

inline constexpr uint64_t kJsonFileBytesMax = uint64_t{1} << 30;

// The items of a file, or of the files *.json and *.jsonl of a folder in the order of their names. `list` names the
// member that holds them on a page. NotFound; InvalidArgument with the place of what is no JSON, no object, or longer
// than kJsonFileBytesMax in a file. All of it is held in memory.
Result<std::vector<JsonItem>> ReadJsonItems(const std::string& path, const std::string& list);

// The members of one document that are arrays of objects, by name; an object is a list of one. Others are left out.
Result<std::map<std::string, std::vector<JsonItem>>> JsonListsOf(const std::string& json);

}  // namespace engram

// Names of imports, under which their progress is kept.
#pragma once

#include <string>
#include <string_view>

namespace engram {

// "jsonl:notes.jsonl:1a2b3c4d": readable, and another for a file of the same name elsewhere. `path` may be an address,
// too.
std::string MakeImportId(std::string_view kind, const std::string& path);

}  // namespace engram

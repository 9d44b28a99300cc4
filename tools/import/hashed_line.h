// A line of an archive: one record with a hash over it (docs/formats.md, "Archive").
//
//   line := {"hash":"32 hex digits","<record>":object}            hash := XXH3-128 of object's bytes
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"

namespace engram {

// Without a line end. `object` is JSON.
std::string HashedLine(std::string_view record, const std::string& object);

// The object of such a line; it lives as long as the line. InvalidArgument when it is none of this kind, Corruption
// when it is not what its hash is about.
Result<std::string_view> UnhashLine(std::string_view line, std::string_view record);

}  // namespace engram

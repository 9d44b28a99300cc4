// Files inside a zip archive. libzip itself stays in the .cc.
#pragma once

#include <cstdint>
#include <string>

#include "base/status.h"

namespace engram {

// The bytes of the one file called `name`, in whatever folder of the archive, checked against its CRC. NotFound when
// the archive, or such a file in it, is not there; InvalidArgument for what is no zip archive, is damaged, encrypted,
// or longer than `bytes_max` when unpacked, whatever it says of its length.
Result<std::string> ReadZipped(const std::string& path, const std::string& name, uint64_t bytes_max);

}  // namespace engram

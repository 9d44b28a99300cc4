// Files that hold a secret: a private key, a shared secret.
#pragma once

#include <string>

#include "base/status.h"

namespace engram {

// The file's bytes, 64 KiB at most. FailedPrecondition when others than its owner may read or write it; a file of
// root's may also be read by its group (as PostgreSQL has it for ssl_key_file: packages share certificates this way).
// NotFound and others as the file system says.
Result<std::string> ReadSecretFile(const std::string& path);

}  // namespace engram

// Whose JSON Web Tokens a server takes for credentials: a file that its operator writes. Nothing of it is ever fetched.
//
//   {"issuer": "https://idp.example.com",
//    "audience": "engram",
//    "leeway_seconds": 30,
//    "keys": [{"algorithm": "EdDSA", "file": "idp-2026.pem", "kid": "2026"},
//             {"algorithm": "RS256", "file": "idp-2025.pem", "kid": "2025"}]}
//
// `leeway_seconds` (0 when not given, 300 at most) is how far the issuer's clock may be off. Paths are from the file's
// own folder. Up to 16 keys, so that one can follow another; a `kid` may be missing where a key is for tokens without
// one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "server/jwt_key.h"

namespace engram {

struct JwtConfig {
  std::string issuer;
  std::string audience;
  int64_t leeway_seconds = 0;
  std::vector<JwtKey> keys;
};

// InvalidArgument naming the file and the member: unknown ones, too.
Result<JwtConfig> LoadJwtConfig(const std::string& path);

}  // namespace engram

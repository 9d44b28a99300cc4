// API keys as they are shown once: making one, and telling a mistyped one from an unknown one.
//
//   key := "engram_" id "_" secret checksum
//   id       16 characters from [0-9A-Za-z], public: lists and logs name keys by it
//   secret   43 of them, 256 random bits
//   checksum 6 of them, CRC-32 (IEEE 802.3) of everything before it: scanners for leaked secrets and typing
//            mistakes need no server to find out
//
// In the manner of GitHub's tokens ("Behind GitHub's new authentication token formats", 2021). Pure functions, but for
// the randomness, which is the operating system's through OpenSSL.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"

namespace engram {

inline constexpr std::string_view kApiKeyPrefix = "engram_";
// The id in keys that administrate: such a key stands in a file of the operator's, not in the store.
inline constexpr std::string_view kAdminKeyId = "admin";

struct NewApiKey {
  std::string id;
  std::string token;  // the whole key
};
NewApiKey MakeApiKey();
// The same as an admin key: "engram_admin_…".
std::string MakeAdminKey();

// The id. InvalidArgument when it is no key, or one whose checksum does not fit; the message quotes nothing of it.
Result<std::string> ParseApiKey(std::string_view token);

// `text` with every secret of a key, and every JSON Web Token, in it replaced: what may hold one by mistake is logged
// in this form.
std::string WithoutSecrets(std::string_view text);

}  // namespace engram

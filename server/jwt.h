// JSON Web Tokens (RFC 7519) as credentials, taken the way RFC 8725 advises: by the operator's keys alone, each of one
// algorithm; with an end, for us, from the one issuer; and never by what a token says about where its key is.
//
// Claims beside the registered exp, iat, nbf, iss, aud and sub: `tenant` (required), `verbs` (required; as in
// server/credential.h) and `namespaces` (names, or a prefix and "*"; all of the tenant's when missing).
//
// Pure functions. Errors are kUnauthenticated and quote nothing of the token.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/timestamp.h"
#include "server/jwt_config.h"

namespace engram {

inline constexpr size_t kJwtBytesMax = 8192;

struct JwtClaims {
  std::string subject;  // may be empty
  std::string tenant;
  uint8_t rights = 0;                                          // bits of Right
  std::shared_ptr<const std::vector<std::string>> namespaces;  // null: all
  int64_t issued_at = 0;                                       // seconds since 1970
  int64_t not_before = 0;
  int64_t expires_at = 0;
};

// Whether it has the form of one, two dots: what it is then checked as.
bool LooksLikeJwt(std::string_view token);

// Signature and claims; the times are for CheckJwtTimes, which it also asks.
Result<JwtClaims> VerifyJwt(const JwtConfig& config, std::string_view token, Timestamp now);

// Whether a verified token is good at `now`: for one that is kept.
Status CheckJwtTimes(const JwtClaims& claims, int64_t leeway_seconds, Timestamp now);

}  // namespace engram

// Who comes with a JSON Web Token: its tenant, as the engine has it, with the verbs and namespaces that its issuer
// gave.
//
// A verified token is remembered by its SHA-256 while it lives, so that a signature is checked once; at most 4096 of
// them, those not seen for longest forgotten first. The tenant is looked up for every request: a dropped one's tokens
// end with it, and one of the same name that is made later does not take tokens that were issued before it was.
#pragma once

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/status.h"
#include "engine/engine.h"
#include "server/credential.h"
#include "server/jwt.h"

namespace engram {

// Thread-safe.
class JwtAuthenticator {
 public:
  // Both outlive it.
  JwtAuthenticator(Engine& engine, const Clock& clock, JwtConfig config)
      : engine_(engine), clock_(clock), config_(std::move(config)) {}

  // kUnauthenticated saying what is wrong with the token, quoting nothing of it.
  Result<Credential> Authenticate(std::string_view token) EXCLUDES(mutex_);

  static constexpr size_t kRememberedMax = 4096;

 private:
  struct Remembered {
    std::shared_ptr<const JwtClaims> claims;
    Credential credential;
    std::chrono::nanoseconds looked_at{0};  // when the tenant's limits were read
  };
  using Generation = std::unordered_map<std::string, Remembered>;

  std::optional<Remembered> Find(const std::string& hash) EXCLUDES(mutex_);
  void Remember(const std::string& hash, const Remembered& token) EXCLUDES(mutex_);
  // The credential, from the tenant as it is now.
  Result<Remembered> LookAt(std::shared_ptr<const JwtClaims> claims) const;
  Credential CredentialOf(const JwtClaims& claims, const TenantRecord& tenant) const;

  Engine& engine_;
  const Clock& clock_;
  const JwtConfig config_;
  Mutex mutex_;
  Generation young_ GUARDED_BY(mutex_);
  Generation old_ GUARDED_BY(mutex_);  // what was young before; goes when the young ones are too many
};

}  // namespace engram

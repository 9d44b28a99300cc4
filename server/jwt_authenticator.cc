#include "server/jwt_authenticator.h"

#include <utility>

#include <openssl/evp.h>

#include "base/check.h"

namespace engram {
namespace {

// How long a changed rate of a tenant may take to hold for tokens that are remembered.
constexpr std::chrono::seconds kTenantInterval{1};

std::string Sha256(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
  unsigned size = 0;
  ENGRAM_CHECK(EVP_Digest(bytes.data(), bytes.size(), hash.data(), &size, EVP_sha256(), nullptr) == 1);
  return {reinterpret_cast<const char*>(hash.data()), size};
}

Status NoTenant() { return {StatusCode::kUnauthenticated, "the token is for a tenant that this server does not have"}; }

}  // namespace

Result<Credential> JwtAuthenticator::Authenticate(std::string_view token) {
  if (token.size() > kJwtBytesMax) return VerifyJwt(config_, token, clock_.Now()).status();
  const std::string hash = Sha256(token);
  if (std::optional<Remembered> known = Find(hash)) {
    RETURN_IF_ERROR(CheckJwtTimes(*known->claims, config_.leeway_seconds, clock_.Now()));
    const auto tenant = engine_.FindTenant(known->claims->tenant, /*create=*/false);
    if (!tenant.ok()) return NoTenant();
    const bool fresh = clock_.Monotonic() - known->looked_at < kTenantInterval;
    if (fresh && *tenant == known->credential.tenant) return std::move(known->credential);
    ASSIGN_OR_RETURN(Remembered again, LookAt(known->claims));
    Remember(hash, again);
    return std::move(again.credential);
  }
  ASSIGN_OR_RETURN(JwtClaims claims, VerifyJwt(config_, token, clock_.Now()));
  ASSIGN_OR_RETURN(Remembered verified, LookAt(std::make_shared<const JwtClaims>(std::move(claims))));
  Remember(hash, verified);
  return std::move(verified.credential);
}

Result<JwtAuthenticator::Remembered> JwtAuthenticator::LookAt(std::shared_ptr<const JwtClaims> claims) const {
  const auto looked_at = clock_.Monotonic();
  const auto tenant = engine_.DescribeTenant(claims->tenant);
  if (!tenant.ok() && tenant.status().code() != StatusCode::kNotFound) return tenant.status();
  // To the second, as tokens tell it.
  const auto since = tenant.ok() ? tenant->record.created_at.micros / 1'000'000 : 0;
  if (!tenant.ok() || claims->issued_at + config_.leeway_seconds < since) return NoTenant();
  Credential credential = CredentialOf(*claims, tenant->record);
  return Remembered{std::move(claims), std::move(credential), looked_at};
}

Credential JwtAuthenticator::CredentialOf(const JwtClaims& claims, const TenantRecord& tenant) const {
  Credential credential;
  credential.tenant = tenant.id;
  credential.tenant_name = tenant.name;
  credential.rights = claims.rights | static_cast<uint8_t>(Right::kStatus);
  credential.key_id = "jwt:" + claims.subject;
  credential.namespaces = claims.namespaces;
  credential.requests_per_second = tenant.limits.requests_per_second;
  credential.worker_ms_per_second = tenant.limits.worker_ms_per_second;
  return credential;
}

std::optional<JwtAuthenticator::Remembered> JwtAuthenticator::Find(const std::string& hash) {
  const MutexLock lock(mutex_);
  if (const auto found = young_.find(hash); found != young_.end()) return found->second;
  const auto found = old_.find(hash);
  if (found == old_.end()) return std::nullopt;
  if (young_.size() >= kRememberedMax / 2) return found->second;
  return young_.insert(old_.extract(found)).position->second;
}

void JwtAuthenticator::Remember(const std::string& hash, const Remembered& token) {
  Generation forgotten;  // freed outside the lock
  const MutexLock lock(mutex_);
  if (young_.size() >= kRememberedMax / 2 && !young_.contains(hash)) {
    forgotten = std::exchange(old_, std::exchange(young_, {}));
  }
  young_.insert_or_assign(hash, token);
}

}  // namespace engram

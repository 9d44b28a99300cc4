// Who is asking. The tenant comes from here alone: never from a body, a path or another header.
#pragma once

#include <cstdint>
#include <string>

#include "base/ids.h"
#include "base/status.h"
#include "server/http.h"

namespace engram {

// What a credential may do; a route asks for one.
enum class Right : uint8_t {
  kNone = 0,  // health and metrics: no credential needed
  kRead = 1,
  kWrite = 2,
  kImport = 4,  // created_at, updated_at, version and history as given
  kAdmin = 8,
};

struct Credential {
  TenantId tenant;
  std::string tenant_name;
  uint8_t rights = 0;  // bits of Right

  bool May(Right right) const { return (rights & static_cast<uint8_t>(right)) == static_cast<uint8_t>(right); }
};

// Thread-safe. Called after the header is read and before anything of the body is.
class Authenticator {
 public:
  virtual ~Authenticator() = default;
  // kUnauthenticated when the request names nobody we know.
  virtual Result<Credential> Authenticate(const HttpRequest& request) const = 0;
};

// No keys configured: everyone who reaches us is this one tenant with every right but administration.
class OpenAuthenticator final : public Authenticator {
 public:
  OpenAuthenticator(TenantId tenant, std::string tenant_name);
  Result<Credential> Authenticate(const HttpRequest& request) const override;

 private:
  Credential everyone_;
};

}  // namespace engram

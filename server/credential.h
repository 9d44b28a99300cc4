// Who is asking. The tenant comes from here alone: never from a body, a path or another header.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "server/http.h"

namespace engram {

// What a credential may do; a route asks for one. Never renumber: rows of keys hold them.
enum class Right : uint8_t {
  kNone = 0,  // health: no credential needed
  kRead = 1,
  kWrite = 2,
  kImport = 4,    // created_at, updated_at, version and history as given
  kManage = 8,    // the tenant's own: settings and ends of namespaces
  kMetrics = 16,  // numbers of the whole server
  kStatus = 32,   // version and limits: every credential may
  kOperate = 64,  // tenants and keys: the admin key alone
};

// A right that somebody has chosen: it has no default, so that a route that names none does not compile.
class NeededRight {
 public:
  constexpr NeededRight(Right right) : right_(right) {}  // NOLINT: implicit on purpose
  constexpr operator Right() const { return right_; }    // NOLINT

 private:
  Right right_;
};

// "read", "write", "import", "admin" (kManage), "metrics": as the API says them. Others have no name there.
std::string_view VerbOf(Right right);
// InvalidArgument for any other word.
Result<Right> ParseVerb(std::string_view verb);
// In the order above.
std::vector<std::string_view> VerbsOf(uint8_t rights);

struct Credential {
  TenantId tenant;
  std::string tenant_name = {};
  uint8_t rights = 0;       // bits of Right
  std::string key_id = {};  // "admin" for the admin key; empty where no key is needed
  // Exact names, or a prefix and "*"; null or empty: all of the tenant's.
  std::shared_ptr<const std::vector<std::string>> namespaces = nullptr;
  // Of the tenant, over all of its keys.
  std::optional<double> requests_per_second = std::nullopt;
  std::optional<double> worker_ms_per_second = std::nullopt;

  bool May(Right right) const { return (rights & static_cast<uint8_t>(right)) == static_cast<uint8_t>(right); }
  // Whether it is for a namespace, or alias, of this name, be it there or not.
  bool MayUse(std::string_view ns) const;
};

// PermissionDenied saying which verb is missing, or which namespaces there are for this credential.
Status CheckRight(const Credential& credential, Right needed);
Status CheckNamespaceScope(const Credential& credential, std::string_view ns);

// Thread-safe. Called after the header is read and before anything of the body is.
class Authenticator {
 public:
  virtual ~Authenticator() = default;
  // kUnauthenticated when the request names nobody we know.
  virtual Result<Credential> Authenticate(const HttpRequest& request) const = 0;
};

// No keys configured: everyone who reaches us is this one tenant with every right but that to operate.
class OpenAuthenticator final : public Authenticator {
 public:
  OpenAuthenticator(TenantId tenant, std::string tenant_name);
  Result<Credential> Authenticate(const HttpRequest& request) const override;

 private:
  Credential everyone_;
};

}  // namespace engram

// Tenants and their keys as the store keeps them: who there is, what each may take, and by which keys it is known.
//
// Changed by mutations like everything else (TenantChange in engine/mutation.h); every key stays in memory beside its
// row (engine/tenant_table.h), so that a request finds it without a read and a revoked one is refused at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "base/timestamp.h"

namespace engram {

// What a tenant may take; absent members are no limit.
struct TenantLimits {
  // Decided where a write is decided, so that writers side by side can't pass them together.
  std::optional<uint64_t> memories = {};
  std::optional<uint64_t> bytes = {};  // of stored contents: texts, fields and vectors, of former versions, too
  std::optional<uint64_t> namespaces = {};
  // Upheld by the server.
  std::optional<double> requests_per_second = {};
  std::optional<double> worker_ms_per_second = {};  // processor time of workers
  bool operator==(const TenantLimits&) const = default;
};

// Present members replace; a present one without a value removes the limit.
struct TenantLimitsPatch {
  std::optional<std::optional<uint64_t>> memories = {};
  std::optional<std::optional<uint64_t>> bytes = {};
  std::optional<std::optional<uint64_t>> namespaces = {};
  std::optional<std::optional<double>> requests_per_second = {};
  std::optional<std::optional<double>> worker_ms_per_second = {};
};

struct TenantUsage {
  uint64_t memories = 0;
  uint64_t bytes = 0;
  uint64_t namespaces = 0;
  bool operator==(const TenantUsage&) const = default;
};

struct TenantRecord {
  TenantId id;
  std::string name;
  Timestamp created_at;
  TenantLimits limits;
  bool dropped = false;  // the number stays taken: what was on its way when the tenant was dropped is refused
};

// What is kept of an API key: enough to recognise it, nothing to make it from.
struct ApiKey {
  std::string id;  // unique over all tenants
  TenantId tenant;
  std::string label;                    // for people
  std::string hash;                     // kApiKeyHashBytes, made and compared by the server
  uint8_t rights = 0;                   // bits, the server's to define (server/credential.h)
  std::vector<std::string> namespaces;  // exact names, or a prefix and "*"; empty: all of the tenant's
  Timestamp created_at;                 // Apply's
  std::optional<Timestamp> expires_at;
  std::optional<Timestamp> revoked_at;  // Apply's
};

inline constexpr size_t kApiKeyHashBytes = 32;
// Of one tenant, with those that are over; the oldest of these make room.
inline constexpr size_t kApiKeysPerTenantMax = 100;

// Whether the key can't be used at `now` any more.
bool IsOver(const ApiKey& key, Timestamp now);

// A key with the tenant it belongs to.
struct KnownKey {
  std::shared_ptr<const ApiKey> key;
  std::shared_ptr<const TenantRecord> tenant;
};

// What a committed mutation changed, told to the TenantTable.
struct TenantRemoved {
  TenantId id;  // its keys are gone, too
};
struct ApiKeyRemoved {
  std::string id;
};
using TenantEvent = std::variant<TenantRecord, TenantRemoved, ApiKey, ApiKeyRemoved>;

// Rows of the system's directory. Formats: docs/formats.md.
std::string EncodeTenant(const TenantRecord& tenant);  // all but its number
Result<TenantRecord> DecodeTenant(TenantId id, std::string_view bytes);
std::string EncodeTenantUsage(const TenantUsage& usage);
Result<TenantUsage> DecodeTenantUsage(std::string_view bytes);
std::string EncodeApiKey(const ApiKey& key);  // all but tenant and id
Result<ApiKey> DecodeApiKey(TenantId tenant, std::string_view id, std::string_view bytes);

}  // namespace engram

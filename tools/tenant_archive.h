// The archive of a tenant: a folder with an archive (import/archive_format.h) of each of its namespaces.
//
//   tenant.jsonl              written last: the archive is whole when it is there
//   namespaces/000001/ …      in the order of the namespaces' names
//
// The bytes of tenant.jsonl are in docs/formats.md, "Archive of a tenant".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "engram/v1/admin.pb.h"

namespace engram {

inline constexpr uint32_t kTenantArchiveVersion = 1;
inline constexpr const char* kTenantFile = "tenant.jsonl";

struct TenantArchive {
  struct Namespace {
    std::string name;
    std::string folder;  // beneath the archive's: "namespaces/000001"
    std::string sha256;  // of its manifest.json, which has those of its files
    uint64_t memories = 0;
  };

  std::string tenant;      // its name in the store that it was read from
  std::string origin;      // that store, for a person
  std::string created_at;  // RFC 3339
  v1::TenantLimits limits;
  std::vector<Namespace> namespaces;

  uint64_t memories() const;
};

// "namespaces/000001" for the first.
std::string NamespaceFolder(size_t index);

// Hashed lines: the tenant's, then one for each namespace, in their order.
std::string PrintTenantArchive(const TenantArchive& archive);
// InvalidArgument when it is none, or of another version, or names a folder that is not its own; Corruption when it was
// changed or cut. Names the line.
Result<TenantArchive> ParseTenantArchive(std::string_view text);

// Reads tenant.jsonl and holds the manifest of each namespace against its digest. NotFound when the folder holds no
// whole archive of a tenant. What the namespaces' own files hold is checked by who reads them.
Result<TenantArchive> OpenTenantArchive(const std::string& folder);

}  // namespace engram

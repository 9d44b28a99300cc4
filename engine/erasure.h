// The ledger of erasures: what must not come back, whatever older copy of the store is restored.
//
// Each erasure of a memory, drop of a namespace and drop of a tenant leaves one row, numbered from 0 without gaps, in
// the commit that erased. It speaks in the store's numbers, which are never reused, and holds nothing that a user
// wrote. Rows stay for good, for nobody knows how old a copy somebody may restore: about 40 bytes each.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/kv.h"
#include "base/status.h"
#include "base/timestamp.h"

namespace engram {

struct Erasure {
  enum class Kind : uint8_t { kMemory = 1, kNamespace = 2, kTenant = 3 };  // never renumber

  uint64_t number = 0;
  Kind kind = Kind::kMemory;
  TenantId tenant;
  NamespaceId ns;     // of a memory or namespace
  NodeNumber node;    // of a memory
  Position position;  // of the namespace, then; of a memory
  Timestamp time;

  bool operator==(const Erasure&) const = default;

  static Erasure OfMemory(TenantId tenant, NamespaceId ns, NodeNumber node, Position position, Timestamp time) {
    return {0, Kind::kMemory, tenant, ns, node, position, time};
  }
  static Erasure OfNamespace(TenantId tenant, NamespaceId ns, Position position, Timestamp time) {
    return {0, Kind::kNamespace, tenant, ns, {}, position, time};
  }
  static Erasure OfTenant(TenantId tenant, Timestamp time) { return {0, Kind::kTenant, tenant, {}, {}, {}, time}; }
};

std::string EncodeErasure(const Erasure& erasure);  // all but its number
Result<Erasure> DecodeErasure(uint64_t number, std::string_view bytes);

// `system` is the store's own directory.
// The number that the next erasure gets; those before it are there.
Result<uint64_t> NextErasure(const KvReader& system);
// From number `from` on, at most `limit`, in order.
Result<std::vector<Erasure>> ReadErasures(const KvReader& system, uint64_t from, size_t limit);
// Puts them under their numbers, and the counter behind the last.
void PutErasures(const std::vector<Erasure>& erasures, uint64_t next, KvBatch& system);
// Takes one out, as if it had never been noted: only for what is put together from an older copy.
void RemoveErasure(uint64_t number, KvBatch& system);

}  // namespace engram

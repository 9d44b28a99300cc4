// What the committer keeps decoded of the namespaces it wrote to lately, so that a mutation needs no reads to begin.
//
// It can't be stale. The committer is the only writer of these rows, and a mutation takes its namespace's entry out:
//   accepted   puts back what it has just written
//   refused    puts nothing back, so that the next one reads the rows that the rollback left
//   changed the directory (a namespace or an alias made or removed), or ended a namespace    clears everything
//   changed a tenant    clears everything
//   the group's commit failed    the committer clears everything
// Confined to the committer's thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/ids.h"
#include "base/timestamp.h"
#include "engine/rows.h"
#include "engine/tenant.h"

namespace engram {

// What every mutation of a namespace starts from.
struct NamespaceState {
  NamespaceHead head;
  NamespaceCounters counters;
  // The log time of a log row. Rows of the log never change, so this holds for as long as the row is there.
  std::optional<std::pair<Position, Timestamp>> log_row_time;
  // No stored reply is older than this; unset: unknown. Stays true when replies are deleted, and when some are added,
  // since log time never decreases.
  std::optional<Timestamp> replies_since;
};

// What every mutation of a tenant is held against.
struct TenantState {
  TenantRecord tenant;
  TenantUsage usage;
};

class NamespaceCache {
 public:
  // By its name or an alias; nothing when that is not known here (which says nothing about the rows).
  std::optional<NamespaceId> FindName(TenantId tenant, std::string_view name) const;
  // REQUIRES: the directory's rows say so.
  void KeepName(TenantId tenant, std::string_view name, NamespaceId ns);

  // Takes the entry out.
  std::optional<NamespaceState> Take(TenantId tenant, NamespaceId ns);
  // REQUIRES: the rows, with the group's changes so far, say so.
  void Keep(TenantId tenant, NamespaceId ns, NamespaceState state);

  // The same of tenants.
  std::optional<TenantState> TakeTenant(TenantId tenant);
  void KeepTenant(TenantState state);

  void Clear();

 private:
  // A full table starts anew: whoever writes to more namespaces than this reads their rows again now and then.
  static constexpr size_t kEntriesMax = 1024;

  std::unordered_map<std::string, NamespaceId> names_;   // by tenant and name
  std::unordered_map<uint64_t, NamespaceState> states_;  // by tenant and namespace
  std::unordered_map<TenantId, TenantState> tenants_;
};

}  // namespace engram

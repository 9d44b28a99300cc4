// Holds the store's own rows and the directories of tenants against the namespaces there are.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/kv.h"
#include "base/status.h"
#include "base/timestamp.h"
#include "engine/doctor/finding.h"

namespace engram {

// A namespace with a head.
struct NamespaceEntry {
  TenantId tenant;
  NamespaceId ns;
  std::string name;
};

struct DirectoryCheck {
  const KvReader& rows;  // the whole store's
  FindingList* findings = nullptr;
  KvBatch* repairs = nullptr;  // of the whole store; null: nothing is repaired
  std::function<Status()> go_on = {};
};

// By tenant and number. Skips from scope to scope: costs some microseconds for each.
Result<std::vector<NamespaceEntry>> ListEntries(const KvReader& rows);

// The time of the last commit.
Result<Timestamp> LastLogTime(const KvReader& rows);

// Tenants, keys, usage, names, aliases, numbers of namespaces, leftovers of what was dropped, replies to changes of
// tenants; with `expiry`, each row of the expiry order against its memory or run, too. Errors are those of reading and
// of `go_on`.
Status CheckDirectories(const DirectoryCheck& check, const std::vector<NamespaceEntry>& namespaces, bool expiry);

}  // namespace engram

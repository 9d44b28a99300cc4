#include "engine/doctor/directory_check.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "base/coding.h"
#include "engine/doctor/namespace_check.h"
#include "engine/keys.h"
#include "engine/tenant.h"

namespace engram {
namespace {

using keys::Key;
using ScopeOf = std::pair<TenantId, NamespaceId>;

// Every scope that has a row.
Result<std::vector<ScopeOf>> ListScopes(const KvReader& rows) {
  std::vector<ScopeOf> scopes;
  const auto it = rows.Scan("", "");
  while (it->Valid()) {
    ByteReader key(it->key());
    (void)key.Key16();  // the one shard
    const TenantId tenant(key.Key32());
    const NamespaceId ns(key.Key32());
    if (!key.ok()) return Corruption("a row's key has no scope");
    scopes.emplace_back(tenant, ns);
    it->Seek(PrefixEnd(keys::Scope(tenant, ns)));
    if (it->Valid() && it->key() < keys::Scope(tenant, ns)) return Corruption("a row's key is of another shard");
  }
  RETURN_IF_ERROR(it->status());
  return scopes;
}

class Directories {
 public:
  Directories(const DirectoryCheck& check, const std::vector<NamespaceEntry>& namespaces)
      : check_(check),
        namespaces_(namespaces),
        system_(check.rows, keys::Scope(keys::kSystemTenant, keys::kDirectory)) {
    for (const NamespaceEntry& entry : namespaces) heads_.emplace(ScopeOf(entry.tenant, entry.ns), entry.name);
  }

  Status Check(bool expiry) {
    RETURN_IF_ERROR(ReadDropped());
    RETURN_IF_ERROR(CheckTenants());
    RETURN_IF_ERROR(CheckKeys());
    ASSIGN_OR_RETURN(const auto scopes, ListScopes(check_.rows));
    for (const auto& [tenant, ns] : scopes) {
      RETURN_IF_ERROR(check_.go_on());
      if (tenant == keys::kSystemTenant) continue;
      if (ns == keys::kDirectory) RETURN_IF_ERROR(CheckNames(tenant));
    }
    for (const auto& [tenant, ns] : scopes) CheckLeftover(tenant, ns);
    CheckUnnamed();
    RETURN_IF_ERROR(CheckNamespaceCount());
    RETURN_IF_ERROR(CheckRepliesOf(keys::kSystemTenant));
    return expiry ? CheckExpiry() : Status();
  }

 private:
  void Add(FindingKind kind, TenantId tenant, NamespaceId ns, std::string place, std::string expected,
           std::string found) {
    const auto head = heads_.find({tenant, ns});
    check_.findings->Add({kind, tenant, ns, head == heads_.end() ? "" : head->second, std::move(place),
                          std::move(expected), std::move(found),
                          check_.repairs != nullptr && RepairWayOf(kind) == RepairWay::kRows});
  }
  void Put(const std::string& system_key, std::string_view value) const {
    if (check_.repairs != nullptr) {
      check_.repairs->Put(keys::Scope(keys::kSystemTenant, keys::kDirectory) + system_key, value);
    }
  }

  Status ReadDropped() {
    const auto it = system_.ScanPrefix(std::string(1, keys::kDropped));
    for (; it->Valid(); it->Next()) {
      ByteReader key(it->key().substr(1));
      const TenantId tenant(key.Key32());
      dropped_.emplace(tenant, NamespaceId(key.Key32()));
    }
    return it->status();
  }
  // Its rows are on their way out.
  bool IsDropped(TenantId tenant, NamespaceId ns) const {
    return dropped_.contains({tenant, ns}) || dropped_.contains({tenant, keys::kDirectory});
  }

  Status CheckTenants() {
    uint32_t next = UINT32_MAX;
    ASSIGN_OR_RETURN(const auto counter, system_.Get(Key(keys::kTenantCounter)));
    if (counter) next = ByteReader(*counter).Key32();
    const auto names = system_.ScanPrefix(std::string(1, keys::kTenantByName));
    for (; names->Valid(); names->Next()) {
      const std::string name(names->key().substr(1));
      ByteReader number(names->value());
      const TenantId tenant(number.Key32());
      tenants_.emplace(tenant, name);
      if (!number.Finish("tenant").ok() || tenant.value >= next) {
        Add(FindingKind::kTenantRowDiffers, tenant, {}, fmt::format("tenant \"{}\"", name), "a number given out",
            std::to_string(tenant.value));
      }
    }
    RETURN_IF_ERROR(names->status());
    const auto rows = system_.ScanPrefix(std::string(1, keys::kTenant));
    for (; rows->Valid(); rows->Next()) {
      ByteReader key(rows->key().substr(1));
      const TenantId tenant(key.Key32());
      const auto record = DecodeTenant(tenant, rows->value());
      const std::string place = fmt::format("the row of tenant {}", tenant.value);
      if (!record.ok()) {
        Add(FindingKind::kUnreadableRow, tenant, {}, place, "", record.status().message());
        continue;
      }
      const auto name = tenants_.find(tenant);
      const bool agrees =
          record->dropped ? name == tenants_.end() : name != tenants_.end() && name->second == record->name;
      if (!agrees) {
        Add(FindingKind::kTenantRowDiffers, tenant, {}, place,
            record->dropped ? "no name" : fmt::format("the name \"{}\" to lead to it", record->name),
            name == tenants_.end() ? "no name" : fmt::format("\"{}\"", name->second));
      }
    }
    return rows->status();
  }

  Status CheckKeys() {
    const auto it = system_.ScanPrefix(std::string(1, keys::kApiKey));
    for (; it->Valid(); it->Next()) {
      ByteReader in(it->key().substr(1));
      const TenantId tenant(in.Key32());
      const std::string place = fmt::format("key {}", in.rest());
      const auto key = DecodeApiKey(tenant, in.rest(), it->value());
      if (!key.ok()) Add(FindingKind::kUnreadableRow, tenant, {}, place, "", key.status().message());
      if (!tenants_.contains(tenant)) Add(FindingKind::kKeyWithoutTenant, tenant, {}, place, "a tenant", "none");
    }
    return it->status();
  }

  // A tenant's names and aliases, and what it is charged with.
  Status CheckNames(TenantId tenant) {
    const ScopedReader directory(check_.rows, keys::Scope(tenant, keys::kDirectory));
    RETURN_IF_ERROR(CheckRepliesOf(tenant));
    const bool dropped = dropped_.contains({tenant, keys::kDirectory});
    TenantUsage usage;
    bool counted = true;
    uint32_t next = UINT32_MAX;
    ASSIGN_OR_RETURN(const auto counter, directory.Get(Key(keys::kNamespaceCounter)));
    if (counter) next = ByteReader(*counter).Key32();
    const auto names = directory.ScanPrefix(std::string(1, keys::kNamespaceByName));
    for (; names->Valid(); names->Next(), ++named_) {
      const std::string name(names->key().substr(1));
      ByteReader number(names->value());
      const NamespaceId ns(number.Key32());
      names_.emplace(tenant, ns);
      if (dropped) continue;
      const auto head = heads_.find({tenant, ns});
      if (!number.Finish("namespace").ok() || head == heads_.end() || head->second != name || ns.value >= next) {
        Add(FindingKind::kDirectoryRowDiffers, tenant, ns, fmt::format("the name \"{}\"", name),
            "a namespace of this name", head == heads_.end() ? "none" : fmt::format("\"{}\"", head->second));
      }
      const ScopedReader rows(check_.rows, keys::Scope(tenant, ns));
      const auto counters = ReadCounters(rows);
      if (!counters.ok() && counters.status().code() != StatusCode::kCorruption) return counters.status();
      counted &= counters.ok();  // one that can't be read is told with the namespace's rows
      if (!counters.ok()) continue;
      usage.memories += counters->memories;
      usage.bytes += counters->bytes;
      ++usage.namespaces;
      RETURN_IF_ERROR(CheckAliases(tenant, ns, directory, rows));
    }
    RETURN_IF_ERROR(names->status());
    if (dropped || !counted) return {};
    RETURN_IF_ERROR(CheckAliasRows(tenant, directory));
    return CheckUsage(tenant, usage);
  }

  Status CheckAliases(TenantId tenant, NamespaceId ns, const KvReader& directory, const KvReader& rows) {
    const auto head = ReadHead(rows);
    if (!head.ok() || !*head) return {};
    std::string number;
    AppendKey32(&number, ns.value);
    for (const std::string& alias : (*head)->config.aliases) {
      aliases_.emplace(ScopeOf(tenant, ns), alias);
      ASSIGN_OR_RETURN(const auto row, directory.Get(Key(keys::kNamespaceByAlias).AddRaw(alias)));
      if (row == number) continue;
      Add(FindingKind::kAliasDiffers, tenant, ns, fmt::format("the alias \"{}\"", alias), "a row that leads here",
          row ? "one that leads elsewhere" : "none");
    }
    return {};
  }

  Status CheckAliasRows(TenantId tenant, const KvReader& directory) {
    const auto it = directory.ScanPrefix(std::string(1, keys::kNamespaceByAlias));
    for (; it->Valid(); it->Next()) {
      const std::string alias(it->key().substr(1));
      const NamespaceId ns(ByteReader(it->value()).Key32());
      if (aliases_.contains({ScopeOf(tenant, ns), alias})) continue;
      Add(FindingKind::kAliasDiffers, tenant, ns, fmt::format("the alias \"{}\"", alias), "a namespace that has it",
          "none");
    }
    return it->status();
  }

  Status CheckUsage(TenantId tenant, const TenantUsage& counted) {
    const std::string key = Key(keys::kTenantUsage).Add(tenant);
    ASSIGN_OR_RETURN(const auto bytes, system_.Get(key));
    if (!bytes) return {};  // an older store's, counted when it is first charged
    const auto stored = DecodeTenantUsage(*bytes);
    if (stored.ok() && *stored == counted) return {};
    const auto text = [](const TenantUsage& usage) {
      return fmt::format("{} memories, {} bytes, {} namespaces", usage.memories, usage.bytes, usage.namespaces);
    };
    Add(FindingKind::kUsageDiffers, tenant, {}, "the tenant's usage", text(counted),
        stored.ok() ? text(*stored) : stored.status().message());
    Put(key, EncodeTenantUsage(counted));
    return {};
  }

  void CheckLeftover(TenantId tenant, NamespaceId ns) {
    const bool system = tenant == keys::kSystemTenant;
    if (system ? ns == keys::kDirectory : heads_.contains({tenant, ns})) return;
    if (!system && IsDropped(tenant, ns)) return;
    if (!system && ns == keys::kDirectory && tenants_.contains(tenant)) return;
    const bool named = names_.contains({tenant, ns});
    Add(named ? FindingKind::kMissingHead : FindingKind::kLeftoverRows, tenant, ns,
        ns == keys::kDirectory ? "the directory of a tenant that is none" : "rows of a namespace",
        named ? "its head" : "no rows, as nothing leads to them", named ? "none" : "some");
  }

  // Namespaces that no name leads to.
  void CheckUnnamed() {
    for (const NamespaceEntry& entry : namespaces_) {
      if (names_.contains({entry.tenant, entry.ns}) || IsDropped(entry.tenant, entry.ns)) continue;
      Add(FindingKind::kDirectoryRowDiffers, entry.tenant, entry.ns, "the directory", "its name", "no row");
    }
  }

  Status CheckNamespaceCount() {
    const std::string key = Key(keys::kNamespaceCount);
    ASSIGN_OR_RETURN(const auto bytes, system_.Get(key));
    const uint64_t stored = bytes ? ByteReader(*bytes).Key64() : 0;
    if (stored == named_) return {};
    Add(FindingKind::kNamespaceCountDiffers, {}, {}, "the number of namespaces", std::to_string(named_),
        std::to_string(stored));
    std::string counted;
    AppendKey64(&counted, named_);
    Put(key, counted);
    return {};
  }

  Status CheckRepliesOf(TenantId tenant) {
    const std::string scope = keys::Scope(tenant, keys::kDirectory);
    const ScopedReader rows(check_.rows, scope);
    std::optional<ScopedBatch> repairs;
    if (check_.repairs != nullptr) repairs.emplace(*check_.repairs, scope);
    NamespaceCheck replies{tenant, keys::kDirectory, rows, system_};
    replies.go_on = check_.go_on;
    replies.findings = check_.findings;
    replies.repairs = repairs ? &*repairs : nullptr;
    return CheckReplies(replies);
  }

  // When the row's memory or run is due, by its own rows; nothing where it isn't there or never is.
  static Result<std::optional<Timestamp>> DueOf(const KvReader& rows, const keys::Expiry& expiry) {
    if (expiry.run) {
      ASSIGN_OR_RETURN(const auto run, ReadRun(rows, expiry.number));
      return run ? run->expires_at : std::nullopt;
    }
    ASSIGN_OR_RETURN(const auto state, engram::ReadState(rows, NodeNumber(expiry.number)));
    return state ? state->expires_at : std::nullopt;
  }

  Status CheckExpiry() {
    const auto it = system_.ScanPrefix(std::string(1, keys::kExpiry));
    for (; it->Valid(); it->Next()) {
      RETURN_IF_ERROR(check_.go_on());
      const auto expiry = keys::DecodeExpiry(it->key());
      if (!expiry.ok()) {
        Add(FindingKind::kUnreadableRow, {}, {}, "a row of the expiry order", "", expiry.status().message());
        continue;
      }
      // Those of what was dropped go when they are due.
      if (!heads_.contains({expiry->tenant, expiry->ns})) continue;
      const ScopedReader rows(check_.rows, keys::Scope(expiry->tenant, expiry->ns));
      const auto due = DueOf(rows, *expiry);
      if (due.status().code() == StatusCode::kCorruption) continue;  // told with the namespace's rows
      RETURN_IF_ERROR(due.status());
      if (*due == expiry->time) continue;
      Add(FindingKind::kExpiryRowOrphan, expiry->tenant, expiry->ns,
          fmt::format("{} {}", expiry->run ? "run" : "node", expiry->number), "no row by its expiry",
          "one at " + FormatRfc3339(expiry->time));
      if (check_.repairs != nullptr) {
        check_.repairs->Delete(keys::Scope(keys::kSystemTenant, keys::kDirectory) + std::string(it->key()));
      }
    }
    return it->status();
  }

  const DirectoryCheck& check_;
  const std::vector<NamespaceEntry>& namespaces_;
  const ScopedReader system_;
  std::map<ScopeOf, std::string> heads_;
  std::set<ScopeOf> dropped_;
  std::set<ScopeOf> names_;  // that a name leads to
  std::set<std::pair<ScopeOf, std::string>> aliases_;
  std::map<TenantId, std::string> tenants_;
  uint64_t named_ = 0;
};

}  // namespace

Result<std::vector<NamespaceEntry>> ListEntries(const KvReader& rows) {
  ASSIGN_OR_RETURN(const auto scopes, ListScopes(rows));
  std::vector<NamespaceEntry> entries;
  for (const auto& [tenant, ns] : scopes) {
    if (tenant == keys::kSystemTenant || ns == keys::kDirectory) continue;
    ASSIGN_OR_RETURN(const auto bytes, ScopedReader(rows, keys::Scope(tenant, ns)).Get(Key(keys::kHead)));
    if (!bytes) continue;
    const auto head = DecodeHead(*bytes);
    entries.push_back({tenant, ns, head.ok() ? head->name : ""});
  }
  return entries;
}

Result<Timestamp> LastLogTime(const KvReader& rows) {
  const ScopedReader system(rows, keys::Scope(keys::kSystemTenant, keys::kDirectory));
  ASSIGN_OR_RETURN(const auto bytes, system.Get(Key(keys::kLogTime)));
  return Timestamp{bytes ? ByteReader(*bytes).KeySigned64() : INT64_MIN};
}

Status CheckDirectories(const DirectoryCheck& check, const std::vector<NamespaceEntry>& namespaces, bool expiry) {
  return Directories(check, namespaces).Check(expiry);
}

}  // namespace engram

#include "engine/write/tenant_writes.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/write/erasures.h"

namespace engram {
namespace {

using keys::Key;

std::string NameKey(std::string_view name) { return Key(keys::kTenantByName).AddRaw(name); }
std::string TenantKey(TenantId tenant) { return Key(keys::kTenant).Add(tenant); }
std::string UsageKey(TenantId tenant) { return Key(keys::kTenantUsage).Add(tenant); }
std::string ApiKeyKey(TenantId tenant, std::string_view id) { return Key(keys::kApiKey).Add(tenant).AddRaw(id); }

std::string EncodeNumber(TenantId tenant) {
  std::string bytes;
  AppendKey32(&bytes, tenant.value);
  return bytes;
}

Result<std::optional<TenantId>> ReadNumber(const KvReader& system, const std::string& key) {
  ASSIGN_OR_RETURN(const auto bytes, system.Get(key));
  if (!bytes) return std::optional<TenantId>();
  ByteReader in(*bytes);
  const TenantId tenant(in.Key32());
  RETURN_IF_ERROR(in.Finish("tenant number"));
  return std::optional<TenantId>(tenant);
}

Result<std::vector<ApiKey>> ReadApiKeys(const KvReader& system, TenantId tenant) {
  std::vector<ApiKey> keys;
  const std::string prefix = ApiKeyKey(tenant, "");
  const auto it = system.ScanPrefix(prefix);
  for (; it->Valid(); it->Next()) {
    ASSIGN_OR_RETURN(ApiKey key, DecodeApiKey(tenant, it->key().substr(prefix.size()), it->value()));
    keys.push_back(std::move(key));
  }
  RETURN_IF_ERROR(it->status());
  return keys;
}

template <class T>
void Merge(const std::optional<std::optional<T>>& patch, std::optional<T>* limit) {
  if (patch) *limit = *patch;
}

class ChangeTenant {
 public:
  ChangeTenant(const std::string& name, Transaction::Range& system, Timestamp log_time,
               std::vector<TenantEvent>* events)
      : name_(name), system_(system), log_time_(log_time), events_(events) {}

  Result<OperationResult> operator()(const CreateTenant& op) {
    ASSIGN_OR_RETURN(const auto taken, ReadNumber(system_.rows, NameKey(name_)));
    if (taken) return AlreadyExists(fmt::format("there is a tenant \"{}\" already", name_)).At("name");
    if (Status status = CheckName("the tenant's name", name_); !status.ok()) return std::move(status).At("name");
    ASSIGN_OR_RETURN(const auto next, ReadNumber(system_.rows, Key(keys::kTenantCounter)));
    TenantRecord tenant;
    tenant.id = next.value_or(keys::kSystemTenant.Next());
    if (tenant.id.value == UINT32_MAX) return Unprocessable("the store has used up its 2^32 tenant numbers");
    tenant.name = name_;
    tenant.created_at = log_time_;
    tenant.limits = op.limits;
    system_.batch.Put(Key(keys::kTenantCounter), EncodeNumber(tenant.id.Next()));
    system_.batch.Put(NameKey(name_), EncodeNumber(tenant.id));
    system_.batch.Put(UsageKey(tenant.id), EncodeTenantUsage({}));
    Put(std::move(tenant));
    return OperationResult{name_, Version(), Outcome::kCreated};
  }

  Result<OperationResult> operator()(const PatchTenant& op) {
    ASSIGN_OR_RETURN(TenantRecord tenant, Find());
    const TenantLimits before = tenant.limits;
    Merge(op.limits.memories, &tenant.limits.memories);
    Merge(op.limits.bytes, &tenant.limits.bytes);
    Merge(op.limits.namespaces, &tenant.limits.namespaces);
    Merge(op.limits.requests_per_second, &tenant.limits.requests_per_second);
    Merge(op.limits.worker_ms_per_second, &tenant.limits.worker_ms_per_second);
    if (tenant.limits == before) return OperationResult{name_, Version(), Outcome::kUnchanged};
    Put(std::move(tenant));
    return OperationResult{name_, Version(), Outcome::kUpdated};
  }

  Result<OperationResult> operator()(const DropTenant&) {
    ASSIGN_OR_RETURN(const TenantRecord tenant, Find());
    ASSIGN_OR_RETURN(const std::vector<ApiKey> keys, ReadApiKeys(system_.rows, tenant.id));
    for (const ApiKey& key : keys) system_.batch.Delete(ApiKeyKey(tenant.id, key.id));
    TenantRecord gone;
    gone.id = tenant.id;
    gone.dropped = true;
    system_.batch.Put(TenantKey(gone.id), EncodeTenant(gone));
    system_.batch.Delete(UsageKey(gone.id));
    system_.batch.Delete(NameKey(name_));
    system_.batch.Put(Key(keys::kDropped).Add(gone.id).Add(keys::kDirectory).str(), "");
    RETURN_IF_ERROR(NoteErasure(system_, Erasure::OfTenant(gone.id, log_time_)));
    events_->emplace_back(TenantRemoved{gone.id});
    return OperationResult{name_, Version(), Outcome::kDeleted};
  }

  Result<OperationResult> operator()(const CreateApiKey& op) {
    ASSIGN_OR_RETURN(const TenantRecord tenant, Find());
    ApiKey key = op.key;
    key.tenant = tenant.id;
    RETURN_IF_ERROR(PutNew(std::move(key)));
    return OperationResult{op.key.id, Version(), Outcome::kCreated};
  }

  Result<OperationResult> operator()(const RevokeApiKey& op) {
    ASSIGN_OR_RETURN(const TenantRecord tenant, Find());
    ASSIGN_OR_RETURN(ApiKey key, FindApiKey(tenant.id, op.id));
    if (key.revoked_at) return OperationResult{op.id, Version(), Outcome::kUnchanged};
    key.revoked_at = log_time_;
    Put(std::move(key));
    return OperationResult{op.id, Version(), Outcome::kUpdated};
  }

  Result<OperationResult> operator()(const RotateApiKey& op) {
    ASSIGN_OR_RETURN(const TenantRecord tenant, Find());
    ASSIGN_OR_RETURN(ApiKey key, FindApiKey(tenant.id, op.id));
    if (IsOver(key, log_time_)) return FailedPrecondition(fmt::format("the key {} is over already", op.id)).At("id");
    ApiKey successor = key;
    successor.id = op.new_id;
    successor.hash = op.new_hash;
    successor.expires_at = op.new_expires_at;
    const Timestamp over = log_time_.PlusSeconds(op.grace_seconds);
    if (op.grace_seconds == 0) {
      key.revoked_at = log_time_;
    } else if (!key.expires_at || over < *key.expires_at) {
      key.expires_at = over;
    }
    Put(std::move(key));
    RETURN_IF_ERROR(PutNew(std::move(successor)));
    return OperationResult{op.new_id, Version(), Outcome::kCreated};
  }

 private:
  Result<TenantRecord> Find() const {
    ASSIGN_OR_RETURN(const auto id, ReadNumber(system_.rows, NameKey(name_)));
    if (!id) return NotFound(fmt::format("there is no tenant \"{}\"", name_));
    ASSIGN_OR_RETURN(const auto bytes, system_.rows.Get(TenantKey(*id)));
    if (bytes) return DecodeTenant(*id, *bytes);
    TenantRecord of_an_older_store;
    of_an_older_store.id = *id;
    of_an_older_store.name = name_;
    return of_an_older_store;
  }

  Result<ApiKey> FindApiKey(TenantId tenant, const std::string& id) const {
    ASSIGN_OR_RETURN(const auto bytes, system_.rows.Get(ApiKeyKey(tenant, id)));
    if (!bytes) return NotFound(fmt::format("tenant \"{}\" has no key \"{}\"", name_, id));
    return DecodeApiKey(tenant, id, *bytes);
  }

  void Put(TenantRecord tenant) {
    system_.batch.Put(TenantKey(tenant.id), EncodeTenant(tenant));
    events_->emplace_back(std::move(tenant));
  }
  void Put(ApiKey key) {
    system_.batch.Put(ApiKeyKey(key.tenant, key.id), EncodeApiKey(key));
    events_->emplace_back(std::move(key));
  }

  Status PutNew(ApiKey key) {
    ASSIGN_OR_RETURN(const auto taken, system_.rows.Get(ApiKeyKey(key.tenant, key.id)));
    if (taken) return AlreadyExists(fmt::format("there is a key {} already", key.id));
    RETURN_IF_ERROR(MakeRoom(key.tenant));
    key.created_at = log_time_;
    key.revoked_at.reset();
    Put(std::move(key));
    return {};
  }

  // Forgets the oldest key that is over where there are as many as there may be.
  Status MakeRoom(TenantId tenant) {
    ASSIGN_OR_RETURN(const std::vector<ApiKey> keys, ReadApiKeys(system_.rows, tenant));
    if (keys.size() < kApiKeysPerTenantMax) return {};
    const ApiKey* oldest = nullptr;
    for (const ApiKey& key : keys) {
      if (IsOver(key, log_time_) && (oldest == nullptr || key.created_at < oldest->created_at)) oldest = &key;
    }
    if (oldest == nullptr) {
      return FailedPrecondition(
          fmt::format("tenant \"{}\" has {} keys in use, as many as it may: revoke one", name_, keys.size()));
    }
    system_.batch.Delete(ApiKeyKey(tenant, oldest->id));
    events_->emplace_back(ApiKeyRemoved{oldest->id});
    return {};
  }

  const std::string& name_;
  Transaction::Range& system_;
  Timestamp log_time_;
  std::vector<TenantEvent>* events_;
};

// What the tenant's namespaces hold together.
Result<TenantUsage> CountUsage(TenantId tenant, const KvReader& directory, const KvReader& all) {
  TenantUsage usage;
  const auto it = directory.ScanPrefix(std::string(1, keys::kNamespaceByName));
  for (; it->Valid(); it->Next()) {
    const NamespaceId ns(ByteReader(it->value()).Key32());
    ASSIGN_OR_RETURN(const NamespaceCounters counters, ReadCounters(ScopedReader(all, keys::Scope(tenant, ns))));
    usage.memories += counters.memories;
    usage.bytes += counters.bytes;
    ++usage.namespaces;
  }
  RETURN_IF_ERROR(it->status());
  return usage;
}

uint64_t Moved(uint64_t usage, uint64_t before, uint64_t after) {
  return after >= before ? usage + (after - before) : usage - std::min(usage, before - after);
}

Status CheckQuota(const char* what, const std::optional<uint64_t>& quota, uint64_t before, uint64_t after) {
  if (!quota || after <= before || after <= *quota) return {};
  return Status(StatusCode::kOutOfSpace,
                fmt::format("the tenant's quota is {} {}: it has {}, and this would make it {}", *quota, what, before,
                            after))
      .With("quota", what)
      .With("limit", std::to_string(*quota))
      .With("used", std::to_string(before));
}

}  // namespace

Result<OperationResult> ApplyTenantChange(const TenantChange& change, Transaction::Range& system, Timestamp log_time,
                                          std::vector<TenantEvent>* events) {
  return std::visit(ChangeTenant(change.tenant, system, log_time, events), change.what);
}

Result<TenantState> ReadTenantState(TenantId tenant, const KvReader& system, const KvReader& directory,
                                    const KvReader& all) {
  TenantState state;
  state.tenant.id = tenant;
  ASSIGN_OR_RETURN(const auto row, system.Get(TenantKey(tenant)));
  if (row) {
    ASSIGN_OR_RETURN(state.tenant, DecodeTenant(tenant, *row));
  }
  if (state.tenant.dropped) return state;
  ASSIGN_OR_RETURN(const auto usage, system.Get(UsageKey(tenant)));
  if (usage) {
    ASSIGN_OR_RETURN(state.usage, DecodeTenantUsage(*usage));
  } else {
    ASSIGN_OR_RETURN(state.usage, CountUsage(tenant, directory, all));
  }
  return state;
}

Status CheckNotDropped(const TenantState& state) {
  return state.tenant.dropped ? NotFound("the tenant has been dropped") : Status();
}

Status ChargeTenant(Transaction& tx) {
  if (tx.owner.tenant.dropped) return {};
  const NamespaceCounters after = tx.dropped ? NamespaceCounters() : tx.counters;
  TenantUsage usage = tx.owner.usage;
  usage.memories = Moved(usage.memories, tx.before.memories, after.memories);
  usage.bytes = Moved(usage.bytes, tx.before.bytes, after.bytes);
  usage.namespaces = Moved(usage.namespaces, tx.existed ? 1 : 0, tx.dropped ? 0 : 1);
  if (usage == tx.owner.usage) return {};
  const TenantLimits& limits = tx.owner.tenant.limits;
  RETURN_IF_ERROR(CheckQuota("memories", limits.memories, tx.owner.usage.memories, usage.memories));
  RETURN_IF_ERROR(CheckQuota("bytes", limits.bytes, tx.owner.usage.bytes, usage.bytes));
  RETURN_IF_ERROR(CheckQuota("namespaces", limits.namespaces, tx.owner.usage.namespaces, usage.namespaces));
  tx.owner.usage = usage;
  tx.system().batch.Put(UsageKey(tx.tenant()), EncodeTenantUsage(usage));
  return {};
}

}  // namespace engram

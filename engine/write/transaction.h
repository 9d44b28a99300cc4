// One mutation being decided: the rows as the commit group sees them, the changes so far, and what the in-memory
// indexes will be told. Confined to the committer's thread; thrown away when the mutation is refused.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/kv.h"
#include "engine/engine.h"
#include "engine/keys.h"
#include "engine/publication.h"
#include "engine/rows.h"
#include "engine/store.h"
#include "engine/write/namespace_cache.h"

namespace engram {

// The state of its namespace is as this mutation found it, with its own changes.
class Transaction : public NamespaceState {
 public:
  Transaction(TenantId tenant, NamespaceId ns, Store::Overlay& overlay, Timestamp log_time)
      : tenant_(tenant),
        ns_(ns),
        system_(overlay, overlay, keys::Scope(keys::kSystemTenant, keys::kDirectory)),
        directory_(overlay, overlay, keys::Scope(tenant, keys::kDirectory)),
        namespace_(overlay, overlay, keys::Scope(tenant, ns)),
        log_time_(log_time) {}

  // A scoped reader and writer of the same range.
  struct Range {
    Range(const KvReader& reader, KvBatch& writer, const std::string& prefix)
        : rows(reader, prefix), batch(writer, prefix) {}
    ScopedReader rows;
    ScopedBatch batch;
  };

  TenantId tenant() const { return tenant_; }
  NamespaceId ns() const { return ns_; }
  // The only clock: `expires_at <= log_time()` is absent.
  Timestamp log_time() const { return log_time_; }

  const KvReader& rows() const { return namespace_.rows; }
  KvBatch& batch() { return namespace_.batch; }
  // The tenant's namespaces, by name.
  const KvReader& directory() const { return directory_.rows; }
  KvBatch& change_directory() {
    directory_changed_ = true;
    return directory_.batch;
  }
  bool directory_changed() const { return directory_changed_; }
  Range& system() { return system_; }  // expiry order, dropped namespaces

  void Tell(IndexEvent event) { events.push_back(std::move(event)); }

  TenantState owner;         // the tenant, with this mutation's changes
  NamespaceCounters before;  // as this mutation found them
  bool existed = false;      // the namespace, before this mutation
  Position position;         // of this mutation
  WriteMode mode = WriteMode::kUpsert;
  bool head_changed = false;
  bool dropped = false;           // the namespace ended: no counters, no log row
  bool takes_duplicates = false;  // whatever the namespace says: what comes back was there before
  uint32_t place = 0;             // of the operation in the batch
  std::vector<IndexEvent> events;
  // Ids whose stored replies must go, too.
  std::vector<std::string> erased_ids;

 private:
  TenantId tenant_;
  NamespaceId ns_;
  Range system_;
  Range directory_;
  Range namespace_;
  Timestamp log_time_;
  bool directory_changed_ = false;
};

// Unprocessable when metadata is nested more deeply than its encoding allows.
Status CheckDepth(const Value::Object& metadata);

}  // namespace engram

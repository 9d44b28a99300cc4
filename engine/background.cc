#include "engine/background.h"

#include <future>
#include <map>
#include <set>

#include "base/failpoint.h"
#include "base/log.h"
#include "engine/keys.h"
#include "engine/write/sweep.h"

namespace engram {
namespace {

constexpr size_t kWaitingReadsMax = 100'000;
constexpr size_t kTouchesPerMutation = 1'000;
constexpr size_t kDuePerScan = 10'000;
// A compaction rewrites whole namespaces: erasures wait for one another.
constexpr std::chrono::minutes kCompactionInterval{10};

}  // namespace

Background::Background(Store* store, Committer* committer, LogClock* log_clock, ErasureSweep* erasures,
                       std::chrono::milliseconds interval)
    : store_(store), committer_(committer), log_clock_(log_clock), erasures_(erasures), interval_(interval) {
  if (interval_.count() > 0) thread_ = std::thread([this] { Run(); });
}

Background::~Background() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  stop_.NotifyAll();
  if (thread_.joinable()) thread_.join();
  if (const Status status = FlushReads(); !status.ok()) {
    Log(LogLevel::kWarning, "touches_lost", {{"error", status.ToString()}});
  }
}

void Background::Run() {
  auto next_compaction = std::chrono::steady_clock::now() + kCompactionInterval;
  while (true) {
    {
      const MutexLock lock(mutex_);
      if (!stopping_) stop_.WaitFor(mutex_, interval_);
      if (stopping_) return;
    }
    const bool compacts = std::chrono::steady_clock::now() >= next_compaction;
    const Status status = compacts ? SweepNow() : SweepRows();
    if (compacts) next_compaction = std::chrono::steady_clock::now() + kCompactionInterval;
    if (!status.ok()) Log(LogLevel::kWarning, "sweep_failed", {{"error", status.ToString()}});
  }
}

void Background::NoteRead(TenantId tenant, NamespaceId ns, const std::string& id) {
  const MutexLock lock(mutex_);
  auto& waiting = reads_[{tenant, ns}];
  if (const auto it = waiting.find(id); it != waiting.end()) {
    ++it->second;
  } else if (waiting_reads_ < kWaitingReadsMax) {
    waiting.emplace(id, 1);
    ++waiting_reads_;
  }
}

MutationResult Background::Commit(const Namespace& where, std::vector<Operation> operations) {
  Mutation mutation;
  mutation.tenant = where.tenant;
  mutation.namespace_id = where.ns;
  mutation.operations = std::move(operations);
  std::promise<MutationResult> done;
  auto future = done.get_future();
  committer_->Submit(std::move(mutation), Durability::kBuffered,
                     [&done](MutationResult result) { done.set_value(std::move(result)); });
  return future.get();
}

Status Background::SweepNow() {
  ASSIGN_OR_RETURN(const uint64_t erasures, erasures_->Next());
  RETURN_IF_ERROR(SweepRows());
  return erasures_->Run(erasures);
}

Status Background::SweepRows() {
  const MutexLock lock(sweep_mutex_);
  RETURN_IF_ERROR(FlushReads());
  RETURN_IF_ERROR(SweepExpiredRows());
  return SweepDroppedNamespaces();
}

Status Background::FlushReads() {
  std::map<Namespace, std::unordered_map<std::string, uint64_t>> reads;
  {
    const MutexLock lock(mutex_);
    reads.swap(reads_);
    waiting_reads_ = 0;
  }
  for (const auto& [where, counts] : reads) {
    // In id order, so that the log does not depend on a hash.
    const std::map<std::string, uint64_t> ordered(counts.begin(), counts.end());
    std::vector<Operation> touches;
    for (const auto& [id, n] : ordered) {
      touches.emplace_back(Touch{id, n});
      if (touches.size() == kTouchesPerMutation) RETURN_IF_ERROR(CommitTouches(where, std::exchange(touches, {})));
    }
    if (!touches.empty()) RETURN_IF_ERROR(CommitTouches(where, std::move(touches)));
  }
  return {};
}

Status Background::CommitTouches(const Namespace& where, std::vector<Operation> touches) {
  const Status status = Commit(where, std::move(touches)).status;
  return status.code() == StatusCode::kNotFound ? Status() : status;  // the namespace was dropped meanwhile
}

Status Background::SweepExpiredRows() {
  std::set<Namespace> damaged;  // their rows wait for who repairs them, the others' don't
  while (true) {
    const Timestamp now = log_clock_->Now();
    std::map<Namespace, SweepExpired> due;
    size_t rows = 0;
    {
      const auto snapshot = store_->Snapshot();
      const ScopedReader system(*snapshot, keys::Scope(keys::kSystemTenant, keys::kDirectory));
      const auto it = system.ScanPrefix(std::string(1, keys::kExpiry));
      for (; it->Valid() && rows < kDuePerScan; it->Next()) {
        ASSIGN_OR_RETURN(const keys::Expiry expiry, keys::DecodeExpiry(it->key()));
        if (expiry.time > now) break;
        if (damaged.contains({expiry.tenant, expiry.ns})) continue;
        ++rows;
        due[{expiry.tenant, expiry.ns}].due.push_back({expiry.time, expiry.run, expiry.number});
      }
      RETURN_IF_ERROR(it->status());
    }
    if (due.empty()) return {};
    FAILPOINT("sweep.expired");
    for (auto& [where, sweep] : due) {
      const Status status = Commit(where, {std::move(sweep)}).status;
      if (status.code() != StatusCode::kCorruption) {
        RETURN_IF_ERROR(status);
        continue;
      }
      damaged.insert(where);
      Log(LogLevel::kError, "sweep_of_damaged_namespace",
          {{"tenant", where.tenant.value}, {"namespace", where.ns.value}, {"error", status.ToString()}});
    }
  }
}

Result<std::vector<Background::Namespace>> Background::FindDropped() const {
  std::vector<Namespace> dropped;
  const auto snapshot = store_->Snapshot();
  const ScopedReader system(*snapshot, keys::Scope(keys::kSystemTenant, keys::kDirectory));
  const auto it = system.ScanPrefix(std::string(1, keys::kDropped));
  for (; it->Valid(); it->Next()) {
    ByteReader key(it->key().substr(1));
    const TenantId tenant(key.Key32());
    dropped.push_back({tenant, NamespaceId(key.Key32())});
  }
  RETURN_IF_ERROR(it->status());
  return dropped;
}

// A tenant's namespaces are dropped first; the next round finds them among the dropped.
Status Background::SweepDroppedNamespaces() {
  while (true) {
    ASSIGN_OR_RETURN(const std::vector<Namespace> dropped, FindDropped());
    if (dropped.empty()) return {};
    for (const Namespace& where : dropped) {
      if (where.ns == keys::kDirectory) RETURN_IF_ERROR(DropNamespacesOf(where.tenant));
      RETURN_IF_ERROR(SweepDroppedRows(where));
    }
  }
}

Status Background::DropNamespacesOf(TenantId tenant) {
  FAILPOINT("tenant.drop");
  std::vector<NamespaceId> left;
  {
    const auto snapshot = store_->Snapshot();
    const ScopedReader directory(*snapshot, keys::Scope(tenant, keys::kDirectory));
    const auto it = directory.ScanPrefix(std::string(1, keys::kNamespaceByName));
    for (; it->Valid(); it->Next()) left.emplace_back(ByteReader(it->value()).Key32());
    RETURN_IF_ERROR(it->status());
  }
  for (const NamespaceId ns : left) RETURN_IF_ERROR(Commit({tenant, ns}, {DropNamespace{}}).status);
  return {};
}

Status Background::SweepDroppedRows(const Namespace& where) {
  bool empty = false;
  while (!empty) {
    FAILPOINT("sweep.dropped");
    const MutationResult result = Commit(where, {SweepDropped{}});
    RETURN_IF_ERROR(result.status);
    empty = result.results.empty() || result.results[0].outcome == Outcome::kDeleted;
  }
  // The rows are gone for every reader; erasure_sweep.h takes their bytes out of the files.
  return {};
}

}  // namespace engram

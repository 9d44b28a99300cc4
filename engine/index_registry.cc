#include "engine/index_registry.h"

#include <algorithm>
#include <atomic>
#include <list>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/check.h"
#include "base/log.h"
#include "base/mutex.h"
#include "engine/index_budget.h"
#include "engine/keys.h"
#include "engine/log_clock.h"
#include "engine/namespace_index.h"
#include "engine/rows.h"
#include "engine/segments/seal_queue.h"
#include "engine/segments/segment_loader.h"

// Why an index that Acquire returns holds every write that was replied to before the call. The committer works
// in this order: commit, Publish, reply. Publish and the entry's changes are ordered by mutex_; look at the moment
// a write's Publish takes it:
//   loaded    Publish applies the write itself, before the reply.
//   loading   Publish queues it. The entry becomes loaded only when its queue is empty, under mutex_, so the write
//             is applied before anybody gets the index (or ignored, being at or below the snapshot's position).
//   absent    A later load registers after this moment, hence after the commit, and takes its snapshot after that:
//             the snapshot has the write. (An index unlinked while Publish applies to it is not given out again.)
// Order is kept: the committer queues in log order, the loader applies in queue order, and Publish applies
// directly only after the queue ran empty.

namespace engram {
namespace {

// A load whose queue outgrows this starts over from a new snapshot, which has what was queued: memory stays
// bounded, and rows are the truth. Writes that outrun several loads in a row fail the load, not the writes.
constexpr uint64_t kQueueBytesMax = uint64_t{64} << 20;
constexpr int kLoadAttempts = 4;
// Loads weigh what they have so far, the first time after so many memories, then at every doubling.
constexpr uint64_t kFirstWeighing = 1024;
// A walk may fill a cache without any write: indexes in use are weighed at every so many uses.
constexpr uint32_t kUsesPerWeighing = 16;
// So many namespaces that aren't loaded have their writes counted.
constexpr size_t kUnloadedNamespacesMax = 65'536;
// One that has had so many stretches of writes is loaded, so that its first search need not wait for all of them.
constexpr uint64_t kUnloadedStretches = 64;

uint64_t ScopeNumber(TenantId tenant, NamespaceId ns) { return uint64_t{tenant.value} << 32 | ns.value; }

uint64_t ContentBytes(const Content& content) {
  uint64_t bytes = content.text.size();
  for (const auto& [name, text] : content.fields) bytes += name.size() + text.size();
  for (const auto& [space, vector] : content.vectors) {
    if (const auto* dense = std::get_if<DenseVector>(&vector)) bytes += dense->size() * sizeof(float);
    if (const auto* sparse = std::get_if<SparseVector>(&vector)) bytes += sparse->values.size() * 2 * sizeof(float);
    if (const auto* multi = std::get_if<MultiVector>(&vector)) bytes += multi->values.size() * sizeof(float);
  }
  return bytes;
}

// What a queued publication holds, without metadata: near enough for a bound.
uint64_t PublicationBytes(const Publication& publication) {
  uint64_t bytes = publication.events.size() * sizeof(IndexEvent);
  for (const IndexEvent& event : publication.events) {
    if (const auto* added = std::get_if<ContentAdded>(&event)) bytes += ContentBytes(*added->content);
  }
  return bytes;
}

template <class Event>
size_t CountEvents(const Publication& publication) {
  return static_cast<size_t>(
      std::count_if(publication.events.begin(), publication.events.end(),
                    [](const IndexEvent& event) { return std::holds_alternative<Event>(event); }));
}

bool DropsNamespace(const Publication& publication) { return CountEvents<NamespaceDropped>(publication) > 0; }
bool Erases(const Publication& publication) { return CountEvents<EdgesErased>(publication) > 0; }

Status NoSuchNamespace() { return NotFound("the namespace is gone"); }

}  // namespace

class IndexRegistry::Rep {
 public:
  Rep(const Store& store, uint64_t bytes_max, const RegistrySegments& segments)
      : store_(store), segments_(segments), budget_(std::make_shared<IndexBudget>(bytes_max)) {}

  Result<std::shared_ptr<NamespaceIndex>> Acquire(TenantId tenant, NamespaceId ns) EXCLUDES(mutex_);
  std::shared_ptr<NamespaceIndex> Peek(TenantId tenant, NamespaceId ns) const EXCLUDES(mutex_);
  void Publish(const Publication& publication) EXCLUDES(mutex_);
  void Forget(TenantId tenant, NamespaceId ns, const NamespaceIndex* index) EXCLUDES(mutex_);
  // Has the sealer look whether the index has segments to merge.
  void AskForMerges(TenantId tenant, NamespaceId ns, const NamespaceIndex& index) const;
  void DiscardSegments(TenantId tenant, NamespaceId ns, const Status& damage) const;
  bool any_behind() const { return behind_count_ > 0; }
  Status CheckBacklog(TenantId tenant, NamespaceId ns) EXCLUDES(mutex_);
  Usage usage() const EXCLUDES(mutex_);
  std::vector<std::pair<TenantId, NamespaceId>> Loaded() const EXCLUDES(mutex_);
  std::shared_ptr<const KvReader> Snapshot() const { return store_.Snapshot(); }

 private:
  using Held = std::shared_ptr<WeighedIndex>;

  // All of it guarded by mutex_.
  struct Entry {
    bool loading = true;
    Held held;      // once loaded
    Status status;  // of a failed load
    CondVar loaded;
    std::list<uint64_t>::iterator place;  // in uses_, once loaded
    uint32_t uses = 0;

    // While loading.
    std::vector<Publication> queue;
    uint64_t queue_bytes = 0;
    bool overflowed = false;  // the queue was let go
    bool dropped = false;     // the namespace was
  };
  using EntryPtr = std::shared_ptr<Entry>;

  // The loader's side.
  Result<Held> Load(uint64_t number, const EntryPtr& entry, TenantId tenant, NamespaceId ns) EXCLUDES(mutex_);
  Result<Held> ReadRows(TenantId tenant, NamespaceId ns, const SegmentFolder* folder) EXCLUDES(mutex_);
  // Applies what is queued until nothing is, then shows the index. False when the load has to start over.
  Result<bool> CatchUp(uint64_t number, const EntryPtr& entry, const Held& held) EXCLUDES(mutex_);
  void FailLoad(uint64_t number, const EntryPtr& entry, const Status& status) EXCLUDES(mutex_);
  Status CheckRoom() EXCLUDES(mutex_);

  // Applies it to the index, or leaves it to whoever loads that.
  void Show(const Publication& publication) EXCLUDES(mutex_);
  // Tells the sealer when the index has grown.
  void AskForSealing(TenantId tenant, NamespaceId ns, const NamespaceIndex& index) EXCLUDES(mutex_);
  // The same for what was written to a namespace that isn't loaded.
  void NoteUnloadedWrites(const Publication& publication) REQUIRES(mutex_);
  void Queue(const Publication& publication, Entry* entry) REQUIRES(mutex_);
  // Takes the entry out; what it held is destroyed by the caller, outside the lock.
  Held Unlink(uint64_t number) REQUIRES(mutex_);
  // Unlinks what nobody uses, least recently used first, until the budget is kept; false when it can't be. What was
  // unlinked is destroyed by the caller, outside the lock.
  bool Evict(std::vector<Held>* evicted) REQUIRES(mutex_);
  static std::shared_ptr<NamespaceIndex> Share(const Held& held) { return {held, &held->index()}; }

  const Store& store_;
  const RegistrySegments segments_;
  const std::shared_ptr<IndexBudget> budget_;
  mutable Mutex mutex_;
  std::unordered_map<uint64_t, EntryPtr> entries_ GUARDED_BY(mutex_);
  std::list<uint64_t> uses_ GUARDED_BY(mutex_);  // loaded ones, least recently used first
  // Contents written since, by namespaces that aren't loaded.
  std::unordered_map<uint64_t, uint64_t> unloaded_writes_ GUARDED_BY(mutex_);
  // Namespaces that the sealer is behind with, as far as they were seen to be; how many.
  std::unordered_set<uint64_t> behind_ GUARDED_BY(mutex_);
  std::atomic<size_t> behind_count_ = 0;
  uint64_t loads_ GUARDED_BY(mutex_) = 0;
  uint64_t evictions_ GUARDED_BY(mutex_) = 0;
};

Result<std::shared_ptr<NamespaceIndex>> IndexRegistry::Rep::Acquire(TenantId tenant, NamespaceId ns) {
  const uint64_t number = ScopeNumber(tenant, ns);
  while (true) {
    EntryPtr entry;
    Held held;
    bool weigh = false;
    {
      const MutexLock lock(mutex_);
      EntryPtr& found = entries_[number];
      const bool absent = !found;
      if (absent) found = std::make_shared<Entry>();
      entry = found;
      while (!absent && entry->loading) entry->loaded.Wait(mutex_);
      if (!entry->status.ok()) return entry->status;
      if (entry->held) {
        uses_.splice(uses_.end(), uses_, entry->place);
        weigh = ++entry->uses % kUsesPerWeighing == 0;
        held = entry->held;
      } else if (!absent) {
        continue;  // loaded and unlinked again before we woke up
      }
    }
    if (held) {
      if (weigh) held->Weigh();
      return Share(held);
    }
    ASSIGN_OR_RETURN(held, Load(number, entry, tenant, ns));
    return Share(held);
  }
}

Result<IndexRegistry::Rep::Held> IndexRegistry::Rep::Load(uint64_t number, const EntryPtr& entry, TenantId tenant,
                                                          NamespaceId ns) {
  Status status = Unavailable("the namespace is written faster than it can be loaded").RetryAfter(1);
  const SegmentFolder* folder = segments_.folder;
  for (int attempt = 0; attempt < kLoadAttempts; ++attempt) {
    Result<Held> held = ReadRows(tenant, ns, folder);
    if (!held.ok() && folder != nullptr && AreSegmentsUnusable(held.status())) {
      Log(LogLevel::kWarning, "segments_unusable",
          {{"tenant", tenant.value}, {"namespace", ns.value}, {"error", held.status().ToString()}});
      folder = nullptr;
      continue;
    }
    if (!held.ok()) {
      status = std::move(held).status();
      break;
    }
    const Result<bool> shown = CatchUp(number, entry, *held);
    if (shown.ok() && *shown) {
      AskForSealing(tenant, ns, (*held)->index());
      AskForMerges(tenant, ns, (*held)->index());  // they may have waited when it was unloaded
      return *held;
    }
    if (!shown.ok()) {
      status = shown.status();
      break;
    }
  }
  FailLoad(number, entry, status);
  return status;
}

Result<IndexRegistry::Rep::Held> IndexRegistry::Rep::ReadRows(TenantId tenant, NamespaceId ns,
                                                              const SegmentFolder* folder) {
  RETURN_IF_ERROR(CheckRoom());
  const auto snapshot = store_.Snapshot();
  const ScopedReader rows(*snapshot, keys::Scope(tenant, ns));
  ASSIGN_OR_RETURN(const auto head, ReadHead(rows));
  if (!head) return NoSuchNamespace();
  ASSIGN_OR_RETURN(const NamespaceCounters counters, ReadCounters(rows));
  ASSIGN_OR_RETURN(auto index, NamespaceIndex::Create(head->config));
  const auto held = std::make_shared<WeighedIndex>(std::move(index), budget_);

  uint64_t loaded = 0;
  uint64_t next_weighing = kFirstWeighing;
  const auto check_room = [&]() -> Status {
    if (segments_.seal_loading && segments_.limits.Reached(held->index().unsealed())) {
      RETURN_IF_ERROR(segments_.seal_loading(tenant, ns, &held->index()));
    } else if (++loaded < next_weighing) {
      return {};
    } else {
      next_weighing *= 2;
    }
    held->Weigh();
    return CheckRoom();
  };
  const Timestamp now = segments_.log_clock ? segments_.log_clock->Now() : counters.log_time;
  RETURN_IF_ERROR(LoadIndex(rows, folder, tenant, ns, counters, now, check_room, &held->index()));
  held->Weigh();
  RETURN_IF_ERROR(CheckRoom());
  return held;
}

Result<bool> IndexRegistry::Rep::CatchUp(uint64_t number, const EntryPtr& entry, const Held& held) {
  while (true) {
    std::vector<Publication> queue;
    {
      const MutexLock lock(mutex_);
      if (entry->dropped) return NoSuchNamespace();
      queue = std::exchange(entry->queue, {});
      entry->queue_bytes = 0;
      // What came since was let go too; the snapshot of the next attempt is taken after all of it.
      if (std::exchange(entry->overflowed, false)) return false;
      if (queue.empty()) {
        entry->loading = false;
        entry->held = held;
        entry->place = uses_.insert(uses_.end(), number);
        ++loads_;
        entry->loaded.NotifyAll();
        return true;
      }
    }
    for (const Publication& publication : queue) held->index().Apply(publication);
    if (held->index().outdated()) return false;
    held->Weigh();
  }
}

void IndexRegistry::Rep::FailLoad(uint64_t number, const EntryPtr& entry, const Status& status) {
  const MutexLock lock(mutex_);
  const auto at = entries_.find(number);
  if (at != entries_.end() && at->second == entry) entries_.erase(at);
  entry->loading = false;
  entry->status = status;
  entry->queue.clear();
  entry->loaded.NotifyAll();
}

Status IndexRegistry::Rep::CheckRoom() {
  std::vector<Held> evicted;
  {
    const MutexLock lock(mutex_);
    // Decided under the lock: another load may put its weight on the scales the moment we let go, and then makes
    // room itself.
    if (Evict(&evicted)) return {};
  }
  return Unavailable(fmt::format("indexes in use hold {} bytes of {} allowed", budget_->bytes(), budget_->bytes_max()))
      .RetryAfter(1);
}

std::shared_ptr<NamespaceIndex> IndexRegistry::Rep::Peek(TenantId tenant, NamespaceId ns) const {
  const MutexLock lock(mutex_);
  const auto at = entries_.find(ScopeNumber(tenant, ns));
  if (at == entries_.end() || !at->second->held) return nullptr;
  return Share(at->second->held);
}

void IndexRegistry::Rep::Publish(const Publication& publication) {
  const auto tell = [&](SealJob::Kind kind) {
    if (segments_.queue != nullptr) segments_.queue->Push({publication.tenant, publication.namespace_id, kind});
  };
  if (DropsNamespace(publication)) tell(SealJob::Kind::kDrop);
  Show(publication);
  // Not before: the sealer rewrites segments for the rows that the index knows to be dead.
  if (Erases(publication)) tell(SealJob::Kind::kErased);
}

void IndexRegistry::Rep::Show(const Publication& publication) {
  const uint64_t number = ScopeNumber(publication.tenant, publication.namespace_id);
  Held held;
  {
    const MutexLock lock(mutex_);
    const auto at = entries_.find(number);
    if (at == entries_.end()) return NoteUnloadedWrites(publication);  // its rows are its index
    if (at->second->loading) {
      Queue(publication, at->second.get());
      return;
    }
    held = DropsNamespace(publication) ? Unlink(number) : at->second->held;
    if (DropsNamespace(publication)) return;
  }
  held->index().Apply(publication);
  held->Weigh();
  AskForSealing(publication.tenant, publication.namespace_id, held->index());
  const bool outdated = held->index().outdated();

  std::vector<Held> unlinked;  // destroyed behind the lock
  const MutexLock lock(mutex_);
  const auto at = entries_.find(number);
  if (outdated && at != entries_.end() && at->second->held == held) unlinked.push_back(Unlink(number));
  held.reset();  // so that it may be evicted as well
  (void)Evict(&unlinked);
}

void IndexRegistry::Rep::Forget(TenantId tenant, NamespaceId ns, const NamespaceIndex* index) {
  Held unlinked;  // destroyed behind the lock
  const MutexLock lock(mutex_);
  const uint64_t number = ScopeNumber(tenant, ns);
  const auto at = entries_.find(number);
  if (at != entries_.end() && at->second->held && &at->second->held->index() == index) unlinked = Unlink(number);
}

void IndexRegistry::Rep::DiscardSegments(TenantId tenant, NamespaceId ns, const Status& damage) const {
  if (segments_.queue == nullptr) return;
  Log(LogLevel::kError, "segment_damaged",
      {{"tenant", tenant.value}, {"namespace", ns.value}, {"error", damage.ToString()}});
  segments_.queue->Push({tenant, ns, SealJob::Kind::kDiscard});
}

void IndexRegistry::Rep::AskForSealing(TenantId tenant, NamespaceId ns, const NamespaceIndex& index) {
  if (segments_.queue == nullptr) return;
  const Unsealed unsealed = index.unsealed();
  if (!segments_.limits.CallsForWork(unsealed)) return;
  segments_.queue->Push({tenant, ns, SealJob::Kind::kSeal});
  if (!segments_.limits.Reached(unsealed, segments_.limits.behind)) return;
  const MutexLock lock(mutex_);
  behind_.insert(ScopeNumber(tenant, ns));
  behind_count_ = behind_.size();
}

void IndexRegistry::Rep::AskForMerges(TenantId tenant, NamespaceId ns, const NamespaceIndex& index) const {
  if (segments_.queue == nullptr || index.segments().empty()) return;
  segments_.queue->Push({tenant, ns, SealJob::Kind::kSeal});
}

void IndexRegistry::Rep::NoteUnloadedWrites(const Publication& publication) {
  const size_t contents = segments_.queue == nullptr ? 0 : CountEvents<ContentAdded>(publication);
  if (contents == 0) return;
  // To forget is to load later.
  if (unloaded_writes_.size() >= kUnloadedNamespacesMax) unloaded_writes_.clear();
  const uint64_t number = ScopeNumber(publication.tenant, publication.namespace_id);
  uint64_t& writes = unloaded_writes_[number];
  writes += contents;
  if (writes / kUnloadedStretches < segments_.limits.rows) return;
  unloaded_writes_.erase(number);
  segments_.queue->Push({publication.tenant, publication.namespace_id, SealJob::Kind::kLoad});
}

Status IndexRegistry::Rep::CheckBacklog(TenantId tenant, NamespaceId ns) {
  const auto index = Peek(tenant, ns);
  const bool behind = index && segments_.limits.Reached(index->unsealed(), segments_.limits.behind);
  if (behind) return RateLimited("the namespace is written faster than it can be indexed").RetryAfter(1);
  const MutexLock lock(mutex_);
  behind_.erase(ScopeNumber(tenant, ns));
  behind_count_ = behind_.size();
  return {};
}

void IndexRegistry::Rep::Queue(const Publication& publication, Entry* entry) {
  if (DropsNamespace(publication)) entry->dropped = true;
  if (entry->overflowed || entry->dropped) return;
  entry->queue_bytes += PublicationBytes(publication);
  entry->queue.push_back(publication);
  if (entry->queue_bytes <= kQueueBytesMax) return;
  entry->overflowed = true;
  entry->queue.clear();
}

IndexRegistry::Rep::Held IndexRegistry::Rep::Unlink(uint64_t number) {
  const auto at = entries_.find(number);
  ENGRAM_CHECK(at != entries_.end() && !at->second->loading);
  Held held = std::move(at->second->held);
  uses_.erase(at->second->place);
  entries_.erase(at);
  return held;
}

bool IndexRegistry::Rep::Evict(std::vector<Held>* evicted) {
  auto at = uses_.begin();
  while (budget_->exceeded()) {
    if (at == uses_.end()) return false;
    const uint64_t number = *at++;
    const Held& held = entries_.at(number)->held;
    // Nobody can come to share it while we hold the lock, so a count of one stays one.
    if (held.use_count() > 1) continue;
    held->GiveBack();
    evicted->push_back(Unlink(number));
    ++evictions_;
  }
  return true;
}

IndexRegistry::Usage IndexRegistry::Rep::usage() const {
  const MutexLock lock(mutex_);
  return {uses_.size(), budget_->bytes(), loads_, evictions_, behind_.size()};
}

std::vector<std::pair<TenantId, NamespaceId>> IndexRegistry::Rep::Loaded() const {
  const MutexLock lock(mutex_);
  std::vector<std::pair<TenantId, NamespaceId>> loaded;
  for (const uint64_t number : uses_) {
    loaded.emplace_back(TenantId(static_cast<uint32_t>(number >> 32)), NamespaceId(static_cast<uint32_t>(number)));
  }
  return loaded;
}

IndexRegistry::IndexRegistry(const Store& store, uint64_t memory_bytes_max, const RegistrySegments& segments)
    : rep_(std::make_unique<Rep>(store, memory_bytes_max, segments)) {}
IndexRegistry::~IndexRegistry() = default;

Result<std::shared_ptr<NamespaceIndex>> IndexRegistry::Acquire(TenantId tenant, NamespaceId ns) {
  ASSIGN_OR_RETURN(auto index, rep_->Acquire(tenant, ns));
  if (index->NoteRead()) rep_->AskForMerges(tenant, ns, *index);
  return index;
}

Result<std::shared_ptr<NamespaceIndex>> IndexRegistry::Load(TenantId tenant, NamespaceId ns) {
  return rep_->Acquire(tenant, ns);
}

std::shared_ptr<NamespaceIndex> IndexRegistry::Peek(TenantId tenant, NamespaceId ns) const {
  return rep_->Peek(tenant, ns);
}

void IndexRegistry::Publish(const Publication& publication) { rep_->Publish(publication); }

void IndexRegistry::Forget(TenantId tenant, NamespaceId ns, const NamespaceIndex* index) {
  rep_->Forget(tenant, ns, index);
}

void IndexRegistry::DiscardSegments(TenantId tenant, NamespaceId ns, const Status& damage) {
  rep_->DiscardSegments(tenant, ns, damage);
}

bool IndexRegistry::any_behind() const { return rep_->any_behind(); }

Status IndexRegistry::CheckBacklog(TenantId tenant, NamespaceId ns) { return rep_->CheckBacklog(tenant, ns); }

IndexRegistry::Usage IndexRegistry::usage() const { return rep_->usage(); }
std::vector<std::pair<TenantId, NamespaceId>> IndexRegistry::Loaded() const { return rep_->Loaded(); }
std::shared_ptr<const KvReader> IndexRegistry::Snapshot() const { return rep_->Snapshot(); }

}  // namespace engram

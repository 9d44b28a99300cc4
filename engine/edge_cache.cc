#include "engine/edge_cache.h"

#include "engine/rows.h"

// Why no change is applied twice or missed. Rows at position S hold every change at or below S. Building from
// them begins only when no change above S was seen before (changed_ <= S, asked under the lock); from then on
// every change is kept in pending_. Of those, the ones at or below S are in the rows already and are dropped,
// the others are applied in order before anybody walks. A change at or below S may also come after the build (it
// was committed before the snapshot and is published later): built_at_ = S drops it too.

namespace engram {
namespace {

// Beyond so many changes during one build it starts over at the next walk.
constexpr size_t kPendingMax = 100'000;

bool TouchesEdges(const IndexEvent& event) {
  return std::holds_alternative<EdgesChanged>(event) || std::holds_alternative<EdgesErased>(event);
}

}  // namespace

void EdgeCache::Apply(const Publication& publication) {
  bool touches = false;
  for (const IndexEvent& event : publication.events) touches |= TouchesEdges(event);
  if (!touches) return;
  WriterLock lock(mutex_);
  for (const IndexEvent& event : publication.events) {
    if (const auto* changed = std::get_if<EdgesChanged>(&event)) ApplyChange(publication.position, changed->change);
    if (std::holds_alternative<EdgesErased>(event)) Forget();
  }
  changed_ = publication.position;
}

void EdgeCache::SkipTo(Position position) {
  WriterLock lock(mutex_);
  Forget();
  changed_ = position;
}

void EdgeCache::ApplyChange(Position position, const EdgeChange& change) {
  if (phase_ == Phase::kReady) {
    if (position > built_at_) cache_->Apply(change);
  } else if (phase_ == Phase::kBuilding && !spoiled_) {
    pending_.emplace_back(position, change);
    if (pending_.size() > kPendingMax) Forget();
  }
}

void EdgeCache::Forget() {
  cache_.reset();
  pending_.clear();
  if (phase_ == Phase::kReady) phase_ = Phase::kAbsent;
  if (phase_ == Phase::kBuilding) spoiled_ = true;
}

Status EdgeCache::Walk(const KvReader& rows, const WalkFilter& filter, Timestamp now,
                       const std::function<Status(const NeighborSource&)>& walk) {
  bool done = false;
  Status walked = WalkCached(filter, now, walk, &done);
  if (done) return walked;

  ASSIGN_OR_RETURN(const NamespaceCounters counters, ReadCounters(rows));
  if (BeginBuilding(counters.position)) {
    Result<std::unique_ptr<AdjacencyCache>> built = AdjacencyCache::Build(rows);
    const Status status = built.status();
    FinishBuilding(built.ok() ? std::move(*built) : nullptr, counters.position);
    RETURN_IF_ERROR(status);
    walked = WalkCached(filter, now, walk, &done);
    if (done) return walked;
  }
  // Somebody else builds it, or these rows are older than a change: they still are what this read may see.
  return walk(*RowNeighbors(rows, filter, std::nullopt, now));
}

bool EdgeCache::BeginBuilding(Position rows_position) {
  WriterLock lock(mutex_);
  if (phase_ != Phase::kAbsent || changed_ > rows_position) return false;
  phase_ = Phase::kBuilding;
  spoiled_ = false;
  return true;
}

void EdgeCache::FinishBuilding(std::unique_ptr<AdjacencyCache> built, Position rows_position) {
  WriterLock lock(mutex_);
  const auto pending = std::exchange(pending_, {});
  phase_ = Phase::kAbsent;
  if (!built || spoiled_) return;
  for (const auto& [position, change] : pending) {
    if (position > rows_position) built->Apply(change);
  }
  cache_ = std::move(built);
  built_at_ = rows_position;
  phase_ = Phase::kReady;
}

Status EdgeCache::WalkCached(const WalkFilter& filter, Timestamp now,
                             const std::function<Status(const NeighborSource&)>& walk, bool* done) const {
  ReaderLock lock(mutex_);
  *done = phase_ == Phase::kReady;
  if (!*done) return {};
  return walk(*cache_->Neighbors(filter, now));
}

size_t EdgeCache::MemoryBytes() const {
  ReaderLock lock(mutex_);
  return sizeof(*this) + (cache_ ? cache_->MemoryBytes() : 0);
}

}  // namespace engram

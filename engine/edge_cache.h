// The adjacency cache of one namespace through its life: absent, being built, kept up to date by change.
//
// Threads: one writer (Apply, SkipTo); any number of walks. A walk holds the lock shared, so a writer with
// edges waits for it: walks bound themselves (graph/traversal.h).
#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/kv.h"
#include "base/mutex.h"
#include "base/status.h"
#include "base/timestamp.h"
#include "engine/publication.h"
#include "graph/neighbors.h"

namespace engram {

class EdgeCache {
 public:
  // The edges' share of a publication. Publications come in order.
  void Apply(const Publication& publication);
  // Changes up to `position` were never seen here: only rows at or after it may fill the cache.
  void SkipTo(Position position);

  // Runs `walk` over the edges current and valid at `now`. `rows` is a snapshot of the namespace; it fills the
  // cache when that is absent, and serves the walk itself while it can't. `walk` must not call Walk.
  Status Walk(const KvReader& rows, const WalkFilter& filter, Timestamp now,
              const std::function<Status(const NeighborSource&)>& walk);

  size_t MemoryBytes() const;

 private:
  enum class Phase : uint8_t { kAbsent, kBuilding, kReady };

  void ApplyChange(Position position, const EdgeChange& change) REQUIRES(mutex_);
  void Forget() REQUIRES(mutex_);
  bool BeginBuilding(Position rows_position) EXCLUDES(mutex_);
  void FinishBuilding(std::unique_ptr<AdjacencyCache> built, Position rows_position) EXCLUDES(mutex_);
  Status WalkCached(const WalkFilter& filter, Timestamp now, const std::function<Status(const NeighborSource&)>& walk,
                    bool* done) const EXCLUDES(mutex_);

  mutable SharedMutex mutex_;
  Phase phase_ GUARDED_BY(mutex_) = Phase::kAbsent;
  bool spoiled_ GUARDED_BY(mutex_) = false;  // what is being built is out of date in a way that can't be mended
  Position changed_ GUARDED_BY(mutex_);      // of the last publication that changed edges, seen or skipped
  std::unique_ptr<AdjacencyCache> cache_ GUARDED_BY(mutex_);
  Position built_at_ GUARDED_BY(mutex_);                                     // of the rows that filled the cache
  std::vector<std::pair<Position, EdgeChange>> pending_ GUARDED_BY(mutex_);  // while building
};

}  // namespace engram

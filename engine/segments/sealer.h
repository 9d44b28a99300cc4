// Moves what has grown out of memory: seals fresh parts of indexes into segment files and merges those, beside all
// traffic.
//
// One thread seals: flat files, each in a fraction of a second, so that it keeps up with writing. Two others merge, at
// a lower priority: one texts and attributes, one vectors, as building a graph takes minutes. Each has about a quarter
// of a core beside as many busy threads as there are cores, and all that they leave. A file counts once its row is in
// the manifest, committed like any other mutation; a crash anywhere leaves a file that no row names, which is removed
// when the store is opened.
//
// An index that nobody has read since it was loaded gets no graphs: importing costs no more than it must. What is left
// unsealed of one that has segments is sealed, too, once nothing has been written to it for a while, and gets a graph
// with far fewer rows: then every search scanned it for nothing.
//
// What is erased must leave files, too: a segment that was written before the namespace's last erasure and has dead
// rows is written anew.
#pragma once

#include <atomic>
#include <chrono>
#include <map>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "engine/committer.h"
#include "engine/free_space.h"
#include "engine/index_registry.h"
#include "engine/segments/merge_policy.h"
#include "engine/segments/seal_queue.h"
#include "engine/segments/seal_task.h"
#include "engine/segments/segment_folder.h"
#include "engine/store.h"

namespace engram {

struct SealerOptions {
  const FreeSpace* space = nullptr;  // outlives the sealer
  SealLimits limits;
  MergePolicy merge;
  // After so long without a write an index rests; 0: none ever does.
  std::chrono::milliseconds rest{5'000};
};

// Thread-safe.
class Sealer {
 public:
  // All must outlive it. Does nothing before Start().
  Sealer(const Store* store, IndexRegistry* registry, Committer* committer, const SegmentFolder* folder,
         SealQueue* queue, const SealerOptions& options);
  // Stops what is being built; it begins anew after the next start.
  ~Sealer();

  // Starts its threads. The first of them may load an index, which asks for SealLoading, so all that leads there must
  // stand by then.
  void Start();

  // Seals what an index that is being loaded has so far, whatever it is; the index is the caller's alone.
  Status SealLoading(TenantId tenant, NamespaceId ns, NamespaceIndex* index);

  struct Counts {
    uint64_t sealed = 0;  // stretches written and published
    uint64_t merged = 0;
    uint64_t failed = 0;
    uint64_t pending = 0;  // namespaces waiting or at work
  };
  Counts counts() const {
    // In this order, as sealing asks for merges before it is done.
    const uint64_t sealing = queue_->pending();
    return {sealed_.load(), merged_.load(), failed_.load(), sealing + merges_.pending() + vector_merges_.pending()};
  }

 private:
  void Run(SealQueue* queue);
  // The same for the queue of what is to be sealed, with a look at what rests now and then.
  void RunSealing();
  void Work(const SealJob& job, SealQueue* queue);
  // Asks for what has not been written to since the last look.
  void LookForResting();
  Status Handle(const SealJob& job, SealQueue* queue);
  Status Seal(const SealJob& job);
  Status Merge(const SealJob& job, SealQueue* queue);
  Status Execute(const SealJob& job, NamespaceIndex* index, const SealTask& task);
  Result<WrittenPart> Write(const SealJob& job, const NamespaceIndex& index, const SealTask& task,
                            const SealPart& part);
  // Puts the files in the place of the task's parts, in the manifest and in the index; then no other change of the
  // manifest comes between.
  Status Publish(const SealJob& job, NamespaceIndex* index, const SealTask& task,
                 const std::vector<WrittenPart>& sealed) EXCLUDES(publishing_);
  Status Commit(const SealJob& job, PublishSegments change) REQUIRES(publishing_);
  Status Discard(const SealJob& job) EXCLUDES(publishing_);
  Status Drop(const SealJob& job) EXCLUDES(publishing_);
  Result<std::vector<SegmentRow>> Manifest(const SealJob& job) const;
  Result<Position> LastErasure(const SealJob& job) const;
  // A number that no file of the namespace has, or had since the store was opened.
  Result<uint32_t> NextNumber(const SealJob& job) EXCLUDES(publishing_);

  const Store* store_;
  IndexRegistry* registry_;
  Committer* committer_;
  const SegmentFolder* folder_;
  SealQueue* queue_;
  SealQueue merges_;  // of texts and attributes
  SealQueue vector_merges_;
  const SealerOptions options_;

  Mutex publishing_;
  std::map<std::pair<TenantId, NamespaceId>, uint32_t> last_numbers_ GUARDED_BY(publishing_);

  // Positions at the last look; of the sealing thread.
  std::map<std::pair<TenantId, NamespaceId>, Position> looked_at_;

  std::atomic<uint64_t> sealed_ = 0;
  std::atomic<uint64_t> merged_ = 0;
  std::atomic<uint64_t> failed_ = 0;
  std::thread sealing_;
  std::thread merging_;
  std::thread merging_vectors_;
};

}  // namespace engram

// Moves what has grown out of memory: seals fresh parts of indexes into segment files and merges those, in a thread of
// its own beside all traffic.
//
// Fresh parts are sealed flat, which takes a fraction of a second; graphs are built when segments merge, which takes
// minutes, and while one is built whatever is to be sealed meanwhile goes before it. A file counts once its row is in
// the manifest, committed like any other mutation; a crash anywhere leaves a file that no row names, which is removed
// when the store is opened.
#pragma once

#include <atomic>
#include <map>
#include <thread>
#include <vector>

#include "engine/committer.h"
#include "engine/index_registry.h"
#include "engine/segments/merge_policy.h"
#include "engine/segments/seal_queue.h"
#include "engine/segments/seal_task.h"
#include "engine/segments/segment_folder.h"
#include "engine/store.h"

namespace engram {

struct SealerOptions {
  uint64_t rows_max = 16'000;  // as RegistrySegments
  uint64_t bytes_max = uint64_t{64} << 20;
  size_t graph_rows_min = 32'000;  // fewer vectors are scanned by their codes
  MergePolicy merge;
};

class Sealer {
 public:
  // All must outlive it. Starts its thread.
  Sealer(const Store* store, IndexRegistry* registry, Committer* committer, const SegmentFolder* folder,
         SealQueue* queue, const SealerOptions& options);
  // Stops what is being built; it begins anew after the next start.
  ~Sealer();

  struct Counts {
    uint64_t sealed = 0;  // files written and published, merged ones too
    uint64_t merged = 0;
    uint64_t failed = 0;
  };
  Counts counts() const { return {sealed_.load(), merged_.load(), failed_.load()}; }

 private:
  void Run();
  // Does the job, but no merge when another task is on its way (then it waits in line behind that).
  void Handle(const SealJob& job, bool may_merge);
  Status Seal(const SealJob& job, bool may_merge);
  Status Execute(const SealJob& job, const std::shared_ptr<NamespaceIndex>& index, const SealTask& task);
  Result<SealedPart> Write(const SealJob& job, const NamespaceIndex& index, const SealTask& task, const SealPart& part);
  Status Publish(const SealJob& job, PublishSegments change);
  Status Discard(const SealJob& job);
  Status Drop(const SealJob& job);
  Result<std::vector<SegmentRow>> Manifest(const SealJob& job) const;
  // A number that no file of the namespace has or had.
  Result<uint32_t> NextNumber(const SealJob& job);
  // Between two strokes of a long build. False when it has to stop.
  bool Breathe();

  const Store* store_;
  IndexRegistry* registry_;
  Committer* committer_;
  const SegmentFolder* folder_;
  SealQueue* queue_;
  const SealerOptions options_;
  // Both belong to the thread.
  std::map<std::pair<TenantId, NamespaceId>, uint32_t> next_numbers_;
  std::vector<SealJob> postponed_;

  std::atomic<uint64_t> sealed_ = 0;
  std::atomic<uint64_t> merged_ = 0;
  std::atomic<uint64_t> failed_ = 0;
  std::thread thread_;
};

}  // namespace engram

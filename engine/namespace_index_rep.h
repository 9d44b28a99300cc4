// Private to NamespaceIndex: what it holds, and the lock over it.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "engine/edge_cache.h"
#include "engine/expiry_queue.h"
#include "engine/namespace_index.h"
#include "engine/row_table.h"
#include "engine/run_order.h"
#include "engine/segments/merge_policy.h"
#include "engine/segments/seal_task.h"

namespace engram {

class NamespaceIndex::Rep {
 public:
  Rep(const NamespaceConfig& of, std::shared_ptr<const Analyzer> with)
      : analyzer(std::move(with)), config(of), text(analyzer, of.bm25) {}

  // --- Changes (namespace_index_apply.cc).
  void ApplyEvent(const IndexEvent& event) REQUIRES(mutex);
  // Takes all that is due at `now` out of everything.
  void Bury(Timestamp now) REQUIRES(mutex);

  // --- Reads (namespace_index.cc).
  // What `read` gives when all that is due at `now` is buried. It runs under the lock, shared, which the analysis can't
  // see through a template.
  template <class Read>
  auto ReadBuried(Timestamp now, Read read) EXCLUDES(mutex) {
    for (;;) {
      {
        ReaderLock lock(mutex);
        if (!expiry.HasDue(now)) return read();
      }
      WriterLock lock(mutex);
      Bury(now);
    }
  }
  // Gives the lock away now and then, so that the writer never waits for a filter. Nothing when a memory fell due
  // meanwhile.
  Result<std::optional<IndexView>> TakeView(const ViewRequest& request, Timestamp now) const REQUIRES_SHARED(mutex);
  // Of all that live those that searches see by default.
  SharedSlots ActiveSlots() const REQUIRES_SHARED(mutex) EXCLUDES(active_mutex);
  Status LetWriterIn(const std::function<Status()>& check_deadline) const REQUIRES_SHARED(mutex);

  // --- Segments (namespace_index_segments.cc).
  std::optional<SealTask> BeginSeal(const SealLimits& limits) REQUIRES(mutex);
  std::optional<SealTask> NextTextMerge(const MergePolicy& policy, Position erased_at) const REQUIRES_SHARED(mutex);
  std::optional<SealTask> NextVectorMerge(const MergePolicy& policy, Position erased_at) const REQUIRES_SHARED(mutex);
  std::optional<SealTask> MergeOf(SealPart part, const SlotRange& slots) const REQUIRES_SHARED(mutex);
  void Adopt(const SealTask& task, const std::vector<WrittenPart>& sealed) REQUIRES(mutex);
  void Attach(const OpenedSegment& segment, const SlotSet& live) REQUIRES(mutex);
  // The rows of the files that hold these slots of an index.
  std::vector<SegmentRow> RowsOf(SegmentKind kind, const std::string& space, const SlotRange& slots) const
      REQUIRES_SHARED(mutex);
  std::optional<SealTask> NextColumnMerge(const MergePolicy& policy, Position erased_at) const REQUIRES_SHARED(mutex);
  // The segment of attributes that says of the slot what no longer is.
  void NoteStale(Slot slot) REQUIRES(mutex);
  // How the file that holds these slots looks to the merge policy.
  SealedSize SizeOf(SegmentKind kind, const std::string& space, const SlotRange& slots, Position erased_at) const
      REQUIRES_SHARED(mutex);

  // The slot that holds the memory of `slot` now: itself, or the one that replaced it. Nothing when it is gone.
  std::optional<Slot> PresentSlot(const RowTable& table, Slot slot) const REQUIRES_SHARED(mutex);
  // The same of all that are visible.
  SlotSet Present(const IndexView& view) const REQUIRES_SHARED(mutex);

  const std::shared_ptr<const Analyzer> analyzer;
  std::atomic<bool> was_read = false;
  EdgeCache edges;  // locks for itself, and is never asked under `mutex`

  mutable SharedMutex mutex;
  NamespaceConfig config GUARDED_BY(mutex);
  Position position GUARDED_BY(mutex);
  Timestamp buried_until GUARDED_BY(mutex){INT64_MIN};
  static constexpr size_t kBuriedBytes = 48;  // a map node
  // Gone from everything, but the sweep hasn't taken their rows: memories by slot, their nodes, and runs.
  std::map<Slot, NodeNumber> buried GUARDED_BY(mutex);
  SlotSet buried_nodes GUARDED_BY(mutex);
  std::set<uint32_t> buried_runs GUARDED_BY(mutex);
  bool outdated GUARDED_BY(mutex) = false;
  TextIndex text GUARDED_BY(mutex);
  std::map<std::string, std::unique_ptr<VectorIndex>> vectors GUARDED_BY(mutex);  // dense spaces with a vector so far
  AttributeIndex attributes GUARDED_BY(mutex);                                    // its slots() are the live ones
  SlotSet inactive GUARDED_BY(mutex);                                             // live, but archived or paused
  // Of the last view that asked for them; nothing since a change. Readers fill it in.
  mutable Mutex active_mutex;
  mutable std::optional<SharedSlots> active GUARDED_BY(active_mutex);
  std::optional<Slot> last_slot GUARDED_BY(mutex);     // the highest that was ever here
  std::vector<SegmentRow> segments GUARDED_BY(mutex);  // the manifest, by slots
  // Of the segments of attributes, by number: their rows, and how many of the live ones have another version by now.
  struct ColumnCounts {
    size_t rows = 0;
    size_t stale = 0;
  };
  std::map<uint32_t, ColumnCounts> columns GUARDED_BY(mutex);
  // No index has anything of the slots up to here but in its segments.
  std::optional<Slot> sealed_until GUARDED_BY(mutex);
  Unsealed unsealed GUARDED_BY(mutex);
  std::shared_ptr<RowTable> rows GUARDED_BY(mutex) = std::make_shared<RowTable>();
  RunOrders runs GUARDED_BY(mutex);
  ExpiryQueue expiry GUARDED_BY(mutex);

 private:
  void Apply(const ContentAdded& added) REQUIRES(mutex);
  void Apply(const AttributesChanged& changed) REQUIRES(mutex);
  void Apply(const StateChanged& changed) REQUIRES(mutex);
  void Apply(const SlotRemoved& removed) REQUIRES(mutex);
  void Apply(const RunChanged& changed) REQUIRES(mutex);
  void Apply(const ConfigChanged& changed) REQUIRES(mutex);
  void Apply(const EdgesChanged&) {}      // the edge cache's
  void Apply(const EdgesErased&) {}       // the edge cache's
  void Apply(const NamespaceDropped&) {}  // the registry's

  // A change to a buried memory or run: only a write that was decided before the burial and keeps it alive.
  void NoteRevival(const std::optional<Timestamp>& expires_at) REQUIRES(mutex);
  void AddContent(Slot slot, const Content& content) REQUIRES(mutex);
  // The index of a space, made when it isn't there.
  VectorIndex* VectorsOf(const std::string& space, uint32_t dimensions) REQUIRES(mutex);
  void SetInactive(Slot slot, MemoryState state) REQUIRES(mutex);
  // What ActiveSlots() gave is so no more.
  void ForgetActive() REQUIRES(mutex) EXCLUDES(active_mutex);
  void BurySlot(Slot slot) REQUIRES(mutex);
  // Removes the slot from everything; dead and unknown slots are ignored (they were buried before).
  void RemoveSlot(Slot slot) REQUIRES(mutex);
};

}  // namespace engram

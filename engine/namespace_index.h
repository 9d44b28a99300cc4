// Everything of one namespace that searches, lists and counts read from memory: text, vector and attribute
// indexes, rows' columns, run order, expiry, adjacency. Derived from rows, never the truth.
//
// Threads: one writer (Apply, from the committer through the registry, or the loader before anybody else sees
// it); any number of readers. Every method locks for itself, briefly; what View() gives back needs no lock.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/kv.h"
#include "base/status.h"
#include "base/timestamp.h"
#include "engine/config.h"
#include "engine/memory.h"
#include "engine/publication.h"
#include "engine/segments/seal_limits.h"
#include "engine/segments/segment_rows.h"
#include "graph/neighbors.h"
#include "index/attribute/attribute_index.h"
#include "index/slot_set.h"
#include "index/text/text_index.h"
#include "index/vector/vector_index.h"

namespace engram {

struct ColumnRows;
struct MergePolicy;
struct OpenedSegment;
struct WrittenPart;
struct SealTask;

// What a search asks of the index at one moment.
struct ViewRequest {
  const Filter* filter = nullptr;          // null: all
  std::vector<const Filter*> leg_filters;  // one per leg, null where a leg has none of its own
  std::vector<const TextQuery*> texts;     // one per leg, null for legs without text
  std::vector<std::string> spaces;         // one per leg, empty for legs without a vector
  bool include_inactive = false;           // otherwise state = active is added unless the filter names state
  // Asked now and then while filters are evaluated, without any lock; may be empty. An error ends the view.
  std::function<Status()> check_deadline;
};

class RowTable;

// The namespace as it was at `position`. Unchanged by later writes; confined to one thread.
struct IndexView {
  Position position;
  SharedSlots visible;  // live at `now`, in the filter (a superset when !exact)
  bool exact = true;    // false: re-check `visible` by Matches on rows
  struct Leg {
    SharedSlots allowed;  // visible and in the leg's own filter
    bool exact = true;
    std::optional<TextView> text;
    std::optional<VectorView> vector;  // absent too when the space holds no vector yet
  };
  std::vector<Leg> legs;
  std::shared_ptr<const RowTable> rows;  // keeps what Describe needs alive
};

// Columns of one row for ranking and fetching, also when it died after the view was taken.
struct RowDetail {
  IndexedRow row;
  Timestamp event_time;  // EventTime(attributes)
  StateRecord state;
};

class NamespaceIndex {
 public:
  // Fails only when the configuration no longer makes an analyzer.
  static Result<std::unique_ptr<NamespaceIndex>> Create(const NamespaceConfig& config);
  ~NamespaceIndex();

  // Applies the events in order and moves to the publication's position. Publications at or below the
  // current position are ignored (the loader's queue may overlap its snapshot).
  void Apply(const Publication& publication);
  // For the loader that seals on its way, first: what the index is going to be complete up to.
  void BeginLoading(Position position);
  // For the loader: one event of VisitLiveMemories, before anybody else sees the index.
  void Load(IndexEvent event);
  // For the loader: everything up to `position` is loaded.
  void FinishLoading(Position position, Timestamp log_time);

  // Somebody reads it; true the first time. Costs nothing.
  bool NoteRead();
  bool was_read() const;

  Position position() const;
  NamespaceConfig config() const;
  // A write that was decided before a reader buried a memory kept that memory alive (the two met within one
  // commit). Its content isn't here any more: the index must be loaded anew.
  bool outdated() const;

  // First buries what is due at `now` (expired memories leave every index at once; their rows wait for the
  // sweep), then takes the view. Filters that take long let the writer in between: the view is of the end of the call.
  Result<IndexView> View(const ViewRequest& request, Timestamp now);

  // --- Segments (namespace_index_segments.cc; engine/segments/). Confined to one thread at a time but for reads.
  Unsealed unsealed() const;
  // The manifest as this index knows it.
  std::vector<SegmentRow> segments() const;
  // Vectors in segments without a graph.
  uint64_t flat_rows() const;
  // Freezes what is fresh, to be written as files without any lock; nothing when too little of it lives, by `limits`,
  // to be worth a file.
  std::optional<SealTask> BeginSeal(const SealLimits& limits);
  // Segments of texts or attributes that should be one; by itself one that has much dead, or something dead and was
  // written before `erased_at`, or that should have a graph.
  std::optional<SealTask> NextMerge(const MergePolicy& policy, Position erased_at);
  // The same of vectors, whose merges take long; those of texts and attributes don't.
  std::optional<SealTask> NextVectorMerge(const MergePolicy& policy, Position erased_at) const;
  // Puts the files, published by now, in the place of the task's parts; one for each, in order.
  void Adopt(const SealTask& task, const std::vector<WrittenPart>& sealed);
  // For the loader, before anything else: segments in slot order, less what is not `live`.
  void Attach(const std::vector<OpenedSegment>& segments, const SlotSet& live);
  // For the loader: a memory that a segment of attributes has, in slot order like Load(); its fields come with
  // LoadFields() behind all of that segment, by the places of those that were loaded so.
  void LoadRow(IndexedRow row, bool inactive, const StateRecord& state);
  engram::Status LoadFields(const OpenedSegment& segment, const std::vector<std::optional<Slot>>& slots);
  // What a segment of attributes is to have of these slots, as it is now.
  ColumnRows CopyColumns(const SlotRange& slots) const;
  SlotSet LiveSlots() const;
  // Corruption once a search met bytes of a segment that are not what was written.
  engram::Status Damage() const;

  // What this namespace's texts and queries are cut into words with.
  const Analyzer& analyzer() const;

  // As the columns are now, or were when the memory died. In the order of `slots`; nothing for slots that were
  // never in the view.
  std::vector<std::optional<RowDetail>> Describe(const IndexView& view, const std::vector<Slot>& slots) const;

  // The ids of slots of the view, in the order of `slots`; empty for slots that were never in it. Cheaper than
  // Describe.
  std::vector<std::string> Ids(const IndexView& view, const std::vector<Slot>& slots) const;

  // The slots at most `window` places before and after each in its run's order (places count all live memories
  // of the run), with their distance; only those in `view.visible`. In the order of `slots`; empty for memories
  // without a run.
  struct Neighbor {
    Slot slot;
    uint32_t distance = 0;
  };
  std::vector<std::vector<Neighbor>> Neighbors(const IndexView& view, const std::vector<Slot>& slots,
                                               uint32_t window) const;

  // The values of a filter field for slots of the view (grouping, sorting), null where absent. Of lists the least
  // element; strings over kAttributeStringMax are null too (the row has them). A memory whose content was replaced
  // since the view was taken has its present value, so that it isn't lost from its place.
  std::vector<Value> FieldValues(const IndexView& view, const std::vector<Slot>& slots, std::string_view field) const;

  // The values of a field over the view's visible memories, with replaced ones as in FieldValues, and the greatest of
  // `max_field` (empty: none) with each. Where that takes long the writer gets in meanwhile: then a memory counts by
  // what it says at one moment of the call. Asks `check_deadline` on the way, whose error it returns.
  Result<std::vector<FacetValue>> Facet(const IndexView& view, const std::string& field, const std::string& max_field,
                                        const std::function<Status()>& check_deadline) const;

  // The visible slots where the field holds strings that Facet leaves out; a replaced memory's slot counts where its
  // present value does.
  SlotSet LongTexts(const IndexView& view, std::string_view field) const;

  // The visible slot of a node, if any.
  std::optional<Slot> SlotOf(const IndexView& view, NodeNumber node) const;

  // Buries what is due at `now`; then accepts what `accept` (which may be empty) does, but for the edges that touch
  // or were brought by a memory whose rows wait for the sweep.
  std::function<bool(const Edge&)> WithoutExpired(std::function<bool(const Edge&)> accept, Timestamp now);

  // Runs `walk` over the adjacency cache, built from `rows` first where it isn't yet, less the edges of expired
  // memories. The source dies with the call.
  engram::Status Walk(const KvReader& rows, const WalkFilter& filter, Timestamp now,
                      const std::function<engram::Status(const NeighborSource&)>& walk);

  struct Sizes {
    uint64_t rows = 0;
    uint64_t text_bytes = 0;
    uint64_t vector_bytes = 0;
    uint64_t attribute_bytes = 0;
    uint64_t graph_bytes = 0;
    uint64_t total_bytes = 0;
  };
  Sizes sizes() const;

  // Compares this with an index rebuilt from the same rows at the same position: differences in words, for
  // CheckNamespace and tests. Both must hold still meanwhile.
  std::vector<std::string> DifferencesFrom(const NamespaceIndex& rebuilt) const;

 private:
  class Rep;
  explicit NamespaceIndex(std::unique_ptr<Rep> rep);
  std::unique_ptr<Rep> rep_;
};

}  // namespace engram

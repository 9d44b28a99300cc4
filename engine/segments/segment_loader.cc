#include "engine/segments/segment_loader.h"

#include <algorithm>

#include "engine/live_rows.h"
#include "engine/segments/seal_task.h"
#include "index/text/text_segment.h"

namespace engram {
namespace {

Result<std::vector<OpenedSegment>> OpenSegments(const std::vector<SegmentRow>& rows, const SegmentFolder& folder,
                                                TenantId tenant, NamespaceId ns, const NamespaceIndex& index) {
  std::vector<OpenedSegment> segments;
  for (const SegmentRow& row : rows) {
    OpenedSegment segment;
    segment.row = row;
    const std::string path = folder.PathOf({tenant, ns, row.number});
    if (row.kind == SegmentKind::kText) {
      ASSIGN_OR_RETURN(segment.text, TextSegment::Open(folder.files(), path, index.analyzer()));
    } else if (row.kind == SegmentKind::kAttribute) {
      ASSIGN_OR_RETURN(segment.columns, ColumnSegment::Open(folder.files(), path));
    } else {
      const NamespaceConfig config = index.config();
      const auto space = config.vectors.find(row.space);
      if (space == config.vectors.end()) return Corruption("no vector space \"" + row.space + "\"");
      segment.dimensions = space->second.dimensions;
      ASSIGN_OR_RETURN(segment.vector,
                       VectorSegment::Open(folder.files(), path, space->second.dimensions, space->second.metric));
    }
    segments.push_back(std::move(segment));
  }
  std::sort(segments.begin(), segments.end(),
            [](const OpenedSegment& a, const OpenedSegment& b) { return a.row.slots.first < b.row.slots.first; });
  return segments;
}

SlotSet SlotsOf(const std::vector<MemoryRef>& refs) {
  std::vector<uint32_t> slots;
  slots.reserve(refs.size());
  for (const MemoryRef& ref : refs) slots.push_back(ref.slot.value);
  SlotSet set;
  set.addMany(slots.size(), slots.data());
  return set;
}

// Whether the content has anything that an index of this namespace would hold.
bool IsIndexed(const Content& content, const Analyzer& analyzer) {
  for (const auto& [space, vector] : content.vectors) {
    if (std::holds_alternative<DenseVector>(vector)) return true;
  }
  std::vector<Token> tokens;
  for (const std::string_view text : content.Texts()) {
    analyzer.Analyze(text, &tokens);
    if (!tokens.empty()) return true;
  }
  return false;
}

// Live memories that segments should have but none has. Nothing to look for in their content, usually; a memory whose
// expiry was put off in the moment that a reader buried it is missing from a segment that was sealed just then.
Status CheckComplete(const KvReader& rows, const std::vector<MemoryRef>& refs, const SlotSet& missing,
                     const Analyzer& analyzer) {
  Include include;
  include.metadata = false;
  include.vectors = true;
  for (const MemoryRef& ref : refs) {
    if (!missing.contains(ref.slot.value)) continue;
    ASSIGN_OR_RETURN(const auto memories, ReadMemories(rows, {ref}, include));
    if (IsIndexed(memories[0].content, analyzer)) {
      return Corruption("no segment has slot " + std::to_string(ref.slot.value));
    }
  }
  return {};
}

// Fills an index with the memories of `refs`, in slot order: from segments of attributes where these have the version
// that counts, otherwise from rows.
class Filler {
 public:
  Filler(const KvReader& rows, const std::vector<MemoryRef>& refs, const std::function<Status()>& go_on,
         NamespaceIndex* index)
      : ns_(rows), rows_(rows), next_(refs.begin()), end_(refs.end()), go_on_(go_on), index_(index) {}

  Status FillFrom(const OpenedSegment& segment) {
    const ColumnSegment& columns = *segment.columns;
    std::vector<std::optional<Slot>> loaded(columns.size());
    for (size_t place = 0; next_ != end_ && next_->slot <= segment.row.slots.last; ++next_) {
      while (place < columns.size() && columns.slot(place) < next_->slot) ++place;
      const bool has_slot = place < columns.size() && columns.slot(place) == next_->slot;
      if (!has_slot || columns.version(place) != next_->version) {
        RETURN_IF_ERROR(LoadRow(false));
        continue;
      }
      IndexedRow row = columns.Row(place);
      if (row.node != next_->node)
        return Corruption("a segment has another memory at " + std::to_string(row.slot.value));
      ASSIGN_OR_RETURN(const StateRecord state, rows_.ReadState(row.node));
      loaded[place] = row.slot;
      index_->LoadRow(std::move(row), columns.inactive(place), state);
      RETURN_IF_ERROR(go_on_());
    }
    return index_->LoadFields(segment, loaded);
  }

  // The rest, without their content up to `sealed`.
  Status FillFromRows(std::optional<Slot> sealed) {
    for (; next_ != end_; ++next_) RETURN_IF_ERROR(LoadRow(!sealed || next_->slot > *sealed));
    return VisitExpiringRuns(ns_, [&](IndexEvent event) {
      index_->Load(std::move(event));
      return true;
    });
  }

 private:
  Status LoadRow(bool with_content) {
    ASSIGN_OR_RETURN(ContentAdded added, rows_.Read(*next_, with_content));
    index_->Load(std::move(added));
    return go_on_();
  }

  const KvReader& ns_;
  LiveRows rows_;
  std::vector<MemoryRef>::const_iterator next_;
  const std::vector<MemoryRef>::const_iterator end_;
  const std::function<Status()>& go_on_;
  NamespaceIndex* const index_;
};

}  // namespace

bool AreSegmentsUnusable(const Status& status) {
  return status.code() == StatusCode::kNotFound || status.code() == StatusCode::kCorruption ||
         status.code() == StatusCode::kFailedPrecondition;
}

Status LoadIndex(const KvReader& rows, const SegmentFolder* folder, TenantId tenant, NamespaceId ns,
                 const NamespaceCounters& counters, Timestamp now, const std::function<Status()>& go_on,
                 NamespaceIndex* index) {
  index->BeginLoading(counters.position);
  ASSIGN_OR_RETURN(const std::vector<MemoryRef> refs, ReadLiveRefs(rows));
  std::vector<SegmentRow> manifest;
  if (folder != nullptr) {
    ASSIGN_OR_RETURN(manifest, ReadSegmentRows(rows));
  }
  Filler filler(rows, refs, go_on, index);
  std::optional<Slot> sealed_until;
  SlotSet held;  // by segments of texts and vectors
  if (!manifest.empty()) {
    ASSIGN_OR_RETURN(const auto segments, OpenSegments(manifest, *folder, tenant, ns, *index));
    index->Attach(segments, SlotsOf(refs));
    for (const OpenedSegment& segment : segments) {
      sealed_until = std::max(sealed_until.value_or(Slot()), segment.row.slots.last);
      if (segment.text) segment.text->AddSlotsTo(&held);
      if (segment.vector) segment.vector->AddSlotsTo(&held);
    }
    for (const OpenedSegment& segment : segments) {
      if (segment.columns) RETURN_IF_ERROR(filler.FillFrom(segment));
    }
  }
  RETURN_IF_ERROR(filler.FillFromRows(sealed_until));
  index->FinishLoading(counters.position, now);
  if (!sealed_until) return {};
  SlotSet sealed;
  sealed.addRange(0, uint64_t{sealed_until->value} + 1);
  return CheckComplete(rows, refs, (index->LiveSlots() & sealed) - held, index->analyzer());
}

}  // namespace engram

#include "engine/segments/segment_loader.h"

#include <algorithm>

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

Status FillFromRows(const KvReader& rows, const std::vector<MemoryRef>& refs, std::optional<Slot> sealed,
                    const NamespaceCounters& counters, Timestamp now, const std::function<Status()>& go_on,
                    NamespaceIndex* index) {
  Status stopped;
  RETURN_IF_ERROR(VisitLiveMemories(rows, refs, sealed, [&](IndexEvent event) {
    index->Load(std::move(event));
    stopped = go_on();
    return stopped.ok();
  }));
  RETURN_IF_ERROR(stopped);
  index->FinishLoading(counters.position, now);
  return {};
}

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
  if (manifest.empty()) return FillFromRows(rows, refs, std::nullopt, counters, now, go_on, index);

  ASSIGN_OR_RETURN(const auto segments, OpenSegments(manifest, *folder, tenant, ns, *index));
  index->Attach(segments, SlotsOf(refs));
  SlotSet held;
  Slot sealed_until;
  for (const OpenedSegment& segment : segments) {
    sealed_until = std::max(sealed_until, segment.row.slots.last);
    if (segment.text) segment.text->AddSlotsTo(&held);
    if (segment.vector) segment.vector->AddSlotsTo(&held);
  }
  RETURN_IF_ERROR(FillFromRows(rows, refs, sealed_until, counters, now, go_on, index));
  SlotSet sealed;
  sealed.addRange(0, uint64_t{sealed_until.value} + 1);
  return CheckComplete(rows, refs, (index->LiveSlots() & sealed) - held, index->analyzer());
}

}  // namespace engram

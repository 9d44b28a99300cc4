// The part of NamespaceIndex that deals with segments: which parts of its indexes become files, and putting those
// in their place.
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "engine/namespace_index_rep.h"
#include "engine/segments/merge_policy.h"
#include "index/text/text_segment.h"

namespace engram {
namespace {

bool Overlap(const SlotRange& a, const SlotRange& b) { return a.first <= b.last && b.first <= a.last; }

uint64_t LiveIn(const SlotSet& live, const SlotRange& slots) {
  const uint64_t before = slots.first.value == 0 ? 0 : live.rank(slots.first.value - 1);
  return live.rank(slots.last.value) - before;
}

// A segment of attributes is copied into memory to be written: so many rows at the most.
constexpr size_t kColumnRowsMax = 131'072;

template <class Handle>
std::vector<Handle> Slice(const std::vector<Handle>& list, const MergeRange& range) {
  return {list.begin() + static_cast<ptrdiff_t>(range.begin), list.begin() + static_cast<ptrdiff_t>(range.end)};
}

}  // namespace

Unsealed NamespaceIndex::unsealed() const {
  ReaderLock lock(rep_->mutex);
  return rep_->unsealed;
}

std::optional<SealTask> NamespaceIndex::BeginSeal(const SealLimits& limits) {
  WriterLock lock(rep_->mutex);
  return rep_->BeginSeal(limits);
}

std::optional<SealTask> NamespaceIndex::NextMerge(const MergePolicy& policy, Position erased_at) {
  WriterLock lock(rep_->mutex);
  rep_->unsealed.removed = 0;
  auto task = rep_->NextTextMerge(policy, erased_at);
  return task ? std::move(task) : rep_->NextColumnMerge(policy, erased_at);
}

std::optional<SealTask> NamespaceIndex::NextVectorMerge(const MergePolicy& policy, Position erased_at) const {
  ReaderLock lock(rep_->mutex);
  return rep_->NextVectorMerge(policy, erased_at);
}

void NamespaceIndex::Adopt(const SealTask& task, const std::vector<WrittenPart>& sealed) {
  WriterLock lock(rep_->mutex);
  rep_->Adopt(task, sealed);
}

void NamespaceIndex::Attach(const std::vector<OpenedSegment>& segments, const SlotSet& live) {
  WriterLock lock(rep_->mutex);
  for (const OpenedSegment& segment : segments) rep_->Attach(segment, live);
}

void NamespaceIndex::LoadRow(IndexedRow row, bool inactive, const StateRecord& state) {
  WriterLock lock(rep_->mutex);
  if (inactive) rep_->inactive.add(row.slot.value);
  rep_->expiry.AddMemory(row.node, state.expires_at);
  if (row.run) {
    rep_->runs.Add(*row.run, row.order, row.slot);
    rep_->expiry.JoinRun(*row.run);
  }
  const Timestamp event_time = row.order.event_time;
  rep_->rows->Append(std::move(row), event_time, state, std::nullopt);
}

Status NamespaceIndex::LoadFields(const OpenedSegment& segment, const std::vector<std::optional<Slot>>& slots) {
  WriterLock lock(rep_->mutex);
  // Of the state record most memories have one field.
  RETURN_IF_ERROR(rep_->attributes.LoadStretch(segment.columns->fields(), slots, 1));
  size_t loaded = 0;
  for (const std::optional<Slot>& slot : slots) {
    if (!slot) continue;
    ++loaded;
    for (const auto& [name, value] : StateFields(rep_->rows->FindLive(*slot)->StateOrDefault())) {
      rep_->attributes.SetField(*slot, name, value);
    }
  }
  const uint64_t live = LiveIn(rep_->attributes.slots(), segment.row.slots);
  rep_->columns[segment.row.number] = {slots.size(), live - std::min<uint64_t>(live, loaded)};
  return {};
}

ColumnRows NamespaceIndex::CopyColumns(const SlotRange& slots) const {
  constexpr size_t kRowsAtOnce = 256;  // well under a millisecond
  ColumnRows columns;
  for (std::optional<Slot> next = slots.first; next;) {
    ReaderLock lock(rep_->mutex);
    const auto found = rep_->rows->LiveFrom(*next, kRowsAtOnce);
    next.reset();
    for (const TableRow* row : found) {
      if (row->row.slot > slots.last) break;
      columns.fields.Add(rep_->attributes, row->row.slot);
      columns.inactive.push_back(rep_->inactive.contains(row->row.slot.value) ? 1 : 0);
      columns.rows.push_back(row->row);
      if (row == found.back() && row->row.slot < slots.last) next = row->row.slot.Next();
    }
  }
  return columns;
}

std::vector<SegmentRow> NamespaceIndex::segments() const {
  ReaderLock lock(rep_->mutex);
  return rep_->segments;
}

uint64_t NamespaceIndex::flat_rows() const {
  ReaderLock lock(rep_->mutex);
  uint64_t flat = 0;
  for (const auto& [space, index] : rep_->vectors) {
    for (const VectorPartStatus& part : index->Parts()) {
      if (part.sealed && !part.has_graph) flat += part.rows;
    }
  }
  return flat;
}

SlotSet NamespaceIndex::LiveSlots() const {
  ReaderLock lock(rep_->mutex);
  return rep_->attributes.slots();
}

Status NamespaceIndex::Damage() const {
  ReaderLock lock(rep_->mutex);
  for (const TextPartHandle& part : rep_->text.Parts()) {
    if (part.sealed() && part.segment()->damaged()) {
      return Corruption("a text segment is damaged: " + part.segment()->file().path());
    }
  }
  for (const auto& [space, index] : rep_->vectors) RETURN_IF_ERROR(index->Damage());
  return {};
}

std::optional<SealTask> NamespaceIndex::Rep::BeginSeal(const SealLimits& limits) {
  if (!last_slot || (sealed_until && *last_slot <= *sealed_until)) return std::nullopt;
  // Of what came most may have gone again: a small namespace that changes a lot needs no file.
  const uint64_t sealed_rows = sealed_until ? attributes.slots().rank(sealed_until->value) : 0;
  const uint64_t live = attributes.slots().cardinality() - sealed_rows;
  const uint64_t came = std::exchange(unsealed.rows, 0);
  const uint64_t bytes = std::exchange(unsealed.bytes, 0);
  if (2 * live < limits.rows && bytes * live < limits.bytes * came) {
    unsealed.rows = live;
    unsealed.bytes = came == 0 ? 0 : bytes * live / came;
    return std::nullopt;
  }

  SealTask task;
  task.slots = {sealed_until ? sealed_until->Next() : Slot(), *last_slot};
  task.position = position;
  (void)text.Freeze();
  SealPart texts;
  for (TextPartHandle& part : text.Parts()) {
    if (!part.sealed()) texts.texts.push_back(std::move(part));
  }
  if (!texts.texts.empty()) task.parts.push_back(std::move(texts));
  for (const auto& [space, index] : vectors) {
    (void)index->Freeze();
    SealPart part;
    part.kind = SegmentKind::kVector;
    part.space = space;
    for (VectorPartStatus& status : index->Parts()) {
      if (!status.sealed) part.vectors.push_back(std::move(status.handle));
    }
    if (!part.vectors.empty()) task.parts.push_back(std::move(part));
  }
  SealPart fields;
  fields.kind = SegmentKind::kAttribute;
  task.parts.push_back(std::move(fields));
  return task;
}

std::vector<SegmentRow> NamespaceIndex::Rep::RowsOf(SegmentKind kind, const std::string& space,
                                                    const SlotRange& slots) const {
  std::vector<SegmentRow> found;
  for (const SegmentRow& row : segments) {
    if (row.kind == kind && row.space == space && Overlap(row.slots, slots)) found.push_back(row);
  }
  return found;
}

std::optional<SealTask> NamespaceIndex::Rep::MergeOf(SealPart part, const SlotRange& slots) const {
  SealTask task;
  task.position = position;
  task.merge = true;
  task.replaced = RowsOf(part.kind, part.space, slots);
  ENGRAM_CHECK(!task.replaced.empty());
  task.slots = {task.replaced.front().slots.first, task.replaced.back().slots.last};
  task.parts.push_back(std::move(part));
  return task;
}

SealedSize NamespaceIndex::Rep::SizeOf(SegmentKind kind, const std::string& space, const SlotRange& slots,
                                       Position erased_at) const {
  SealedSize size;
  for (const SegmentRow& row : RowsOf(kind, space, slots)) {
    size.holds_erased |= row.position < erased_at;
    size.wants_graph |= kind == SegmentKind::kVector && !row.graph_tried;
  }
  return size;
}

std::optional<SealTask> NamespaceIndex::Rep::NextTextMerge(const MergePolicy& policy, Position erased_at) const {
  std::vector<TextPartHandle> texts;
  std::vector<SealedSize> sizes;
  for (TextPartHandle& part : text.Parts()) {
    if (!part.sealed()) break;
    const SlotRange slots = part.segment()->file().slots();
    SealedSize size = SizeOf(SegmentKind::kText, {}, slots, erased_at);
    size.rows = part.live_texts() + part.dead_texts();
    size.live = part.live_texts();
    sizes.push_back(size);
    texts.push_back(std::move(part));
  }
  const auto range = PickMerge(sizes, policy);
  if (!range) return std::nullopt;
  SealPart part;
  part.texts = Slice(texts, *range);
  const SlotRange slots{part.texts.front().segment()->file().slots().first,
                        part.texts.back().segment()->file().slots().last};
  return MergeOf(std::move(part), slots);
}

std::optional<SealTask> NamespaceIndex::Rep::NextVectorMerge(const MergePolicy& policy, Position erased_at) const {
  for (const auto& [space, index] : vectors) {
    std::vector<VectorHandle> handles;
    std::vector<SealedSize> sizes;
    for (VectorPartStatus& status : index->Parts()) {
      if (!status.sealed) break;
      SealedSize size = SizeOf(SegmentKind::kVector, space, status.handle.slots(), erased_at);
      size.rows = status.rows;
      size.live = status.live;
      sizes.push_back(size);
      handles.push_back(std::move(status.handle));
    }
    const auto range = PickMerge(sizes, policy);
    if (!range) continue;
    SealPart part;
    part.kind = SegmentKind::kVector;
    part.space = space;
    part.vectors = Slice(handles, *range);
    size_t live = 0;
    for (size_t i = range->begin; i < range->end; ++i) live += sizes[i].live;
    part.graph = live >= policy.graph_rows;
    const SlotRange slots{part.vectors.front().slots().first, part.vectors.back().slots().last};
    return MergeOf(std::move(part), slots);
  }
  return std::nullopt;
}

std::optional<SealTask> NamespaceIndex::Rep::NextColumnMerge(const MergePolicy& policy, Position erased_at) const {
  std::vector<SlotRange> parts;
  std::vector<SealedSize> sizes;
  for (const SegmentRow& row : segments) {
    if (row.kind != SegmentKind::kAttribute) continue;
    const ColumnCounts& counts = columns.at(row.number);
    const uint64_t live = LiveIn(attributes.slots(), row.slots);
    SealedSize size;
    size.rows = counts.rows;
    size.live = std::min<uint64_t>(live - std::min<uint64_t>(live, counts.stale), counts.rows);
    size.holds_erased = row.position < erased_at;
    sizes.push_back(size);
    parts.push_back(row.slots);
  }
  MergePolicy of_columns = policy;
  of_columns.rows_max = kColumnRowsMax;
  const auto range = PickMerge(sizes, of_columns);
  if (!range) return std::nullopt;
  SealPart part;
  part.kind = SegmentKind::kAttribute;
  return MergeOf(std::move(part), {parts[range->begin].first, parts[range->end - 1].last});
}

void NamespaceIndex::Rep::NoteStale(Slot slot) {
  for (const SegmentRow& row : segments) {
    const bool holds = row.kind == SegmentKind::kAttribute && row.slots.first <= slot && slot <= row.slots.last;
    if (holds) ++columns.at(row.number).stale;
  }
}

void NamespaceIndex::Rep::Adopt(const SealTask& task, const std::vector<WrittenPart>& sealed) {
  for (size_t i = 0; i < task.parts.size(); ++i) {
    const SealPart& part = task.parts[i];
    switch (part.kind) {
      case SegmentKind::kText: text.Replace(part.texts, sealed[i].text); break;
      case SegmentKind::kVector: vectors.at(part.space)->Replace(part.vectors, sealed[i].vector); break;
      case SegmentKind::kAttribute:
        if (sealed[i].row) columns[sealed[i].row->number] = {sealed[i].column_rows, 0};
    }
    if (sealed[i].row) segments.push_back(*sealed[i].row);
  }
  for (const SegmentRow& old : task.replaced) columns.erase(old.number);
  const auto is_replaced = [&](const SegmentRow& row) {
    return std::any_of(task.replaced.begin(), task.replaced.end(),
                       [&](const SegmentRow& old) { return old.number == row.number; });
  };
  segments.erase(std::remove_if(segments.begin(), segments.end(), is_replaced), segments.end());
  std::sort(segments.begin(), segments.end(),
            [](const SegmentRow& a, const SegmentRow& b) { return a.slots.first < b.slots.first; });
  if (!task.merge) sealed_until = task.slots.last;
}

void NamespaceIndex::Rep::Attach(const OpenedSegment& segment, const SlotSet& live) {
  const SlotRange& covered = segment.row.slots;
  segments.push_back(segment.row);
  if (!sealed_until || covered.last > *sealed_until) sealed_until = covered.last;
  if (!last_slot || covered.last > *last_slot) last_slot = covered.last;
  if (segment.columns) {
    columns[segment.row.number] = {segment.columns->size(), 0};
    return;
  }
  SlotSet held;
  if (segment.text) {
    segment.text->AddSlotsTo(&held);
    text.Attach(segment.text, held - live);
    return;
  }
  VectorIndex* index = VectorsOf(segment.row.space, segment.dimensions);
  index->Attach(segment.vector);
  segment.vector->AddSlotsTo(&held);
  for (const uint32_t dead : held - live) index->Remove(Slot(dead));
}

}  // namespace engram

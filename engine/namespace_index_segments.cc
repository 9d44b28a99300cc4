// The part of NamespaceIndex that deals with segments: which parts of its indexes become files, and putting those
// in their place.
#include <algorithm>

#include "engine/namespace_index_rep.h"
#include "engine/segments/merge_policy.h"
#include "index/text/text_segment.h"

namespace engram {
namespace {

bool Overlap(const SlotRange& a, const SlotRange& b) { return a.first <= b.last && b.first <= a.last; }

SealedSize SizeOf(const TextPartHandle& part) { return {part.live_texts() + part.dead_texts(), part.live_texts()}; }

template <class Handle>
std::vector<Handle> Slice(const std::vector<Handle>& list, const MergeRange& range) {
  return {list.begin() + static_cast<ptrdiff_t>(range.begin), list.begin() + static_cast<ptrdiff_t>(range.end)};
}

}  // namespace

NamespaceIndex::Unsealed NamespaceIndex::unsealed() const {
  ReaderLock lock(rep_->mutex);
  return rep_->unsealed;
}

std::optional<SealTask> NamespaceIndex::BeginSeal(size_t graph_rows_min) {
  WriterLock lock(rep_->mutex);
  return rep_->BeginSeal(graph_rows_min);
}

std::optional<SealTask> NamespaceIndex::NextMerge(const MergePolicy& policy, size_t graph_rows_min) {
  ReaderLock lock(rep_->mutex);
  return rep_->NextMerge(policy, graph_rows_min);
}

void NamespaceIndex::Adopt(const SealTask& task, const std::vector<SealedPart>& sealed) {
  WriterLock lock(rep_->mutex);
  rep_->Adopt(task, sealed);
}

void NamespaceIndex::Attach(const std::vector<OpenedSegment>& segments, const SlotSet& live) {
  WriterLock lock(rep_->mutex);
  for (const OpenedSegment& segment : segments) rep_->Attach(segment, live);
}

std::vector<SegmentRow> NamespaceIndex::segments() const {
  ReaderLock lock(rep_->mutex);
  return rep_->segments;
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

std::optional<SealTask> NamespaceIndex::Rep::BeginSeal(size_t graph_rows_min) {
  unsealed = {};
  if (!last_slot || (sealed_until && *last_slot <= *sealed_until)) return std::nullopt;
  SealTask task;
  task.slots = {sealed_until ? Slot(sealed_until->value + 1) : Slot(), *last_slot};
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
    size_t vector_rows = 0;
    for (VectorPartStatus& status : index->Parts()) {
      if (status.sealed) continue;
      vector_rows += status.live;
      part.vectors.push_back(std::move(status.handle));
    }
    // A stretch is sealed flat, so that sealing keeps up with writing; what is large already came by loading.
    part.graph = vector_rows >= 4 * graph_rows_min;
    if (!part.vectors.empty()) task.parts.push_back(std::move(part));
  }
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

std::optional<SealTask> NamespaceIndex::Rep::NextMerge(const MergePolicy& policy, size_t graph_rows_min) const {
  SealTask task;
  task.position = position;
  task.merge = true;
  const auto finish = [&](SealPart part, SlotRange first, SlotRange last) {
    const SlotRange slots{first.first, last.last};
    task.replaced = RowsOf(part.kind, part.space, slots);
    task.slots = {task.replaced.front().slots.first, task.replaced.back().slots.last};
    task.parts.push_back(std::move(part));
    return task;
  };

  std::vector<TextPartHandle> texts;
  std::vector<SealedSize> sizes;
  for (TextPartHandle& part : text.Parts()) {
    if (!part.sealed()) break;
    sizes.push_back(SizeOf(part));
    texts.push_back(std::move(part));
  }
  if (const auto range = PickMerge(sizes, policy)) {
    SealPart part;
    part.texts = Slice(texts, *range);
    const SlotRange first = part.texts.front().segment()->file().slots();
    const SlotRange last = part.texts.back().segment()->file().slots();
    return finish(std::move(part), first, last);
  }

  for (const auto& [space, index] : vectors) {
    std::vector<VectorHandle> handles;
    sizes.clear();
    for (VectorPartStatus& status : index->Parts()) {
      if (!status.sealed) break;
      sizes.push_back({status.rows, status.live});
      handles.push_back(std::move(status.handle));
    }
    const auto range = PickMerge(sizes, policy);
    if (!range) continue;
    SealPart part;
    part.kind = SegmentKind::kVector;
    part.space = space;
    part.vectors = Slice(handles, *range);
    size_t vector_rows = 0;
    for (size_t i = range->begin; i < range->end; ++i) vector_rows += sizes[i].live;
    part.graph = vector_rows >= graph_rows_min;
    const SlotRange first = part.vectors.front().slots();
    const SlotRange last = part.vectors.back().slots();
    return finish(std::move(part), first, last);
  }
  return std::nullopt;
}

void NamespaceIndex::Rep::Adopt(const SealTask& task, const std::vector<SealedPart>& sealed) {
  for (size_t i = 0; i < task.parts.size(); ++i) {
    const SealPart& part = task.parts[i];
    if (part.kind == SegmentKind::kText) {
      text.Replace(part.texts, sealed[i].text);
    } else {
      vectors.at(part.space)->Replace(part.vectors, sealed[i].vector);
    }
    if (sealed[i].row) segments.push_back(*sealed[i].row);
  }
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

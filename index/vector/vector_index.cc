#include "index/vector/vector_index.h"

#include <algorithm>

#include "base/check.h"
#include "index/vector/vector_part.h"

namespace engram {

VectorHandle::VectorHandle(std::shared_ptr<const VectorPart> part)
    : part_(std::move(part)), rows_(part_->Now().rows), deaths_(part_->Now().deaths) {}

SlotRange VectorHandle::slots() const { return part_->slots(rows_); }

VectorIndex::VectorIndex(uint32_t dimensions, Metric metric)
    : dimensions_(dimensions), metric_(metric), fresh_(std::make_shared<RowPart>(VectorSpace(dimensions, metric))) {
  ENGRAM_CHECK(1 <= dimensions && dimensions <= kDimensionsMax);
}

VectorIndex::~VectorIndex() = default;

void VectorIndex::Add(Slot slot, std::span<const float> vector) {
  // The row store checks the order too, but forgets rows that were compacted away.
  ENGRAM_CHECK(!last_slot_ || *last_slot_ < slot);
  last_slot_ = slot;
  fresh_->Add(slot, vector);
}

void VectorIndex::Remove(Slot slot) {
  const auto part =
      std::find_if(sealed_.begin(), sealed_.end(), [&](const auto& p) { return slot <= p->slots().last; });
  if (part != sealed_.end()) {
    (*part)->Kill(slot);
    return;
  }
  // Views keep the old part, so it is left as it is.
  if (fresh_->Kill(slot) && fresh_->live() * 2 < fresh_->rows()) fresh_ = fresh_->Compacted();
}

VectorView VectorIndex::View() const {
  std::vector<VectorView::Rep::PartMoment> parts;
  parts.reserve(sealed_.size() + 1);
  for (const auto& part : sealed_) parts.push_back({part, part->Now()});
  if (fresh_->rows() > 0) parts.push_back({fresh_, fresh_->Now()});
  return VectorView(std::make_shared<VectorView::Rep>(fresh_->space(), std::move(parts)));
}

size_t VectorIndex::size() const {
  size_t live = fresh_->live();
  for (const auto& part : sealed_) live += part->live();
  return live;
}

size_t VectorIndex::MemoryBytes() const {
  size_t bytes = sizeof(*this) + fresh_->AnonymousBytes();
  for (const auto& part : sealed_) bytes += part->AnonymousBytes();
  return bytes;
}

size_t VectorIndex::MappedBytes() const {
  size_t bytes = 0;
  for (const auto& part : sealed_) bytes += part->MappedBytes();
  return bytes;
}

std::optional<VectorHandle> VectorIndex::Freeze() {
  if (fresh_->rows() == 0) return std::nullopt;
  VectorHandle handle(fresh_);
  sealed_.push_back(std::move(fresh_));
  fresh_ = std::make_shared<RowPart>(VectorSpace(dimensions_, metric_));
  return handle;
}

std::vector<VectorPartStatus> VectorIndex::Parts() const {
  std::vector<VectorPartStatus> parts;
  for (const auto& part : sealed_) {
    const VectorSegment* segment = part->segment();
    parts.push_back({VectorHandle(part), part->slots(), part->rows(), part->live(), segment != nullptr,
                     segment != nullptr && segment->report().has_graph});
  }
  return parts;
}

Result<std::shared_ptr<const VectorSegment>> VectorIndex::Seal(std::span<const VectorHandle> parts, FileSystem& files,
                                                               const std::string& path, const SealOptions& options) {
  ENGRAM_CHECK(!parts.empty());
  const VectorSpace space = parts.front().part_->space();
  std::vector<PreparedRow> rows;
  std::vector<GraphedRows> graphed;
  for (const VectorHandle& handle : parts) {
    const size_t begin = rows.size();
    RETURN_IF_ERROR(handle.part_->AppendLive({handle.rows_, handle.deaths_}, &rows));
    const VectorSegment* segment = handle.part_->segment();
    if (segment != nullptr && segment->report().has_graph) graphed.push_back({segment, begin, rows.size()});
  }
  if (rows.empty()) return std::shared_ptr<const VectorSegment>();
  RETURN_IF_ERROR(SealRows(files, path, space, rows, options, graphed).status());
  return VectorSegment::Open(files, path, space.dimensions(), space.metric());
}

void VectorIndex::Replace(std::span<const VectorHandle> parts, std::shared_ptr<const VectorSegment> segment) {
  ENGRAM_CHECK(!parts.empty());
  const auto first = std::find(sealed_.begin(), sealed_.end(), parts.front().part_);
  ENGRAM_CHECK(static_cast<size_t>(sealed_.end() - first) >= parts.size());
  std::shared_ptr<SegmentPart> replacement;
  if (segment) replacement = std::make_shared<SegmentPart>(fresh_->space(), std::move(segment));
  for (size_t i = 0; i < parts.size(); ++i) {
    const VectorPart& old = *first[static_cast<ptrdiff_t>(i)];
    ENGRAM_CHECK(&old == parts[i].part_.get());
    if (!replacement || old.Now().deaths == parts[i].deaths_) continue;
    old.ForEachDeathAfter(parts[i].deaths_, [&](Slot slot) { replacement->Kill(slot); });
  }
  const auto place = sealed_.erase(first, first + static_cast<ptrdiff_t>(parts.size()));
  if (replacement) sealed_.insert(place, std::move(replacement));
}

void VectorIndex::Attach(std::shared_ptr<const VectorSegment> segment) {
  ENGRAM_CHECK(fresh_->rows() == 0 && (!last_slot_ || *last_slot_ < segment->slots().first));
  last_slot_ = segment->slots().last;
  sealed_.push_back(std::make_shared<SegmentPart>(fresh_->space(), std::move(segment)));
}

Status VectorIndex::Damage() const { return View().Damage(); }

}  // namespace engram

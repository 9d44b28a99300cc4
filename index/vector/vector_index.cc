#include "index/vector/vector_index.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/check.h"
#include "index/vector/vector_part.h"

namespace engram {

Status CheckVector(std::span<const float> vector, uint32_t dimensions, Metric metric) {
  if (vector.size() != dimensions) {
    return Unprocessable(fmt::format("the vector has {} dimensions, the space has {}", vector.size(), dimensions))
        .With("expected", std::to_string(dimensions))
        .With("got", std::to_string(vector.size()));
  }
  for (size_t i = 0; i < vector.size(); ++i) {
    if (std::isfinite(vector[i])) continue;
    const char* what = std::isnan(vector[i]) ? "NaN" : "infinite";
    return Unprocessable(fmt::format("component {} of the vector is {}", i, what)).With("index", std::to_string(i));
  }
  const bool all_zero = std::all_of(vector.begin(), vector.end(), [](float v) { return v == 0; });
  if (metric == Metric::kCosine && all_zero) {
    return Unprocessable("the vector is all zeros, which has no direction and so no cosine");
  }
  return Status::Ok();
}

void VectorIndex::Part::Add(Slot slot, std::span<const float> vector) {
  space_.PrepareInto(vector, rows_.Append(slot));
  ++live;
}

void VectorIndex::Part::AddPrepared(Slot slot, const float* row) {
  std::copy_n(row, rows_.stride(), rows_.Append(slot));
  ++live;
}

VectorIndex::VectorIndex(uint32_t dimensions, Metric metric)
    : dimensions_(dimensions), metric_(metric), part_(std::make_shared<Part>(dimensions, metric)) {
  ENGRAM_CHECK(1 <= dimensions && dimensions <= kDimensionsMax);
}

VectorIndex::~VectorIndex() = default;

void VectorIndex::Add(Slot slot, std::span<const float> vector) {
  // The row store checks the order too, but forgets rows that were compacted away.
  ENGRAM_CHECK(!last_slot_ || *last_slot_ < slot);
  last_slot_ = slot;
  part_->Add(slot, vector);
}

void VectorIndex::Remove(Slot slot) {
  RowStore& rows = part_->rows();
  const std::optional<size_t> row = rows.Find(slot, rows.size());
  if (!row || rows.Death(*row) != RowStore::kAlive) return;
  rows.Kill(*row, ++part_->deaths);
  --part_->live;
  if (part_->live * 2 < rows.size()) Compact();
}

// Views keep the old part, so it is left as it is.
void VectorIndex::Compact() {
  auto compacted = std::make_shared<Part>(dimensions_, metric_);
  const RowStore& rows = part_->rows();
  for (size_t row = 0; row < rows.size(); ++row) {
    if (rows.Death(row) == RowStore::kAlive) compacted->AddPrepared(Slot(rows.SlotAt(row)), rows.Row(row));
  }
  part_ = std::move(compacted);
}

VectorView VectorIndex::View() const {
  return VectorView(std::make_shared<VectorView::Rep>(part_, part_->rows().size(), part_->deaths));
}

size_t VectorIndex::size() const { return part_->live; }
size_t VectorIndex::MemoryBytes() const { return sizeof(*this) + part_->rows().MemoryBytes(); }

}  // namespace engram

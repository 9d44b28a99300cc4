#include <algorithm>

#include "index/vector/top_hits.h"
#include "index/vector/vector_index.h"
#include "index/vector/vector_part.h"

namespace engram {
namespace {

// A megabyte: some hundred microseconds of scanning.
constexpr uint64_t kFloatsBetweenPauses = uint64_t{1} << 18;

}  // namespace

const float* VectorView::Rep::Find(Slot slot) const {
  const auto part = std::find_if(parts_.begin(), parts_.end(),
                                 [&](const PartMoment& p) { return slot <= p.part->slots(p.moment.rows).last; });
  return part == parts_.end() ? nullptr : part->part->Find(part->moment, slot);
}

std::vector<ScoredSlot> VectorView::Top(std::span<const float> query, const SlotSet& allowed, size_t k,
                                        const VectorSearchOptions& options) const {
  if (k == 0) return {};
  const std::vector<float> prepared = rep_->space().Prepare(query);
  TopHits top(k);
  GiveUpPacer pacer(options.give_up, kFloatsBetweenPauses);
  for (const Rep::PartMoment& part : rep_->parts()) {
    part.part->Top(part.moment, prepared.data(), allowed, k, options, &pacer, top);
    if (pacer.given_up()) return {};
  }
  return std::move(top).Take();
}

std::vector<std::optional<double>> VectorView::Score(std::span<const float> query,
                                                     const std::vector<Slot>& slots) const {
  const std::vector<float> prepared = rep_->space().Prepare(query);
  std::vector<std::optional<double>> scores(slots.size());
  for (size_t i = 0; i < slots.size(); ++i) {
    const float* row = rep_->Find(slots[i]);
    if (row) scores[i] = rep_->space().Similarity(prepared.data(), row);
  }
  return scores;
}

std::optional<double> VectorView::Similarity(Slot a, Slot b) const {
  const float* row_a = rep_->Find(a);
  const float* row_b = rep_->Find(b);
  if (!row_a || !row_b) return std::nullopt;
  return rep_->space().Similarity(row_a, row_b);
}

Status VectorView::Damage() const {
  for (const Rep::PartMoment& part : rep_->parts()) {
    if (part.part->segment() != nullptr) RETURN_IF_ERROR(part.part->segment()->Damage());
  }
  return {};
}

}  // namespace engram

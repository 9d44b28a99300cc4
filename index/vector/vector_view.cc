#include <algorithm>

#include "index/vector/top_hits.h"
#include "index/vector/vector_index.h"
#include "index/vector/vector_part.h"

namespace engram {
namespace {

// The first place in [pos, n) whose slot is at least `slot`, found by doubling steps: next to nothing for
// neighbours, logarithmic over gaps.
size_t Gallop(const uint32_t* slots, size_t pos, size_t n, uint32_t slot) {
  size_t step = 1;
  size_t low = pos;
  while (pos + step < n && slots[pos + step] < slot) {
    low = pos + step;
    step *= 2;
  }
  const size_t high = std::min(pos + step + 1, n);
  return static_cast<size_t>(std::lower_bound(slots + low, slots + high, slot) - slots);
}

// Calls `visit(row, slot)` for every row whose slot is in `allowed`, ascending. Both sides are sorted and
// each leaps to where the other stands, so the cost follows the smaller of the two, wherever rows are
// few, the filter is narrow or both are dense.
template <class Visit>
void ForEachCommon(const RowStore& rows, size_t row_count, const SlotSet& allowed, Visit visit) {
  auto next = allowed.begin();
  rows.ForEachRun(row_count, [&](size_t first_row, const uint32_t* slots, size_t n) {
    size_t pos = 0;
    while (pos < n && next.i.has_value) {
      if (slots[pos] < *next) {
        pos = Gallop(slots, pos, n, *next);
      } else if (slots[pos] == *next) {
        visit(first_row + pos, slots[pos]);
        ++pos;
        ++next;
      } else {
        ++next;
        if (next.i.has_value && *next < slots[pos]) next.equalorlarger(slots[pos]);
      }
    }
  });
}

// Asks for a row's first lines; the processor's own prefetcher follows with the rest.
void Prefetch(const float* row, size_t floats) {
  constexpr size_t kFloatsPerLine = 16;
  const size_t lines = std::min<size_t>(floats / kFloatsPerLine, 8);
  for (size_t line = 0; line < lines; ++line) __builtin_prefetch(row + line * kFloatsPerLine);
}

}  // namespace

const float* VectorView::Rep::Find(Slot slot) const {
  const std::optional<size_t> row = part_->rows().Find(slot, rows_);
  return row && Alive(*row) ? part_->rows().Row(*row) : nullptr;
}

std::vector<ScoredSlot> VectorView::Top(std::span<const float> query, const SlotSet& allowed, size_t k) const {
  if (k == 0) return {};
  const auto& part = rep_->part();
  const RowStore& rows = part.rows();
  const std::vector<float> prepared = part.space().Prepare(query);
  TopHits top(k);
  // One row behind: a row is scored when the next is found, its memory asked for in between.
  const float* waiting = nullptr;
  Slot waiting_slot;
  ForEachCommon(rows, rep_->rows(), allowed, [&](size_t row, uint32_t slot) {
    if (!rep_->Alive(row)) return;
    const float* found = rows.Row(row);
    Prefetch(found, rows.stride());
    if (waiting) top.Offer({waiting_slot, part.space().Similarity(prepared.data(), waiting)});
    waiting = found;
    waiting_slot = Slot(slot);
  });
  if (waiting) top.Offer({waiting_slot, part.space().Similarity(prepared.data(), waiting)});
  return std::move(top).Take();
}

std::vector<std::optional<double>> VectorView::Score(std::span<const float> query,
                                                     const std::vector<Slot>& slots) const {
  const std::vector<float> prepared = rep_->part().space().Prepare(query);
  std::vector<std::optional<double>> scores(slots.size());
  for (size_t i = 0; i < slots.size(); ++i) {
    const float* row = rep_->Find(slots[i]);
    if (row) scores[i] = rep_->part().space().Similarity(prepared.data(), row);
  }
  return scores;
}

std::optional<double> VectorView::Similarity(Slot a, Slot b) const {
  const float* row_a = rep_->Find(a);
  const float* row_b = rep_->Find(b);
  if (!row_a || !row_b) return std::nullopt;
  return rep_->part().space().Similarity(row_a, row_b);
}

}  // namespace engram

#include "index/vector/vector_part.h"

#include <limits>

#include "index/vector/common_slots.h"

namespace engram {

bool VectorPart::Kill(Slot slot) {
  if (!KillAs(slot, deaths_ + 1)) return false;
  ++deaths_;
  return true;
}

void RowPart::Add(Slot slot, std::span<const float> vector) {
  space().PrepareInto(vector, store_.Append(slot));
  EncodeLast();
}

void RowPart::EncodeLast() {
  const size_t last = store_.size() - 1;
  const RowStore::Coded coded = store_.CodesOf(last);
  if (coded.codes != nullptr) *coded.row = EncodeRow(space(), store_.Row(last), coded.codes);
}

std::shared_ptr<RowPart> RowPart::Compacted() const {
  auto compacted = std::make_shared<RowPart>(space());
  for (size_t row = 0; row < rows(); ++row) {
    if (store_.Death(row) != RowStore::kAlive) continue;
    std::copy_n(store_.Row(row), space().stride(), compacted->store_.Append(Slot(store_.SlotAt(row))));
    compacted->EncodeLast();
  }
  return compacted;
}

bool RowPart::KillAs(Slot slot, uint32_t death) {
  const std::optional<size_t> row = store_.Find(slot, store_.size());
  if (!row || store_.Death(*row) != RowStore::kAlive) return false;
  store_.Kill(*row, death);
  return true;
}

// Always exact: what is left out by its codes could not have got in.
void RowPart::Top(Moment moment, const float* query, const SlotSet& allowed, size_t /*k*/,
                  const VectorSearchOptions& /*options*/, Pacer* pacer, TopHits& top) const {
  const BoundingQuery bounding(space(), query);
  auto next = allowed.begin();
  store_.ForEachStretch(moment.rows, [&](const RowStore::Stretch& rows) {
    const auto hopeless = [&](size_t row) {
      const double threshold = top.Threshold();
      if (rows.codes == nullptr || threshold == -std::numeric_limits<double>::infinity()) return false;
      return bounding.Bound(rows.coded[row], rows.codes + row * store_.code_bytes()) < threshold;
    };
    return ForEachCommon(rows.slots, rows.rows, next, [&](size_t row, uint32_t slot) {
      if (rows.deaths[row].load(std::memory_order_relaxed) <= moment.deaths) return true;
      if (!hopeless(row)) top.Offer({Slot(slot), space().Similarity(query, rows.floats + row * store_.stride())});
      return pacer->Spend(space().stride());
    });
  });
}

const float* RowPart::Find(Moment moment, Slot slot) const {
  const std::optional<size_t> row = store_.Find(slot, moment.rows);
  return row && store_.Death(*row) > moment.deaths ? store_.Row(*row) : nullptr;
}

Status RowPart::AppendLive(Moment moment, std::vector<PreparedRow>* out) const {
  for (size_t row = 0; row < moment.rows; ++row) {
    if (store_.Death(row) > moment.deaths) out->push_back({Slot(store_.SlotAt(row)), store_.Row(row)});
  }
  return {};
}

void RowPart::ForEachDeathAfter(uint32_t deaths, const std::function<void(Slot)>& visit) const {
  for (size_t row = 0; row < rows(); ++row) {
    const uint32_t death = store_.Death(row);
    if (death > deaths && death != RowStore::kAlive) visit(Slot(store_.SlotAt(row)));
  }
}

bool SegmentPart::KillAs(Slot slot, uint32_t death) {
  const std::optional<uint32_t> row = segment_->rep().Find(slot);
  if (!row) return false;
  if (!deaths_) {
    deaths_ = std::make_unique<std::atomic<uint32_t>[]>(rows());
    for (size_t i = 0; i < rows(); ++i) deaths_[i].store(RowStore::kAlive, std::memory_order_relaxed);
  }
  if (deaths_[*row].load(std::memory_order_relaxed) != RowStore::kAlive) return false;
  deaths_[*row].store(death, std::memory_order_relaxed);
  return true;
}

void SegmentPart::Top(Moment moment, const float* query, const SlotSet& allowed, size_t k,
                      const VectorSearchOptions& options, Pacer* pacer, TopHits& top) const {
  const SegmentSearchOptions how{options.exact, options.ef, {}, pacer};
  SearchSegment(segment_->rep(), query, allowed, DeathsAt(moment), k, how, top);
}

const float* SegmentPart::Find(Moment moment, Slot slot) const {
  const std::optional<uint32_t> row = segment_->rep().Find(slot);
  return row && DeathsAt(moment).Alive(*row) ? segment_->rep().Row(*row) : nullptr;
}

Status SegmentPart::AppendLive(Moment moment, std::vector<PreparedRow>* out) const {
  const VectorSegment::Rep& rep = segment_->rep();
  const RowDeaths deaths = DeathsAt(moment);
  for (uint32_t row = 0; row < rows(); ++row) {
    if (!deaths.Alive(row)) continue;
    const float* values = rep.Row(row);
    if (values == nullptr) return rep.Damage();
    out->push_back({Slot(rep.slots[row]), values});
  }
  return {};
}

void SegmentPart::ForEachDeathAfter(uint32_t deaths, const std::function<void(Slot)>& visit) const {
  if (!deaths_) return;
  for (size_t row = 0; row < rows(); ++row) {
    const uint32_t death = deaths_[row].load(std::memory_order_relaxed);
    if (death > deaths && death != RowStore::kAlive) visit(Slot(segment_->rep().slots[row]));
  }
}

size_t SegmentPart::AnonymousBytes() const {
  return sizeof(*this) + segment_->AnonymousBytes() + (deaths_ ? rows() * sizeof(deaths_[0]) : 0);
}

}  // namespace engram

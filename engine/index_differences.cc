// Comparing a live index with one rebuilt from the same rows (NamespaceIndex::DifferencesFrom).
#include <algorithm>

#include <fmt/format.h>

#include "base/coding.h"
#include "base/hash.h"
#include "engine/namespace_index_rep.h"

namespace engram {
namespace {

// Enough to see what is wrong; a wholly different index would fill the log.
constexpr size_t kDifferencesMax = 100;

class Differences {
 public:
  void Add(std::string difference) {
    if (list_.size() < kDifferencesMax) list_.push_back(std::move(difference));
  }
  template <class T>
  void Expect(std::string_view what, const T& live, const T& rebuilt) {
    if (live != rebuilt) Add(fmt::format("{}: {} live, {} rebuilt", what, live, rebuilt));
  }
  std::vector<std::string> Take() { return std::move(list_); }

 private:
  std::vector<std::string> list_;
};

void CompareSlots(std::string_view what, const SlotSet& live, const SlotSet& rebuilt, Differences* out) {
  for (const uint32_t slot : live - rebuilt) out->Add(fmt::format("{}: slot {} is only in the live index", what, slot));
  for (const uint32_t slot : rebuilt - live)
    out->Add(fmt::format("{}: slot {} is missing from the live index", what, slot));
}

bool SameRow(const TableRow& a, const TableRow& b) {
  return a.row.node == b.row.node && a.row.id == b.row.id && a.row.version == b.row.version && a.row.run == b.row.run &&
         a.row.order == b.row.order && a.event_time == b.event_time && a.StateOrDefault() == b.StateOrDefault();
}

void CompareRows(const RowTable& live, const RowTable& rebuilt, Differences* out) {
  out->Expect("rows", live.live(), rebuilt.live());
  live.ForEachLive([&](const TableRow& row) {
    const TableRow* other = rebuilt.FindLive(row.row.slot);
    if (!other || !SameRow(row, *other)) out->Add(fmt::format("the columns of slot {} differ", row.row.slot.value));
    if (live.SlotOf(row.row.node) != row.row.slot)
      out->Add(fmt::format("node {} has lost its slot", row.row.node.value));
  });
}

void CompareAttributes(const AttributeIndex& live, const AttributeIndex& rebuilt, Differences* out) {
  CompareSlots("attributes", live.slots(), rebuilt.slots(), out);
  out->Expect("attribute paths", live.paths(), rebuilt.paths());
  for (const uint32_t slot : live.slots() & rebuilt.slots()) {
    if (live.Fingerprint(Slot(slot)) != rebuilt.Fingerprint(Slot(slot))) {
      out->Add(fmt::format("the attributes of slot {} differ", slot));
    }
  }
}

// An order-free sum over the postings of each slot.
std::map<Slot, Hash128> TextFingerprints(const TextIndex& index) {
  std::map<Slot, Hash128> sums;
  index.VisitPostings([&](std::string_view term, Slot slot, uint32_t frequency) {
    std::string bytes;
    AppendFixed32(&bytes, frequency);
    bytes += term;
    sums[slot] += HashBytes128(bytes);
  });
  return sums;
}

void CompareTexts(const TextIndex& live, const TextIndex& rebuilt, Differences* out) {
  const TextStatistics a = live.statistics();
  const TextStatistics b = rebuilt.statistics();
  out->Expect("texts", a.texts, b.texts);
  out->Expect("text length", a.length_total, b.length_total);
  out->Expect("distinct terms", a.distinct_terms, b.distinct_terms);
  const auto of_live = TextFingerprints(live);
  auto of_rebuilt = TextFingerprints(rebuilt);
  for (const auto& [slot, sum] : of_live) {
    const auto other = of_rebuilt.find(slot);
    if (other == of_rebuilt.end() || other->second != sum)
      out->Add(fmt::format("the terms of slot {} differ", slot.value));
    if (other != of_rebuilt.end()) of_rebuilt.erase(other);
  }
  for (const auto& [slot, sum] : of_rebuilt)
    out->Add(fmt::format("slot {} has no terms in the live index", slot.value));
}

// Vectors are equal when all similarities with themselves and their neighbours are, bit for bit.
void CompareVectors(std::string_view space, const VectorIndex& live, const VectorIndex& rebuilt, const SlotSet& slots,
                    Differences* out) {
  out->Expect(fmt::format("vectors of space {}", space), live.size(), rebuilt.size());
  out->Expect(fmt::format("dimensions of space {}", space), live.dimensions(), rebuilt.dimensions());
  const VectorView a = live.View();
  const VectorView b = rebuilt.View();
  std::optional<Slot> before;
  for (const uint32_t number : slots) {
    const Slot slot(number);
    const bool same_self = a.Similarity(slot, slot) == b.Similarity(slot, slot);
    const bool same_pair = !before || a.Similarity(*before, slot) == b.Similarity(*before, slot);
    if (!same_self || !same_pair) out->Add(fmt::format("the vector of slot {} in space {} differs", number, space));
    if (a.Similarity(slot, slot)) before = slot;
  }
}

using VectorSpaces = std::map<std::string, std::unique_ptr<VectorIndex>>;

// A space may be there and empty after its last vector went. In either: rows have vectors that expired and wait for the
// sweep, which segments that were sealed in between have not.
void CompareSpaces(const VectorSpaces& live, const VectorSpaces& rebuilt, const SlotSet& slots, Differences* out) {
  for (const auto& [space, index] : live) {
    const auto other = rebuilt.find(space);
    if (other != rebuilt.end()) {
      CompareVectors(space, *index, *other->second, slots, out);
    } else if (index->size() > 0) {
      out->Add(fmt::format("space {} is only in the live index", space));
    }
  }
  for (const auto& [space, index] : rebuilt) {
    if (index->size() == 0 || live.contains(space)) continue;
    out->Add(fmt::format("space {} is missing from the live index", space));
  }
}

}  // namespace

std::vector<std::string> NamespaceIndex::DifferencesFrom(const NamespaceIndex& rebuilt) const {
  Rep& a = *rep_;
  Rep& b = *rebuilt.rep_;
  WriterLock lock_a(a.mutex);
  WriterLock lock_b(b.mutex);
  // Each may have buried more than the other; burying changes no answer at a time after it.
  const Timestamp buried_until = std::max(a.buried_until, b.buried_until);
  a.Bury(buried_until);
  b.Bury(buried_until);

  Differences out;
  out.Expect("position", a.position.value, b.position.value);
  CompareRows(*a.rows, *b.rows, &out);
  CompareAttributes(a.attributes, b.attributes, &out);
  CompareSlots("inactive", a.inactive, b.inactive, &out);
  CompareTexts(a.text, b.text, &out);
  CompareSpaces(a.vectors, b.vectors, a.attributes.slots(), &out);
  if (a.runs != b.runs) out.Add("run orders differ");
  if (a.expiry != b.expiry) out.Add("expiry differs");
  if (a.config != b.config) out.Add("the configuration differs");
  return out.Take();
}

}  // namespace engram

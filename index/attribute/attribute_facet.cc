#include <map>
#include <utility>

#include "base/check.h"
#include "index/attribute/attribute_index.h"
#include "index/attribute/attribute_rep.h"

namespace engram {
namespace {

// The order of kinds in CompareForSort; null comes first and is the caller's to place.
int SortRank(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kNull: return 0;
    case Value::Kind::kBool: return 1;
    case Value::Kind::kInt:
    case Value::Kind::kUint:
    case Value::Kind::kDouble: return 2;
    case Value::Kind::kString: return 3;
    case Value::Kind::kList: return 4;
    case Value::Kind::kObject: return 5;
  }
  ENGRAM_CHECK(false);
}

std::strong_ordering CompareLists(const Value::List& a, const Value::List& b) {
  for (size_t i = 0; i < a.size() && i < b.size(); ++i) {
    const std::strong_ordering order = CompareForSort(a[i], b[i]);
    if (order != 0) return order;
  }
  return a.size() <=> b.size();
}

std::strong_ordering CompareObjects(const Value::Object& a, const Value::Object& b) {
  auto left = a.begin();
  auto right = b.begin();
  for (; left != a.end() && right != b.end(); ++left, ++right) {
    if (const std::strong_ordering keys = left->first <=> right->first; keys != 0) return keys;
    if (const std::strong_ordering values = CompareForSort(left->second, right->second); values != 0) return values;
  }
  return a.size() <=> b.size();
}

}  // namespace

std::vector<FacetValue> AttributeIndex::Facet(std::string_view field, const SlotSet& among) const {
  std::vector<FacetValue> facet;
  const AttributePath* path = rep_->store.FindPath(field);
  if (!path) return facet;
  const auto end = path->values.lower_bound(KeyRank::kLongText);
  for (auto it = path->values.begin(); it != end; ++it) {
    const uint64_t count = it->second.CountIn(among);
    if (count > 0) facet.push_back({it->first.view().ToValue(), count, std::nullopt});
  }
  return facet;
}

size_t AttributeIndex::DistinctValues(std::string_view field) const {
  const AttributePath* path = rep_->store.FindPath(field);
  return path ? path->values.size() : 0;
}

class FacetCounter::Rep {
 public:
  struct Entry {
    uint64_t count = 0;
    std::optional<Value> max;
  };

  Entry& EntryOf(const KeyView& key) {
    const auto found = entries.find(key);
    if (found != entries.end()) return found->second;
    return entries.emplace(AttributeKey(key), Entry()).first->second;
  }

  std::string field;
  std::string max_field;
  std::map<AttributeKey, Entry, KeyOrder> entries;
};

FacetCounter::FacetCounter(std::string field, std::string max_field) : rep_(std::make_unique<Rep>()) {
  rep_->field = std::move(field);
  rep_->max_field = std::move(max_field);
}
FacetCounter::~FacetCounter() = default;

std::vector<FacetValue> FacetCounter::Take() && {
  std::vector<FacetValue> facet;
  facet.reserve(rep_->entries.size());
  for (auto& [key, entry] : rep_->entries) {
    facet.push_back({key.view().ToValue(), entry.count, std::move(entry.max)});
  }
  return facet;
}

void AttributeIndex::Count(const std::vector<Slot>& slots, FacetCounter* counter) const {
  const AttributeStore& store = rep_->store;
  const AttributePath* path = store.FindPath(counter->rep_->field);
  if (!path) return;
  const AttributePath* max_path = store.FindPath(counter->rep_->max_field);
  for (const Slot slot : slots) {
    if (!store.slots().contains(slot.value)) continue;
    const Value candidate = store.SortValue(slot.value, max_path);
    for (const AttributeStore::Cell& cell : store.CellsOf(slot.value)) {
      const AttributeKey& key = cell.value->first;
      if (&cell.path->second != path || key.rank() >= KeyRank::kLongText) continue;
      FacetCounter::Rep::Entry& entry = counter->rep_->EntryOf(key.view());
      ++entry.count;
      const bool greater = !candidate.is_null() && (!entry.max || CompareForSort(candidate, *entry.max) > 0);
      if (greater) entry.max = candidate;
    }
  }
}

SlotSet AttributeIndex::LongTexts(std::string_view field) const {
  const AttributePath* path = rep_->store.FindPath(field);
  if (!path) return {};
  PostingUnion slots;
  const auto end = path->values.lower_bound(KeyRank::kListSize);
  for (auto it = path->values.lower_bound(KeyRank::kLongText); it != end; ++it) slots.Add(it->second);
  return std::move(slots).Take();
}

std::strong_ordering CompareForSort(const Value& a, const Value& b) {
  if (SortRank(a) != SortRank(b)) return SortRank(a) <=> SortRank(b);
  if (a.is_number()) return CompareNumbers(a, b);
  switch (a.kind()) {
    case Value::Kind::kBool: return a.as_bool() <=> b.as_bool();
    case Value::Kind::kString: return a.as_string() <=> b.as_string();
    case Value::Kind::kList: return CompareLists(a.as_list(), b.as_list());
    case Value::Kind::kObject: return CompareObjects(a.as_object(), b.as_object());
    default: return std::strong_ordering::equal;
  }
}

}  // namespace engram

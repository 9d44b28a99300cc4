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

// The greatest sort value of `field` over the slots of the posting that are in `among`.
std::optional<Value> MaxOf(const AttributeStore& store, const Posting& posting, const SlotSet& among,
                           const AttributePath* field) {
  std::optional<Value> max;
  posting.ForEach([&](uint32_t slot) {
    if (!among.contains(slot)) return;
    Value value = store.SortValue(slot, field);
    if (value.is_null()) return;
    if (!max || CompareForSort(value, *max) > 0) max = std::move(value);
  });
  return max;
}

}  // namespace

std::vector<FacetValue> AttributeIndex::Facet(std::string_view field, const SlotSet& among,
                                              std::string_view max_field) const {
  std::vector<FacetValue> facet;
  const AttributePath* path = rep_->store.FindPath(field);
  if (!path) return facet;
  const AttributePath* max_path = rep_->store.FindPath(max_field);
  const auto end = path->values.lower_bound(KeyRank::kLongText);
  for (auto it = path->values.begin(); it != end; ++it) {
    const uint64_t count = it->second.CountIn(among);
    if (count == 0) continue;
    FacetValue value{it->first.view().ToValue(), count, std::nullopt};
    if (max_path) value.max = MaxOf(rep_->store, it->second, among, max_path);
    facet.push_back(std::move(value));
  }
  return facet;
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

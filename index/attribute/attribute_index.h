// Every scope and metadata field of one namespace, indexed: value -> slots, ordered for ranges.
//
// Few slots per value are a sorted array, many a roaring bitmap. Strings over 256 bytes are indexed by
// hash, so conditions on their content are answered by a superset that the caller re-checks (Matches).
//
// Threads: one writer; every call is serialised by the owner's lock, reading calls may share it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "base/ids.h"
#include "base/status.h"
#include "base/value.h"
#include "index/attribute/filter.h"
#include "index/slot_set.h"

namespace engram {

constexpr size_t kAttributePathsMax = 1000;
constexpr size_t kAttributeStringMax = 256;

struct FilterResult {
  SlotSet slots;
  // When false, `slots` holds every match and possibly others: re-check each with Matches().
  bool exact = true;
};

struct FacetValue {
  Value value;
  uint64_t count = 0;
  std::optional<Value> max;  // of the field asked for, over the slots with this value
};

// Counts the values of a field over slots that come a few at a time (AttributeIndex::Count), so that nobody holds the
// owner's lock until all are counted. Confined to one thread.
class FacetCounter {
 public:
  // Without a `max_field` there is no max.
  FacetCounter(std::string field, std::string max_field);
  ~FacetCounter();
  FacetCounter(const FacetCounter&) = delete;
  FacetCounter& operator=(const FacetCounter&) = delete;

  // As AttributeIndex::Facet gives them, over the slots so far. Needs no lock.
  std::vector<FacetValue> Take() &&;

 private:
  friend class AttributeIndex;
  class Rep;
  std::unique_ptr<Rep> rep_;
};

class AttributeIndex {
 public:
  AttributeIndex();
  ~AttributeIndex();
  AttributeIndex(const AttributeIndex&) = delete;
  AttributeIndex& operator=(const AttributeIndex&) = delete;

  // Replaces all fields of the slot.
  void Set(Slot slot, const AttributeFields& fields);
  // Replaces one field, as when an expiry is renewed; a null value removes it. The slot must be known.
  void SetField(Slot slot, std::string_view field, const Value& value);
  // Unknown slots are ignored.
  void Remove(Slot slot);
  // Puts what a FieldStretchWriter wrote under these slots, by place; a place without one is left out. Each slot has
  // room for `room` more fields. Corruption, with nothing put, when no writer wrote the bytes for so many places.
  // REQUIRES: the slots ascend and are unknown; nobody evaluates anything meanwhile.
  Status LoadStretch(std::string_view fields, std::span<const std::optional<Slot>> slots, size_t room);

  // Every slot that was set and not removed.
  const SlotSet& slots() const;

  // The slots that match; `not`, `ne` and friends are relative to slots().
  FilterResult Evaluate(const Filter& filter) const;
  // The same of each filter, all as of one moment, the end of the call: but `pause` is called every so many steps (a
  // step is a value compared or a condition probed: some hundred nanoseconds), and in it the owner may let the writer
  // in. What changed meanwhile is evaluated again. Nothing when `pause` returned false, which gives up.
  static constexpr uint64_t kStepsBetweenPauses = 4096;
  std::optional<std::vector<FilterResult>> EvaluateInPieces(const std::vector<const Filter*>& filters,
                                                            const std::function<bool()>& pause,
                                                            uint64_t steps = kStepsBetweenPauses) const;

  // The distinct values of `field` among `among`, with exact counts; each element of a list counts once
  // per slot. Strings over kAttributeStringMax are left out (see LongTexts). In value order: bool, numbers, strings.
  // Costs as much as the field has values, `DistinctValues`, whatever `among` is; the bitmaps of few are quick.
  std::vector<FacetValue> Facet(std::string_view field, const SlotSet& among) const;
  size_t DistinctValues(std::string_view field) const;
  // Counts the values that these slots have now; unknown ones have none. Costs some hundred nanoseconds a slot.
  void Count(const std::vector<Slot>& slots, FacetCounter* counter) const;

  // The slots where the field is a string over kAttributeStringMax, or a list with one.
  SlotSet LongTexts(std::string_view field) const;

  // The field's value for sorting: a scalar, or the least element of a list; null when absent (or a string
  // over kAttributeStringMax, which the caller reads from the row).
  Value SortValue(Slot slot, std::string_view field) const;

  // A hash of all that is indexed for the slot: equal for equal fields, all zeros where the slot is unknown. To
  // compare two indexes with.
  Hash128 Fingerprint(Slot slot) const;

  size_t paths() const;
  size_t MemoryBytes() const;

 private:
  friend class FieldStretchWriter;
  class Rep;
  std::unique_ptr<Rep> rep_;
};

// A total order for `order_by`: null last whatever the direction is the caller's business; here bool <
// numbers (by value) < strings (by bytes) < lists < objects.
std::strong_ordering CompareForSort(const Value& a, const Value& b);

}  // namespace engram

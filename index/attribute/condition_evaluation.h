// One condition, answered from postings or from one slot's values. Both give what Matches() gives, as far
// as hashes let them know. Private to index/attribute. Threads: as AttributeIndex.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "index/attribute/attribute_store.h"
#include "index/attribute/bounds.h"
#include "index/attribute/filter.h"
#include "index/pacer.h"

namespace engram {

// REQUIRES: `condition` is a kCondition, here and below. May pause; worth nothing when the pacer gave up.
Bounds EvaluateCondition(const AttributeStore& store, const Filter& condition, Pacer* pacer);

// Whether two conditions are bounds of one window on single values, such as gte and lt on a time, which one
// walk can answer. Not so where a path has lists: there each bound may hold by another element.
bool AreOneWindow(const AttributeStore& store, const Filter& a, const Filter& b);
// All of `bounds`; may pause. REQUIRES: not empty, and AreOneWindow() for every two of them.
Bounds EvaluateWindow(const AttributeStore& store, std::span<const Filter* const> bounds, Pacer* pacer);

// At most so many slots match, roughly and cheaply.
uint64_t EstimateMatches(const AttributeStore& store, const Filter& condition);
// About how many values EvaluateCondition() has to visit.
uint64_t EstimateWork(const AttributeStore& store, const Filter& condition);

// Kleene's three values: AND is the minimum, OR the maximum, NOT the mirror image.
enum class Truth : uint8_t { kFalse = 0, kUnknown = 1, kTrue = 2 };

// REQUIRES: the slot is known.
Truth ProbeCondition(const AttributeStore& store, const Filter& condition, uint32_t slot);

}  // namespace engram

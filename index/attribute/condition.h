// The meaning of one condition on one value: what Matches() and the index's evaluation share. Private to
// index/attribute.
#pragma once

#include <cstdint>

#include "index/attribute/filter.h"

namespace engram {

// Whether two scalars are equal as filters see it. False when either is null, a list or an object.
bool ScalarEquals(const Value& a, const Value& b);

// The condition on one element of a list or on an only value: any operator but exists, is_null and size.
bool ScalarHolds(const Filter& condition, const Value& value, bool in_list);

// gt gte lt lte, of two numbers or two strings; false for all else.
bool OrderHolds(Filter::Op op, const Value& value, const Value& operand);

bool SizeHolds(const Value& operand, uint64_t size);

// A condition that a missing field satisfies: eq null, exists false, is_null true, null in a list.
bool HoldsWhenMissing(const Filter& condition);
// A condition that every present field satisfies: exists true, is_null false.
bool HoldsWheneverPresent(const Filter& condition);

}  // namespace engram

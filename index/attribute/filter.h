// Filters: a closed tree of conditions, parsed from the API's JSON-like form and evaluated on bitmaps
// (attribute_index.h) or on one memory's fields (Matches). Both agree on every input.
//
// Grammar: an object; each key is a field or one of "and", "or" (lists of filters) and "not" (a filter);
// several keys are ANDed. A field's value is a scalar (equals) or an object of operators, ANDed:
//   eq ne in nin gt gte lt lte exists is_null contains icontains prefix size
// Numbers compare by value, otherwise types never match across kinds (times are strings in RFC 3339 that
// compare as times on the time fields). `ne`, `nin` and `not` also match where the field is missing; null
// equals missing. A condition on a list holds when any element matches. A backslash escapes a dot in a key.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/value.h"

namespace engram {

struct Filter {
  enum class Kind : uint8_t { kAnd, kOr, kNot, kCondition };
  enum class Op : uint8_t { kEq, kIn, kGt, kGte, kLt, kLte, kExists, kIsNull, kContains, kIcontains, kPrefix, kSize };

  Kind kind = Kind::kAnd;
  std::vector<Filter> children;  // kAnd, kOr: any number (an empty kAnd matches all); kNot: one
  // kCondition only. `ne` and `nin` are parsed into kNot over kEq and kIn.
  std::string field;
  Op op = Op::kEq;
  Value operand;  // kIn: a list; kSize: a number or an object of gt/gte/lt/lte/eq/ne on the size

  // Whether any condition names `field` or a path below it.
  bool Mentions(std::string_view field) const;
};

constexpr size_t kFilterDepthMax = 32;
constexpr size_t kFilterConditionsMax = 4096;

// The fields that a filter may name apart from "metadata.<path>": user_id agent_id run_id app_id actor_id
// kind role state source.system source.id source.version source.batch created_at updated_at event_time
// expires_at importance pinned id.
bool IsFilterField(std::string_view field);
// created_at, updated_at, event_time, expires_at: stored as int64 microseconds, written in RFC 3339.
bool IsTimeField(std::string_view field);

// InvalidArgument with the path of the mistake in `field()` ("filter.and[2].metadata.topic.inn"), for
// unknown fields and operators, operands of the wrong kind, more than kFilterDepthMax levels or
// kFilterConditionsMax conditions. `{}` parses to a filter that matches everything.
Result<Filter> ParseFilter(const Value& filter);

// Both; either may match everything.
Filter And(Filter a, Filter b);

// One memory's fields as the filter sees them: flat, "metadata." paths with dots in keys escaped by a
// backslash, lists as lists, times as int64 microseconds. Null is the same as absent and is left out.
using AttributeFields = std::vector<std::pair<std::string, Value>>;

// Adds the leaves of a metadata object under "metadata.": nested objects become longer paths, an empty
// object is absent, a list stays a list (objects inside a list are reachable by no path).
void FlattenMetadata(const Value::Object& metadata, AttributeFields* fields);

// The definition of every operator. `fields` is in any order. Thread-safe.
bool Matches(const Filter& filter, const AttributeFields& fields);

}  // namespace engram

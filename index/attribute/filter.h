// Filters: a closed tree of conditions, parsed from the API's JSON-like form and evaluated on bitmaps
// (attribute_index.h) or on one memory's fields (Matches). Both agree on every input.
//
// Grammar: an object; each key is a field or one of "and", "or" (lists of filters) and "not" (a filter);
// several keys are ANDed, "or" of nothing matches nothing. A field's value is a scalar (equals) or an
// object of operators, ANDed:
//   eq ne         a bool, number or string; null means "missing". A list is an error: `in` or `contains`
//   in nin        a list of such; null inside means "or missing"
//   gt gte lt lte a number or a string (compared by bytes)
//   exists        true or false. An object exists when anything inside it does
//   is_null       true or false: the opposite of exists
//   contains      on a list: any element equals the operand; on a string: it holds the operand, a string
//   icontains     the same for a string, both sides under Unicode's simple case folding
//   prefix        a string, compared by bytes
//   size          the length of a list, or the code points of a string: a number, or an object of
//                 eq ne gt gte lt lte with numbers
// `ne`, `nin` and `not` are plain complements, so they also match where the field is missing, and so does
// `size`'s `ne` where there is no size. Null is the same as missing.
//
// Numbers compare by value (1 equals 1.0; NaN equals itself and is above the rest); other kinds never
// match across: true is not 1 and "1" is not 1. A condition on a list holds when any element satisfies it
// (but `exists`, `is_null` and `size` are about the list); nulls, lists and objects inside a list satisfy
// none, and no path leads into them: of {"l": [{"k": 1}]} there is "metadata.l" with the size 1, and no "metadata.l.k".
// On the time fields operands are RFC 3339 strings that compare as times, and the operators on text and size are
// errors. Ids are strings; a whole number for `id` stands for its digits.
//
// In a key of a metadata path "\." is a dot that separates nothing, "\\" a backslash.
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
  std::string field;  // as CanonicalField() gives it
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
// True for those and for every "metadata.<path>".
bool IsFilterField(std::string_view field);
// The one spelling of a field under which indexes keep it: metadata paths with the least escapes.
std::string CanonicalField(std::string_view field);
// created_at, updated_at, event_time, expires_at: stored as int64 microseconds, written in RFC 3339.
bool IsTimeField(std::string_view field);

// InvalidArgument with the path of the mistake in `field()` ("filter.and[2].metadata.topic.inn"), for
// unknown fields and operators, operands of the wrong kind, more than kFilterDepthMax levels or
// kFilterConditionsMax conditions. `{}` parses to a filter that matches everything.
Result<Filter> ParseFilter(const Value& filter);

// The same grammar over other fields, such as those of edges: source, target and memory_id are ids too, valid_from
// and valid_to times.
struct FilterFieldSet {
  bool (*holds)(std::string_view field);
  std::string_view names;  // for the message about an unknown one
};
Result<Filter> ParseFilter(const Value& filter, const FilterFieldSet& fields);

// Both; either may match everything. Nested ANDs become one.
Filter And(Filter a, Filter b);

// One memory's fields as the filter sees them: flat, "metadata." paths with dots in keys escaped by a
// backslash, lists as lists, times as int64 microseconds. Null is the same as absent and is left out.
using AttributeFields = std::vector<std::pair<std::string, Value>>;

// Adds the leaves of a metadata object under "metadata.": nested objects become longer paths, an empty
// object and null are absent, a list stays a list (objects and lists inside it are reachable by no path).
void FlattenMetadata(const Value::Object& metadata, AttributeFields* fields);

// The definition of every operator. `fields` is in any order, each path at most once. Thread-safe.
// REQUIRES: the filter comes from ParseFilter, or has operands as it makes them.
bool Matches(const Filter& filter, const AttributeFields& fields);

}  // namespace engram

#include <limits>

#include <gtest/gtest.h>

#include "tests/index/attribute/json.h"

namespace engram {
namespace {

// Whether a memory with this metadata matches.
bool Holds(std::string_view filter, std::string_view metadata) {
  return Matches(FilterOf(filter), MetadataFields(metadata));
}

TEST(FilterMatchTest, NumbersAreEqualByValueWhateverTheirKind) {
  EXPECT_TRUE(Holds(R"({"metadata.n": 1})", R"({"n": 1.0})"));
  EXPECT_TRUE(Holds(R"({"metadata.n": 1.0})", R"({"n": 1})"));
  EXPECT_TRUE(Holds(R"({"metadata.n": 0})", R"({"n": -0.0})"));
  EXPECT_FALSE(Holds(R"({"metadata.n": 9007199254740993})", R"({"n": 9007199254740992.0})"));
  EXPECT_TRUE(Holds(R"({"metadata.n": {"gt": 9007199254740992.0}})", R"({"n": 9007199254740993})"));
  EXPECT_TRUE(Holds(R"({"metadata.n": {"gt": 9223372036854775807}})", R"({"n": 18446744073709551615})"));
}

TEST(FilterMatchTest, KindsNeverMatchAcross) {
  EXPECT_FALSE(Holds(R"({"metadata.x": 1})", R"({"x": true})"));
  EXPECT_FALSE(Holds(R"({"metadata.x": "1"})", R"({"x": 1})"));
  EXPECT_FALSE(Holds(R"({"metadata.x": {"gt": 0}})", R"({"x": "5"})"));
  EXPECT_FALSE(Holds(R"({"metadata.x": {"gt": "0"}})", R"({"x": 5})"));
  EXPECT_FALSE(Holds(R"({"metadata.x": {"lt": 5}})", R"({"x": false})"));
}

TEST(FilterMatchTest, ComplementsMatchMissingFieldsToo) {
  for (const char* filter : {R"({"metadata.x": {"ne": 1}})", R"({"metadata.x": {"nin": [1]}})",
                             R"({"not": {"metadata.x": 1}})", R"({"not": {"metadata.x": {"gt": 0}}})"}) {
    EXPECT_TRUE(Holds(filter, "{}")) << filter;
    EXPECT_TRUE(Holds(filter, R"({"x": null})")) << filter;
    EXPECT_FALSE(Holds(filter, R"({"x": 1})")) << filter;
  }
}

TEST(FilterMatchTest, NullEqualsMissing) {
  for (const char* filter :
       {R"({"metadata.x": null})", R"({"metadata.x": {"eq": null}})", R"({"metadata.x": {"is_null": true}})",
        R"({"metadata.x": {"exists": false}})", R"({"metadata.x": {"in": [null, 7]}})"}) {
    EXPECT_TRUE(Holds(filter, "{}")) << filter;
    EXPECT_TRUE(Holds(filter, R"({"x": null})")) << filter;
    EXPECT_FALSE(Holds(filter, R"({"x": 1})")) << filter;
    EXPECT_FALSE(Holds(filter, R"({"x": []})")) << filter;
    EXPECT_FALSE(Holds(filter, R"({"x": [null]})")) << filter;
  }
  EXPECT_TRUE(Holds(R"({"metadata.x": {"in": [null, 7]}})", R"({"x": 7})"));
  EXPECT_TRUE(Holds(R"({"metadata.x": {"ne": null}})", R"({"x": 7})"));
}

TEST(FilterMatchTest, AnObjectExistsWhenAnythingInItDoes) {
  EXPECT_TRUE(Holds(R"({"metadata.a": {"exists": true}})", R"({"a": {"b": 1}})"));
  EXPECT_TRUE(Holds(R"({"metadata.a": {"is_null": false}})", R"({"a": {"b": 1}})"));
  EXPECT_FALSE(Holds(R"({"metadata.a": null})", R"({"a": {"b": 1}})"));
  EXPECT_FALSE(Holds(R"({"metadata.a": {"exists": true}})", R"({"a": {}, "ab": 1, "a.b": 1})"));
  EXPECT_FALSE(Holds(R"({"metadata.a": 1})", R"({"a": {"b": 1}})"));
}

TEST(FilterMatchTest, AListMatchesWhenAnyElementDoes) {
  EXPECT_TRUE(Holds(R"({"metadata.t": "tea"})", R"({"t": ["milk", "tea"]})"));
  EXPECT_TRUE(Holds(R"({"metadata.t": {"in": ["x", "tea"]}})", R"({"t": ["milk", "tea"]})"));
  EXPECT_TRUE(Holds(R"({"metadata.t": {"gt": 5, "lt": 3}})", R"({"t": [1, 9]})"));
  EXPECT_TRUE(Holds(R"({"metadata.t": {"prefix": "mi"}})", R"({"t": ["milk", "tea"]})"));
  EXPECT_FALSE(Holds(R"({"metadata.t": {"ne": "tea"}})", R"({"t": ["milk", "tea"]})"));
  EXPECT_FALSE(Holds(R"({"metadata.t": "tea"})", R"({"t": []})"));
}

TEST(FilterMatchTest, WhatIsInsideAListInAListIsOutOfReach) {
  EXPECT_FALSE(Holds(R"({"metadata.t": 1})", R"({"t": [[1], {"x": 1}]})"));
  EXPECT_FALSE(Holds(R"({"metadata.t.x": 1})", R"({"t": [{"x": 1}]})"));
  EXPECT_TRUE(Holds(R"({"metadata.t": {"size": 2}})", R"({"t": [[1], {"x": 1}]})"));
}

TEST(FilterMatchTest, ContainsIsAnElementOfAListOrAPartOfAString) {
  EXPECT_TRUE(Holds(R"({"metadata.t": {"contains": "tea"}})", R"({"t": "green tea"})"));
  EXPECT_TRUE(Holds(R"({"metadata.t": {"contains": "tea"}})", R"({"t": ["tea"]})"));
  EXPECT_FALSE(Holds(R"({"metadata.t": {"contains": "tea"}})", R"({"t": ["green tea"]})"));
  EXPECT_TRUE(Holds(R"({"metadata.t": {"contains": 2}})", R"({"t": [1, 2.0]})"));
  EXPECT_FALSE(Holds(R"({"metadata.t": {"contains": 2}})", R"({"t": 2})"));
  EXPECT_TRUE(Holds(R"({"metadata.t": {"contains": true}})", R"({"t": [true]})"));
  EXPECT_TRUE(Holds(R"({"metadata.t": {"contains": ""}})", R"({"t": ""})"));
  EXPECT_FALSE(Holds(R"({"metadata.t": {"contains": "Tea"}})", R"({"t": "green tea"})"));
}

TEST(FilterMatchTest, IcontainsFoldsCaseInAnyScript) {
  EXPECT_TRUE(Holds(R"({"metadata.t": {"icontains": "TEA"}})", R"({"t": "Green tea"})"));
  EXPECT_TRUE(Holds(R"({"metadata.t": {"icontains": "ÄÖÜ"}})", R"({"t": "xäöüx"})"));
  EXPECT_TRUE(Holds(R"({"metadata.t": {"icontains": "МОСКВА"}})", R"({"t": "из Москва"})"));
  EXPECT_TRUE(Holds(R"({"metadata.t": {"icontains": "σ"}})", R"({"t": "ς"})"));
  EXPECT_TRUE(Holds(R"({"metadata.t": {"icontains": "tea"}})", R"({"t": ["milk", "TEA"]})"));
  EXPECT_FALSE(Holds(R"({"metadata.t": {"icontains": "te"}})", R"({"t": ["milk", "TEA"]})"));
  EXPECT_FALSE(Holds(R"({"metadata.t": {"icontains": "1"}})", R"({"t": 1})"));
}

TEST(FilterMatchTest, StringsCompareByBytes) {
  EXPECT_TRUE(Holds(R"({"metadata.t": {"gt": "Z"}})", R"({"t": "a"})"));
  EXPECT_TRUE(Holds(R"({"metadata.t": {"gt": "z"}})", R"({"t": "é"})"));
  EXPECT_TRUE(Holds(R"({"metadata.t": {"gte": "a", "lte": "a"}})", R"({"t": "a"})"));
  EXPECT_TRUE(Holds(R"({"metadata.t": {"prefix": ""}})", R"({"t": "a"})"));
  EXPECT_FALSE(Holds(R"({"metadata.t": {"prefix": "ab"}})", R"({"t": "a"})"));
}

TEST(FilterMatchTest, SizeCountsElementsOrCodePoints) {
  EXPECT_TRUE(Holds(R"({"metadata.t": {"size": 3}})", R"({"t": [1, null, 1]})"));
  EXPECT_TRUE(Holds(R"({"metadata.t": {"size": 3}})", R"({"t": "üüü"})"));
  EXPECT_TRUE(Holds(R"({"metadata.t": {"size": {"gte": 1, "lt": 4}}})", R"({"t": [1, 2]})"));
  EXPECT_FALSE(Holds(R"({"metadata.t": {"size": {"gte": 1, "lt": 2}}})", R"({"t": [1, 2]})"));
  EXPECT_TRUE(Holds(R"({"metadata.t": {"size": 0}})", R"({"t": []})"));
  EXPECT_FALSE(Holds(R"({"metadata.t": {"size": 0}})", "{}"));
  EXPECT_FALSE(Holds(R"({"metadata.t": {"size": 1}})", R"({"t": 5})"));
  EXPECT_FALSE(Holds(R"({"metadata.t": {"size": 1.5}})", R"({"t": "a"})"));
}

TEST(FilterMatchTest, SizesNeIsAComplementToo) {
  EXPECT_TRUE(Holds(R"({"metadata.t": {"size": {"ne": 2}}})", R"({"t": [1]})"));
  EXPECT_FALSE(Holds(R"({"metadata.t": {"size": {"ne": 2}}})", R"({"t": [1, 2]})"));
  EXPECT_TRUE(Holds(R"({"metadata.t": {"size": {"ne": 2}}})", "{}"));
}

TEST(FilterMatchTest, NanEqualsItselfAndIsAboveTheRest) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const AttributeFields fields = {{"metadata.n", Value(nan)}};
  const auto holds = [&](const char* op, Value operand) {
    return Matches(ParseFilter(Value::Object{{"metadata.n", Value::Object{{op, std::move(operand)}}}}).value(), fields);
  };
  EXPECT_TRUE(holds("eq", nan));
  EXPECT_TRUE(holds("gt", std::numeric_limits<double>::infinity()));
  EXPECT_FALSE(holds("lt", nan));
  EXPECT_FALSE(holds("eq", 0));
}

TEST(FilterMatchTest, TimesCompareAsTimesWhateverTheirOffset) {
  const AttributeFields fields = {{"event_time", Value(1'000'000)}};
  EXPECT_TRUE(Matches(FilterOf(R"({"event_time": "1970-01-01T01:00:01+01:00"})"), fields));
  EXPECT_TRUE(Matches(FilterOf(R"({"event_time": {"gt": "1970-01-01T00:00:00.999999Z"}})"), fields));
  EXPECT_FALSE(Matches(FilterOf(R"({"event_time": {"lt": "1970-01-01T00:00:01Z"}})"), fields));
}

TEST(FilterMatchTest, AndOfNothingHoldsOrOfNothingDoesNot) {
  EXPECT_TRUE(Holds("{}", "{}"));
  EXPECT_TRUE(Holds(R"({"and": []})", "{}"));
  EXPECT_FALSE(Holds(R"({"or": []})", "{}"));
  EXPECT_TRUE(Holds(R"({"not": {"or": []}})", "{}"));
  EXPECT_FALSE(Holds(R"({"metadata.a": {"in": []}})", R"({"a": 1})"));
}

TEST(FilterMatchTest, EscapedDotsReachKeysWithDots) {
  EXPECT_TRUE(Holds(R"({"metadata.a\\.b": 1})", R"({"a.b": 1})"));
  EXPECT_FALSE(Holds(R"({"metadata.a.b": 1})", R"({"a.b": 1})"));
  EXPECT_TRUE(Holds(R"({"metadata.a.b": 1})", R"({"a": {"b": 1}})"));
}

}  // namespace
}  // namespace engram

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/index/attribute/json.h"

namespace engram {
namespace {

using testing::HasSubstr;
using testing::Not;

Status ErrorOf(std::string_view json) { return ParseFilter(Json(json)).status(); }

TEST(FilterParserTest, AnEmptyObjectMatchesEverything) {
  const Filter filter = FilterOf("{}");
  EXPECT_EQ(filter.kind, Filter::Kind::kAnd);
  EXPECT_TRUE(filter.children.empty());
}

TEST(FilterParserTest, AScalarMeansEquals) {
  const Filter filter = FilterOf(R"({"user_id": "ann"})");
  EXPECT_EQ(filter.kind, Filter::Kind::kCondition);
  EXPECT_EQ(filter.op, Filter::Op::kEq);
  EXPECT_EQ(filter.field, "user_id");
  EXPECT_EQ(filter.operand, Value("ann"));
}

TEST(FilterParserTest, SeveralKeysAndOperatorsAreConjuncts) {
  EXPECT_EQ(FilterOf(R"({"user_id": "ann", "kind": "fact"})").children.size(), 2U);
  EXPECT_EQ(FilterOf(R"({"metadata.n": {"gt": 1, "lt": 5, "ne": 3}})").children.size(), 3U);
}

TEST(FilterParserTest, NeAndNinAreComplements) {
  const Filter ne = FilterOf(R"({"kind": {"ne": "fact"}})");
  EXPECT_EQ(ne.kind, Filter::Kind::kNot);
  EXPECT_EQ(ne.children.at(0).op, Filter::Op::kEq);
  const Filter nin = FilterOf(R"({"kind": {"nin": ["fact"]}})");
  EXPECT_EQ(nin.kind, Filter::Kind::kNot);
  EXPECT_EQ(nin.children.at(0).op, Filter::Op::kIn);
}

TEST(FilterParserTest, TimesBecomeMicroseconds) {
  EXPECT_EQ(FilterOf(R"({"created_at": {"gte": "1970-01-01T00:00:01Z"}})").operand, Value(1'000'000));
  EXPECT_EQ(FilterOf(R"({"event_time": "1970-01-01T01:00:00+01:00"})").operand, Value(0));
  EXPECT_EQ(FilterOf(R"({"expires_at": {"in": [null, "1970-01-01T00:00:00.5Z"]}})").operand, Json("[null, 500000]"));
}

TEST(FilterParserTest, AWholeNumberForAnIdStandsForItsDigits) {
  EXPECT_EQ(FilterOf(R"({"id": 7})").operand, Value("7"));
  EXPECT_EQ(FilterOf(R"({"id": {"in": ["a", 18446744073709551615]}})").operand,
            Json(R"(["a", "18446744073709551615"])"));
}

TEST(FilterParserTest, FieldsAreKeptInTheirCanonicalSpelling) {
  EXPECT_EQ(FilterOf(R"({"metadata.a\\.b": 1})").field, "metadata.a\\.b");
  EXPECT_EQ(FilterOf(R"({"metadata.a\\b": 1})").field, "metadata.a\\\\b");
}

struct Mistake {
  const char* json;
  const char* field;
  const char* message;
};

class FilterMistakeTest : public testing::TestWithParam<Mistake> {};

TEST_P(FilterMistakeTest, IsNamedWithItsPath) {
  const Status status = ErrorOf(GetParam().json);
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << GetParam().json;
  EXPECT_EQ(status.field(), GetParam().field) << GetParam().json;
  EXPECT_THAT(status.message(), HasSubstr(GetParam().message)) << GetParam().json;
}

INSTANTIATE_TEST_SUITE_P(
    Mistakes, FilterMistakeTest,
    testing::Values(
        Mistake{"[]", "filter", "a filter is an object"}, Mistake{"\"x\"", "filter", "a filter is an object"},
        Mistake{R"({"and": {}})", "filter.and", "take a list"}, Mistake{R"({"or": 1})", "filter.or", "take a list"},
        Mistake{R"({"not": []})", "filter.not", "a filter is an object"},
        Mistake{R"({"and": [{}, {}, {"metadata.topic": {"inn": ["x"]}}]})", "filter.and[2].metadata.topic.inn",
                "unknown operator \"inn\""},
        Mistake{R"({"not": {"or": [{"metadata.a": {"$eq": 1}}]}})", "filter.not.or[0].metadata.a.$eq",
                "eq, ne, in, nin, gt, gte, lt, lte, exists, is_null, contains, icontains, prefix and size"},
        Mistake{R"({"topic": "tea"})", "filter.topic", "did you mean \"metadata.topic\"?"},
        Mistake{R"({"userid": "ann"})", "filter.userid", "user_id, agent_id"},
        Mistake{R"({"$and": []})", "filter.$and", "unknown field"},
        Mistake{R"({"metadata": {"exists": true}})", "filter.metadata", "metadata.<path>"},
        Mistake{R"({"metadata.a": {}})", "filter.metadata.a", "names no operator"},
        Mistake{R"({"metadata.a": [1]})", "filter.metadata.a", "\"contains\""},
        Mistake{R"({"metadata.a": {"eq": [1]}})", "filter.metadata.a.eq", "\"in\""},
        Mistake{R"({"metadata.a": {"eq": {"b": 1}}})", "filter.metadata.a.eq", "\"eq\" needs"},
        Mistake{R"({"metadata.a": {"in": 1}})", "filter.metadata.a.in", "a list of values"},
        Mistake{R"({"metadata.a": {"nin": [1, [2]]}})", "filter.metadata.a.nin[1]", "not a list"},
        Mistake{R"({"metadata.a": {"gt": true}})", "filter.metadata.a.gt", "a number or a string"},
        Mistake{R"({"metadata.a": {"lte": null}})", "filter.metadata.a.lte", "a number or a string"},
        Mistake{R"({"metadata.a": {"exists": 1}})", "filter.metadata.a.exists", "true or false"},
        Mistake{R"({"metadata.a": {"is_null": "yes"}})", "filter.metadata.a.is_null", "true or false"},
        Mistake{R"({"metadata.a": {"contains": null}})", "filter.metadata.a.contains", "a bool, number or string"},
        Mistake{R"({"metadata.a": {"contains": ["x"]}})", "filter.metadata.a.contains", "a bool, number or string"},
        Mistake{R"({"metadata.a": {"icontains": 1}})", "filter.metadata.a.icontains", "a string"},
        Mistake{R"({"metadata.a": {"prefix": 1}})", "filter.metadata.a.prefix", "a string"},
        Mistake{R"({"metadata.a": {"size": "1"}})", "filter.metadata.a.size", "a number"},
        Mistake{R"({"metadata.a": {"size": {}}})", "filter.metadata.a.size", "a number"},
        Mistake{R"({"metadata.a": {"size": {"in": [1]}}})", "filter.metadata.a.size.in", "unknown operator"},
        Mistake{R"({"metadata.a": {"size": {"gt": "1"}}})", "filter.metadata.a.size.gt", "a number"},
        Mistake{R"({"created_at": 5})", "filter.created_at", "RFC 3339"},
        Mistake{R"({"created_at": {"gt": 5}})", "filter.created_at.gt", "RFC 3339"},
        Mistake{R"({"created_at": {"gt": true}})", "filter.created_at.gt", "RFC 3339"},
        Mistake{R"({"created_at": {"lt": "yesterday"}})", "filter.created_at.lt", "RFC 3339"},
        Mistake{R"({"created_at": {"in": ["2026-01-01T00:00:00Z", 1]}})", "filter.created_at.in[1]", "RFC 3339"},
        Mistake{R"({"created_at": {"prefix": "2026"}})", "filter.created_at.prefix", "can't be asked of a time"},
        Mistake{R"({"created_at": {"contains": "2026"}})", "filter.created_at.contains", "can't be asked of a time"},
        Mistake{R"({"created_at": {"size": 4}})", "filter.created_at.size", "can't be asked of a time"}));

TEST(FilterParserTest, AHintIsGivenOnlyForNamesThatLookLikeMetadata) {
  EXPECT_THAT(ErrorOf(R"({"$or": []})").message(), Not(HasSubstr("did you mean")));
  EXPECT_THAT(ErrorOf(R"({"": 1})").message(), Not(HasSubstr("did you mean")));
}

TEST(FilterParserTest, ALongNameIsCutInTheMessageBetweenCharacters) {
  std::string name = "x";
  for (int i = 0; i < 200; ++i) name += "ü";
  const Status status = ParseFilter(Value::Object{{name, 1}}).status();
  EXPECT_LT(status.field().size(), 120U);
  EXPECT_THAT(status.field(), HasSubstr("ü…"));
}

Value Nested(size_t levels) {
  Value filter = Value::Object{};
  for (size_t i = 1; i < levels; ++i) filter = Value::Object{{"not", std::move(filter)}};
  return filter;
}

TEST(FilterParserTest, DepthEndsAtItsLimit) {
  EXPECT_TRUE(ParseFilter(Nested(kFilterDepthMax)).ok());
  const Status status = ParseFilter(Nested(kFilterDepthMax + 1)).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("32"));
  EXPECT_THAT(status.field(), testing::StartsWith("filter.not.not."));
  EXPECT_FALSE(ParseFilter(Nested(300)).ok());
}

TEST(FilterParserTest, ConditionsEndAtTheirLimit) {
  const auto with = [](size_t n) {
    Value::List conditions;
    for (size_t i = 0; i < n; ++i) conditions.push_back(Value::Object{{"kind", "x"}});
    return ParseFilter(Value::Object{{"or", std::move(conditions)}}).status();
  };
  EXPECT_TRUE(with(kFilterConditionsMax).ok());
  EXPECT_EQ(with(kFilterConditionsMax + 1).field(), "filter.or[4096].kind");
}

TEST(FilterTest, AndFlattensAndSkipsWhatMatchesEverything) {
  const Filter ann = FilterOf(R"({"user_id": "ann"})");
  EXPECT_EQ(And(Filter(), ann).kind, Filter::Kind::kCondition);
  EXPECT_EQ(And(ann, Filter()).kind, Filter::Kind::kCondition);
  const Filter both = And(FilterOf(R"({"and": [{"user_id": "ann"}, {"and": [{"kind": "a"}, {"role": "b"}]}]})"), ann);
  ASSERT_EQ(both.kind, Filter::Kind::kAnd);
  EXPECT_EQ(both.children.size(), 4U);
  EXPECT_TRUE(And(Filter(), Filter()).children.empty());
}

TEST(FilterTest, MentionsTheFieldAndWhatIsBelowIt) {
  const Filter filter = FilterOf(R"({"or": [{"not": {"state": "active"}}, {"metadata.a.b": 1}]})");
  EXPECT_TRUE(filter.Mentions("state"));
  EXPECT_TRUE(filter.Mentions("metadata.a.b"));
  EXPECT_TRUE(filter.Mentions("metadata.a"));
  EXPECT_TRUE(filter.Mentions("metadata"));
  EXPECT_FALSE(filter.Mentions("metadata.a.b.c"));
  EXPECT_FALSE(filter.Mentions("metadata.a.bb"));
  EXPECT_FALSE(filter.Mentions("stat"));
  EXPECT_FALSE(Filter().Mentions("state"));
}

}  // namespace
}  // namespace engram

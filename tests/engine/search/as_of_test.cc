#include "engine/search/as_of.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/search/requests.h"
#include "tests/engine/search/test_namespace.h"

namespace engram::search {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr Timestamp kMonday = Timestamp::FromSeconds(1'000'000);
constexpr Timestamp kTuesday = Timestamp::FromSeconds(1'086'400);
constexpr Timestamp kWednesday = Timestamp::FromSeconds(1'172'800);

class AsOfTest : public ::testing::Test {
 protected:
  AsOfTest() : ns_(Config()) {}

  static NamespaceConfig Config() {
    NamespaceConfig config;
    config.text.analyzer = "whitespace";
    config.vectors["default"] = {VectorType::kDense, 2, Metric::kDot, ""};
    return config;
  }
  SearchReply Find(SearchRequest request, std::optional<Timestamp> as_of = std::nullopt) {
    request.as_of = as_of;
    const Result<SearchReply> reply = ns_.Search(request);
    EXPECT_TRUE(reply.ok()) << reply.status().ToString();
    return reply.ok() ? *reply : SearchReply();
  }
  // On Tuesday again without the edge.
  void LinkOnMonday() {
    ns_.SetTime(kMonday);
    ns_.Write({"a", "tea"});
    ns_.Write({"b", "milk"});
    Edge edge;
    edge.id = "link";
    ns_.Link("a", "b", edge);
    ns_.SetTime(kTuesday);
    ns_.Unlink("link");
  }

  TestNamespace ns_;
};

TEST_F(AsOfTest, FindsTheVersionsThatWereCurrentThen) {
  ns_.SetTime(kMonday);
  ns_.Write({"a", "tea", {1, 0}});
  ns_.SetTime(kTuesday);
  ns_.Write({"a", "milk", {5, 0}});
  ns_.Write({"b", "tea", {2, 0}});
  ns_.SetTime(kWednesday);
  ns_.Delete("b");
  EXPECT_THAT(Ids(Find(RequestOf({TextLegOf("tea")}))), IsEmpty());
  EXPECT_THAT(Ids(Find(RequestOf({TextLegOf("tea")}), kTuesday)), ElementsAre("b"));
  EXPECT_THAT(Ids(Find(RequestOf({TextLegOf("tea")}), kMonday)), ElementsAre("a"));
  const SearchReply monday = Find(RequestOf({VectorLegOf({1, 0})}), kMonday);
  ASSERT_THAT(Ids(monday), ElementsAre("a"));
  EXPECT_EQ(monday.hits[0].explanation->legs.at("vector").score, 1.0);
  EXPECT_EQ(monday.hits[0].memory.content.text, "tea");
  EXPECT_EQ(monday.hits[0].memory.version, Version(1));
  EXPECT_THAT(Ids(Find(RequestOf({TextLegOf("tea")}), Timestamp{kMonday.micros - 1})), IsEmpty());
}

TEST_F(AsOfTest, FiltersSeeTheAttributesOfThatTime) {
  ns_.SetTime(kMonday);
  Attributes before;
  before.kind = "draft";
  ns_.Write({"a", "tea", {1, 0}, before});
  ns_.SetTime(kTuesday);
  Attributes after = before;
  after.kind = "fact";
  after.created_at = kMonday;
  ns_.WriteAttributes("a", after);
  SearchRequest request = RequestOf({TextLegOf("tea")});
  request.filter = *ParseFilter(Value(Value::Object{{"kind", "draft"}}));
  EXPECT_THAT(Ids(Find(request)), IsEmpty());
  EXPECT_THAT(Ids(Find(request, kMonday)), ElementsAre("a"));
}

TEST_F(AsOfTest, TextStatisticsAreOverTheMatchingRowsAlone) {
  ns_.SetTime(kMonday);
  Attributes ann;
  ann.scopes.user_id = "ann";
  ns_.Write({"a", "tea", {}, ann});
  TestNamespace alone(Config());
  alone.Write({"a", "tea", {}, ann});
  for (int i = 0; i < 5; ++i) ns_.Write({"b" + std::to_string(i), "tea milk and more", {}});
  SearchRequest request = RequestOf({TextLegOf("tea")});
  request.filter = *ParseFilter(Value(Value::Object{{"user_id", "ann"}}));
  const double score = *alone.Search(request)->hits[0].explanation->legs.at("text").score;
  EXPECT_EQ(Find(request, kMonday).hits[0].explanation->legs.at("text").score, score);
}

TEST_F(AsOfTest, ALaterLifesStateIsNotThatOfAnEarlierOne) {
  ns_.SetTime(kMonday);
  StateRecord important;
  important.importance = 0.9;
  ns_.Write({"a", "tea", {}, {}, important});
  ns_.Write({"b", "tea", {}, {}, important});
  ns_.SetTime(kTuesday);
  ns_.Delete("a");
  StateRecord unimportant;
  unimportant.importance = 0.1;
  unimportant.expires_at = kMonday;  // in the past: what came anew was dead at once
  ns_.Write({"a", "milk", {}, {}, unimportant});
  SearchRequest request = RequestOf({TextLegOf("tea")});
  EXPECT_THAT(Ids(Find(request, kMonday)), UnorderedElementsAre("a", "b"));
  request.filter = *ParseFilter(Value(Value::Object{{"importance", Value::Object{{"lte", 0.2}}}}));
  EXPECT_THAT(Ids(Find(request, kMonday)), IsEmpty());
  request.filter = *ParseFilter(Value(Value::Object{{"importance", Value::Object{{"gte", 0.5}}}}));
  EXPECT_THAT(Ids(Find(request, kMonday)), ElementsAre("b")) << "of a's first life it is not known any more";
}

TEST_F(AsOfTest, AMemoryDeletedSinceStillSeedsAWalk) {
  LinkOnMonday();
  ns_.Delete("a");
  EXPECT_THAT(Ids(Find(RequestOf({GraphLegOf({"a"})}), kMonday)), UnorderedElementsAre("a", "b"));
  EXPECT_THAT(Ids(Find(RequestOf({GraphLegOf({"a"})}))), IsEmpty());
}

TEST_F(AsOfTest, WalksTheEdgesThatHeldThen) {
  LinkOnMonday();
  const SearchRequest request = RequestOf({TextLegOf("tea"), GraphLegOf({})});
  EXPECT_THAT(Ids(Find(request)), ElementsAre("a"));
  EXPECT_THAT(Ids(Find(request, kMonday)), ElementsAre("a", "b"));
}

TEST_F(AsOfTest, AgesAndExpiryCountFromThatTime) {
  ns_.SetTime(kMonday);
  StateRecord mortal;
  mortal.expires_at = kTuesday;
  ns_.Write({"a", "tea", {}, {}, mortal});
  SearchRequest request = RequestOf({TextLegOf("tea")});
  request.recency = {"", 86'400, 1};
  ns_.SetTime(kWednesday);
  EXPECT_THAT(Ids(Find(request)), IsEmpty());
  EXPECT_EQ(Find(request, kMonday).hits[0].score, 2.0);
  EXPECT_THAT(Ids(Find(request, kTuesday)), IsEmpty());
}

TEST_F(AsOfTest, ContextAndInactiveStatesAreAsToday) {
  ns_.SetTime(kMonday);
  for (int i = 0; i < 4; ++i) {
    Attributes turn;
    turn.scopes.run_id = "r";
    turn.event_time = Timestamp::FromSeconds(100 + i);
    if (i == 3) turn.state = MemoryState::kPaused;
    ns_.Write({"t" + std::to_string(i), i == 2 ? "tea" : "words", {}, turn});
  }
  ns_.SetTime(kTuesday);
  SearchRequest request = RequestOf({TextLegOf("tea")});
  request.context = {1, 0.5};
  EXPECT_THAT(Ids(Find(request)), ElementsAre("t2", "t1"));
  EXPECT_THAT(Ids(Find(request, kMonday)), ElementsAre("t2", "t1"));
  request.filter = *ParseFilter(Value(Value::Object{{"state", Value::Object{{"exists", true}}}}));
  EXPECT_THAT(Ids(Find(request, kMonday)), ElementsAre("t2", "t1", "t3"));
}

TEST_F(AsOfTest, TooManyMatchesAreRefusedAndAFilterHelps) {
  ns_.SetTime(kMonday);
  for (size_t i = 0; i <= kPastMemoriesMax; ++i) {
    Attributes attributes;
    attributes.kind = i == 7 ? "rare" : "";
    ns_.Write({std::to_string(i), "tea", {}, attributes});
  }
  SearchRequest request = RequestOf({TextLegOf("tea")});
  request.as_of = kMonday;
  const Status refused = ns_.Search(request).status();
  EXPECT_EQ(refused.code(), StatusCode::kUnprocessable);
  EXPECT_EQ(refused.field(), "as_of");
  request.filter = *ParseFilter(Value(Value::Object{{"kind", "rare"}}));
  EXPECT_THAT(Ids(Find(request, kMonday)), ElementsAre("7"));
}

}  // namespace
}  // namespace engram::search

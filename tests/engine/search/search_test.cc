// Searches over one namespace in memory, end to end below the engine.
#include <algorithm>
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/read_view.h"
#include "tests/engine/search/requests.h"
#include "tests/engine/search/test_namespace.h"

namespace engram::search {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

NamespaceConfig Config(uint32_t dimensions = 2, Metric metric = Metric::kDot) {
  NamespaceConfig config;
  config.text.analyzer = "whitespace";
  config.vectors["default"] = {VectorType::kDense, dimensions, metric, ""};
  return config;
}

Attributes Scoped(std::string user, std::string run = "") {
  Attributes attributes;
  attributes.scopes.user_id = std::move(user);
  attributes.scopes.run_id = std::move(run);
  return attributes;
}

Filter FilterOf(const Value::Object& filter) { return *ParseFilter(Value(filter)); }

SearchReply Find(const TestNamespace& ns, const SearchRequest& request) {
  const Result<SearchReply> reply = ns.Search(request);
  EXPECT_TRUE(reply.ok()) << reply.status().ToString();
  return reply.ok() ? *reply : SearchReply();
}

const SearchHit& HitOf(const SearchReply& reply, const std::string& id) {
  const auto hit = std::find_if(reply.hits.begin(), reply.hits.end(), [&](const SearchHit& h) { return h.id == id; });
  if (hit == reply.hits.end()) throw std::runtime_error("no hit " + id);
  return *hit;
}

TEST(SearchTest, ASingleHitOfBothLegsScoresOne) {
  TestNamespace ns(Config());
  ns.Write({"a", "green tea", {1, 0}});
  const SearchReply reply = Find(ns, RequestOf({TextLegOf("tea"), VectorLegOf({1, 0})}));
  ASSERT_THAT(Ids(reply), ElementsAre("a"));
  EXPECT_EQ(reply.hits[0].score, 1.0);
}

TEST(SearchTest, AHybridNeverLosesAHitThatOnlyTheKeywordFinds) {
  TestNamespace ns(Config());
  for (int i = 0; i < 100; ++i) ns.Write({"near" + std::to_string(i), "water", {10 - 0.1F * static_cast<float>(i), 1}});
  ns.Write({"needle", "tea", {-5, -5}});
  ns.Write({"no vector", "tea"});
  SearchRequest request = RequestOf({TextLegOf("tea"), VectorLegOf({1, 0})});
  request.fusion.candidates = 80;
  request.top_k = 60;
  for (const auto method : {FusionMethod::kRelative, FusionMethod::kRrf, FusionMethod::kQdrantRrf,
                            FusionMethod::kQdrantDbsf, FusionMethod::kOpensearchMinmax}) {
    request.fusion.method = method;
    const SearchReply reply = Find(ns, request);
    EXPECT_EQ(reply.legs.at("vector").candidates, 80u);
    EXPECT_THAT(Ids(reply), Contains("needle"));
    EXPECT_THAT(Ids(reply), Contains("no vector"));
  }
}

TEST(SearchTest, EveryLegScoresWhatAnotherLegBrought) {
  TestNamespace ns(Config());
  ns.Write({"a", "tea", {1, 0}});
  ns.Write({"b", "milk", {2, 0}});
  ns.Write({"c", "milk", {4, 0}});
  SearchRequest request = RequestOf({TextLegOf("tea"), VectorLegOf({1, 0})});
  request.legs[1].candidates = 1;
  request.top_k = 1;  // so the vector leg brings c alone
  request.offset = 0;
  request.fusion.candidates = 1;
  const SearchReply reply = Find(ns, request);
  request.top_k = 3;
  const Explanation& a = *HitOf(reply, "c").explanation;
  EXPECT_EQ(a.legs.at("vector").score, 4.0);
  EXPECT_EQ(a.legs.at("text").score, 0.0);
  EXPECT_FALSE(a.legs.at("text").rank.has_value());
  EXPECT_EQ(reply.hits[0].score, 0.6);
}

TEST(SearchTest, RulesOfTheTextRestrictEveryLeg) {
  TestNamespace ns(Config());
  ns.Write({"a", "green tea", {1, 0}});
  ns.Write({"b", "black tea", {3, 0}});
  ns.Write({"c", "milk", {5, 0}});
  EXPECT_THAT(Ids(Find(ns, RequestOf({TextLegOf("tea -black"), VectorLegOf({1, 0})}))), UnorderedElementsAre("a", "c"));
  EXPECT_THAT(Ids(Find(ns, RequestOf({TextLegOf("+tea black"), VectorLegOf({1, 0})}))), UnorderedElementsAre("a", "b"));
  SearchRequest all = RequestOf({TextLegOf("green tea"), VectorLegOf({1, 0})});
  all.legs[0].text_mode = TextMode::kAll;
  EXPECT_THAT(Ids(Find(ns, all)), ElementsAre("a"));
}

TEST(SearchTest, ALegsFilterRestrictsThatLegOnly) {
  TestNamespace ns(Config());
  Attributes fact;
  fact.kind = "fact";
  ns.Write({"a", "tea", {1, 0}, fact});
  ns.Write({"b", "tea tea", {2, 0}});
  SearchRequest request = RequestOf({TextLegOf("tea"), VectorLegOf({1, 0})});
  request.legs[0].filter = FilterOf({{"kind", "fact"}});
  const SearchReply reply = Find(ns, request);
  EXPECT_THAT(Ids(reply), UnorderedElementsAre("a", "b"));
  EXPECT_FALSE(HitOf(reply, "b").explanation->legs.at("text").score.has_value());
  EXPECT_EQ(reply.legs.at("text").candidates, 1u);
}

TEST(SearchTest, AThresholdRemovesNoOtherLegsHits) {
  TestNamespace ns(Config());
  ns.Write({"a", "tea", {1, 0}});
  ns.Write({"b", "milk", {9, 0}});
  SearchRequest request = RequestOf({TextLegOf("tea"), VectorLegOf({1, 0})});
  request.legs[1].min_score = 5;
  const SearchReply reply = Find(ns, request);
  EXPECT_THAT(Ids(reply), UnorderedElementsAre("a", "b"));
  EXPECT_EQ(reply.legs.at("vector").candidates, 1u);
  // a's own vector score is below the threshold and contributes nothing.
  EXPECT_FALSE(HitOf(reply, "a").explanation->legs.at("vector").score.has_value());
  EXPECT_EQ(HitOf(reply, "a").score, 0.4);
}

TEST(SearchTest, TheFinalThresholdIsOnTheWholeScore) {
  TestNamespace ns(Config());
  ns.Write({"a", "tea", {1, 0}});
  ns.Write({"b", "milk", {9, 0}});
  SearchRequest request = RequestOf({TextLegOf("tea"), VectorLegOf({1, 0})});
  request.min_score = 0.5;
  EXPECT_THAT(Ids(Find(ns, request)), ElementsAre("b"));
}

TEST(SearchTest, EqualScoresStandInTheOrderOfIds) {
  TestNamespace ns(Config());
  for (const char* id : {"b", "10", "a", "9", "00000000-0000-4000-8000-000000000000"}) ns.Write({id, "tea", {1, 1}});
  const std::vector<std::string> expected = {"9", "10", "00000000-0000-4000-8000-000000000000", "a", "b"};
  EXPECT_EQ(Ids(Find(ns, RequestOf({TextLegOf("tea")}))), expected);
  EXPECT_EQ(Ids(Find(ns, RequestOf({VectorLegOf({1, 0})}))), expected);
  EXPECT_EQ(Ids(Find(ns, RequestOf({TextLegOf("tea"), VectorLegOf({1, 0})}))), expected);
}

TEST(SearchTest, ACutThroughEqualScoresKeepsTheLeastIds) {
  TestNamespace ns(Config());
  for (int i = 300; i > 0; --i) ns.Write({std::to_string(i), "tea", {1, 1}});
  SearchRequest request = RequestOf({TextLegOf("tea")});
  request.fusion.candidates = 3;
  request.top_k = 3;
  EXPECT_THAT(Ids(Find(ns, request)), ElementsAre("1", "2", "3"));
}

TEST(SearchTest, PagesTogetherAreOneBigPage) {
  TestNamespace ns(Config());
  for (int i = 0; i < 40; ++i) {
    ns.Write({"m" + std::to_string(i),
              i % 3 == 0 ? "tea milk" : "milk",
              {static_cast<float>(i % 7), static_cast<float>(i % 5)},
              Scoped("u" + std::to_string(i % 6))});
  }
  for (const bool grouped : {false, true}) {
    for (const double diversity : {0.0, 0.4}) {
      SearchRequest request = RequestOf({TextLegOf("tea milk"), VectorLegOf({1, 2})});
      request.diversity = diversity;
      request.group_by = grouped ? "user_id" : "";
      request.group_size = 2;
      request.top_k = 40;
      const std::vector<std::string> whole = Ids(Find(ns, request));
      std::vector<std::string> pages;
      request.top_k = 3;
      for (request.offset = 0; request.offset < 42; request.offset += 3) {
        for (const std::string& id : Ids(Find(ns, request))) pages.push_back(id);
      }
      EXPECT_EQ(pages, whole) << "grouped " << grouped << " diversity " << diversity;
    }
  }
}

TEST(SearchTest, ExplanationsSumToTheScoreExactly) {
  TestNamespace ns(Config());
  for (int i = 0; i < 12; ++i) {
    StateRecord state;
    state.importance = i / 13.0;
    state.helpful = i;
    state.harmful = 1;
    Attributes attributes = Scoped("ann", "r");
    attributes.event_time = Timestamp::FromSeconds(990'000 + 700 * i);
    ns.Write({"m" + std::to_string(i), i % 2 ? "tea" : "milk tea", {static_cast<float>(i), 1}, attributes, state});
  }
  ns.Link("m1", "m2");
  SearchRequest request = RequestOf({TextLegOf("tea milk"), VectorLegOf({0.3F, 1}), GraphLegOf({"m1"})});
  request.context = {2, 0.2};
  request.recency = {"", 3600, 0.3};
  request.importance_weight = 0.7;
  request.feedback_weight = 0.1;
  request.top_k = 12;
  for (int method = 0; method <= static_cast<int>(FusionMethod::kMem0); ++method) {
    request.fusion.method = static_cast<FusionMethod>(method);
    for (const SearchHit& hit : Find(ns, request).hits) {
      double fused = 0;
      for (const auto& [name, leg] : hit.explanation->legs) fused += leg.contribution;
      EXPECT_EQ(fused, hit.explanation->fused);
      EXPECT_EQ(hit.explanation->adjust.size(), 4u);
      for (const auto& [name, share] : hit.explanation->adjust) fused += share;
      EXPECT_EQ(fused, hit.score) << hit.id << " method " << method;
      const LegExplanation& text = hit.explanation->legs.at("text");
      double terms = 0;
      for (const TermScore& term : text.terms) terms += term.score;
      EXPECT_EQ(terms, text.score.value_or(0));
    }
  }
}

TEST(SearchTest, ContextBringsTheTurnBesideTheOneThatMatches) {
  TestNamespace ns(Config());
  for (int i = 0; i < 6; ++i) {
    Attributes attributes = Scoped("ann", "r1");
    attributes.event_time = Timestamp::FromSeconds(1000 + i);
    ns.Write({"t" + std::to_string(i), i == 2 ? "question tea" : "words", {}, attributes});
  }
  ns.Write({"other", "words", {}, Scoped("ann", "r2")});
  SearchRequest request = RequestOf({TextLegOf("tea")});
  request.context = {2, 0.3};
  const SearchReply reply = Find(ns, request);
  EXPECT_THAT(Ids(reply), ElementsAre("t2", "t1", "t3", "t0", "t4"));
  EXPECT_DOUBLE_EQ(HitOf(reply, "t3").score, 0.3);
  EXPECT_DOUBLE_EQ(HitOf(reply, "t4").score, 0.15);
  EXPECT_DOUBLE_EQ(HitOf(reply, "t4").explanation->adjust.at("context"), 0.15);
}

TEST(SearchTest, NeighborsPassTheSameFilter) {
  TestNamespace ns(Config());
  for (int i = 0; i < 3; ++i) {
    Attributes attributes = Scoped("ann", "r1");
    attributes.role = i == 1 ? "assistant" : "user";
    attributes.event_time = Timestamp::FromSeconds(1000 + i);
    ns.Write({"t" + std::to_string(i), i == 0 ? "tea" : "words", {}, attributes});
  }
  SearchRequest request = RequestOf({TextLegOf("tea")});
  request.context = {2, 0.3};
  request.filter = FilterOf({{"role", "user"}});
  EXPECT_THAT(Ids(Find(ns, request)), ElementsAre("t0", "t2"));
  request.filter.reset();
  request.legs[0].text = "+tea";
  EXPECT_THAT(Ids(Find(ns, request)), ElementsAre("t0"));
}

TEST(SearchTest, RanksShareContextAmongTheirOwnHitsOnly) {
  TestNamespace ns(Config());
  for (int i = 0; i < 3; ++i) {
    Attributes attributes = Scoped("ann", "r1");
    attributes.event_time = Timestamp::FromSeconds(1000 + i);
    ns.Write({"t" + std::to_string(i), i == 2 ? "words" : "tea", {}, attributes});
  }
  SearchRequest request = RequestOf({TextLegOf("tea")});
  request.context = {1, 0.5};
  request.fusion.method = FusionMethod::kRrf;
  const SearchReply reply = Find(ns, request);
  EXPECT_THAT(Ids(reply), ElementsAre("t0", "t1"));
  EXPECT_DOUBLE_EQ(reply.hits[0].score, 1.0 / 61 + 0.5 / 62);
}

TEST(SearchTest, RecencyCountsFromTheNamedTimeField) {
  TestNamespace ns(Config());
  Attributes old;
  old.event_time = Timestamp::FromSeconds(1'000'000 - 3600);
  ns.Write({"old event", "tea", {}, old});
  ns.Write({"no event", "tea"});
  SearchRequest request = RequestOf({TextLegOf("tea")});
  request.recency = {"event_time", 3600, 0.5};
  EXPECT_DOUBLE_EQ(HitOf(Find(ns, request), "old event").score, 1.25);
  EXPECT_DOUBLE_EQ(HitOf(Find(ns, request), "no event").score, 1.5);
  request.recency.field = "created_at";
  EXPECT_DOUBLE_EQ(HitOf(Find(ns, request), "old event").score, 1.5);
  request.recency.field = "expires_at";
  EXPECT_DOUBLE_EQ(HitOf(Find(ns, request), "old event").score, 1.0);
}

TEST(SearchTest, GroupsKeepTheBestOfEachValue) {
  TestNamespace ns(Config());
  ns.Write({"a1", "", {9, 0}, Scoped("ann")});
  ns.Write({"a2", "", {8, 0}, Scoped("ann")});
  ns.Write({"a3", "", {7, 0}, Scoped("ann")});
  ns.Write({"b1", "", {6, 0}, Scoped("bob")});
  ns.Write({"n1", "", {5, 0}});
  SearchRequest request = RequestOf({VectorLegOf({1, 0})});
  request.group_by = "user_id";
  request.group_size = 2;
  request.top_k = 2;
  SearchReply reply = Find(ns, request);
  EXPECT_THAT(Ids(reply), ElementsAre("a1", "a2", "b1"));
  EXPECT_EQ(reply.hits[0].group, Value("ann"));
  request.top_k = 3;
  reply = Find(ns, request);
  EXPECT_EQ(reply.hits.back().id, "n1");
  EXPECT_FALSE(reply.hits.back().group.has_value());
}

TEST(SearchTest, VeryLongGroupValuesComeFromTheRows) {
  TestNamespace ns(Config());
  Attributes same;
  same.metadata["key"] = std::string(1000, 'x');
  Attributes other;
  other.metadata["key"] = std::string(1000, 'x') + "y";
  ns.Write({"a", "", {3, 0}, same});
  ns.Write({"b", "", {2, 0}, same});
  ns.Write({"c", "", {1, 0}, other});
  SearchRequest request = RequestOf({VectorLegOf({1, 0})});
  request.group_by = "metadata.key";
  EXPECT_THAT(Ids(Find(ns, request)), ElementsAre("a", "c"));
}

TEST(SearchTest, InexactFiltersAreRecheckedBeforeAnybodyEnters) {
  TestNamespace ns(Config());
  // The index knows long strings by hash, so `prefix` on them is a superset.
  for (int i = 0; i < 30; ++i) {
    Attributes attributes = Scoped("ann", "r");
    attributes.event_time = Timestamp::FromSeconds(1000 + i);
    attributes.metadata["note"] = std::string(i % 10 == 0 ? "yes" : "no") + std::string(400, 'z');
    ns.Write({"m" + std::to_string(i), "tea", {static_cast<float>(i), 0}, attributes});
  }
  SearchRequest request = RequestOf({TextLegOf("tea"), VectorLegOf({1, 0})});
  request.filter = FilterOf({{"metadata.note", Value::Object{{"prefix", "yes"}}}});
  request.context = {2, 0.1};
  request.fusion.candidates = 1;
  request.top_k = 2;
  EXPECT_THAT(Ids(Find(ns, request)), ElementsAre("m20", "m10"));
  request.top_k = 20;
  EXPECT_THAT(Ids(Find(ns, request)), UnorderedElementsAre("m0", "m10", "m20"));
  request.filter.reset();
  request.legs[1].filter = FilterOf({{"metadata.note", Value::Object{{"prefix", "yes"}}}});
  const SearchReply reply = Find(ns, request);
  EXPECT_EQ(reply.legs.at("vector").candidates, 3u);
  for (const SearchHit& hit : reply.hits) {
    const bool allowed = hit.memory.attributes.metadata.at("note").as_string().starts_with("yes");
    EXPECT_EQ(hit.explanation->legs.at("vector").score.has_value(), allowed) << hit.id;
  }
}

TEST(SearchTest, DiversityPrefersStrangersToTwins) {
  TestNamespace ns(Config(2, Metric::kCosine));
  ns.Write({"a", "tea", {0.8F, 0.6F}});
  ns.Write({"twin", "tea", {0.79F, 0.61F}});
  ns.Write({"stranger", "tea", {0.7F, -0.7F}});
  ns.Write({"far", "tea", {0, -1}});
  SearchRequest request = RequestOf({VectorLegOf({1, 0})});
  EXPECT_THAT(Ids(Find(ns, request)), ElementsAre("a", "twin", "stranger", "far"));
  request.diversity = 0.5;
  EXPECT_THAT(Ids(Find(ns, request)), ElementsAre("a", "stranger", "twin", "far"));
  // A text search compares the vectors of the default space too.
  SearchRequest text = RequestOf({TextLegOf("tea")});
  text.diversity = 0.5;
  EXPECT_THAT(Ids(Find(ns, text)), ElementsAre("a", "far", "stranger", "twin"));
}

TEST(SearchTest, OnlyActiveMemoriesAreFoundUnlessTheFilterNamesTheState) {
  TestNamespace ns(Config());
  Attributes archived;
  archived.state = MemoryState::kArchived;
  ns.Write({"a", "tea", {1, 0}});
  ns.Write({"old", "tea", {1, 0}, archived});
  SearchRequest request = RequestOf({TextLegOf("tea"), VectorLegOf({1, 0})});
  EXPECT_THAT(Ids(Find(ns, request)), ElementsAre("a"));
  request.filter = FilterOf({{"state", "archived"}});
  EXPECT_THAT(Ids(Find(ns, request)), ElementsAre("old"));
  request.filter.reset();
  request.legs[0].filter = FilterOf({{"state", Value::Object{{"in", Value::List{"active", "archived"}}}}});
  EXPECT_THAT(Ids(Find(ns, request)), UnorderedElementsAre("a", "old"));
}

TEST(SearchTest, ExpiredMemoriesAreAbsentAtOnce) {
  TestNamespace ns(Config());
  StateRecord mortal;
  mortal.expires_at = Timestamp::FromSeconds(1'000'010);
  ns.Write({"a", "tea", {1, 0}, {}, mortal});
  EXPECT_THAT(Ids(Find(ns, RequestOf({TextLegOf("tea")}))), ElementsAre("a"));
  ns.SetTime(Timestamp::FromSeconds(1'000'010));
  EXPECT_THAT(Ids(Find(ns, RequestOf({TextLegOf("tea"), VectorLegOf({1, 0})}))), IsEmpty());
}

TEST(SearchTest, HighlightsShowWhereTheTextMatched) {
  TestNamespace ns(Config());
  Draft draft{"a", "I drink tea", {1, 0}};
  draft.fields["note"] = "tea again";
  ns.Write(draft);
  SearchRequest request = RequestOf({TextLegOf("tea"), VectorLegOf({1, 0})});
  request.highlight = true;
  request.include.text = false;
  request.include.fields = false;
  const SearchReply reply = Find(ns, request);
  EXPECT_THAT(reply.hits[0].highlights, ElementsAre("I drink <em>tea</em>", "<em>tea</em> again"));
  EXPECT_EQ(reply.hits[0].memory.content.text, "");
  EXPECT_THAT(reply.hits[0].memory.content.fields, IsEmpty());
}

TEST(SearchTest, LegsAreAnyNumberEachWithItsOwnFilterAndThreshold) {
  TestNamespace ns(Config());
  ns.Write({"a", "tea", {1, 0}, Scoped("ann")});
  ns.Write({"b", "milk", {0, 1}, Scoped("bob")});
  ns.Write({"c", "water", {0, 0.5F}});
  SearchRequest request = RequestOf({TextLegOf("tea", "q1"), TextLegOf("milk", "q2"), VectorLegOf({0, 1}, "q3")});
  request.legs[2].min_score = 0.4;
  const SearchReply reply = Find(ns, request);
  EXPECT_THAT(Ids(reply), UnorderedElementsAre("a", "b", "c"));
  EXPECT_THAT(reply.legs, ::testing::SizeIs(3));
  EXPECT_EQ(reply.legs.at("q1").candidates, 1u);
  EXPECT_EQ(reply.legs.at("q3").candidates, 2u);
  EXPECT_EQ(HitOf(reply, "b").explanation->legs.at("q2").rank, 1u);
}

TEST(SearchTest, WeightsGoByNameThenByType) {
  TestNamespace ns(Config());
  ns.Write({"a", "tea", {0, 0}});
  ns.Write({"b", "milk", {1, 0}});
  SearchRequest request = RequestOf({TextLegOf("tea", "q1"), VectorLegOf({1, 0})});
  request.fusion.weights = {{"text", 3}, {"vector", 1}};
  EXPECT_DOUBLE_EQ(HitOf(Find(ns, request), "a").score, 0.75);
  request.fusion.weights = {{"q1", 1}, {"text", 3}, {"vector", 1}};
  EXPECT_DOUBLE_EQ(HitOf(Find(ns, request), "a").score, 0.5);
  request.legs[0].weight = 4;
  EXPECT_DOUBLE_EQ(HitOf(Find(ns, request), "a").score, 0.8);
}

TEST(SearchTest, ATextThatMatchesNothingLeavesTheVectorsItsOwnShare) {
  TestNamespace ns(Config());
  ns.Write({"a", "tea", {1, 0}});
  ns.Write({"b", "milk", {3, 0}});
  const SearchReply reply = Find(ns, RequestOf({TextLegOf("coffee"), VectorLegOf({1, 0})}));
  EXPECT_THAT(Ids(reply), ElementsAre("b", "a"));
  EXPECT_EQ(reply.hits[0].score, 0.6);
  EXPECT_EQ(reply.hits[1].score, 0.0);
  EXPECT_EQ(reply.legs.at("text").candidates, 0u);
}

TEST(SearchTest, AHitReplacedWhileItIsFetchedIsFoundAsItIsNow) {
  TestNamespace ns(Config());
  ns.KeepNoHistory();
  ns.Write({"a", "tea first", {1, 0}});
  ns.Write({"b", "tea", {2, 0}});
  SearchRequest request = RequestOf({TextLegOf("tea")});
  Find(ns, request);  // loads the index
  const ReadView view = ns.View();
  // Rows go between the ranking and the fetch, twice.
  ns.BeforeSnapshots({[&] {
                        ns.Write({"a", "tea second", {1, 0}});
                      },
                      [] {},
                      [&] {
                        ns.Write({"a", "tea third", {1, 0}});
                      }});
  const Result<SearchReply> reply = SearchNamespace(view, request);
  ASSERT_TRUE(reply.ok()) << reply.status().ToString();
  EXPECT_THAT(Ids(*reply), UnorderedElementsAre("a", "b"));
  EXPECT_EQ(HitOf(*reply, "a").memory.content.text, "tea third");
}

TEST(SearchTest, AHitDeletedWhileItIsFetchedIsGone) {
  TestNamespace ns(Config());
  ns.KeepNoHistory();
  ns.Write({"a", "tea", {1, 0}});
  ns.Write({"b", "tea", {2, 0}});
  Find(ns, RequestOf({TextLegOf("tea")}));
  const ReadView view = ns.View();
  ns.BeforeSnapshots({[&] { ns.Delete("a"); }});
  EXPECT_THAT(Ids(*SearchNamespace(view, RequestOf({TextLegOf("tea")}))), ElementsAre("b"));
}

TEST(SearchTest, WhatTheIndexKnowsBeyondTheSnapshotIsFetched) {
  TestNamespace ns(Config());
  ns.Write({"a", "tea", {1, 0}});
  Find(ns, RequestOf({TextLegOf("tea")}));
  const ReadView older = ns.View();
  ns.Write({"b", "tea", {1, 0}});
  EXPECT_THAT(Ids(*SearchNamespace(older, RequestOf({TextLegOf("tea")}))), ElementsAre("a", "b"));
}

}  // namespace
}  // namespace engram::search

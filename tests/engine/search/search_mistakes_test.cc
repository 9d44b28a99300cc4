// What searches refuse, and where they say the mistake is.
#include <cmath>
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/read_view.h"
#include "tests/engine/search/requests.h"
#include "tests/engine/search/test_namespace.h"

namespace engram::search {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

NamespaceConfig Config(uint32_t dimensions = 2) {
  NamespaceConfig config;
  config.text.analyzer = "whitespace";
  config.vectors["default"] = {VectorType::kDense, dimensions, Metric::kDot, ""};
  return config;
}

Status Refused(const TestNamespace& ns, const SearchRequest& request) {
  const Result<SearchReply> reply = ns.Search(request);
  EXPECT_FALSE(reply.ok());
  return reply.status();
}

TEST(SearchMistakesTest, AVectorOfTheWrongLengthNamesBothNumbers) {
  TestNamespace ns(Config(3));
  const Status shorter = Refused(ns, RequestOf({VectorLegOf({1, 2})}));
  EXPECT_EQ(shorter.code(), StatusCode::kUnprocessable);
  EXPECT_EQ(shorter.field(), "vector");
  EXPECT_THAT(shorter.message(), HasSubstr("2"));
  EXPECT_THAT(shorter.message(), HasSubstr("3"));
  const Status general = Refused(ns, RequestOf({TextLegOf("x"), VectorLegOf({1, 2, std::nanf("")}, "q2")}));
  EXPECT_EQ(general.code(), StatusCode::kUnprocessable);
  EXPECT_EQ(general.field(), "legs[1].vector");
}

TEST(SearchMistakesTest, UnknownSpacesAreToldApart) {
  NamespaceConfig config = Config();
  config.vectors["words"] = {VectorType::kSparse, 0, Metric::kDot, ""};
  TestNamespace ns(config);
  SearchRequest request = RequestOf({VectorLegOf({1, 2})});
  request.legs[0].vector_name = "pictures";
  Status status = Refused(ns, request);
  EXPECT_EQ(status.code(), StatusCode::kUnprocessable);
  EXPECT_THAT(status.message(), HasSubstr("default, words"));
  request.legs[0].vector_name = "words";
  status = Refused(ns, request);
  EXPECT_EQ(status.code(), StatusCode::kUnprocessable);
  EXPECT_THAT(status.message(), HasSubstr("stored but not searchable yet"));
}

TEST(SearchMistakesTest, ANamespaceWithoutVectorsFindsNothingByThem) {
  NamespaceConfig config;
  config.text.analyzer = "whitespace";
  TestNamespace ns(config);
  ns.Write({"a", "tea"});
  EXPECT_THAT(Ids(*ns.Search(RequestOf({VectorLegOf({1, 2})}))), IsEmpty());
  EXPECT_THAT(Ids(*ns.Search(RequestOf({TextLegOf("tea"), VectorLegOf({1, 2})}))), ElementsAre("a"));
  TestNamespace empty(Config());
  EXPECT_THAT(Ids(*empty.Search(RequestOf({TextLegOf("tea"), VectorLegOf({1, 2}), GraphLegOf({"x"})}))), IsEmpty());
}

TEST(SearchMistakesTest, EachHasItsField) {
  TestNamespace ns(Config());
  const auto field = [&](const std::function<void(SearchRequest*)>& spoil) {
    SearchRequest request = RequestOf({TextLegOf("tea"), VectorLegOf({1, 2})});
    spoil(&request);
    const Status status = Refused(ns, request);
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << status.ToString();
    return status.field();
  };
  EXPECT_EQ(field([](auto* r) { r->legs.clear(); }), "legs");
  EXPECT_EQ(field([](auto* r) { r->legs[1].name = "text"; }), "legs[1].name");
  EXPECT_EQ(field([](auto* r) { r->legs[1].name = "adjust"; }), "legs[1].name");
  EXPECT_EQ(field([](auto* r) { r->legs[1].weight = -1; }), "legs[1].weight");
  EXPECT_EQ(field([](auto* r) { r->legs[1].weight = 1e308; }), "legs[1].weight");
  EXPECT_EQ(field([](auto* r) { r->fusion.weights = {{"text", 1e308}}; }), "fusion.weights.text");
  EXPECT_EQ(field([](auto* r) { r->importance_weight = 1e308; }), "importance_weight");
  EXPECT_EQ(field([](auto* r) { r->feedback_weight = -1e308; }), "feedback_weight");
  EXPECT_EQ(field([](auto* r) { r->context.weight = std::nan(""); }), "context.weight");
  EXPECT_EQ(field([](auto* r) { r->recency = {"", 1, 1e308}; }), "recency.weight");
  EXPECT_EQ(field([](auto* r) { r->legs = {GraphLegOf({})}; }), "legs[0].graph.seeds");
  EXPECT_EQ(field([](auto* r) { r->legs.push_back(GraphLegOf({})), r->legs[2].graph.hops = 99; }),
            "legs[2].graph.hops");
  EXPECT_EQ(field([](auto* r) { r->fusion.weights["nobody"] = 1; }), "fusion.weights.nobody");
  EXPECT_EQ(field([](auto* r) { r->fusion.weights = {{"text", 0}, {"vector", 0}}; }), "fusion.weights");
  EXPECT_EQ(field([](auto* r) { r->fusion.method = FusionMethod::kQdrantRrf, r->fusion.k = 0.5; }), "fusion.k");
  EXPECT_EQ(field([](auto* r) { r->recency = {"metadata.when", 1, 1}; }), "recency.field");
  EXPECT_EQ(field([](auto* r) { r->recency = {"", 0, 1}; }), "recency.half_life_seconds");
  EXPECT_EQ(field([](auto* r) { r->diversity = 1.5; }), "diversity");
  EXPECT_EQ(field([](auto* r) { r->group_by = "colour"; }), "group_by");
  EXPECT_EQ(field([](auto* r) { r->top_k = 0; }), "top_k");
  EXPECT_EQ(field([](auto* r) { r->min_score = std::nan(""); }), "min_score");
}

TEST(SearchMistakesTest, ADeadlineInThePastIsExceeded) {
  TestNamespace ns(Config());
  ns.Write({"a", "tea"});
  ns.clock().Advance(std::chrono::seconds(1));
  const ReadView late = ns.View(std::chrono::nanoseconds(1));
  EXPECT_EQ(SearchNamespace(late, RequestOf({TextLegOf("tea")})).status().code(), StatusCode::kDeadlineExceeded);
}

}  // namespace
}  // namespace engram::search

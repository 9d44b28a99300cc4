#include "engine/search/graph_leg.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/search/requests.h"
#include "tests/engine/search/test_namespace.h"

namespace engram::search {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

class GraphLegTest : public ::testing::Test {
 protected:
  GraphLegTest() : ns_(Config()) {}

  static NamespaceConfig Config() {
    NamespaceConfig config;
    config.text.analyzer = "whitespace";
    return config;
  }
  void Write(const std::string& id, const std::string& text = "", const std::string& user = "") {
    Draft draft{id, text};
    draft.attributes.scopes.user_id = user;
    ns_.Write(draft);
  }
  void Link(const std::string& source, const std::string& target, const std::string& type = "near",
            const std::string& user = "") {
    Edge edge;
    edge.type = type;
    edge.scopes.user_id = user;
    ns_.Link(source, target, edge);
  }
  SearchReply Find(const SearchRequest& request) {
    const Result<SearchReply> reply = ns_.Search(request);
    EXPECT_TRUE(reply.ok()) << reply.status().ToString();
    return reply.ok() ? *reply : SearchReply();
  }

  TestNamespace ns_;
};

TEST_F(GraphLegTest, SpreadsFromGivenSeedsThroughEntitiesToMemories) {
  Write("a");
  Write("b");
  Write("stranger");
  Link("person:ann", "a");
  Link("a", "topic:tea");
  Link("topic:tea", "b");
  SearchRequest request = RequestOf({GraphLegOf({"person:ann", "nobody"})});
  request.legs[0].graph.hops = 3;
  const SearchReply reply = Find(request);
  EXPECT_THAT(Ids(reply), ElementsAre("a", "b"));
  EXPECT_THAT(reply.hits[1].explanation->legs.at("graph").path, ElementsAre("person:ann", "a", "topic:tea", "b"));
}

TEST_F(GraphLegTest, GoesNoFurtherThanItsHops) {
  Write("a");
  Write("b");
  Link("seed", "a");
  Link("a", "b");
  SearchRequest request = RequestOf({GraphLegOf({"seed"})});
  request.legs[0].graph.hops = 1;
  EXPECT_THAT(Ids(Find(request)), ElementsAre("a"));
  request.legs[0].graph.hops = 2;
  EXPECT_THAT(Ids(Find(request)), UnorderedElementsAre("a", "b"));
}

TEST_F(GraphLegTest, StartsFromTheBestHitsOfTheOtherLegs) {
  Write("match", "tea");
  Write("linked", "nothing of it");
  Write("unlinked", "nothing of it");
  Link("match", "linked");
  const SearchReply reply = Find(RequestOf({TextLegOf("tea"), GraphLegOf({})}));
  EXPECT_THAT(Ids(reply), ElementsAre("match", "linked"));
  EXPECT_THAT(reply.hits[1].explanation->legs.at("graph").path, ElementsAre("match", "linked"));
  SearchRequest none = RequestOf({TextLegOf("tea"), GraphLegOf({"linked"})});
  none.legs[1].graph.from_hits = 0;
  EXPECT_THAT(Ids(Find(none)), Contains("linked"));
}

TEST_F(GraphLegTest, WalksOnlyTheTypesAskedFor) {
  Write("a");
  Write("b");
  Link("seed", "a", "likes");
  Link("seed", "b", "hates");
  SearchRequest request = RequestOf({GraphLegOf({"seed"})});
  request.legs[0].graph.types = {"likes"};
  EXPECT_THAT(Ids(Find(request)), ElementsAre("a"));
}

TEST_F(GraphLegTest, WalksOnlyEdgesThatPassTheScopesOfTheRequest) {
  Write("a", "", "ann");
  Write("b", "", "ann");
  Write("c", "", "ann");
  Link("seed", "a", "near", "ann");
  Link("seed", "bridge", "near", "bob");  // somebody else's edge to a memory of hers
  Link("bridge", "b", "near", "ann");
  Link("seed", "c");  // nobody's
  SearchRequest request = RequestOf({GraphLegOf({"seed"})});
  request.filter = *ParseFilter(Value(Value::Object{{"user_id", "ann"}}));
  EXPECT_THAT(Ids(Find(request)), ElementsAre("a"));
  request.filter.reset();
  EXPECT_THAT(Ids(Find(request)), UnorderedElementsAre("a", "b", "c"));
}

TEST_F(GraphLegTest, DeletedMemoriesAreNoHits) {
  Write("a");
  Write("b");
  Link("seed", "a");
  Link("seed", "b");
  ns_.Delete("a");
  EXPECT_THAT(Ids(Find(RequestOf({GraphLegOf({"seed"})}))), ElementsAre("b"));
  EXPECT_THAT(Ids(Find(RequestOf({GraphLegOf({"a"})}))), IsEmpty());
}

TEST_F(GraphLegTest, ReplacedContentIsFoundUnderItsNewSlot) {
  Write("a", "old");
  Link("seed", "a");
  EXPECT_THAT(Ids(Find(RequestOf({GraphLegOf({"seed"})}))), ElementsAre("a"));
  Write("a", "new");
  const SearchReply reply = Find(RequestOf({GraphLegOf({"seed"})}));
  ASSERT_THAT(Ids(reply), ElementsAre("a"));
  EXPECT_EQ(reply.hits[0].memory.content.text, "new");
}

TEST_F(GraphLegTest, EdgesOutsideTheirTimeAreNotWalked) {
  Write("a");
  Write("b");
  Edge past;
  past.type = "near";
  past.valid_to = ns_.now();
  ns_.Link("seed", "a", past);
  Edge present;
  present.type = "near";
  present.valid_from = ns_.now();
  ns_.Link("seed", "b", present);
  EXPECT_THAT(Ids(Find(RequestOf({GraphLegOf({"seed"})}))), ElementsAre("b"));
}

TEST_F(GraphLegTest, RaisesWhatIsNearTheOtherHits) {
  Write("a", "tea");
  Write("b", "tea");
  Write("hub", "tea");
  Link("hub", "b");
  SearchRequest request = RequestOf({TextLegOf("tea"), GraphLegOf({"hub"})});
  request.legs[1].graph.from_hits = 0;
  const SearchReply reply = Find(request);
  EXPECT_THAT(Ids(reply), ElementsAre("hub", "b", "a"));
  EXPECT_GT(reply.hits[1].score, reply.hits[2].score);
  EXPECT_EQ(reply.hits[2].explanation->legs.at("graph").score, 0.0);
}

}  // namespace
}  // namespace engram::search

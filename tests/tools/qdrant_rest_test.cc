// A collection over Qdrant's REST API, against a stub that answers as its documentation shows.
#include <gmock/gmock.h>

#include "api/json.h"
#include "tests/tools/qdrant_rest_fixture.h"
#include "tools/import/qdrant_json.h"
#include "tools/import/qdrant_local_store.h"
#include "tools/import/qdrant_rest_store.h"

namespace engram {
namespace {

using namespace std::string_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> Ids(const std::vector<StoredPoint>& points) {
  std::vector<std::string> ids;
  for (const StoredPoint& point : points) ids.push_back(point.id);
  return ids;
}

TEST_F(QdrantRestTest, PointsOfEveryShapeArriveAsTheyAre) {
  QdrantStub stub;
  stub.AddCollection("notes", R"({"vectors":{"image":{"size":2,"distance":"Euclid"},)"
                              R"("rows":{"size":2,"distance":"Dot","multivector_config":{"comparator":"max_sim"}}},)"
                              R"("sparse_vectors":{"words":{"modifier":"idf"}}})");
  stub.Put("notes", "18446744073709551615", R"({"":[1,2.5],"image":[0.1,-3e30]})", R"({"n":9223372036854775813})");
  stub.Put("notes", "\"6f9619ff-8b86-d011-b42d-00cf4fc964ff\"",
           R"({"words":{"indices":[70000,3],"values":[1.5,0.25]},"rows":[[0.1,0.2],[0.3,0.4]]})",
           R"({"text":"Ünïcödé 茶 🍵 \u0000 end","deep":{"a":[1,{"b":null}]}})");
  stub.Put("notes", "0", "{}", "null");
  stub.Put("notes", "7", "null", "{}");
  stub.Put("notes", "8", "[]", "{}");
  const auto reader = Open(stub);
  EXPECT_EQ(reader->points(), 5U);
  const auto points = ReadAll(reader.get());
  ASSERT_THAT(Ids(points), ElementsAre("0", "7", "8", "18446744073709551615", "6f9619ff-8b86-d011-b42d-00cf4fc964ff"));
  for (const StoredPoint& point : points) EXPECT_TRUE(point.problem.ok()) << point.problem.ToString();
  for (const size_t i : {0U, 1U, 2U}) {
    EXPECT_THAT(points[i].vectors, IsEmpty());
    EXPECT_THAT(points[i].payload, IsEmpty());
  }
  EXPECT_EQ(PrintJson(points[3].vectors.at("default")), "[1,2.5]");
  EXPECT_EQ(PrintJson(points[3].vectors.at("image")), "[0.1,-3e+30]");
  EXPECT_EQ(points[3].payload.at("n").uint_value(), 9223372036854775813ULL);
  EXPECT_EQ(PrintJson(points[4].vectors.at("words")), R"({"indices":[3,70000],"values":[0.25,1.5]})");
  EXPECT_EQ(PrintJson(points[4].vectors.at("rows")), "[[0.1,0.2],[0.3,0.4]]");
  EXPECT_EQ(points[4].payload.at("text").string_value(), "Ünïcödé 茶 🍵 \0 end"s);
  EXPECT_EQ(PrintJson(points[4].payload.at("deep")), R"({"a":[1,{"b":null}]})");
  const auto& spaces = reader->config().vectors();
  EXPECT_EQ(spaces.at("image").metric(), v1::METRIC_L2);
  EXPECT_EQ(spaces.at("rows").type(), v1::VECTOR_TYPE_MULTI);
  EXPECT_EQ(spaces.at("words").type(), v1::VECTOR_TYPE_SPARSE);
  EXPECT_THAT(reader->Notes(), ElementsAre(HasSubstr("indexes there, topic (keyword)"), HasSubstr("\"words\" by idf")));
}

// What the real client keeps in its folder is what a server with the same points gives.
TEST_F(QdrantRestTest, AServerGivesWhatTheClientsOwnFolderHolds) {
  const std::string folder = std::string(ENGRAM_SOURCE_DIR) + "/tests/fixtures/qdrant_client_1.20.0/qdrant";
  auto local = OpenQdrantLocalStore(folder, false);
  ASSERT_TRUE(local.ok());
  QdrantStub stub;
  size_t compared = 0;
  for (const std::string& name : (*local)->Collections()) {
    stub.Copy(name, kCosine4, (*local)->OpenCollection(name)->get());
    std::map<std::string, StoredPoint> wanted;
    for (StoredPoint& point : ReadAll((*local)->OpenCollection(name)->get())) wanted[point.id] = std::move(point);
    const auto points = ReadAll(Open(stub, name).get());
    ASSERT_EQ(points.size(), wanted.size());
    for (const StoredPoint& point : points) {
      SCOPED_TRACE(name + " " + point.place);
      ASSERT_TRUE(point.problem.ok()) << point.problem.ToString();
      const StoredPoint& same = wanted.at(point.id);
      ASSERT_EQ(point.vectors.size(), same.vectors.size());
      for (const auto& [space, vector] : same.vectors) {
        EXPECT_EQ(PrintJson(point.vectors.at(space)), PrintJson(vector));
      }
      ASSERT_EQ(point.payload.size(), same.payload.size());
      for (const auto& [key, value] : same.payload) EXPECT_EQ(PrintJson(point.payload.at(key)), PrintJson(value));
      ++compared;
    }
  }
  EXPECT_EQ(compared, 29U);
}

TEST_F(QdrantRestTest, EveryPointComesOnceWhateverThePages) {
  for (const int count : {0, 1, 3, 4, 5, 8, 9}) {
    SCOPED_TRACE(count);
    QdrantStub stub;
    PutNumbered(stub, count);
    const auto reader = Open(stub);
    const auto points = ReadAll(reader.get());
    ASSERT_EQ(points.size(), static_cast<size_t>(count));
    for (int i = 0; i < count; ++i) EXPECT_EQ(points[static_cast<size_t>(i)].id, std::to_string(i + 1));
    EXPECT_EQ(stub.Requests(kScroll), static_cast<size_t>(count == 0 ? 1 : (count + 3) / 4));
    EXPECT_EQ(reader->Notes().size(), 1U);  // of the index
    StoredPoint point;
    EXPECT_FALSE(*reader->Next(&point)) << "the end stays the end";
  }
}

TEST_F(QdrantRestTest, ACursorGoesOnBehindItsPoint) {
  QdrantStub stub;
  PutNumbered(stub, 9);
  const auto reader = Open(stub);
  std::vector<std::string> cursors;
  StoredPoint point;
  while (*reader->Next(&point)) cursors.push_back(reader->Cursor());
  for (size_t i = 0; i < cursors.size(); ++i) {
    EXPECT_TRUE(*reader->Seek(cursors[i])) << cursors[i];
    EXPECT_EQ(reader->Cursor(), cursors[i]);
    const auto rest = ReadAll(reader.get());
    ASSERT_EQ(rest.size(), cursors.size() - i - 1);
    if (!rest.empty()) {
      EXPECT_EQ(rest[0].id, std::to_string(i + 2));
    }
  }
  for (const char* foreign : {"", "start", "finished", "id ", "id 99", "id x", "id 1,2", "row 1 id 1", "id \"",
                              "id 6f9619ff-8b86-d011-b42d-00cf4fc964ff"}) {
    EXPECT_FALSE(*reader->Seek(foreign)) << foreign;
    EXPECT_EQ(ReadAll(reader.get()).size(), cursors.size());
  }
  stub.Remove("notes", "5");
  EXPECT_FALSE(*reader->Seek(cursors[4])) << "that point is gone";
  EXPECT_EQ(ReadAll(reader.get()).size(), 8U);
}

TEST_F(QdrantRestTest, AnAliasIsANameOfItsCollection) {
  QdrantStub stub;
  PutNumbered(stub, 2);
  stub.AddCollection("other", kCosine4);
  stub.AddAlias("current", "notes");
  const auto reader = Open(stub, "current");
  EXPECT_EQ(ReadAll(reader.get()).size(), 2U);
  EXPECT_THAT(reader->Notes(), testing::Contains("\"current\" is an alias of the collection \"notes\""));
  auto store = OpenQdrantRestStore(Server(stub));
  const Status unknown = (*store)->OpenCollection("none").status();
  EXPECT_EQ(unknown.code(), StatusCode::kNotFound);
  EXPECT_THAT(unknown.message(), HasSubstr("it has: notes, other, current (alias of notes)"));
}

TEST_F(QdrantRestTest, WhatIsWrongWithOnePointIsItsProblem) {
  QdrantStub stub;
  stub.AddCollection("notes", kCosine4);
  stub.Put("notes", "1", R"(["x"])", "null");
  stub.Put("notes", "2", R"({"words":{"indices":[1,1],"values":[1,2]}})", "null");
  stub.Put("notes", "3", R"({"words":{"indices":[1],"values":[1,2]}})", "null");
  stub.Put("notes", "4", "[[1],2]", "null");
  stub.Put("notes", "5", R"("v")", "null");
  stub.Put("notes", "6", "[1]", R"(["list"])");
  stub.Put("notes", "7", "[1]", R"({"a":1,"a":2})");
  stub.Put("notes", "8", "[1]", R"({"text":"good"})");
  stub.Put("notes", "9", R"({"words":{"indices":[-1],"values":[1]}})", "null");
  const auto points = ReadAll(Open(stub).get());
  ASSERT_EQ(points.size(), 9U);
  for (const StoredPoint& point : points) {
    EXPECT_EQ(point.problem.ok(), point.id == "8") << point.id;
    EXPECT_EQ(point.place, "point " + point.id);
    EXPECT_THAT(point.raw, HasSubstr("\"id\":" + point.id));
  }
  EXPECT_EQ(points[0].problem.field(), "vector[0]");
  EXPECT_EQ(points[3].problem.field(), "vector[1]");
}

TEST_F(QdrantRestTest, AFingerprintIsOfThePointAndNotOfItsSpelling) {
  QdrantStub stub;
  const auto read = [&](const std::string& vector, const std::string& payload) {
    stub.AddCollection("notes", kCosine4);
    stub.Put("notes", "1", vector, payload);
    return ReadAll(Open(stub).get()).at(0).fingerprint;
  };
  const uint64_t first = read(R"({"a":[1,2],"b":[0.5]})", R"({"x":1,"y":"z"})");
  EXPECT_EQ(read(R"({"b":[5e-1],"a":[1.0,2]})", R"({ "y":"\u007a", "x":1})"), first);
  EXPECT_NE(read(R"({"a":[1,2],"b":[0.25]})", R"({"x":1,"y":"z"})"), first);
  EXPECT_NE(read(R"({"a":[1,2],"b":[0.5]})", R"({"x":2,"y":"z"})"), first);
}

TEST_F(QdrantRestTest, HoldsKnowsEveryIdAndFetchesNoVectors) {
  QdrantStub stub;
  PutNumbered(stub, 9);
  const auto reader = Open(stub);
  for (int i = 0; i <= 10; ++i) EXPECT_EQ(*reader->Holds(std::to_string(i)), i >= 1 && i <= 9) << i;
  EXPECT_EQ(stub.Requests(kScroll), 1U);
  EXPECT_THAT(stub.WholeRequests().back().body, HasSubstr("\"with_vector\":false"));
}

TEST_F(QdrantRestTest, NamesOfCollectionsAreOneSegmentOfAPath) {
  QdrantStub stub;
  stub.AddCollection("a%2Fb%3F%20%C3%A9", kCosine4);  // the stub takes paths as they come
  stub.SetHook([](const StubRequest& request) -> std::optional<StubReply> {
    if (request.target != "/collections") return std::nullopt;
    return StubReply{200, R"({"result":{"collections":[{"name":"a/b? é"}]}})", "", std::string::npos};
  });
  EXPECT_THAT(ReadAll(Open(stub, "a/b? é").get()), IsEmpty());
}

TEST_F(QdrantRestTest, IdsAreInQdrantsOrder) {
  const std::vector<std::string> ids = {"0",
                                        "9",
                                        "10",
                                        "99",
                                        "18446744073709551615",
                                        "00000000-0000-0000-0000-000000000001",
                                        "f0000000-0000-0000-0000-000000000000"};
  for (size_t i = 0; i < ids.size(); ++i) {
    for (size_t j = 0; j < ids.size(); ++j) EXPECT_EQ(QdrantIdLess(ids[i], ids[j]), i < j) << ids[i] << " " << ids[j];
  }
  EXPECT_EQ(ReadQdrantPage(R"({"result":{"points":[{"id":"6F9619FF8B86D011B42D00CF4FC964FF"}]}})")->points[0].id,
            "6f9619ff-8b86-d011-b42d-00cf4fc964ff");
  EXPECT_EQ(QdrantIdJson("7"), "7");
  EXPECT_EQ(QdrantIdJson(ids.back()), "\"f0000000-0000-0000-0000-000000000000\"");
}

TEST_F(QdrantRestTest, AnAnswerCutAnywhereIsAnError) {
  const std::string whole =
      R"({"result":{"points":[{"id":1,"payload":{"a":"é","b":[1,null]},"vector":{"":[0.5,1],"w":{"indices":[3],)"
      R"("values":[0.5]}}}],"next_page_offset":"6f9619ff-8b86-d011-b42d-00cf4fc964ff"},"status":"ok","time":0.1})";
  ASSERT_TRUE(ReadQdrantPage(whole).ok());
  for (size_t size = 0; size < whole.size(); ++size) EXPECT_FALSE(ReadQdrantPage(whole.substr(0, size)).ok()) << size;
}

TEST_F(QdrantRestTest, AFlippedBitGivesPointsOrAnError) {
  std::string text =
      R"({"result":{"points":[{"id":1,"payload":{"a":"é","b":[1,null]},"vector":{"":[0.5,1],"w":{"indices":[3],)"
      R"("values":[0.5]}}},{"id":2,"payload":null,"vector":[[1],[2]]}],"next_page_offset":null},"status":"ok"})";
  size_t errors = 0;
  for (char& c : text) {
    const char whole = c;
    for (int bit = 0; bit < 8; ++bit) {
      c = static_cast<char>(whole ^ (1 << bit));
      const auto page = ReadQdrantPage(text);
      if (!page.ok()) {
        ++errors;
        EXPECT_FALSE(page.status().message().empty());
        continue;
      }
      for (const StoredPoint& point : page->points) {
        EXPECT_TRUE(!point.problem.ok() || !point.id.empty());
      }
    }
    c = whole;
  }
  EXPECT_GT(errors, 500U);
}

}  // namespace
}  // namespace engram

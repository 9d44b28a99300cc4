// Folders that the real qdrant-client wrote (tests/fixtures), against what its own reader says of them.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include <gmock/gmock.h>
#include <sqlite3.h>

#include "api/base64.h"
#include "api/json.h"
#include "tests/index/random_seed.h"
#include "tools/import/point_source.h"
#include "tools/import/qdrant_local_store.h"
#include "tools/import/qdrant_point.h"

namespace engram {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

std::string ReadFile(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

const fs::path kFixtures = fs::path(ENGRAM_SOURCE_DIR) / "tests/fixtures";

std::vector<StoredPoint> ReadAll(PointReader* reader) {
  std::vector<StoredPoint> points;
  while (true) {
    StoredPoint point;
    auto more = reader->Next(&point);
    EXPECT_TRUE(more.ok()) << more.status().ToString();
    if (!more.ok() || !*more) return points;
    points.push_back(std::move(point));
  }
}

float Float(const v1::Value& value) {
  return static_cast<float>(value.has_int_value() ? static_cast<double>(value.int_value()) : value.double_value());
}

std::vector<float> Floats(const v1::Value& list) {
  std::vector<float> out;
  for (const v1::Value& value : list.list_value().values()) out.push_back(Float(value));
  return out;
}

void ExpectSame(const v1::Value& wanted, const v1::Vector& vector) {
  if (wanted.has_object_value()) {
    std::map<int64_t, float> entries;
    const auto& members = wanted.object_value().members();
    const std::vector<float> values = Floats(members.at("values"));
    for (size_t i = 0; i < values.size(); ++i) {
      entries[members.at("indices").list_value().values(static_cast<int>(i)).int_value()] = values[i];
    }
    std::map<int64_t, float> read;
    for (int i = 0; i < vector.sparse().indices_size(); ++i) {
      read[vector.sparse().indices(i)] = vector.sparse().values(i);
    }
    EXPECT_EQ(read, entries);
    EXPECT_TRUE(std::is_sorted(vector.sparse().indices().begin(), vector.sparse().indices().end()));
  } else if (vector.has_multi()) {
    ASSERT_EQ(vector.multi().rows_size(), wanted.list_value().values_size());
    for (int i = 0; i < vector.multi().rows_size(); ++i) {
      EXPECT_THAT(vector.multi().rows(i).values(), testing::ElementsAreArray(Floats(wanted.list_value().values(i))));
    }
  } else {
    EXPECT_THAT(vector.dense().values(), testing::ElementsAreArray(Floats(wanted)));
  }
}

class RealQdrantTest : public testing::TestWithParam<const char*> {
 protected:
  std::string Folder() const { return (kFixtures / GetParam() / "qdrant").string(); }
};

INSTANTIATE_TEST_SUITE_P(Clients, RealQdrantTest, testing::Values("qdrant_client_1.9.2", "qdrant_client_1.20.0"),
                         [](const auto& client) { return client.index == 0 ? "pydantic1" : "pydantic2"; });

TEST_P(RealQdrantTest, EveryPointIsWhatTheClientReads) {
  auto store = OpenQdrantLocalStore(Folder(), /*quick=*/false);
  ASSERT_TRUE(store.ok()) << store.status().ToString();
  v1::Value expected;
  ASSERT_TRUE(ParseJson(ReadFile(kFixtures / GetParam() / "expected.json"), &expected).ok());
  EXPECT_THAT((*store)->Collections(), ElementsAre("empty", "many", "mixed", "notes"));
  size_t compared = 0;
  for (const auto& [name, collection] : expected.object_value().members()) {
    auto reader = (*store)->OpenCollection(name);
    ASSERT_TRUE(reader.ok()) << reader.status().ToString();
    const auto& wanted = collection.object_value().members();
    EXPECT_EQ((*reader)->points(), wanted.size());
    for (const StoredPoint& point : ReadAll(reader->get())) {
      SCOPED_TRACE(name + " " + point.place);
      ASSERT_TRUE(point.problem.ok()) << point.problem.ToString();
      ASSERT_TRUE(wanted.contains(point.id)) << point.id;
      const auto& parts = wanted.at(point.id).object_value().members();
      v1::Value payload;
      for (const auto& [key, value] : point.payload) (*payload.mutable_object_value()->mutable_members())[key] = value;
      const std::string nothing = parts.at("payload").has_null_value() ? "null" : "{}";
      EXPECT_EQ(point.payload.empty() ? nothing : PrintJson(payload), PrintJson(parts.at("payload")));
      const v1::Value& vectors = parts.at("vector");
      const bool named = vectors.has_object_value() && !vectors.object_value().members().contains("indices");
      if (named) {
        ASSERT_EQ(point.vectors.size(), vectors.object_value().members().size());
        for (const auto& [space, vector] : point.vectors)
          ExpectSame(vectors.object_value().members().at(space), vector);
      } else {
        ExpectSame(vectors, point.vectors.at("default"));
      }
      ++compared;
    }
  }
  EXPECT_EQ(compared, 6U + 3U + 20U);
}

TEST_P(RealQdrantTest, SpacesHaveTheirTypesSizesAndMetrics) {
  auto store = OpenQdrantLocalStore(Folder(), false);
  ASSERT_TRUE(store.ok());
  const v1::NamespaceConfig notes = (*(*store)->OpenCollection("notes"))->config();
  EXPECT_EQ(notes.vectors().at("default").dimensions(), 4U);
  EXPECT_EQ(notes.vectors().at("default").metric(), v1::METRIC_COSINE);
  const v1::NamespaceConfig mixed = (*(*store)->OpenCollection("mixed"))->config();
  EXPECT_EQ(mixed.vectors().at("image").metric(), v1::METRIC_L2);
  EXPECT_EQ(mixed.vectors().at("sound").metric(), v1::METRIC_DOT);
  EXPECT_EQ(mixed.vectors().at("words").type(), v1::VECTOR_TYPE_SPARSE);
  if (mixed.vectors().contains("tokens")) {
    EXPECT_EQ(mixed.vectors().at("tokens").type(), v1::VECTOR_TYPE_MULTI);
  }
  const Status unknown = (*store)->OpenCollection("none").status();
  EXPECT_THAT(unknown.message(), HasSubstr("it has: empty, many, mixed, notes"));
}

TEST_P(RealQdrantTest, ACursorGoesOnBehindItsPoint) {
  auto store = OpenQdrantLocalStore(Folder(), false);
  auto reader = (*store)->OpenCollection("many");
  std::vector<std::string> ids;
  std::vector<std::string> cursors;
  StoredPoint point;
  while (*(*reader)->Next(&point)) {
    ids.push_back(point.id);
    cursors.push_back((*reader)->Cursor());
  }
  for (size_t i = 0; i < ids.size(); ++i) {
    EXPECT_TRUE(*(*reader)->Seek(cursors[i]));
    const auto rest = ReadAll(reader->get());
    ASSERT_EQ(rest.size(), ids.size() - i - 1);
    if (!rest.empty()) {
      EXPECT_EQ(rest[0].id, ids[i + 1]);
    }
  }
  for (const char* foreign : {"", "start", "finished", "row 1 id 0123456789abcdef", "row 99 id 1"}) {
    EXPECT_FALSE(*(*reader)->Seek(foreign)) << foreign;
    EXPECT_EQ(ReadAll(reader->get()).size(), ids.size());
  }
}

// Blobs of all points of a fixture.
std::vector<std::string> PickledPoints(const std::string& folder) {
  std::vector<std::string> blobs;
  auto store = OpenQdrantLocalStore(folder, false);
  for (const std::string& name : (*store)->Collections()) {
    if (name == "many") continue;
    for (StoredPoint& point : ReadAll((*store)->OpenCollection(name)->get())) blobs.push_back(std::move(point.raw));
  }
  return blobs;
}

TEST_P(RealQdrantTest, APointCutAnywhereIsAnError) {
  for (const std::string& blob : PickledPoints(Folder())) {
    const size_t step = blob.size() > 1'000 ? 7 : 1;  // the long one repeats itself
    for (size_t size = 0; size < blob.size(); size += size < 300 ? 1 : step) {
      StoredPoint point;
      EXPECT_FALSE(ReadQdrantPoint(std::string_view(blob).substr(0, size), &point).ok()) << size;
    }
  }
}

TEST_P(RealQdrantTest, AFlippedBitGivesAPointOrAnError) {
  size_t errors = 0;
  for (std::string blob : PickledPoints(Folder())) {
    const size_t step = blob.size() > 1'000 ? 37 : 1;  // the long one repeats itself
    for (size_t i = 0; i < blob.size(); i += i < 300 ? 1 : step) {
      const char whole = blob[i];
      for (int bit = 0; bit < 8; ++bit) {
        blob[i] = static_cast<char>(whole ^ (1 << bit));
        StoredPoint point;
        const Status status = ReadQdrantPoint(blob, &point);
        if (!status.ok()) {
          ++errors;
          EXPECT_FALSE(status.message().empty());
        } else {
          EXPECT_FALSE(point.id.empty());
        }
      }
      blob[i] = whole;
    }
  }
  EXPECT_GT(errors, 1'000U);
}

class DamagedQdrantTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "engram_qdrant_XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    fs::copy(kFixtures / "qdrant_client_1.20.0/qdrant", folder_, fs::copy_options::recursive);
    file_ = folder_ / "collection/mixed/storage.sqlite";
  }
  void TearDown() override { fs::remove_all(folder_); }

  void Write(const fs::path& path, const std::string& bytes) const { std::ofstream(path, std::ios::binary) << bytes; }
  void Sql(const std::string& sql) const {
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open(file_.c_str(), &handle), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(handle);
    sqlite3_close(handle);
  }

  // How many of the collection "mixed" can be read; nothing where the folder or the file says why not.
  std::optional<size_t> Readable() const {
    auto store = OpenQdrantLocalStore(folder_.string(), /*quick=*/true);
    if (!store.ok()) return std::nullopt;
    auto reader = (*store)->OpenCollection("mixed");
    if (!reader.ok()) return std::nullopt;
    for (size_t n = 0;;) {
      StoredPoint point;
      const auto more = (*reader)->Next(&point);
      if (!more.ok()) return std::nullopt;
      if (!*more) return n;
      if (point.problem.ok()) ++n;
    }
  }

  fs::path folder_;
  fs::path file_;
};

TEST_F(DamagedQdrantTest, ACutDatabaseIsAnError) {
  const std::string whole = ReadFile(file_);
  ASSERT_EQ(Readable(), 3U);
  for (size_t size = 0; size < whole.size(); size += size % 4096 < 20 ? 1 : 211) {
    Write(file_, whole.substr(0, size));
    // Nothing but an empty file is a database without a table.
    EXPECT_EQ(Readable(), std::nullopt) << size;
  }
}

TEST_F(DamagedQdrantTest, AFlippedBitInTheDatabaseNeverStopsTheProcess) {
  const std::string whole = ReadFile(file_);
  const uint64_t seed = TestSeed(20250301);
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 500; ++round) {
    std::string changed = whole;
    // Half of them where SQLite's own structure is.
    const size_t at = round % 2 == 0 ? random() % whole.size() : random() % 4096 % 200 + 4096 * (random() % 3);
    changed[at] = static_cast<char>(changed[at] ^ (1 << random() % 8));
    Write(file_, changed);
    const auto readable = Readable();
    EXPECT_LE(readable.value_or(0), 3U);
  }
}

TEST_F(DamagedQdrantTest, ACutMetaFileIsAnError) {
  const std::string whole = ReadFile(folder_ / "meta.json");
  for (size_t size = 0; size + 1 < whole.size(); size += 5) {
    Write(folder_ / "meta.json", whole.substr(0, size));
    EXPECT_FALSE(OpenQdrantLocalStore(folder_.string(), true).ok()) << size;
  }
}

TEST_F(DamagedQdrantTest, NamesThatLeadOutOfTheFolderAreRefused) {
  for (const char* name : {"../x", "/etc", "a/../../x", "..", "."}) {
    Write(folder_ / "meta.json", std::string(R"({"collections":{")") + name + R"(":{}}})");
    auto store = OpenQdrantLocalStore(folder_.string(), true);
    ASSERT_TRUE(store.ok());
    EXPECT_THAT((*store)->OpenCollection(name).status().message(), HasSubstr("leads out of")) << name;
  }
}

TEST_F(DamagedQdrantTest, RowsThatHoldNoPointAreNamedAndTheOthersRead) {
  Sql("UPDATE points SET point = x'63' || CAST('os' || char(10) || 'system' || char(10) AS BLOB) WHERE rowid = 2");
  auto store = OpenQdrantLocalStore(folder_.string(), true);
  auto reader = (*store)->OpenCollection("mixed");
  const auto points = ReadAll(reader->get());
  ASSERT_EQ(points.size(), 3U);
  EXPECT_EQ(points[1].place, "row 2");
  EXPECT_THAT(points[1].problem.message(), HasSubstr("\"os.system\""));
  EXPECT_TRUE(points[2].problem.ok());
}

TEST_F(DamagedQdrantTest, OfSeveralRowsOfAnIdTheLastCounts) {
  // The key of 1 as protocol 5 pickles it: another text, the same id.
  std::string key;
  AppendBase64("\x80\x05K\x01.", &key);
  Sql("INSERT INTO points SELECT '" + key + "', point FROM points WHERE rowid = 1");
  auto store = OpenQdrantLocalStore(folder_.string(), true);
  auto reader = (*store)->OpenCollection("mixed");
  EXPECT_EQ((*reader)->points(), 3U);
  EXPECT_THAT((*reader)->Notes(), ElementsAre(HasSubstr("1 rows were written over")));
  const auto points = ReadAll(reader->get());
  ASSERT_EQ(points.size(), 3U);
  EXPECT_EQ(points[0].id, "2");
  EXPECT_EQ(points[2].id, "1");
}

TEST_F(DamagedQdrantTest, ADistanceThatIsNoneOfOursIsSaid) {
  std::string meta = ReadFile(folder_ / "meta.json");
  meta.replace(meta.find("Euclid"), 6, "Manhattan");
  Write(folder_ / "meta.json", meta);
  auto store = OpenQdrantLocalStore(folder_.string(), true);
  EXPECT_THAT((*(*store)->OpenCollection("mixed"))->Notes(), ElementsAre(HasSubstr("\"Manhattan\" is none of ours")));
}

}  // namespace
}  // namespace engram

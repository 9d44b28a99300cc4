// engram migrate push-back to a folder of qdrant-client's local mode, run as users run it, on folders that the real
// client wrote (tests/fixtures); and the pickles that it writes.
#include <filesystem>
#include <random>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "api/json.h"
#include "base/file.h"
#include "tests/index/random_seed.h"
#include "tests/tools/push_back_fixture.h"
#include "tests/tools/sqlite_file.h"
#include "tools/import/mem0_source.h"
#include "tools/import/qdrant_local_folder.h"
#include "tools/import/qdrant_local_store.h"
#include "tools/import/qdrant_point.h"
#include "tools/import/sqlite_database.h"

namespace engram {
namespace {

namespace fs = std::filesystem;

const fs::path kFixtures = fs::path(ENGRAM_SOURCE_DIR) / "tests/fixtures";

class PushBackLocalTest : public PushBackFixture, public testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    PushBackFixture::SetUp();
    fs::copy(kFixtures / GetParam() / "qdrant", Path("qdrant"), fs::copy_options::recursive);
  }
  static std::string Source(const std::string& collection) {
    return fmt::format("qdrant-local qdrant --collection {} -n notes --data store ", collection);
  }
  void Import(const std::string& collection) {
    const CliResult imported = Run("import " + Source(collection));
    ASSERT_EQ(imported.code, 0) << imported.output;
  }
  CliResult PushBack(const std::string& collection, const std::string& options) const {
    return Run("migrate push-back " + Source(collection) + options);
  }
  std::string Bytes(const std::string& collection) const {
    return ReadFile("qdrant/collection/" + collection + "/storage.sqlite");
  }
  // Points as the reader has them, by id.
  std::map<std::string, StoredPoint> Points(const std::string& collection) const {
    std::map<std::string, StoredPoint> points;
    const auto store = OpenQdrantLocalStore(Path("qdrant"), /*quick=*/false);
    EXPECT_TRUE(store.ok()) << store.status().ToString();
    const auto reader = (*store)->OpenCollection(collection);
    EXPECT_TRUE(reader.ok()) << reader.status().ToString();
    while (true) {
      StoredPoint point;
      if (!*(*reader)->Next(&point)) return points;
      EXPECT_TRUE(point.problem.ok()) << point.problem.ToString();
      const std::string id = point.id;
      points[id] = std::move(point);
    }
  }
  uint64_t Rows(const std::string& collection) const {
    return *(*SqliteDatabase::Open(Path("qdrant/collection/" + collection + "/storage.sqlite")))->Count("points");
  }
};

INSTANTIATE_TEST_SUITE_P(Clients, PushBackLocalTest, testing::Values("qdrant_client_1.9.2", "qdrant_client_1.20.0"),
                         [](const auto& client) { return client.index == 0 ? "pydantic1" : "pydantic2"; });

TEST_P(PushBackLocalTest, WhatHappenedHereGoesBack) {
  Import("many");
  const std::string before = Bytes("many");
  const std::string uuid = "0192d1c2-0000-7000-8000-000000000001";
  InStore([&](Client& client) {
    Retext(client, "2", "rewritten");
    ASSERT_TRUE(client.DeleteMemory("notes", "3").ok());
    v1::WriteRequest write;
    v1::Memory& made = *write.add_memories();
    made.set_id(uuid);
    made.set_text("made here");
    (*made.mutable_metadata())["n"].set_int_value(-300);
    SetFloats({0.25, -1}, made.mutable_vector());
    write.add_memories()->set_id("no id of Qdrant's");
    ASSERT_TRUE(client.Write("notes", write).ok());
  });
  const CliResult dry = PushBack("many", "--dry-run");
  EXPECT_EQ(dry.code, 1);
  EXPECT_TRUE(Has(dry, "1 points would be created, 1 would be updated, 1 would be deleted")) << dry.output;
  EXPECT_TRUE(Has(dry, "refused, \"no id of Qdrant's\": id: ")) << dry.output;
  EXPECT_EQ(Bytes("many"), before);

  const CliResult undecided = PushBack("many", "--execute");
  EXPECT_EQ(undecided.code, 1);
  EXPECT_TRUE(Has(undecided, "--backup FILE keeps it as it is first")) << undecided.output;
  EXPECT_EQ(Bytes("many"), before);

  const CliResult pushed = PushBack("many", "--execute --backup many.before");
  EXPECT_EQ(pushed.code, 1) << pushed.output;
  EXPECT_TRUE(Has(pushed, "1 points created, 1 updated, 1 deleted; 0 settled already")) << pushed.output;
  EXPECT_TRUE(Has(pushed, "read back: 3 equal, 0 otherwise")) << pushed.output;
  const auto points = Points("many");
  EXPECT_EQ(points.size(), 20U);
  EXPECT_EQ(points.count("3"), 0U);
  EXPECT_EQ(points.at("2").payload.at("text").string_value(), "rewritten");
  EXPECT_EQ(points.at(uuid).payload.at("n").int_value(), -300);
  EXPECT_THAT(points.at(uuid).vectors.at("default").dense().values(), testing::ElementsAre(0.25F, -1.0F));

  InStore([](Client& client) { ASSERT_TRUE(client.DeleteMemory("notes", "no id of Qdrant's").ok()); });
  const CliResult again = PushBack("many", "--execute --no-backup");
  EXPECT_EQ(again.code, 0) << again.output;
  EXPECT_TRUE(Has(again, "0 points created, 0 updated, 0 deleted; 4 settled already")) << again.output;
  ExpectImportersReadWhatIsHere("qdrant-local qdrant --collection many");

  // The backup is the file from before: put in its place, the folder is as it was.
  fs::copy_file(Path("many.before"), Path("qdrant/collection/many/storage.sqlite"),
                fs::copy_options::overwrite_existing);
  EXPECT_EQ(Points("many").at("2").payload.at("text").string_value(), "note 2");
}

TEST_P(PushBackLocalTest, NamedSparseAndMultiVectorsKeepTheirNames) {
  Import("mixed");
  const auto before = Points("mixed");
  InStore([](Client& client) {
    for (const char* id : {"1", "2", "3"}) Retext(client, id, fmt::format("rewritten {}", id));
  });
  const CliResult pushed = PushBack("mixed", "--execute --no-backup");
  EXPECT_EQ(pushed.code, 0) << pushed.output;
  EXPECT_TRUE(Has(pushed, "3 updated")) << pushed.output;
  for (const auto& [id, point] : Points("mixed")) {
    EXPECT_EQ(point.payload.at("text").string_value(), "rewritten " + id);
    ASSERT_EQ(point.vectors.size(), before.at(id).vectors.size()) << id;
    for (const auto& [space, vector] : point.vectors) {
      EXPECT_EQ(vector.ShortDebugString(), before.at(id).vectors.at(space).ShortDebugString()) << id << " " << space;
    }
  }
}

TEST_P(PushBackLocalTest, AFolderThatAClientHasOpenIsLeftAlone) {
  Import("many");
  InStore([](Client& client) { Retext(client, "2", "rewritten"); });
  const auto client = FileSystem::Posix().Lock(Path("qdrant/.lock"));
  ASSERT_TRUE(client.ok());
  const std::string before = Bytes("many");
  const CliResult refused = PushBack("many", "--execute --no-backup");
  EXPECT_EQ(refused.code, 1);
  EXPECT_TRUE(Has(refused, "a QdrantClient has qdrant open")) << refused.output;
  EXPECT_EQ(Bytes("many"), before);
  const CliResult dry = PushBack("many", "--dry-run");  // reads, as an import does
  EXPECT_EQ(dry.code, 0) << dry.output;
}

TEST_P(PushBackLocalTest, WhatWasWrittenThereTooIsToldAndLeft) {
  Import("many");
  InStore([](Client& client) {
    for (const char* id : {"1", "2", "4"}) Retext(client, id, "changed here");
  });
  // Point 1 gets what point 5 has, but for its id; point 2 is gone.
  StoredPoint other = Points("many").at("5");
  other.id = "1";
  const QdrantLocalCollection collection = *QdrantLocalFolder::Open(Path("qdrant"))->Find("many");
  const PointForm form(NewPlainLayout({}, kQdrantLocalSystem), collection.params);
  {
    const auto database = *SqliteDatabase::OpenForWriting(collection.database);
    auto write = *database->Prepare("UPDATE points SET point = ?1 WHERE id = ?2");
    write.BindBlob(1, WriteQdrantPoint(other, form));
    write.BindText(2, WriteQdrantKey("1"));
    ASSERT_TRUE(write.Step().ok());
    EXPECT_EQ(database->changed(), 1);
    auto remove = *database->Prepare("DELETE FROM points WHERE id = ?1");
    remove.BindText(1, WriteQdrantKey("2"));
    ASSERT_TRUE(remove.Step().ok());
  }
  const CliResult pushed = PushBack("many", "--execute --no-backup");
  EXPECT_EQ(pushed.code, 1);
  EXPECT_TRUE(Has(pushed, "0 points created, 1 updated, 0 deleted")) << pushed.output;
  EXPECT_TRUE(Has(pushed, "2 conflicts")) << pushed.output;
  EXPECT_EQ(Points("many").at("1").payload.at("text").string_value(), "note 5");
  const CliResult decided = PushBack("many", "--execute --no-backup --overwrite");
  EXPECT_EQ(decided.code, 0) << decided.output;
  EXPECT_EQ(Points("many").at("2").payload.at("text").string_value(), "changed here");
}

// Versions of the client have left several rows of an id behind: the last one counts, and none may come back.
TEST_P(PushBackLocalTest, OlderRowsOfAnIdGoWithTheLast) {
  const QdrantLocalCollection collection = *QdrantLocalFolder::Open(Path("qdrant"))->Find("many");
  // The key of another protocol: 80 05 4b 05 2e.
  ExecuteSql(collection.database,
             "INSERT INTO points SELECT 'gAVLBS4=', point FROM points WHERE id = 'gARLBS4=';"
             "INSERT INTO points SELECT 'gAVLBi4=', point FROM points WHERE id = 'gARLBi4=';");
  ASSERT_EQ(Rows("many"), 22U);
  Import("many");
  InStore([](Client& client) {
    Retext(client, "5", "rewritten");
    ASSERT_TRUE(client.DeleteMemory("notes", "6").ok());
  });
  const CliResult pushed = PushBack("many", "--execute --no-backup");
  EXPECT_EQ(pushed.code, 0) << pushed.output;
  EXPECT_EQ(Rows("many"), 19U);
  const auto points = Points("many");
  EXPECT_EQ(points.at("5").payload.at("text").string_value(), "rewritten");
  EXPECT_EQ(points.count("6"), 0U);
}

// Keys are looked up by the client as they are.
TEST_P(PushBackLocalTest, KeysAreTheClientsOwn) {
  size_t compared = 0;
  for (const char* name : {"many", "notes", "mixed"}) {
    const auto database = *SqliteDatabase::Open(QdrantLocalFolder::Open(Path("qdrant"))->Find(name)->database);
    auto query = *database->Prepare("SELECT id FROM points");
    while (*query.Step()) {
      EXPECT_EQ(WriteQdrantKey(*ReadQdrantKey(query.Text(0))), query.Text(0));
      ++compared;
    }
  }
  EXPECT_GE(compared, 29U);
}

using PushBackMem0FolderTest = PushBackFixture;

TEST_F(PushBackMem0FolderTest, Mem0sOwnFolder) {
  fs::copy(kFixtures / "mem0_2.2.1/qdrant", Path("qdrant"), fs::copy_options::recursive);
  const std::string source = "mem0 --vectors qdrant -n notes --data store ";
  ASSERT_EQ(Run("import " + source).code, 0);
  std::string id;
  InStore([&](Client& client) {
    v1::ExportRequest request;
    const auto page = client.Export("notes", request);
    ASSERT_TRUE(page.ok());
    ASSERT_GT(page->memories_size(), 0);
    id = page->memories(0).id();
    Retext(client, id, "what was said here");
  });
  const CliResult pushed = Run("migrate push-back " + source + "--execute --backup before.sqlite");
  EXPECT_EQ(pushed.code, 0) << pushed.output;
  EXPECT_TRUE(Has(pushed, "0 points created, 1 updated, 0 deleted")) << pushed.output;
  EXPECT_TRUE(Has(pushed, "read back: 1 equal")) << pushed.output;
  EXPECT_TRUE(fs::exists(Path("before.sqlite")));
  ExpectImportersReadWhatIsHere("mem0 --vectors qdrant");

  const CliResult nowhere = Run("migrate push-back mem0 --vectors missing -n notes --data store --execute");
  EXPECT_EQ(nowhere.code, 1);
  EXPECT_TRUE(Has(nowhere, "no meta.json")) << nowhere.output;
  const CliResult file = Run("migrate push-back mem0 --vectors before.sqlite -n notes --data store --execute");
  EXPECT_EQ(file.code, 1);
  EXPECT_TRUE(Has(file, "can't go back there")) << file.output;
}

// --- Pickles.

class RandomPoints {
 public:
  explicit RandomPoints(uint64_t seed) : random_(seed) {}

  StoredPoint Point() {
    StoredPoint point;
    point.id = Id();
    for (const char* space : {"default", "image", "words", "tokens"}) {
      if (Below(2) == 0) point.vectors[space] = Vector(space);
    }
    for (uint64_t i = Below(5); i > 0; --i) point.payload[Text()] = Value(0);
    return point;
  }

 private:
  uint64_t Below(uint64_t n) { return random_() % n; }
  std::string Id() {
    switch (Below(5)) {
      case 0: return std::to_string(Below(256));
      case 1: return std::to_string(Below(70'000));
      case 2: return std::to_string(Below(uint64_t{1} << 40));
      case 3: return std::to_string(random_());
      default: return fmt::format("{:08x}-0000-4000-8000-{:012x}", random_() >> 32, random_() >> 16);
    }
  }
  float Float() { return std::normal_distribution<float>()(random_); }
  v1::Vector Vector(std::string_view space) {
    v1::Vector vector;
    if (space == "words") {
      uint32_t index = 0;
      for (uint64_t i = Below(6); i > 0; --i) {
        vector.mutable_sparse()->add_indices(index += 1 + static_cast<uint32_t>(Below(1 << 20)));
        vector.mutable_sparse()->add_values(Float());
      }
      vector.mutable_sparse();
    } else if (space == "tokens") {
      for (uint64_t i = Below(3) + 1; i > 0; --i) {
        auto& row = *vector.mutable_multi()->add_rows();
        for (int k = 0; k < 3; ++k) row.add_values(Float());
      }
    } else {
      for (int k = 0; k < 4; ++k) vector.mutable_dense()->add_values(Float());
    }
    return vector;
  }
  std::string Text() {
    std::string text = Below(8) == 0 ? std::string(300 + Below(70'000), 'x') : std::string();
    for (uint64_t i = Below(6); i > 0; --i) text += std::vector<std::string>{"a", "ü", "漢", "🙂", " "}[Below(5)];
    text += std::string(Below(10) == 0 ? 1 : 0, '\0');
    return text;
  }
  v1::Value Value(int depth) {
    v1::Value value;
    switch (Below(depth < 3 ? 9 : 7)) {
      case 0: value.set_null_value(true); break;
      case 1: value.set_bool_value(Below(2) == 0); break;
      case 2: value.set_int_value(static_cast<int64_t>(random_() >> Below(64)) * (Below(2) == 0 ? 1 : -1)); break;
      case 3: value.set_uint_value(random_() | uint64_t{1} << 63); break;
      case 4: value.set_double_value(std::normal_distribution<double>()(random_) * 1e300); break;
      case 5:
      case 6: value.set_string_value(Text()); break;
      case 7:
        value.mutable_list_value();
        for (uint64_t i = Below(4); i > 0; --i) *value.mutable_list_value()->add_values() = Value(depth + 1);
        break;
      default:
        value.mutable_object_value();
        for (uint64_t i = Below(4); i > 0; --i) {
          (*value.mutable_object_value()->mutable_members())[Text()] = Value(depth + 1);
        }
    }
    return value;
  }

  std::mt19937_64 random_;
};

TEST(QdrantPickleTest, WhatIsWrittenIsReadAsItWas) {
  v1::Value params;
  const auto named = R"({"vectors":{"":{"size":4,"distance":"Dot"},"image":{"size":4,"distance":"Dot"},)"
                     R"("tokens":{"size":3,"distance":"Dot","multivector_config":{"comparator":"max_sim"}}},)"
                     R"("sparse_vectors":{"words":{}}})";
  ASSERT_TRUE(ParseJson(named, &params).ok());
  const PointForm form(NewPlainLayout({}, kQdrantLocalSystem), params.object_value().members());
  RandomPoints random(TestSeed(11));
  for (int i = 0; i < 2'000; ++i) {
    const StoredPoint point = random.Point();
    StoredPoint read;
    const Status status = ReadQdrantPoint(WriteQdrantPoint(point, form), &read);
    ASSERT_TRUE(status.ok()) << status.ToString();
    EXPECT_EQ(read.id, point.id);
    EXPECT_EQ(*ReadQdrantKey(WriteQdrantKey(point.id)), point.id);
    ASSERT_EQ(read.vectors.size(), point.vectors.size());
    for (const auto& [space, vector] : point.vectors) {
      EXPECT_EQ(read.vectors.at(space).SerializeAsString(), vector.SerializeAsString()) << space;
    }
    ASSERT_EQ(read.payload.size(), point.payload.size());
    for (const auto& [key, value] : point.payload) EXPECT_EQ(PrintJson(read.payload.at(key)), PrintJson(value));
  }
}

}  // namespace
}  // namespace engram

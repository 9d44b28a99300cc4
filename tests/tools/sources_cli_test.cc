// engram import openmemory, mem0-platform and mem0 of the TypeScript SDK, and engram probe, run as users run them.
#include <filesystem>

#include "tests/tools/cli_run.h"
#include "tests/tools/qdrant_stub.h"
#include "tests/tools/sqlite_file.h"

namespace engram {
namespace {

bool Has(const CliResult& result, const std::string& text) { return result.output.find(text) != std::string::npos; }

class SourcesCliTest : public CliTest {
 protected:
  void MakeOpenMemory(int memories) const {
    std::string sql =
        "CREATE TABLE users (id, user_id); CREATE TABLE apps (id, name);"
        "CREATE TABLE memories (id TEXT PRIMARY KEY, user_id, app_id, content, state, created_at, updated_at, "
        "deleted_at);"
        "INSERT INTO users VALUES('u','ann'); INSERT INTO apps VALUES('a','cursor'); BEGIN;";
    for (int i = 1; i <= memories; ++i) {
      const std::string n = std::to_string(i);
      const char* const state = i % 10 == 0 ? "deleted" : i % 3 == 0 ? "archived" : "active";
      sql += "INSERT INTO memories VALUES('m" + n + "','u','a','note " + n + "','" + state +
             "','2025-06-01 10:00:00','2025-06-01 10:00:00',NULL);";
    }
    ExecuteSql(Path("openmemory.db"), sql + "COMMIT;");
  }
};

TEST_F(SourcesCliTest, OpenMemoryComesWithItsStatesAndAgainChangesNothing) {
  MakeOpenMemory(20);
  const std::string before = ReadFile("openmemory.db");
  const std::string import = "import openmemory openmemory.db -n notes --data store --batch 7 ";
  const CliResult part = Run(import + "--limit 9");
  ASSERT_EQ(part.code, 0) << part.output;
  const CliResult rest = Run(import);
  ASSERT_EQ(rest.code, 0) << rest.output;
  EXPECT_TRUE(Has(rest, "after those of an earlier run; 9 memories (9 created")) << rest.output;
  EXPECT_TRUE(Has(rest, "2 deleted memories with 4 events")) << rest.output;
  const CliResult again = Run(import);
  EXPECT_TRUE(Has(again, "(0 created, 0 updated, 18 unchanged)")) << again.output;
  ASSERT_EQ(Run("export -n notes --data store -o out.jsonl").code, 0);
  const std::string out = ReadFile("out.jsonl");
  EXPECT_NE(out.find(R"("id":"m3","text":"note 3","user_id":"ann","app_id":"cursor","state":"archived")"),
            std::string::npos)
      << out;
  EXPECT_EQ(ReadFile("openmemory.db"), before);
  EXPECT_FALSE(std::filesystem::exists(Path("openmemory.db-wal")));

  const CliResult made = Run("import openmemory openmemory.db --archive one");
  ASSERT_EQ(made.code, 0) << made.output;
  EXPECT_TRUE(Has(made, "made one: 18 memories, 2 tombstones")) << made.output;
}

TEST_F(SourcesCliTest, BatchesOfEverySizeTakeAllOfOpenMemory) {
  for (const int memories : {0, 1, 9}) {
    std::filesystem::remove(Path("openmemory.db"));
    MakeOpenMemory(memories);
    for (const int batch : {8, 9, 10}) {
      const std::string ns = "n" + std::to_string(memories) + "-" + std::to_string(batch);
      const CliResult result =
          Run("import openmemory openmemory.db -n " + ns + " --data store --batch " + std::to_string(batch));
      EXPECT_EQ(result.code, 0) << result.output;
      EXPECT_TRUE(Has(result, std::to_string(memories) + " memories (" + std::to_string(memories) + " created"))
          << result.output;
    }
  }
}

TEST_F(SourcesCliTest, ThePlatformsPagesBecomeMemories) {
  std::filesystem::create_directory(Path("pages"));
  WriteFile("pages/1.json", R"({"results":[{"id":"a","memory":"one","user_id":"ann","categories":["x"]},)"
                            R"({"id":"b","memory":"two","expiration_date":"2020-01-01"}]})");
  WriteFile("pages/2.json", R"([{"id":"c","memory":"three"},{"id":"d"}])");
  WriteFile("history.json", R"([{"id":"h","memory_id":"gone","event":"DELETE","old_memory":"x",)"
                            R"("created_at":"2025-01-01T00:00:00Z"}])");
  const std::string import = "import mem0-platform pages --history history.json -n notes --data store";
  const CliResult stopped = Run(import);
  EXPECT_EQ(stopped.code, 1);
  EXPECT_TRUE(Has(stopped, "pages/2.json, item 1, memory d: the memory has no text")) << stopped.output;
  const CliResult taken = Run(import + " --rejects bad.jsonl");
  EXPECT_EQ(taken.code, 1);
  EXPECT_TRUE(Has(taken, "1 rejected")) << taken.output;
  EXPECT_TRUE(Has(taken, "1 deleted memories")) << taken.output;
  ASSERT_EQ(Run("export -n notes --data store -o out.jsonl").code, 0);
  const std::string out = ReadFile("out.jsonl");
  for (const char* part : {R"("id":"a","text":"one","metadata":{"categories":["x"]},"user_id":"ann")",
                           R"("id":"b","text":"two")", R"("id":"c","text":"three")"}) {
    EXPECT_NE(out.find(part), std::string::npos) << part << "\n" << out;
  }
}

TEST_F(SourcesCliTest, TheTypeScriptSdksFileIsAVectorStoreOfMem0) {
  ExecuteSql(Path("vector_store.db"),
             "CREATE TABLE vectors (id TEXT PRIMARY KEY, vector BLOB NOT NULL, payload TEXT NOT NULL);"
             "INSERT INTO vectors VALUES('m1', x'0000803f00000040', '{\"data\":\"Ann\",\"userId\":\"ann\"}');");
  const std::string before = ReadFile("vector_store.db");
  const CliResult result = Run("import mem0 --vectors vector_store.db -n notes --data store");
  ASSERT_EQ(result.code, 0) << result.output;
  EXPECT_TRUE(Has(result, "1 memories (1 created")) << result.output;
  EXPECT_EQ(ReadFile("vector_store.db"), before);
}

TEST_F(SourcesCliTest, AProbeSaysWhatIsThereAndReadsNoPoint) {
  QdrantStub stub("the-secret");
  stub.AddCollection("notes", R"({"vectors":{"size":4,"distance":"Cosine"},"sparse_vectors":{"words":{}}})");
  stub.AddCollection("other", R"({"vectors":{"size":2,"distance":"Dot"}})");
  stub.AddAlias("current", "notes");
  stub.Put("notes", "1", "[1,2,3,4]", "{}");
  const CliResult probe = Run("probe qdrant " + stub.url() + " --api-key the-secret");
  EXPECT_EQ(probe.code, 0) << probe.output;
  EXPECT_TRUE(Has(probe, "qdrant 1.15.1, 2 collections")) << probe.output;
  EXPECT_TRUE(Has(probe, "  notes: 1 points, default dense of 4 dimensions, cosine; words sparse")) << probe.output;
  EXPECT_TRUE(Has(probe, "  other: 0 points, default dense of 2 dimensions, dot")) << probe.output;
  EXPECT_FALSE(Has(probe, "the-secret")) << probe.output;
  EXPECT_EQ(stub.Requests("scroll"), 0U);
  const CliResult one = Run("probe qdrant " + stub.url() + " --api-key the-secret --collection current");
  EXPECT_EQ(one.code, 0) << one.output;
  EXPECT_TRUE(Has(one, "\"current\" is an alias of the collection \"notes\"")) << one.output;
  const CliResult locked = Run("probe qdrant " + stub.url());
  EXPECT_EQ(locked.code, 1);
  EXPECT_TRUE(Has(locked, "give a key")) << locked.output;
  EXPECT_EQ(Run("probe qdrant " + stub.url() + " --api-key the-secret --collection none").code, 1);
}

TEST_F(SourcesCliTest, AProbeKnowsFilesAndStoresToo) {
  MakeOpenMemory(3);
  const CliResult file = Run("probe openmemory openmemory.db");
  EXPECT_EQ(file.code, 0) << file.output;
  EXPECT_TRUE(Has(file, "openmemory.db: openmemory, 3 memories")) << file.output;
  EXPECT_EQ(Run("probe openmemory none.db").code, 1);
  EXPECT_EQ(Run("probe server --data store").code, 1) << "there is none";
  EXPECT_FALSE(std::filesystem::exists(Path("store")));
  ASSERT_EQ(Run("import openmemory openmemory.db -n notes --data store").code, 0);
  const CliResult store = Run("probe server --data store");
  EXPECT_EQ(store.code, 0) << store.output;
  EXPECT_TRUE(Has(store, "  notes: 3 memories, no vectors")) << store.output;
  EXPECT_EQ(Run("probe server --server http://127.0.0.1:1").code, 1);
  EXPECT_EQ(Run("probe").code, 2);
}

TEST_F(SourcesCliTest, OpenMemoryTakesItsVectorsFromTheStoreBesideIt) {
  MakeOpenMemory(20);
  ExecuteSql(Path("openmemory.db"), "UPDATE memories SET id = '1' WHERE id = 'm1'");
  std::filesystem::copy(std::string(ENGRAM_SOURCE_DIR) + "/tests/fixtures/qdrant_client_1.20.0/qdrant", Path("qdrant"),
                        std::filesystem::copy_options::recursive);
  const std::string options = "openmemory openmemory.db --vectors qdrant --collection notes -n notes --data store";
  const CliResult imported = Run("import " + options);
  ASSERT_EQ(imported.code, 0) << imported.output;
  EXPECT_TRUE(Has(imported, "of the 6 points in notes of qdrant belong to no memory")) << imported.output;
  ASSERT_EQ(Run("export -n notes --data store -o out.jsonl").code, 0);
  const std::string out = ReadFile("out.jsonl");
  EXPECT_NE(out.find(R"("default":{"type":"dense","dimensions":4,"metric":"cosine")"), std::string::npos);
  EXPECT_NE(out.find(R"("id":"1","text":"note 1","vector":[0.18)"), std::string::npos) << out.substr(0, 2'000);
  EXPECT_EQ(Run("migrate verify " + options).code, 0);
  const CliResult again = Run("import " + options);
  EXPECT_TRUE(Has(again, "(0 created, 0 updated, 18 unchanged)")) << again.output;
  const CliResult none = Run("import openmemory openmemory.db --vectors qdrant --dry-run");
  EXPECT_EQ(none.code, 1);
  EXPECT_TRUE(Has(none, "openmemory")) << none.output;
}

}  // namespace
}  // namespace engram

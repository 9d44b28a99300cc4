// Archives through a store and from a source, as users make them.
#include <filesystem>

#include "tests/tools/cli_run.h"
#include "tests/tools/sqlite_file.h"
#include "tools/import/archive_format.h"
#include "tools/store_access.h"

namespace engram {
namespace {

StoreChoice StoreIn(const std::string& folder) {
  StoreChoice choice;
  choice.data_dir = folder;
  return choice;
}

using ArchiveCliTest = CliTest;

bool Has(const CliResult& result, const std::string& text) { return result.output.find(text) != std::string::npos; }

constexpr const char* kFiles[] = {"memories.jsonl", "tombstones.jsonl", "nodes.jsonl",
                                  "runs.jsonl",     "edges.jsonl",      "retired_edges.jsonl"};

// Something of everything that comes back.
constexpr const char* kEverything =
    R"({"namespace":{"text":{"analyzer":"english"},"on_expiry":"hide",)"
    R"("vectors":{"image":{"dimensions":2,"metric":"l2","model":"clip"},"words":{"type":"sparse"}}}}
{"id":"archived","text":"old","state":"archived","user_id":"ann","source":{"system":"crm","id":"7","version":9}}
{"id":"paused","text":"wait","state":"paused","vectors":{"image":[0.1,-0.0],"words":{"indices":[3,9],"values":[0.3,1.5]}}}
{"id":"renews","text":"ttl","ttl_seconds":86400,"expires_at":"2099-01-01T00:00:00Z","created_at":"2025-01-01T00:00:00Z"}
{"id":"rated","text":"good","pinned":true,"importance":0.25,"feedback":{"used":3.5,"helpful":2.0,"harmful":1.0}}
{"id":"lived","text":"third life","version":6,"created_at":"2025-01-03T00:00:00Z","updated_at":"2025-01-04T00:00:00Z","history":[)"
    R"({"version":1,"event":"add","time":"2025-01-01T00:00:00Z","memory":{"text":"first","vector":[1.0,2.0]}},)"
    R"({"version":2,"event":"delete","time":"2025-01-02T00:00:00Z"},)"
    R"({"version":5,"event":"add","time":"2025-01-03T00:00:00Z","memory":{"text":"second","metadata":{"n":5}}}]}
{"id":"said","text":"hello","run_id":"talk","user_id":"ann"}
{"run":{"run_id":"talk","user_id":"ann","metadata":{"mood":"good"},"ttl_seconds":3600,"expires_at":"2099-01-01T00:00:00Z"}}
{"node":{"id":"person:ann","name":"Ann","kind":"person","aliases":["A"]}}
{"edge":{"id":"e","source":"person:ann","type":"likes","target":"said","recorded_at":"2025-01-01T00:00:00Z","weight":0.5}}
)";

TEST_F(ArchiveCliTest, ExportImportExportGivesTheSameRecords) {
  WriteFile("in.jsonl", kEverything);
  ASSERT_EQ(Run("import jsonl in.jsonl --namespace notes --data store").code, 0);
  const CliResult exported = Run("export --namespace notes --data store --archive one");
  ASSERT_EQ(exported.code, 0) << exported.output;
  EXPECT_TRUE(
      Has(exported, "6 memories, 3 former versions, 1 nodes, 1 runs, 1 edges, 0 ended edges, 0 deleted memories"))
      << exported.output;
  const CliResult imported = Run("import archive one --namespace copy --data store");
  ASSERT_EQ(imported.code, 0) << imported.output;
  EXPECT_TRUE(Has(imported, "noted when the archive was made: the progress of imports is not in it"))
      << imported.output;
  ASSERT_EQ(Run("export --namespace copy --data store --archive two").code, 0);
  for (const char* file : kFiles) {
    EXPECT_EQ(ReadFile(std::string("one/") + file), ReadFile(std::string("two/") + file)) << file;
  }
  EXPECT_FALSE(ReadFile("one/memories.jsonl").empty());
  EXPECT_FALSE(ReadFile("one/edges.jsonl").empty());
  // The manifest's digest is the one that the store tells of both.
  const auto manifest = ParseManifest(ReadFile("one/manifest.json"));
  ASSERT_TRUE(manifest.ok()) << manifest.status().ToString();
  EXPECT_NE(Digest("copy").find(manifest->digest), std::string::npos) << Digest("copy") << "\n" << manifest->digest;
  EXPECT_EQ(manifest->config->vectors().at("image").dimensions(), 2U);
}

constexpr const char* kEdge = R"({"edge":{"id":"e","source":"a","type":"is","target":"b","weight":)";

TEST_F(ArchiveCliTest, WhatIsOverComesBackAsItWas) {
  const std::string edge = kEdge;
  WriteFile("in.jsonl", edge + "1}}\n" + edge + "2,\"metadata\":{\"n\":1}}}\n" + edge + "3}}\n" +
                            R"({"id":"gone","text":"was","vector":[1,2],"source":{"system":"crm","id":"7","version":9}}
{"id":"gone","text":"was here","vector":[1,3],"source":{"system":"crm","id":"7","version":10}}
{"id":"short","text":"was over when it came","expires_at":"2020-01-01T00:00:00Z"}
{"id":"stays","text":"lives"}
{"edge":{"id":"to-gone","source":"stays","type":"about","target":"gone","memory_id":"stays"}}
)");
  ASSERT_EQ(Run("import jsonl in.jsonl --namespace notes --data store").code, 0);
  {
    const auto access = OpenAccess(StoreIn(Path("store")), IfNoStore::kFail);
    ASSERT_TRUE(access.ok()) << access.status().ToString();
    ASSERT_TRUE(access->client->DeleteMemory("notes", "gone").ok());
  }
  const CliResult exported = Run("export --namespace notes --data store --archive one");
  EXPECT_TRUE(Has(exported, "1 edges, 3 ended edges, 2 deleted memories")) << exported.output;
  EXPECT_NE(ReadFile("one/tombstones.jsonl").find("was here"), std::string::npos);
  const CliResult imported = Run("import archive one --namespace copy --data store --import-id kept");
  ASSERT_EQ(imported.code, 0) << imported.output;
  EXPECT_TRUE(Has(imported, "2 deleted memories with 5 events of their histories, 3 ended edges, 0 rejected"))
      << imported.output;
  ASSERT_EQ(Run("export --namespace copy --data store --archive two").code, 0);
  for (const char* file : kFiles) {
    EXPECT_EQ(ReadFile(std::string("one/") + file), ReadFile(std::string("two/") + file)) << file;
  }
  const CliResult verified = Run("migrate verify archive one --namespace copy --data store --import-id kept");
  EXPECT_EQ(verified.code, 0) << verified.output;
  EXPECT_TRUE(Has(verified, "9 records in the source, 9 equal in the store")) << verified.output;
  // What was deleted has its place in the order of versions, and a backfill that is no newer does not wake it.
  {
    const auto access = OpenAccess(StoreIn(Path("store")), IfNoStore::kFail);
    ASSERT_TRUE(access.ok()) << access.status().ToString();
    v1::WriteRequest write;
    write.set_mode(v1::WRITE_MODE_NEWER);
    write.add_memories()->set_id("gone");
    write.mutable_memories(0)->mutable_source()->set_version(10);
    const auto written = access->client->Write("copy", write);
    ASSERT_TRUE(written.ok()) << written.status().ToString();
    EXPECT_EQ(written->results(0).outcome(), "unchanged");
    EXPECT_EQ(written->results(0).version(), 3U);
  }
  // Taken back, nothing is left of it.
  const CliResult rolled = Run("migrate rollback --namespace copy --data store --import kept");
  ASSERT_EQ(rolled.code, 0) << rolled.output;
  ASSERT_EQ(Run("export --namespace copy --data store --archive three").code, 0);
  for (const char* file : kFiles) EXPECT_EQ(ReadFile(std::string("three/") + file), "") << file;
}

TEST_F(ArchiveCliTest, WhatHasAnotherPastHereIsNotOverwritten) {
  const std::string edge = kEdge;
  WriteFile("in.jsonl", edge + "1}}\n" + edge + "2}}\n{\"id\":\"m\",\"text\":\"lives there\"}\n");
  ASSERT_EQ(Run("import jsonl in.jsonl --namespace notes --data store").code, 0);
  {
    const auto access = OpenAccess(StoreIn(Path("store")), IfNoStore::kFail);
    ASSERT_TRUE(access.ok()) << access.status().ToString();
    ASSERT_TRUE(access->client->DeleteMemory("notes", "m").ok());
  }
  ASSERT_EQ(Run("export --namespace notes --data store --archive one").code, 0);
  WriteFile("other.jsonl", edge + "7}}\n" + edge + "8}}\n{\"id\":\"m\",\"text\":\"lives here\"}\n");
  ASSERT_EQ(Run("import jsonl other.jsonl --namespace copy --data store").code, 0);
  const CliResult imported =
      Run("import archive one --namespace copy --data store --no-backup --rejects bad.jsonl --import-id kept");
  EXPECT_EQ(imported.code, 1) << imported.output;
  EXPECT_NE(ReadFile("bad.jsonl").find("version 1 of edge \\\"e\\\" is given"), std::string::npos)
      << ReadFile("bad.jsonl");
  const CliResult report = Run("migrate report --namespace copy --data store --import kept");
  EXPECT_TRUE(Has(report, "| version: already_exists | 1 |")) << report.output;
  EXPECT_TRUE(Has(Run("search here --namespace copy --data store"), "lives here"));
}

TEST_F(ArchiveCliTest, ADamagedArchiveWritesNothing) {
  WriteFile("in.jsonl", kEverything);
  const CliResult made = Run("import jsonl in.jsonl --archive one");
  ASSERT_EQ(made.code, 0) << made.output;
  EXPECT_TRUE(Has(made, "made one: 6 memories")) << made.output;
  std::string memories = ReadFile("one/memories.jsonl");
  memories[memories.find("hello")] = 'j';
  WriteFile("one/memories.jsonl", memories);
  const CliResult refused = Run("import archive one --namespace notes --data store");
  EXPECT_EQ(refused.code, 1);
  EXPECT_TRUE(Has(refused, "one/memories.jsonl line 6: the memory was changed")) << refused.output;
  EXPECT_FALSE(std::filesystem::exists(Path("store")));
}

TEST_F(ArchiveCliTest, ASourceIsArchivedWithoutAStoreAndCheckedAsAServerWould) {
  MakeCaptures(Path("c.db"), 25);
  const CliResult made = Run("import sqlite c.db --archive one");
  ASSERT_EQ(made.code, 0) << made.output;
  EXPECT_TRUE(Has(made, "made one: 25 memories")) << made.output;
  ASSERT_EQ(Run("import archive one -n chat --data store").code, 0);
  ASSERT_EQ(Run("import sqlite c.db -n other --data store").code, 0);
  ASSERT_EQ(Run("export -n chat --data store --no-history -o one.jsonl").code, 0);
  EXPECT_NE(ReadFile("one.jsonl").find("question 25"), std::string::npos);

  WriteFile("in.jsonl", "{\"id\":\"a\",\"importance\":7}\n{\"id\":\"b\"}\n");
  const CliResult dry = Run("import jsonl in.jsonl --archive two --dry-run");
  EXPECT_EQ(dry.code, 1) << dry.output;
  EXPECT_TRUE(Has(dry, "line 1: importance 7")) << dry.output;
  EXPECT_FALSE(std::filesystem::exists(Path("two")));
  const CliResult stopped = Run("import jsonl in.jsonl --archive two");
  EXPECT_EQ(stopped.code, 1);
  EXPECT_TRUE(Has(stopped, "no archive was made")) << stopped.output;
  EXPECT_FALSE(std::filesystem::exists(Path("two")));
  const CliResult rejected = Run("import jsonl in.jsonl --archive two --rejects bad.jsonl");
  EXPECT_EQ(rejected.code, 1);
  EXPECT_TRUE(Has(rejected, "made two: 1 memories")) << rejected.output;
  EXPECT_TRUE(Has(rejected, "1 records could not be taken and are not in it")) << rejected.output;
  EXPECT_NE(ReadFile("bad.jsonl").find("importance"), std::string::npos);
}

TEST_F(ArchiveCliTest, WhereToIsAsked) {
  WriteFile("in.jsonl", "{\"id\":\"a\"}\n");
  EXPECT_EQ(Run("import jsonl in.jsonl").code, 2);
  EXPECT_EQ(Run("import jsonl in.jsonl -n notes --archive one").code, 2);
  const CliResult dry = Run("import jsonl in.jsonl --dry-run");
  EXPECT_EQ(dry.code, 0) << dry.output;
  EXPECT_TRUE(Has(dry, "would write 1 memories")) << dry.output;
}

}  // namespace
}  // namespace engram

// Archives through a store and from a source, as users make them.
#include <filesystem>

#include "tests/tools/cli_run.h"
#include "tests/tools/sqlite_file.h"
#include "tools/import/archive_format.h"

namespace engram {
namespace {

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
  EXPECT_TRUE(Has(exported, "6 memories, 3 former versions, 1 nodes, 1 runs, 1 edges, 0 ended edges"))
      << exported.output;
  const CliResult imported = Run("import archive one --namespace copy --data store");
  ASSERT_EQ(imported.code, 0) << imported.output;
  EXPECT_TRUE(Has(imported, "noted when the archive was made: deleted memories and their histories are not in it"))
      << imported.output;
  EXPECT_FALSE(Has(imported, "stayed behind")) << imported.output;
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

TEST_F(ArchiveCliTest, WhatAStoreCantBeGivenIsKeptAndNamed) {
  const std::string edge = R"({"edge":{"id":"e","source":"a","type":"is","target":"b","weight":)";
  WriteFile("in.jsonl", edge + "1}}\n");
  ASSERT_EQ(Run("import jsonl in.jsonl --namespace notes --data store").code, 0);
  WriteFile("in.jsonl", edge + "2}}\n");
  ASSERT_EQ(Run("import jsonl in.jsonl --namespace notes --data store --restart").code, 0);
  const CliResult exported = Run("export --namespace notes --data store --archive one");
  EXPECT_TRUE(Has(exported, "1 edges, 1 ended edges")) << exported.output;
  const CliResult imported = Run("import archive one --namespace copy --data store");
  EXPECT_EQ(imported.code, 0) << imported.output;
  EXPECT_TRUE(Has(imported, "1 edges,")) << imported.output;
  EXPECT_TRUE(Has(imported, "stayed behind: 1 edges that have ended")) << imported.output;
  // An archive of an archive keeps them.
  const CliResult copied = Run("import archive one --archive two");
  ASSERT_EQ(copied.code, 0) << copied.output;
  EXPECT_EQ(ReadFile("one/retired_edges.jsonl"), ReadFile("two/retired_edges.jsonl"));
  EXPECT_NE(ReadFile("two/retired_edges.jsonl").find("\"weight\":1"), std::string::npos);
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

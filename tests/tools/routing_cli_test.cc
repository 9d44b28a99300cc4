// Imports that a mapping routes to several namespaces, run as users run them.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <thread>

#include "tests/tools/cli_run.h"
#include "tests/tools/sqlite_file.h"

namespace engram {
namespace {

bool Has(const CliResult& result, const std::string& text) { return result.output.find(text) != std::string::npos; }

class RoutingCliTest : public CliTest {
 protected:
  // Rows n1 … of the teams red, green and blue in turn; every tenth has none.
  void MakeNotes(int rows, const std::string& fallback = "") {
    std::string sql = "CREATE TABLE notes(id TEXT PRIMARY KEY, body TEXT, team TEXT);BEGIN;";
    for (int i = 1; i <= rows; ++i) sql += Row(i);
    ExecuteSql(Path("notes.db"), sql + "COMMIT;");
    WriteMap(fallback);
  }
  static std::string Row(int i) {
    constexpr const char* kTeams[] = {"'red'", "'green'", "'blue'"};
    const std::string team = i % 10 == 0 ? "NULL" : kTeams[i % 3];
    return "INSERT INTO notes VALUES('n" + std::to_string(i) + "','note number " + std::to_string(i) + "'," + team +
           ");";
  }
  void WriteMap(const std::string& fallback, const std::string& red = "team-red") {
    WriteFile("map.json", R"({"table":"notes","id":"id","text":"body","metadata":{"team":"team"},"route":{"namespace":)"
                          R"({"field":"metadata.team","values":{"red":")" +
                              red + R"("},"template":"{value}")" +
                              (fallback.empty() ? "" : R"(,"default":")" + fallback + "\"") + "}}}");
  }
  static std::string Source(const std::string& options = "") {
    return "sqlite notes.db --map map.json --import-id routed --data store " + options;
  }
  CliResult Import(const std::string& options = "--rejects bad.jsonl") { return Run("import " + Source(options)); }
  CliResult Verify(const std::string& options = "") { return Run("migrate verify " + Source(options)); }
  std::string Json() { return Run("migrate status --data store --json").output; }
  std::string Status() { return Run("migrate status --data store --import routed").output; }
  size_t Lines(const std::string& name) const {
    const std::string text = ReadFile(name);
    return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
  }
};

TEST_F(RoutingCliTest, EachRecordGoesWhereItsFieldLeadsAndWithoutOneItIsRejected) {
  MakeNotes(300);
  const CliResult dry = Import("--dry-run");
  EXPECT_EQ(dry.code, 1) << dry.output;
  EXPECT_TRUE(Has(dry, "would write 270 memories into 3 namespaces; 30 records have no namespace")) << dry.output;
  EXPECT_FALSE(std::filesystem::exists(Path("store")));
  const CliResult stopped = Import("");
  EXPECT_EQ(stopped.code, 1);
  EXPECT_TRUE(Has(stopped, "nothing tells its namespace: it has no metadata.team")) << stopped.output;
  const CliResult imported = Import();
  EXPECT_EQ(imported.code, 1) << imported.output;
  EXPECT_TRUE(Has(imported, "261 memories in 3 namespaces; 30 records have no namespace")) << imported.output;
  // Nine were in before the first that could not be taken.
  for (const char* ns : {"team-red: 87 memories", "green: 87 memories", "blue: 87 memories"}) {
    EXPECT_TRUE(Has(imported, ns)) << ns << imported.output;
  }
  EXPECT_EQ(Lines("bad.jsonl"), 30U);
  EXPECT_NE(Status().find("routed: 3 namespaces (3 verifying), 270 memories, 0 rejected, 30 without a namespace"),
            std::string::npos)
      << Status();
  // Again: nothing moves.
  const std::string before = Json();
  EXPECT_EQ(Import().code, 1);
  EXPECT_EQ(Json(), before);
  EXPECT_EQ(Lines("bad.jsonl"), 30U);
}

TEST_F(RoutingCliTest, ADefaultTakesWhatHasNoOtherPlaceAndAllIsVerified) {
  MakeNotes(300, "rest");
  ASSERT_EQ(Import("").code, 0);
  const CliResult verified = Verify();
  ASSERT_EQ(verified.code, 0) << verified.output;
  EXPECT_TRUE(Has(verified, "rest: compared: 30 rows in the source, 30 equal")) << verified.output;
  EXPECT_NE(Status().find("4 namespaces (4 done), 300 memories"), std::string::npos) << Status();
  // One alone, and what comes later.
  ExecuteSql(Path("notes.db"), "UPDATE notes SET body = 'changed' WHERE id = 'n1';" + Row(301));
  EXPECT_EQ(Verify().code, 1);
  EXPECT_EQ(Verify("-n blue").code, 0);
  const CliResult again = Import("");
  ASSERT_EQ(again.code, 0) << again.output;
  EXPECT_TRUE(Has(again, "green: 91 memories (1 created, 1 updated, 89 unchanged")) << again.output;
  EXPECT_EQ(Verify().code, 0);
  const CliResult report = Run("migrate report --all --import routed --data store");
  EXPECT_TRUE(Has(report, "# Import routed into blue")) << report.output;
  EXPECT_TRUE(Has(report, "# Import routed into team-red")) << report.output;
}

TEST_F(RoutingCliTest, KilledAnywhereItGoesOnNamespaceByNamespace) {
  MakeNotes(3'000);
  for (const int ms : {15, 60, 150, 300}) {
    CliProcess process(folder_, "import " + Source("--rejects bad.jsonl --batch 7"), Path("output"));
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(ms);
    while (process.Running() && std::chrono::steady_clock::now() < until) std::this_thread::yield();
    process.Signal(SIGKILL);
    process.Wait();
  }
  const CliResult rest = Import();
  EXPECT_EQ(rest.code, 1) << rest.output;
  EXPECT_EQ(Lines("bad.jsonl"), 300U);
  EXPECT_EQ(Verify().code, 1);
  for (const char* ns : {"team-red", "green", "blue"}) EXPECT_EQ(Verify(std::string("-n ") + ns).code, 0) << ns;
  EXPECT_NE(Status().find("3 namespaces (3 done), 2,700 memories"), std::string::npos) << Status();
}

TEST_F(RoutingCliTest, ASourceThatChangedAfterAnInterruptionIsLookedAtAsAWhole) {
  MakeNotes(900, "rest");
  ASSERT_EQ(Import("--limit 450").code, 0);
  ExecuteSql(Path("notes.db"), "DELETE FROM notes WHERE id IN ('n5','n8','n11','n440','n449','n450');");
  const CliResult rest = Import("");
  ASSERT_EQ(rest.code, 0) << rest.output;
  EXPECT_TRUE(Has(rest, "all of it is looked at again")) << rest.output;
  const CliResult verified = Verify();
  EXPECT_EQ(verified.code, 1) << verified.output;  // what was deleted there is still here
  EXPECT_FALSE(Has(verified, "is not in the store")) << verified.output;
}

TEST_F(RoutingCliTest, ARunThatGoesOnPassesOverWhatEachNamespaceHas) {
  MakeNotes(900, "rest");
  ASSERT_EQ(Import("--limit 450").code, 0);
  const CliResult rest = Import("");
  ASSERT_EQ(rest.code, 0) << rest.output;
  EXPECT_TRUE(Has(rest, "team-red: 135 memories (135 created, 0 updated, 0 unchanged)")) << rest.output;
  EXPECT_EQ(Verify().code, 0);
}

TEST_F(RoutingCliTest, ARollbackIsOfOneNamespaceOrOfAll) {
  MakeNotes(300, "rest");
  ASSERT_EQ(Import("").code, 0);
  const CliResult one = Run("migrate rollback -n green --import routed --data store");
  ASSERT_EQ(one.code, 0) << one.output;
  EXPECT_TRUE(Has(one, "90 removed")) << one.output;
  EXPECT_EQ(Verify("-n blue").code, 0);
  EXPECT_EQ(Verify().code, 1);
  // What was rolled back comes again, and nothing else moves.
  const CliResult again = Import("");
  ASSERT_EQ(again.code, 0) << again.output;
  EXPECT_TRUE(Has(again, "green: 90 memories (90 created")) << again.output;
  EXPECT_EQ(Verify().code, 0);
  const CliResult plan = Run("migrate rollback --all --import routed --data store --dry-run");
  EXPECT_TRUE(Has(plan, "import routed of rest: would remove 30")) << plan.output;
  const CliResult all = Run("migrate rollback --all --import routed --data store");
  ASSERT_EQ(all.code, 0) << all.output;
  EXPECT_NE(Status().find("4 rolled_back"), std::string::npos) << Status();
  EXPECT_EQ(Run("migrate rollback --import routed --data store").code, 2);
}

TEST_F(RoutingCliTest, AChangedRouteLooksAtEverythingAgain) {
  MakeNotes(300, "rest");
  ASSERT_EQ(Import("").code, 0);
  WriteMap("rest", "crimson");
  const CliResult moved = Import("");
  ASSERT_EQ(moved.code, 0) << moved.output;
  EXPECT_TRUE(Has(moved, "crimson: 90 memories (90 created")) << moved.output;
  const CliResult verified = Verify();
  EXPECT_EQ(verified.code, 1);
  EXPECT_TRUE(Has(verified, "90 in team-red that the source has not")) << verified.output;
}

TEST_F(RoutingCliTest, BackupsAreMadePerNamespaceAndBringBackWhatWasOverwritten) {
  MakeNotes(30, "rest");
  WriteFile("mine.jsonl", "{\"id\":\"n1\",\"text\":\"mine\",\"source\":{\"version\":1}}\n");
  ASSERT_EQ(Run("import jsonl mine.jsonl -n green --data store").code, 0);
  const std::string before = Digest("green");
  const CliResult refused = Import("");
  EXPECT_EQ(refused.code, 1);
  EXPECT_TRUE(Has(refused, "namespace green has 1 memories")) << refused.output;
  const CliResult imported = Import("--backup kept");
  ASSERT_EQ(imported.code, 0) << imported.output;
  EXPECT_TRUE(std::filesystem::exists(Path("kept/green/manifest.json")));
  ASSERT_EQ(Run("migrate rollback --all --import routed --data store").code, 0);
  EXPECT_EQ(Digest("green"), before);
}

TEST_F(RoutingCliTest, EverySourceTakesARoute) {
  WriteFile("route.json", R"({"route":{"namespace":{"field":"user_id","template":"of-{value}","default":"nobody"}}})");
  WriteFile("in.jsonl",
            "{\"namespace\":{\"vectors\":{\"default\":{\"dimensions\":2,\"metric\":\"l2\"}}}}\n"
            "{\"id\":\"a\",\"text\":\"tea\",\"vector\":[1,2],\"user_id\":\"ann\"}\n"
            "{\"id\":\"b\",\"text\":\"milk\",\"vector\":[3,4],\"user_id\":\"bob\"}\n"
            "{\"id\":\"c\",\"text\":\"water\"}\n"
            "{\"node\":{\"id\":\"drink\",\"name\":\"Drinks\"}}\n"
            "{\"edge\":{\"id\":\"e1\",\"source\":\"a\",\"type\":\"about\",\"target\":\"drink\"}}\n"
            "{\"edge\":{\"id\":\"e2\",\"source\":\"b\",\"type\":\"about\",\"target\":\"drink\"}}\n");
  const std::string to = " --map route.json --data store ";
  ASSERT_EQ(Run("import jsonl in.jsonl --archive kept").code, 0);
  for (const std::string source : {"jsonl in.jsonl", "archive kept"}) {
    const CliResult imported = Run("import " + source + to + "--no-backup");
    ASSERT_EQ(imported.code, 0) << imported.output;
    EXPECT_TRUE(Has(imported, "3 memories in 3 namespaces; 0 records have no namespace")) << imported.output;
    const CliResult verified = Run("migrate verify " + source + to);
    EXPECT_EQ(verified.code, 0) << verified.output;
    EXPECT_TRUE(Has(verified, "of-ann: compared: 3 ")) << verified.output;
  }
  ASSERT_EQ(Run("export -n of-bob --data store -o bob.jsonl").code, 0);
  const std::string bob = ReadFile("bob.jsonl");
  for (const char* part : {"\"metric\":\"l2\"", "\"id\":\"b\"", "Drinks", "\"source\":\"b\""}) {
    EXPECT_NE(bob.find(part), std::string::npos) << part << bob;
  }
  EXPECT_EQ(bob.find("\"id\":\"a\""), std::string::npos);
  // A file that has grown goes on at its end.
  WriteFile("in.jsonl", ReadFile("in.jsonl") + "{\"id\":\"d\",\"text\":\"wine\",\"user_id\":\"ann\"}\n");
  const CliResult grown = Run("import jsonl in.jsonl" + to);
  ASSERT_EQ(grown.code, 0) << grown.output;
  EXPECT_TRUE(Has(grown, "of-ann: 1 memories (1 created, 0 updated, 0 unchanged)")) << grown.output;

  const std::string fixtures = std::string(ENGRAM_SOURCE_DIR) + "/tests/fixtures/";
  std::filesystem::copy(fixtures + "qdrant_client_1.20.0/qdrant", Path("qdrant"),
                        std::filesystem::copy_options::recursive);
  WriteFile("topics.json", R"({"route":{"namespace":{"field":"user_id","template":"on-{value}","default":"points"}}})");
  const CliResult points =
      Run("import qdrant-local qdrant --collection notes --user-id topic --map topics.json --data store");
  ASSERT_EQ(points.code, 0) << points.output;
  EXPECT_TRUE(Has(points, "6 memories in ")) << points.output;
  ExecuteSql(
      Path("captures.db"),
      "CREATE TABLE captures(id INTEGER PRIMARY KEY, session_id TEXT, timestamp TEXT, user_text TEXT, agent_text "
      "TEXT, metadata TEXT); INSERT INTO captures VALUES(1,'s1','2025-03-01','hello','hi',NULL),"
      "(2,'s2','2025-03-02','bye','good night',NULL);");
  WriteFile("runs.json", R"({"route":{"namespace":{"field":"run_id","template":"{value}"}}})");
  const CliResult captures = Run("import sqlite captures.db --map runs.json --data store");
  ASSERT_EQ(captures.code, 0) << captures.output;
  EXPECT_TRUE(Has(captures, "s2: compared: 1 rows in the source, 1 equal")) << captures.output;
  // What was erased in one namespace stays away.
  ASSERT_EQ(Run("import sqlite captures.db --map runs.json --data store").code, 0);
}

TEST_F(RoutingCliTest, WhatCannotBeRoutedIsSaidBeforeAnythingIsRead) {
  WriteFile("in.jsonl", "{\"id\":\"a\"}\n");
  WriteFile("columns.json", R"({"table":"notes"})");
  const CliResult columns = Run("import jsonl in.jsonl --map columns.json -n x --data store");
  EXPECT_EQ(columns.code, 1);
  EXPECT_TRUE(Has(columns, "a mapping can say a \"route\", and that alone")) << columns.output;
  WriteFile("route.json", R"({"route":{"namespace":{"field":"user_id","template":"{value}"}}})");
  EXPECT_EQ(Run("import jsonl in.jsonl --map route.json --archive kept").code, 2);
  EXPECT_EQ(Run("migrate verify jsonl in.jsonl --data store").code, 2);
}

}  // namespace
}  // namespace engram

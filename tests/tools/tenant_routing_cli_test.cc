// Imports that a mapping routes to several tenants, over a folder and over a server, run as users run them.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <memory>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/tools/cli_run.h"
#include "tests/tools/sqlite_file.h"

namespace engram {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// The tenants org-a, org-b and org-c in turn, of each every other row in the namespace red; the rest in "rest".
class TenantRoutingCliTest : public CliTest {
 protected:
  void MakeNotes(int rows) {
    std::string sql = "CREATE TABLE notes(id TEXT PRIMARY KEY, body TEXT, owner TEXT, team TEXT);BEGIN;";
    for (int i = 1; i <= rows; ++i) sql += Row(i);
    ExecuteSql(Path("notes.db"), sql + "COMMIT;");
    WriteFile("map.json",
              R"({"table":"notes","id":"id","text":"body","user_id":"owner","metadata":{"team":"team"},"route":{)"
              R"("tenant":{"field":"user_id","template":"org-{value}"},)"
              R"("namespace":{"field":"metadata.team","template":"{value}","default":"rest"}}})");
  }
  static std::string Row(int i) {
    return fmt::format("INSERT INTO notes VALUES('n{}','note number {}','{}',{});", i, i, "abc"[i % 3],
                       i % 2 == 0 ? "'red'" : "NULL");
  }
  // `to` is " --data store " or a server's.
  std::string Source(const std::string& options = "") const {
    return "sqlite notes.db --map map.json --import-id routed" + to_ + options;
  }
  CliResult Import(const std::string& options = "") const { return Run("import " + Source(options)); }
  CliResult Verify(const std::string& options = "") const { return Run("migrate verify " + Source(options)); }
  CliResult Status(const std::string& options = "") const {
    return Run("migrate status --import routed --map map.json" + to_ + options);
  }
  CliResult RollBack(const std::string& options = "") const {
    return Run("migrate rollback --all --import routed --map map.json" + to_ + options);
  }

  void TearDown() override {
    server_.reset();
    CliTest::TearDown();
  }

  // A server over "store" with an admin key, that `to_` leads to.
  void Serve() {
    if (!std::filesystem::exists(Path("admin.key"))) {
      ASSERT_EQ(Run("keys admin admin.key").code, 0);
    }
    std::filesystem::remove(Path("port"));
    server_ = std::make_unique<CliProcess>(
        folder_, "serve --data store --admin-key-file admin.key --listen 127.0.0.1:0 --port-file port", Path("log"));
    while (server_->Running() && ReadFile("port").empty()) std::this_thread::yield();
    ASSERT_FALSE(ReadFile("port").empty()) << ReadFile("log");
    at_ = " --server http://127.0.0.1:" + std::to_string(std::stoi(ReadFile("port"))) + " ";
    to_ = at_ + "--admin-key-file admin.key ";
  }
  std::string Keys(const std::string& command) const { return Run("keys " + command + to_).output; }
  // What a tenant's own key sees.
  std::string Exported(const std::string& tenant, const std::string& ns) const {
    std::filesystem::remove(Path("own.key"));
    Keys("create --tenant " + tenant + " --verb read --out own.key");
    return Run("export -n " + ns + at_ + "--key-file own.key").output;
  }

  std::string to_ = " --data store ";
  std::string at_;
  std::unique_ptr<CliProcess> server_;
};

TEST_F(TenantRoutingCliTest, ARehearsalNamesTheTenantsAndMakesNothing) {
  MakeNotes(60);
  const CliResult dry = Import("--dry-run");
  EXPECT_EQ(dry.code, 1) << dry.output;
  EXPECT_THAT(dry.output, HasSubstr("would write 60 memories into 6 namespaces of 3 tenants"));
  EXPECT_THAT(dry.output, HasSubstr("org-a/red: 10 memories"));
  EXPECT_THAT(dry.output, HasSubstr("tenant org-b: is not there; --create-tenants would make it"));
  const CliResult making = Import("--dry-run --create-tenants");
  EXPECT_EQ(making.code, 0) << making.output;
  EXPECT_THAT(making.output, HasSubstr("tenant org-c: would be made"));
  EXPECT_FALSE(std::filesystem::exists(Path("store")));
  const CliResult missing = Import();
  EXPECT_EQ(missing.code, 1);
  EXPECT_THAT(missing.output, HasSubstr("there is no tenant \"org-b\": --create-tenants makes"));
  EXPECT_THAT(Run("keys tenant list --data store").output, Not(HasSubstr("org-")));
}

TEST_F(TenantRoutingCliTest, EachRecordGoesToItsTenantAndARunAgainChangesNothing) {
  MakeNotes(60);
  const CliResult imported = Import("--create-tenants");
  ASSERT_EQ(imported.code, 0) << imported.output;
  EXPECT_THAT(imported.output, HasSubstr("60 memories in 6 namespaces of 3 tenants; 0 records have no namespace"));
  EXPECT_THAT(imported.output, HasSubstr("tenant org-a: made, without limits"));
  const CliResult verified = Verify();
  ASSERT_EQ(verified.code, 0) << verified.output;
  EXPECT_THAT(verified.output, HasSubstr("org-b/rest: compared: 10 rows in the source, 10 equal"));
  EXPECT_THAT(Status().output, HasSubstr("routed: 6 namespaces (6 done), 60 memories"));
  EXPECT_THAT(Status("--tenant org-a").output, HasSubstr("routed: 2 namespaces (2 done), 20 memories"));
  EXPECT_THAT(Run("migrate status --data store").output, HasSubstr("no imports"));
  const std::string before = Status("--json").output;
  EXPECT_THAT(before, HasSubstr("{\"tenant\":\"org-a\",\"imports\":[{"));
  const CliResult again = Import();
  ASSERT_EQ(again.code, 0) << again.output;
  EXPECT_THAT(again.output, Not(HasSubstr("made")));
  EXPECT_EQ(Status("--json").output, before);
  const CliResult report = Run("migrate report --all --import routed --map map.json --data store");
  EXPECT_THAT(report.output, HasSubstr("# Import routed into org-a/red"));
  // What is changed in the source shows in its tenant alone.
  ExecuteSql(Path("notes.db"), "UPDATE notes SET body = 'changed' WHERE id = 'n1';");
  EXPECT_EQ(Run("migrate compare " + Source()).code, 1);
  EXPECT_EQ(Verify("--tenant org-a").code, 0);
  EXPECT_EQ(Verify("--tenant org-b -n red").code, 0);
  EXPECT_EQ(Verify("--tenant org-b").code, 1);
}

TEST_F(TenantRoutingCliTest, WithoutANamespaceInTheRouteEachTenantHasTheSame) {
  MakeNotes(30);
  WriteFile("map.json", R"({"table":"notes","id":"id","text":"body","user_id":"owner","route":{"tenant":{)"
                        R"("field":"user_id","values":{"a":"org-a"},"default":"others"}}})");
  const CliResult open = Import("--create-tenants");
  EXPECT_EQ(open.code, 2);
  EXPECT_THAT(open.output, HasSubstr("which namespace of each tenant? --namespace NS"));
  const CliResult imported = Import("--create-tenants -n notes");
  ASSERT_EQ(imported.code, 0) << imported.output;
  EXPECT_THAT(imported.output, HasSubstr("org-a/notes: 10 memories"));
  EXPECT_THAT(imported.output, HasSubstr("others/notes: 20 memories"));
  EXPECT_EQ(Verify("-n notes").code, 0);
  EXPECT_EQ(Run("import jsonl x.jsonl -n notes --create-tenants --data store").code, 2);
  EXPECT_EQ(Run("import jsonl x.jsonl -n notes --tenant org-a --data store").code, 2);
}

TEST_F(TenantRoutingCliTest, KilledAnywhereItGoesOnTenantByTenant) {
  MakeNotes(3'000);
  ExecuteSql(Path("notes.db"), "UPDATE notes SET owner = NULL WHERE rowid % 10 = 0;");
  for (const int ms : {15, 60, 150, 300}) {
    CliProcess process(folder_, "import " + Source("--create-tenants --rejects bad.jsonl --batch 7"), Path("output"));
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(ms);
    while (process.Running() && std::chrono::steady_clock::now() < until) std::this_thread::yield();
    process.Signal(SIGKILL);
    process.Wait();
  }
  const CliResult rest = Import("--create-tenants --rejects bad.jsonl");
  EXPECT_EQ(rest.code, 1) << rest.output;
  const std::string bad = ReadFile("bad.jsonl");
  EXPECT_EQ(std::count(bad.begin(), bad.end(), '\n'), 300);
  EXPECT_THAT(bad, HasSubstr("nothing tells its tenant: it has no user_id"));
  EXPECT_EQ(Verify().code, 1);
  for (const char* tenant : {"org-a", "org-b", "org-c"}) {
    EXPECT_EQ(Verify(std::string("--tenant ") + tenant).code, 0) << tenant;
  }
  EXPECT_THAT(Status().output, HasSubstr("6 namespaces (6 done), 2,700 memories"));
}

TEST_F(TenantRoutingCliTest, ARollbackIsOfOneTenantOrOfAll) {
  MakeNotes(60);
  ASSERT_EQ(Import("--create-tenants").code, 0);
  const CliResult one = RollBack("--tenant org-a");
  ASSERT_EQ(one.code, 0) << one.output;
  EXPECT_THAT(one.output, HasSubstr("import routed of org-a/red: rolled back; 10 removed"));
  EXPECT_EQ(Verify("--tenant org-b").code, 0);
  EXPECT_EQ(Verify().code, 1);
  const CliResult again = Import();
  EXPECT_THAT(again.output, HasSubstr("org-a/red: 10 memories (10 created"));
  EXPECT_EQ(Verify().code, 0);
  const CliResult plan = RollBack("--dry-run");
  EXPECT_THAT(plan.output, HasSubstr("import routed of org-c/rest: would remove 10"));
  ASSERT_EQ(RollBack().code, 0);
  EXPECT_THAT(Status().output, HasSubstr("6 rolled_back"));
  EXPECT_EQ(RollBack("--tenant org-x").code, 1);
}

TEST_F(TenantRoutingCliTest, BackupsAreMadePerTenant) {
  MakeNotes(30);
  ASSERT_EQ(Import("--create-tenants").code, 0);
  ExecuteSql(Path("notes.db"), "UPDATE notes SET body = 'changed' WHERE owner = 'a';");
  const CliResult second = Run("import sqlite notes.db --map map.json --import-id second --data store --backup kept");
  ASSERT_EQ(second.code, 0) << second.output;
  EXPECT_TRUE(std::filesystem::exists(Path("kept/org-a/red/manifest.json")));
  const CliResult back = Run("migrate rollback --all --import second --map map.json --data store");
  ASSERT_EQ(back.code, 0) << back.output;
  EXPECT_THAT(back.output, HasSubstr("import second of org-a/red: rolled back; 0 removed, 5 brought back"));
}

TEST_F(TenantRoutingCliTest, OverAServerKeysAreMadeForTheRunAndRevoked) {
  MakeNotes(60);
  Serve();
  const CliResult none = Run("import sqlite notes.db --map map.json" + at_);
  EXPECT_EQ(none.code, 1) << none.output;
  EXPECT_THAT(none.output, HasSubstr("give --admin-key-file FILE (or ENGRAM_ADMIN_KEY_FILE)"));
  ASSERT_EQ(Run("keys admin wrong.key").code, 0);
  const CliResult wrong = Run("import sqlite notes.db --map map.json" + at_ + "--admin-key-file wrong.key");
  EXPECT_EQ(wrong.code, 1);
  EXPECT_THAT(wrong.output, HasSubstr("key"));
  ASSERT_EQ(Import("--dry-run --create-tenants").code, 0);
  EXPECT_THAT(Keys("tenant list"), Not(HasSubstr("org-a")));
  const CliResult imported = Import("--create-tenants");
  ASSERT_EQ(imported.code, 0) << imported.output;
  const CliResult verified = Verify();
  ASSERT_EQ(verified.code, 0) << verified.output;
  for (const char* tenant : {"org-a", "org-b", "org-c"}) {
    const std::string keys = Keys(std::string("list --tenant ") + tenant);
    EXPECT_THAT(keys, HasSubstr("revoked"));
    EXPECT_THAT(keys, HasSubstr("read,write,import"));
    EXPECT_THAT(keys, HasSubstr("  import routed"));
    EXPECT_THAT(keys, HasSubstr("  migrate verify routed"));
    EXPECT_THAT(keys, HasSubstr("until "));
    EXPECT_THAT(keys, Not(HasSubstr("active"))) << tenant;
  }
  // n3, n6, … are of a, n2, n5, … of c; even ones are red.
  const std::string red = Exported("org-a", "red");
  EXPECT_THAT(red, HasSubstr("\"id\":\"n6\""));
  EXPECT_THAT(red, Not(HasSubstr("\"id\":\"n2\"")));
  EXPECT_EQ(std::count(red.begin(), red.end(), '\n'), 11) << red;  // with the configuration
  EXPECT_THAT(Exported("org-c", "red"), HasSubstr("\"id\":\"n2\""));
  ASSERT_EQ(RollBack().code, 0);
  EXPECT_THAT(Status().output, HasSubstr("6 rolled_back"));
}

TEST_F(TenantRoutingCliTest, KilledOverAServerItLeavesKeysThatExpireAndGoesOn) {
  MakeNotes(2'000);
  Serve();
  {
    CliProcess process(folder_, "import " + Source("--create-tenants --batch 5"), Path("output"));
    const auto begun = [&] { return Keys("list --tenant org-b").find("active") != std::string::npos; };
    while (process.Running() && !begun()) std::this_thread::yield();
    process.Signal(SIGKILL);
    const bool killed = process.Wait() == -1;
    EXPECT_EQ(Keys("list --tenant org-b").find("active") != std::string::npos, killed);
  }
  EXPECT_THAT(Keys("list --tenant org-b"), HasSubstr("until "));
  const CliResult rest = Import("--create-tenants");
  ASSERT_EQ(rest.code, 0) << rest.output;
  EXPECT_EQ(Verify().code, 0);
  EXPECT_THAT(Status().output, HasSubstr("6 namespaces (6 done), 2,000 memories"));
}

TEST_F(TenantRoutingCliTest, AQuotaThatIsReachedStopsTheRunAndItGoesOnWithALargerOne) {
  MakeNotes(300);
  Serve();
  Keys("tenant add org-b --max-memories 30");
  const CliResult full = Import("--create-tenants --batch 10");
  EXPECT_EQ(full.code, 1) << full.output;
  EXPECT_THAT(full.output, HasSubstr("tenant org-b: "));
  EXPECT_THAT(full.output, HasSubstr("ask for a larger quota (`engram keys tenant limit`)"));
  EXPECT_THAT(full.output, HasSubstr("run this again when that is mended: it goes on after what was written"));
  EXPECT_THAT(Keys("list --tenant org-b"), Not(HasSubstr("active")));
  EXPECT_THAT(Keys("tenant list"), HasSubstr("30 of 30 memories"));
  EXPECT_EQ(Import().code, 1);
  Keys("tenant limit org-b --max-memories 1000");
  const CliResult rest = Import();
  ASSERT_EQ(rest.code, 0) << rest.output;
  EXPECT_EQ(Verify().code, 0);
  EXPECT_THAT(Status().output, HasSubstr("6 namespaces (6 done), 300 memories"));
}

}  // namespace
}  // namespace engram

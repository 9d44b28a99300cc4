// engram import with its states, and engram migrate, run as users run them.
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <thread>

#include "tests/tools/cli_run.h"
#include "tests/tools/sqlite_file.h"
#include "tools/store_access.h"

namespace engram {
namespace {

StoreChoice StoreIn(const std::string& folder) {
  StoreChoice choice;
  choice.data_dir = folder;
  return choice;
}

bool Has(const CliResult& result, const std::string& text) { return result.output.find(text) != std::string::npos; }

std::string Blob(const std::vector<float>& numbers) {
  constexpr const char* kDigits = "0123456789abcdef";
  std::string out = "x'";
  for (const float number : numbers) {
    unsigned char bytes[sizeof(float)];
    std::memcpy(bytes, &number, sizeof(float));
    for (const unsigned char byte : bytes) {
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
    }
  }
  return out + "'";
}

class MigrateCliTest : public CliTest {
 protected:
  // Rows n1 … with a vector each, in the table "notes" of notes.db.
  void MakeNotes(int rows) {
    std::string sql = "CREATE TABLE notes(id TEXT PRIMARY KEY, body TEXT, owner TEXT, made TEXT, e BLOB);BEGIN;";
    for (int i = 1; i <= rows; ++i) {
      const auto x = static_cast<float>(i);
      sql += "INSERT INTO notes VALUES('n" + std::to_string(i) + "','note number " + std::to_string(i) + "','" +
             (i % 2 == 0 ? "ann" : "bob") + "','2025-03-0" + std::to_string(1 + i % 9) + "'," + Blob({1.0F, x, x * x}) +
             ");";
    }
    ExecuteSql(Path("notes.db"), sql + "COMMIT;");
    WriteFile("map.json", R"({"table":"notes","id":"id","text":"body","user_id":"owner","created_at":"made",)"
                          R"("vectors":{"default":{"column":"e","metric":"l2"}}})");
  }
  static std::string Source(const std::string& options = "") {
    return "sqlite notes.db --map map.json -n notes --data store " + options;
  }
  CliResult Import(const std::string& options = "") { return Run("import " + Source(options)); }
  CliResult Verify(const std::string& options = "") { return Run("migrate verify " + Source(options)); }
  std::string Status() { return Run("migrate status --data store").output; }
  // As `migrate status` shows it: the only one.
  std::string ImportId(const std::string& ns = "notes") {
    const std::string json = Run("migrate status --data store --json --namespace " + ns).output;
    const std::string before = "\"import\":{\"id\":\"";
    const size_t begin = json.rfind(before) + before.size();
    return json.substr(begin, json.find('"', begin) - begin);
  }
  CliResult Rollback(const std::string& id, const std::string& options = "") {
    return Run("migrate rollback -n notes --data store --import '" + id + "' " + options);
  }
  // Writes these lines as somebody else would.
  void Edit(const std::string& lines) {
    WriteFile("edit.jsonl", lines);
    const CliResult edited = Run("import jsonl edit.jsonl -n notes --data store --no-backup --restart");
    ASSERT_EQ(edited.code, 0) << edited.output;
  }
};

TEST_F(MigrateCliTest, AnImportGoesFromPlannedToDone) {
  MakeNotes(250);
  const CliResult dry = Import("--dry-run");
  ASSERT_EQ(dry.code, 0) << dry.output;
  const CliResult imported = Import("--execute");
  ASSERT_EQ(imported.code, 0) << imported.output;
  EXPECT_NE(Status().find("verifying"), std::string::npos) << Status();
  const CliResult verified = Verify();
  ASSERT_EQ(verified.code, 0) << verified.output;
  EXPECT_TRUE(Has(verified, "250 rows in the source, 250 equal in the store")) << verified.output;
  EXPECT_TRUE(Has(verified, "the same in the store")) << verified.output;
  EXPECT_TRUE(Has(verified, "100.0 % found")) << verified.output;
  EXPECT_NE(Status().find("done"), std::string::npos) << Status();
  // A run that finds nothing new moves nothing.
  const std::string before = Run("migrate status --data store --json").output;
  ASSERT_EQ(Import().code, 0);
  EXPECT_EQ(Run("migrate status --data store --json").output, before);
  const std::string id = ImportId();
  const CliResult report =
      Run("migrate report -n notes --data store --import '" + id + "' --json r.json --markdown r.md");
  ASSERT_EQ(report.code, 0) << report.output;
  EXPECT_NE(ReadFile("r.json").find("\"all_matched\":true"), std::string::npos) << ReadFile("r.json");
  for (const char* part :
       {"| state | done |", "| memories | 250 | 0 | 0 | 0 |", "Everything matched", "memories a second"}) {
    EXPECT_NE(ReadFile("r.md").find(part), std::string::npos) << part << ReadFile("r.md");
  }
}

TEST_F(MigrateCliTest, DryRunAndExecuteExcludeEachOther) {
  MakeNotes(1);
  EXPECT_EQ(Import("--dry-run --execute").code, 2);
  EXPECT_EQ(Import("--abort-on rejects").code, 2);
}

TEST_F(MigrateCliTest, VerifyNamesWhatIsMissingDifferentAndExtra) {
  MakeNotes(120);
  ASSERT_EQ(Import().code, 0);
  ExecuteSql(Path("notes.db"), "UPDATE notes SET e = " + Blob({1.0F, 7.0F, 49.5F}) +
                                   " WHERE id = 'n7'; DELETE FROM notes WHERE id = 'n8';"
                                   "INSERT INTO notes VALUES('new','later','ann','2025-04-01',NULL);");
  Edit("{\"id\":\"n9\",\"text\":\"edited here\",\"user_id\":\"bob\"}\n");
  const CliResult found = Verify();
  EXPECT_EQ(found.code, 1);
  EXPECT_TRUE(Has(found,
                  "120 rows in the source, 117 equal in the store, 1 edited and 0 deleted there since, 1 missing, "
                  "1 different, 0 not importable, 0 expired; 1 in notes that the source has not"))
      << found.output;
  EXPECT_TRUE(Has(found, "\"new\" is not in the store")) << found.output;
  EXPECT_TRUE(Has(found, "\"n8\" came with this import and is not in the source")) << found.output;
  EXPECT_TRUE(Has(found, "vectors.default[2]: 49.5 in the source, 49 in the store")) << found.output;
  EXPECT_NE(Status().find("verifying"), std::string::npos) << Status();
  // Comparing leaves no trace.
  const std::string before = Run("migrate status --data store --json").output;
  EXPECT_EQ(Run("migrate compare " + Source()).code, 1);
  EXPECT_EQ(Run("migrate status --data store --json").output, before);
}

TEST_F(MigrateCliTest, ARollbackLeavesWhatOthersWroteAndTheImportCanBeRunAgain) {
  MakeNotes(1'200);
  ASSERT_EQ(Import().code, 0);
  const std::string id = ImportId();
  Edit("{\"id\":\"n9\",\"text\":\"edited here\",\"user_id\":\"bob\"}\n{\"id\":\"mine\",\"text\":\"my own\"}\n");
  const CliResult plan = Rollback(id, "--dry-run");
  ASSERT_EQ(plan.code, 0) << plan.output;
  EXPECT_TRUE(Has(plan, "would remove 1,199")) << plan.output;
  const CliResult rolled = Rollback(id);
  ASSERT_EQ(rolled.code, 0) << rolled.output;
  EXPECT_TRUE(Has(rolled, "1,199 removed, 0 brought back, 1 left")) << rolled.output;
  EXPECT_TRUE(Has(rolled, "memory \"n9\" stays: written here since")) << rolled.output;
  EXPECT_EQ(Verify().code, 1);
  // In mode newer, over what stayed.
  const CliResult again = Import("--no-backup");
  ASSERT_EQ(again.code, 0) << again.output;
  EXPECT_TRUE(Has(again, "1,200 memories (1,199 created, 0 updated, 1 unchanged")) << again.output;
}

TEST_F(MigrateCliTest, WhatWasOverwrittenComesBackBitForBit) {
  WriteFile("in.jsonl",
            "{\"namespace\":{\"vectors\":{\"default\":{\"dimensions\":2}}}}\n"
            "{\"id\":\"a\",\"text\":\"old\",\"vector\":[0.1,0.2],\"metadata\":{\"x\":1},\"pinned\":true,\"version\":3,"
            "\"created_at\":\"2025-01-01T00:00:00Z\",\"updated_at\":\"2025-01-03T00:00:00Z\",\"history\":["
            "{\"version\":1,\"event\":\"add\",\"time\":\"2025-01-01T00:00:00Z\",\"memory\":{\"text\":\"older\"}}]}\n"
            "{\"id\":\"b\",\"text\":\"untouched\"}\n"
            "{\"node\":{\"id\":\"person:ann\",\"name\":\"Ann\"}}\n"
            "{\"edge\":{\"source\":\"person:ann\",\"type\":\"likes\",\"target\":\"a\"}}\n");
  ASSERT_EQ(Run("import jsonl in.jsonl -n notes --data store").code, 0);
  ASSERT_EQ(Run("export -n notes --data store -o before.jsonl").code, 0);
  const std::string digest = Digest("notes");
  WriteFile("over.jsonl",
            "{\"id\":\"a\",\"text\":\"new\",\"vector\":[1,2]}\n{\"id\":\"c\",\"text\":\"brought\"}\n"
            "{\"node\":{\"id\":\"person:ann\",\"name\":\"Anna\"}}\n"
            "{\"edge\":{\"source\":\"person:bob\",\"type\":\"likes\",\"target\":\"c\"}}\n");
  const CliResult refused = Run("import jsonl over.jsonl -n notes --data store --import-id over");
  EXPECT_EQ(refused.code, 1);
  EXPECT_TRUE(Has(refused, "give --backup DIR")) << refused.output;
  const CliResult over = Run("import jsonl over.jsonl -n notes --data store --import-id over --backup kept");
  ASSERT_EQ(over.code, 0) << over.output;
  EXPECT_TRUE(Has(over, "1 created, 1 updated")) << over.output;
  EXPECT_TRUE(std::filesystem::exists(Path("kept/manifest.json")));
  EXPECT_NE(Digest("notes"), digest);
  const CliResult rolled = Rollback("over");
  ASSERT_EQ(rolled.code, 0) << rolled.output;
  EXPECT_EQ(Digest("notes"), digest);
  ASSERT_EQ(Run("export -n notes --data store -o after.jsonl").code, 0);
  // The node's name is back; when it was written is the store's to say.
  EXPECT_EQ(ReadFile("after.jsonl"), ReadFile("before.jsonl"));
}

TEST_F(MigrateCliTest, ABackupThatAnInterruptedRunMadeIsTakenAndAnotherArchiveIsNot) {
  WriteFile("in.jsonl", "{\"id\":\"a\",\"text\":\"old\"}\n");
  ASSERT_EQ(Run("import jsonl in.jsonl -n notes --data store").code, 0);
  ASSERT_EQ(Run("export -n notes --data store --archive kept").code, 0);
  WriteFile("over.jsonl", "{\"id\":\"a\",\"text\":\"new\"}\n");
  const std::string import = "import jsonl over.jsonl -n notes --data store --backup kept --import-id ";
  ASSERT_EQ(Run(import + "over").code, 0);
  const CliResult other = Run(import + "another");
  EXPECT_EQ(other.code, 1);
  EXPECT_TRUE(Has(other, "is an archive of something else")) << other.output;
  ASSERT_EQ(Rollback("over").code, 0);
  EXPECT_TRUE(Has(Run("search old -n notes --data store"), "old"));
}

TEST_F(MigrateCliTest, KilledAnywhereItGoesOn) {
  MakeNotes(2'000);
  const auto kill_after = [&](const std::string& command, int us) {
    CliProcess process(folder_, command, Path("output"));
    const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(us);
    while (process.Running() && std::chrono::steady_clock::now() < until) std::this_thread::yield();
    process.Signal(SIGKILL);
    process.Wait();
  };
  for (const int us : {20'000, 120'000}) kill_after("import " + Source("--batch 5"), us);
  const CliResult rest = Import("--batch 100");
  ASSERT_EQ(rest.code, 0) << rest.output;
  ASSERT_EQ(Verify().code, 0);
  const std::string id = ImportId();
  for (const int us : {30'000, 150'000}) kill_after("migrate rollback -n notes --data store --import '" + id + "'", us);
  const CliResult rolled = Rollback(id);
  ASSERT_EQ(rolled.code, 0) << rolled.output;
  EXPECT_TRUE(Has(rolled, "2,000 removed, 0 brought back, 0 left")) << rolled.output;
  ASSERT_EQ(Import().code, 0);
  EXPECT_EQ(Verify().code, 0);
}

TEST_F(MigrateCliTest, APartOfASourceIsImportedAndVerifiedByTheSameOptions) {
  MakeNotes(40);
  WriteFile("users", "ann\n\n");
  const CliResult part = Import("--users-file users --since 2025-03-05");
  ASSERT_EQ(part.code, 0) << part.output;
  EXPECT_TRUE(Has(part, "20 memories of other users were left out")) << part.output;
  EXPECT_TRUE(Has(part, "from before --since were left out")) << part.output;
  EXPECT_EQ(Verify("--users-file users --since 2025-03-05").code, 0);
  EXPECT_NE(Status().find("done"), std::string::npos) << Status();
  EXPECT_EQ(Verify().code, 1);
  EXPECT_NE(Status().find("done"), std::string::npos) << Status();  // the whole was never asked for
  ASSERT_EQ(Import().code, 0);
  EXPECT_EQ(Verify().code, 0);
}

TEST_F(MigrateCliTest, WhatCouldNotComeBackIsListedAndForgottenAfterwards) {
  WriteFile("in.jsonl", "{\"id\":\"a\",\"text\":\"old\"}\n{\"id\":\"b\",\"text\":\"old\"}\n");
  ASSERT_EQ(Run("import jsonl in.jsonl -n notes --data store").code, 0);
  WriteFile("over.jsonl", "{\"id\":\"a\",\"text\":\"new\"}\n{\"id\":\"c\",\"text\":\"brought\"}\n");
  ASSERT_EQ(Run("import jsonl over.jsonl -n notes --data store --no-backup --import-id over").code, 0);
  Edit("{\"id\":\"c\",\"text\":\"edited here\"}\n");
  const CliResult plan = Rollback("over", "--dry-run");
  EXPECT_TRUE(Has(plan, "would remove 0, bring back 1 (there is no backup), leave 1")) << plan.output;
  EXPECT_FALSE(Has(plan, "\"a\"")) << plan.output;
  const CliResult rolled = Rollback("over");
  EXPECT_EQ(rolled.code, 1);
  EXPECT_TRUE(Has(rolled, "memory \"a\" stays: the import wrote over what was there")) << rolled.output;
  EXPECT_TRUE(Has(rolled, "memory \"c\" stays: written here since")) << rolled.output;
  EXPECT_TRUE(Has(rolled, "1 records that the import wrote over are as it left them")) << rolled.output;
  const auto access = OpenAccess(StoreIn(Path("store")), IfNoStore::kFail);
  ASSERT_TRUE(access.ok()) << access.status().ToString();
  v1::ListImportedRequest request;
  request.set_id("over");
  const auto left = access->client->ListImported("notes", request);
  ASSERT_TRUE(left.ok()) << left.status().ToString();
  EXPECT_EQ(left->items_size(), 0);
}

TEST_F(MigrateCliTest, FormerVersionsAreComparedToo) {
  const auto lines = [](const std::string& text, const std::string& time) {
    return R"({"id":"a","text":"now","version":3,"created_at":"2025-01-01T00:00:00Z","updated_at":"2025-01-03T00:00:00Z",)"
           R"("history":[{"version":1,"event":"add","time":"2025-01-01T00:00:00Z","memory":{"text":")" +
           text + R"("}},{"version":2,"event":"update","time":")" + time + R"(","memory":{"text":"milk"}}]})" + "\n";
  };
  WriteFile("in.jsonl", lines("tea", "2025-01-02T00:00:00Z"));
  ASSERT_EQ(Run("import jsonl in.jsonl -n notes --data store").code, 0);
  const CliResult same = Run("migrate verify jsonl in.jsonl -n notes --data store");
  EXPECT_EQ(same.code, 0) << same.output;
  EXPECT_TRUE(Has(same, "histories: of 1 memories; 2 former versions equal")) << same.output;
  WriteFile("in.jsonl", lines("coffee", "2025-01-02T00:00:00Z"));
  const CliResult texts = Run("migrate verify jsonl in.jsonl -n notes --data store");
  EXPECT_EQ(texts.code, 1);
  EXPECT_TRUE(Has(texts, "with another text 1")) << texts.output;
  EXPECT_TRUE(Has(texts, "history[0].new_text: \"coffee\" in the source, \"tea\" in the store")) << texts.output;
  WriteFile("in.jsonl", lines("coffee", "2025-01-02T12:00:00Z"));
  EXPECT_TRUE(
      Has(Run("migrate verify jsonl in.jsonl -n notes --data store"), "at another time 1, with another text 0"));
  const CliResult report = Run("migrate report -n notes --data store --import '" + ImportId() + "'");
  EXPECT_TRUE(Has(report, "| … at another time | 1 |")) << report.output;
}

TEST_F(MigrateCliTest, TooManyRejectsEndTheRun) {
  std::string lines;
  for (int i = 0; i < 300; ++i) lines += i % 10 == 0 ? "nonsense\n" : "{\"id\":\"m" + std::to_string(i) + "\"}\n";
  WriteFile("in.jsonl", lines);
  const std::string import = "import jsonl in.jsonl -n n --data store --rejects bad.jsonl --abort-on ";
  const CliResult few = Run(import + "rejects=3");
  EXPECT_EQ(few.code, 1);
  EXPECT_TRUE(Has(few, "4 records could not be taken, more than --abort-on rejects=3 allows")) << few.output;
  EXPECT_TRUE(Has(Run(import + "rejects=5% --restart"), "more than --abort-on rejects=5% allows"));
  const CliResult archived = Run("import jsonl in.jsonl --archive kept --rejects bad.jsonl --abort-on rejects=3");
  EXPECT_EQ(archived.code, 1);
  EXPECT_TRUE(Has(archived, "4 records could not be taken, more than --abort-on rejects=3 allows")) << archived.output;
  EXPECT_FALSE(std::filesystem::exists(Path("kept")));
  const CliResult enough = Run(import + "rejects=11% --restart");
  EXPECT_TRUE(Has(enough, "30 rejected")) << enough.output;
  const CliResult report = Run("migrate report -n n --data store --import '" + ImportId("n") + "'");
  EXPECT_TRUE(Has(report, "30 records could not be taken")) << report.output;
}

}  // namespace
}  // namespace engram

// engram import sqlite, run as users run it.
#include <filesystem>
#include <functional>

#include "client/cpp/client.h"
#include "tests/tools/cli_run.h"
#include "tests/tools/sqlite_file.h"
#include "tools/direct_transport.h"
#include "tools/opened_store.h"

namespace engram {
namespace {

using CapturesCliTest = CliTest;

constexpr const char* kImport = "import sqlite c.db --namespace chat --data store ";

bool Has(const CliResult& result, const std::string& text) { return result.output.find(text) != std::string::npos; }

TEST_F(CapturesCliTest, EveryRowIsOneMemoryAndAgainChangesNothing) {
  MakeCaptures(Path("c.db"), 250);
  const CliResult first = Run(kImport);
  ASSERT_EQ(first.code, 0) << first.output;
  EXPECT_TRUE(Has(first, "250 created")) << first.output;
  EXPECT_TRUE(Has(first, "250 equal in the store")) << first.output;
  const std::string digest = Digest("chat");
  const CliResult again = Run(kImport);
  EXPECT_EQ(again.code, 0) << again.output;
  EXPECT_TRUE(Has(again, "(0 created, 0 updated, 250 unchanged)")) << again.output;
  EXPECT_EQ(Digest("chat"), digest);
}

TEST_F(CapturesCliTest, FieldsScopesTimesAndTypesArrive) {
  MakeCaptures(Path("c.db"), 12);
  ASSERT_EQ(Run(kImport).code, 0);
  ASSERT_EQ(Run("export --namespace chat --data store --out out.jsonl").code, 0);
  const std::string out = ReadFile("out.jsonl");
  const std::string line = out.substr(out.find("{\"id\":\"12\""));
  for (const char* part :
       {R"("user_text":"question 12")", R"("agent_text":"answer 12")", R"("run_id":"session 1")", R"("n":12)",
        R"("share":1.0)", R"("event_time":"2025-03-01T12:00:12Z")", R"("created_at":"2025-03-01T12:00:12Z")",
        R"("source":{"system":"sqlite:captures","id":"12","version":)"}) {
    EXPECT_NE(line.find(part), std::string::npos) << part << "\n" << line;
  }
}

TEST_F(CapturesCliTest, TheFileIsNeverChangedAndItsWalIsRead) {
  ExecuteSql(Path("c.db"),
             std::string("PRAGMA journal_mode=WAL;PRAGMA wal_autocheckpoint=0;") + kCapturesTable +
                 "INSERT INTO captures VALUES(1,'s','2025-03-01','in the wal','',NULL);",
             /*leave_open=*/true);
  std::filesystem::copy_file(Path("c.db"), Path("copy.db"));
  std::filesystem::copy_file(Path("c.db-wal"), Path("copy.db-wal"));
  const std::string file = ReadFile("copy.db");
  const std::string wal = ReadFile("copy.db-wal");
  ASSERT_FALSE(wal.empty());
  const CliResult result = Run("import sqlite copy.db --namespace chat --data store");
  EXPECT_EQ(result.code, 0) << result.output;
  EXPECT_TRUE(Has(result, "1 created")) << result.output;
  EXPECT_EQ(ReadFile("copy.db"), file);
  EXPECT_EQ(ReadFile("copy.db-wal"), wal);
}

TEST_F(CapturesCliTest, FullTextTablesBesideItDoNotMatter) {
  MakeCaptures(Path("c.db"), 3);
  ExecuteSql(Path("c.db"),
             "CREATE VIRTUAL TABLE captures_fts USING fts5(user_text, agent_text, content='captures', "
             "content_rowid='id'); INSERT INTO captures_fts(captures_fts) VALUES('rebuild');");
  const CliResult result = Run(kImport);
  EXPECT_EQ(result.code, 0) << result.output;
  EXPECT_TRUE(Has(result, "3 created")) << result.output;
}

TEST_F(CapturesCliTest, SizesAroundABatchAreAllTaken) {
  for (const int rows : {0, 1, 99, 100, 101}) {
    const std::string name = "c" + std::to_string(rows);
    MakeCaptures(Path(name + ".db"), rows);
    const CliResult result = Run("import sqlite " + name + ".db --data store --namespace " + name);
    EXPECT_EQ(result.code, 0) << result.output;
    EXPECT_TRUE(Has(result, std::to_string(rows) + " created")) << result.output;
  }
}

TEST_F(CapturesCliTest, WhatCanNotBeTakenIsNamedAndNothingElseIsLost) {
  ExecuteSql(Path("c.db"),
             "CREATE TABLE captures(id, session_id, timestamp, user_text, agent_text, metadata, mood);"
             "INSERT INTO captures VALUES(1,NULL,NULL,'fine',NULL,NULL,NULL);"
             "INSERT INTO captures VALUES(2,'s','yesterday','x','y','{}',NULL);"
             "INSERT INTO captures VALUES(3,'s',1740832205,'x','y','not json',NULL);"
             "INSERT INTO captures VALUES(4,'s',1740832205.5,'x','y','[1]',NULL);"
             "INSERT INTO captures VALUES(5,'s',1740832205250,x'ff','y','{}',NULL);"
             "INSERT INTO captures VALUES(6,'s','2025-03-01','x','y','{}',NULL);"
             "INSERT INTO captures VALUES('6','s','2025-03-01','the other six','y','{}',NULL);"
             "INSERT INTO captures VALUES(NULL,'s','2025-03-01','x','y','{}',NULL);"
             "INSERT INTO captures VALUES('text id','s',1740832205250,'x','y','{\"a\":{\"b\":[1,2.0]}}',NULL);");
  const CliResult result = Run(std::string(kImport) + "--rejects bad.jsonl");
  EXPECT_EQ(result.code, 1);
  EXPECT_TRUE(Has(result, "2 created")) << result.output;
  EXPECT_TRUE(Has(result, "7 rejected")) << result.output;
  EXPECT_TRUE(Has(result, "7 not importable")) << result.output;
  EXPECT_TRUE(Has(result, "columns that are not imported: mood")) << result.output;
  const std::string rejects = ReadFile("bad.jsonl");
  for (const char* part : {"capture 2\"", "capture 3\"", "capture 4\"", "capture 5\"", "capture 6\"", "capture NULL\"",
                           "yesterday", "not json", "hex:ff", "several rows have this id"}) {
    EXPECT_NE(rejects.find(part), std::string::npos) << part << "\n" << rejects;
  }
}

TEST_F(CapturesCliTest, HugeTextsAndNulBytesSurvive) {
  ExecuteSql(Path("c.db"),
             std::string(kCapturesTable) +
                 "INSERT INTO captures VALUES(1,'s','2025-03-01',CAST(zeroblob(900000) AS TEXT),'é',NULL);"
                 "INSERT INTO captures VALUES(2,'s','2025-03-01','a'||char(0)||'b','日本',NULL);");
  const CliResult result = Run(kImport);
  EXPECT_EQ(result.code, 0) << result.output;
  EXPECT_TRUE(Has(result, "2 equal in the store")) << result.output;
}

TEST_F(CapturesCliTest, ARowThatChangedMeanwhileIsUpdated) {
  MakeCaptures(Path("c.db"), 5);
  ASSERT_EQ(Run(kImport).code, 0);
  ExecuteSql(Path("c.db"), "UPDATE captures SET agent_text='corrected' WHERE id=3");
  const CliResult result = Run(kImport);
  EXPECT_EQ(result.code, 0) << result.output;
  EXPECT_TRUE(Has(result, "(0 created, 1 updated, 4 unchanged)")) << result.output;
}

// What a person does to the store between two imports.
void Change(const std::string& data_dir, const std::function<void(Client&)>& change) {
  ServiceOptions options;
  options.engine_options.data_dir = data_dir;
  auto store = OpenStore(options);
  ASSERT_TRUE(store.ok()) << store.status().ToString();
  ClientOptions client_options;
  client_options.compress = false;
  Client client(NewDirectTransport(**store), client_options);
  change(client);
}

TEST_F(CapturesCliTest, WhatWasEditedDeletedOrErasedHereStaysSo) {
  // With ids that tell when a row was put in, and with ids that don't.
  for (const auto& [type, new_id] : {std::pair("INTEGER PRIMARY KEY", "10"), std::pair("TEXT", "1")}) {
    SCOPED_TRACE(type);
    const std::string name = std::string("c") + new_id;
    const std::string import = "import sqlite " + name + ".db --data store --namespace " + name;
    std::string sql =
        std::string("CREATE TABLE captures(id ") + type + ", session_id, timestamp, user_text, agent_text, metadata);";
    for (const char* id : {"9", "8", "7", "6", "5", "4", "3", "2"}) {
      sql += std::string("INSERT INTO captures VALUES(") + id + ",'s','2025-03-01','question','',NULL);";
    }
    ExecuteSql(Path(name + ".db"), sql);
    ASSERT_EQ(Run(import).code, 0) << ReadFile("output");
    Change(Path("store"), [&](Client& client) {
      EXPECT_TRUE(client.DeleteMemory(name, "5").ok());
      v1::MemoryPatch patch;
      (*patch.mutable_metadata())["mine"].set_bool_value(true);
      EXPECT_TRUE(client.PatchMemory(name, "6", patch).ok());
      EXPECT_TRUE(client.DeleteMemory(name, "7", {}, /*erase=*/true).ok());
    });
    const std::string digest = Digest(name);
    const CliResult again = Run(import);
    EXPECT_EQ(again.code, 0) << again.output;
    EXPECT_TRUE(Has(again, "(0 created, 0 updated, 6 unchanged; 2 deleted here since stay deleted)")) << again.output;
    EXPECT_TRUE(Has(again, "5 equal in the store, 1 edited and 2 deleted there since, 0 missing")) << again.output;
    EXPECT_EQ(Digest(name), digest);
    // The file goes on: what is new comes, what changed there comes again, and the rest still stays.
    ExecuteSql(Path(name + ".db"), std::string("INSERT INTO captures VALUES(") + new_id +
                                       ",'s','2025-03-02','new','',NULL);"
                                       "UPDATE captures SET agent_text='corrected' WHERE id IN (3, 5, 7);");
    const CliResult third = Run(import);
    EXPECT_EQ(third.code, 0) << third.output;
    EXPECT_TRUE(Has(third, "(1 created, 1 updated, 5 unchanged; 2 deleted here since stay deleted)")) << third.output;
    // Without what earlier runs knew, an erased memory can't be told from a new row; everything else can.
    const CliResult restarted = Run(import + " --restart");
    EXPECT_EQ(restarted.code, 0) << restarted.output;
    EXPECT_TRUE(Has(restarted, "(1 created, 0 updated, 7 unchanged; 1 deleted here since stay deleted)"))
        << restarted.output;
  }
}

TEST_F(CapturesCliTest, AKilledImportKnowsWhatTheRunsBeforeItHadTaken) {
  MakeCaptures(Path("c.db"), 30);
  ASSERT_EQ(Run(kImport).code, 0);
  Change(Path("store"),
         [&](Client& client) { EXPECT_TRUE(client.DeleteMemory("chat", "20", {}, /*erase=*/true).ok()); });
  ExecuteSql(Path("c.db"), "UPDATE captures SET agent_text='corrected' WHERE id < 25");
  ASSERT_EQ(Run(std::string(kImport) + "--batch 5 --limit 10").code, 0);  // and no further
  const CliResult rest = Run(kImport);
  EXPECT_EQ(rest.code, 0) << rest.output;
  EXPECT_TRUE(Has(rest, "(0 created, 13 updated, 6 unchanged; 1 deleted here since stay deleted)")) << rest.output;
}

TEST_F(CapturesCliTest, OtherFilesAreRefusedWithTheReason) {
  EXPECT_TRUE(Has(Run("import sqlite no.db --namespace n --data store"), "there is no file no.db"));
  WriteFile("text.db", std::string(2'000, 'x'));
  EXPECT_TRUE(Has(Run("import sqlite text.db --namespace n --data store"), "is no SQLite database"));
  ExecuteSql(Path("other.db"), "CREATE TABLE notes(id)");
  EXPECT_TRUE(Has(Run("import sqlite other.db --namespace n --data store"), "has no table \"captures\""));
  ExecuteSql(Path("view.db"), "CREATE VIEW captures AS SELECT 1 AS id, 'x' AS user_text");
  EXPECT_TRUE(Has(Run("import sqlite view.db --namespace n --data store"), "has no table \"captures\""));
}

TEST_F(CapturesCliTest, ADamagedFileIsNotImported) {
  MakeCaptures(Path("c.db"), 500);
  std::string bytes = ReadFile("c.db");
  for (size_t i = 8'192; i < 12'288; ++i) bytes[i] = static_cast<char>(i * 31);
  WriteFile("c.db", bytes);
  const CliResult result = Run(kImport);
  EXPECT_EQ(result.code, 1);
  EXPECT_TRUE(Has(result, "damaged") || Has(result, "malformed")) << result.output;
}

}  // namespace
}  // namespace engram

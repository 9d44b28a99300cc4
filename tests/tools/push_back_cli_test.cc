// engram migrate push-back to SQLite, run as users run it.
#include <chrono>
#include <csignal>
#include <filesystem>
#include <thread>

#include <fmt/format.h>

#include "tests/tools/push_back_fixture.h"
#include "tests/tools/sqlite_file.h"
#include "tools/import/sqlite_database.h"

namespace engram {
namespace {

class PushBackCliTest : public PushBackFixture {
 protected:
  // Rows n1 … of notes.db: texts, a JSON column, an object, vectors as f32, f64 and JSON.
  void MakeNotes(int rows) {
    std::string sql =
        "CREATE TABLE notes(id TEXT PRIMARY KEY, body TEXT, owner TEXT, made TEXT, changed INTEGER, tags TEXT, topic, "
        "extra TEXT NOT NULL DEFAULT '{}', e BLOB, wide BLOB, listed TEXT, untouched TEXT DEFAULT 'as it was');BEGIN;";
    for (int i = 1; i <= rows; ++i) {
      sql += fmt::format(
          "INSERT INTO notes VALUES('n{0}','note {0}','ann','2025-03-01 12:00:0{1}.250000',1750000000000000,'[\"a\", "
          "{0}]',{0},'{{\"k\": 1.0}}',x'0000803f0000004000004040',x'000000000000f03f0000000000000040','[0.5, 1.25]',"
          "'mine {0}');",
          i, i % 10);
    }
    ExecuteSql(Path("notes.db"), sql + "COMMIT;");
    WriteFile(
        "map.json",
        R"({"table":"notes","id":"id","text":"body","user_id":"owner","created_at":"made","updated_at":"changed",)"
        R"("metadata":{"tags":{"json":"tags"},"topic":"topic"},"metadata_object":"extra",)"
        R"("vectors":{"default":{"column":"e","metric":"l2"},"wide":{"column":"wide","format":"f64"},)"
        R"("listed":{"column":"listed","format":"json","metric":"dot"}}})");
  }
  static std::string Source() { return "sqlite notes.db --map map.json -n notes --data store "; }
  void Import() {
    const CliResult imported = Run("import " + Source());
    ASSERT_EQ(imported.code, 0) << imported.output;
  }
  CliResult PushBack(const std::string& options) const { return Run("migrate push-back " + Source() + options); }

  // Whether a commit of a push-back that is under way can be seen. Its writes may keep readers out for long.
  bool HasBegun() const {
    auto database = SqliteDatabase::Open(Path("notes.db"));
    if (!database.ok()) return false;
    auto query = (*database)->Prepare("SELECT 1 FROM notes WHERE body LIKE 'rewritten%'");
    if (!query.ok()) return false;
    const auto any = query->Step();
    return any.ok() && *any;
  }

  // The first column of the first row; "no row" without one.
  std::string Sql(const std::string& sql, const std::string& file = "notes.db") const {
    auto database = SqliteDatabase::Open(Path(file));
    EXPECT_TRUE(database.ok()) << database.status().ToString();
    if (!database.ok()) return "no database";
    auto query = (*database)->Prepare(sql);
    EXPECT_TRUE(query.ok()) << query.status().ToString();
    if (!query.ok()) return "no such query";
    const auto any = query->Step();
    EXPECT_TRUE(any.ok()) << any.status().ToString();
    return any.ok() && *any ? query->Text(0) : "no row";
  }
};

TEST_F(PushBackCliTest, WhatHappenedHereGoesBack) {
  MakeNotes(9);
  Import();
  InStore([](Client& client) {
    Retext(client, "n3", "three, rewritten");
    Patch(client, "n4", [](v1::MemoryPatch& patch) {
      (*patch.mutable_metadata())["topic"].set_string_value("a word");
      (*patch.mutable_metadata())["k"].set_double_value(2.5);
      patch.mutable_vector()->mutable_dense()->add_values(9);
      for (const float x : {8.0F, 7.0F}) patch.mutable_vector()->mutable_dense()->add_values(x);
    });
    ASSERT_TRUE(client.DeleteMemory("notes", "n5").ok());
    v1::WriteRequest write;
    v1::Memory& made = *write.add_memories();
    made.set_id("new one");
    made.set_text("made here");
    made.set_user_id("bob");
    (*made.mutable_metadata())["tags"].mutable_list_value()->add_values()->set_bool_value(true);
    for (const float x : {0.1F, 0.2F, 0.3F}) made.mutable_vector()->mutable_dense()->add_values(x);
    for (const float x : {1e-7F, 3.0F}) (*made.mutable_vectors())["wide"].mutable_dense()->add_values(x);
    for (const float x : {0.1F, 1e20F}) (*made.mutable_vectors())["listed"].mutable_dense()->add_values(x);
    ASSERT_TRUE(client.Write("notes", write).ok());
  });
  const std::string before = ReadFile("notes.db");
  const CliResult dry = PushBack("--dry-run");
  EXPECT_EQ(dry.code, 0) << dry.output;
  EXPECT_TRUE(Has(dry,
                  "4 memories changed in notes; 1 rows would be created, 2 would be updated, 1 would be deleted; 0 "
                  "settled already"))
      << dry.output;
  EXPECT_EQ(ReadFile("notes.db"), before);

  const CliResult unprotected = PushBack("--execute");
  EXPECT_EQ(unprotected.code, 1);
  EXPECT_TRUE(Has(unprotected, "--backup FILE keeps it as it is first")) << unprotected.output;
  EXPECT_EQ(ReadFile("notes.db"), before);

  const CliResult pushed = PushBack("--execute --backup before.db --json report.json");
  EXPECT_EQ(pushed.code, 0) << pushed.output;
  EXPECT_TRUE(Has(pushed, "1 rows created, 2 updated, 1 deleted; 0 settled already")) << pushed.output;
  EXPECT_TRUE(Has(pushed, "read back: 4 equal, 0 otherwise")) << pushed.output;
  EXPECT_NE(ReadFile("report.json").find(R"("complete":true)"), std::string::npos) << ReadFile("report.json");
  EXPECT_EQ(Sql("SELECT body FROM notes WHERE id = 'n3'", "before.db"), "note 3");
  EXPECT_EQ(Sql("SELECT count(*) FROM notes", "before.db"), "9");

  EXPECT_EQ(Sql("SELECT body FROM notes WHERE id = 'n3'"), "three, rewritten");
  // What did not change stays as it was written there, and so does what the mapping does not know.
  EXPECT_EQ(Sql("SELECT tags || untouched || made FROM notes WHERE id = 'n3'"),
            "[\"a\", 3]mine 32025-03-01 12:00:03.250000");
  EXPECT_EQ(Sql("SELECT typeof(changed) || length(changed) FROM notes WHERE id = 'n3'"), "integer16");
  EXPECT_EQ(Sql("SELECT topic || extra FROM notes WHERE id = 'n4'"), "a word{\"k\":2.5}");
  EXPECT_EQ(Sql("SELECT 1 FROM notes WHERE id = 'n5'"), "no row");
  EXPECT_EQ(Sql("SELECT owner || untouched || listed FROM notes WHERE id = 'new one'"), "bobas it was[0.1,1e+20]");
  EXPECT_EQ(Sql("SELECT length(made) FROM notes WHERE id = 'new one'"), "26");
  ExpectImportersReadWhatIsHere("sqlite notes.db --map map.json");
  const CliResult verified = Run("migrate verify " + Source());
  EXPECT_EQ(verified.code, 0) << verified.output;

  // Nothing more to do, and what comes next goes on from there.
  const CliResult again = PushBack("--execute");
  EXPECT_EQ(again.code, 0) << again.output;
  EXPECT_TRUE(Has(again, "0 memories changed in notes")) << again.output;
  InStore([](Client& client) { Retext(client, "n3", "three, once more"); });
  const CliResult next = PushBack("--execute --no-backup");
  EXPECT_EQ(next.code, 0) << next.output;
  EXPECT_TRUE(Has(next, "1 memories changed in notes; 0 rows created, 1 updated")) << next.output;
  ExpectImportersReadWhatIsHere("sqlite notes.db --map map.json");
  const CliResult report = Run("migrate status --data store --namespace notes --json");
  EXPECT_TRUE(Has(report, R"("push_back":{)")) << report.output;
}

TEST_F(PushBackCliTest, WhatWasWrittenThereTooIsToldAndLeft) {
  MakeNotes(6);
  Import();
  InStore([](Client& client) {
    for (const char* id : {"n1", "n2", "n3"}) Retext(client, id, "changed here");
    ASSERT_TRUE(client.DeleteMemory("notes", "n4").ok());
  });
  ExecuteSql(
      Path("notes.db"),
      "UPDATE notes SET body = 'changed there' WHERE id IN ('n1', 'n4', 'n6'); DELETE FROM notes WHERE id = 'n2'");
  const CliResult pushed = PushBack("--execute --no-backup");
  EXPECT_EQ(pushed.code, 1);
  EXPECT_TRUE(Has(pushed, "0 rows created, 1 updated, 0 deleted")) << pushed.output;
  EXPECT_TRUE(Has(pushed, "3 conflicts")) << pushed.output;
  EXPECT_TRUE(Has(pushed, "conflict, \"n1\": written there, too")) << pushed.output;
  EXPECT_TRUE(Has(pushed, "conflict, \"n2\": deleted there")) << pushed.output;
  EXPECT_TRUE(Has(pushed, "conflict, \"n4\": deleted here, and written there")) << pushed.output;
  EXPECT_FALSE(Has(pushed, "n6")) << pushed.output;
  EXPECT_EQ(Sql("SELECT body FROM notes WHERE id = 'n1'"), "changed there");
  EXPECT_EQ(Sql("SELECT body FROM notes WHERE id = 'n3'"), "changed here");
  EXPECT_EQ(Sql("SELECT body FROM notes WHERE id = 'n4'"), "changed there");
  // It is all looked at again, and this store is right.
  const CliResult decided = PushBack("--execute --no-backup --overwrite");
  EXPECT_EQ(decided.code, 0) << decided.output;
  EXPECT_TRUE(Has(decided, "1 rows created, 1 updated, 1 deleted; 1 settled already")) << decided.output;
  EXPECT_TRUE(Has(decided, "3 conflicts overwritten")) << decided.output;
  EXPECT_EQ(Sql("SELECT body FROM notes WHERE id = 'n1'"), "changed here");
  EXPECT_EQ(Sql("SELECT body FROM notes WHERE id = 'n2'"), "changed here");
  EXPECT_EQ(Sql("SELECT 1 FROM notes WHERE id = 'n4'"), "no row");
  EXPECT_EQ(Sql("SELECT body FROM notes WHERE id = 'n6'"), "changed there");
}

TEST_F(PushBackCliTest, WhatTheTableHasNoPlaceForIsRefused) {
  MakeNotes(3);
  Import();
  InStore([](Client& client) {
    Patch(client, "n1", [](v1::MemoryPatch& patch) { patch.set_pinned(true); });
    Patch(client, "n2", [](v1::MemoryPatch& patch) {
      patch.set_role("assistant");
      (*patch.mutable_metadata())["topic"].set_bool_value(true);
    });
    Patch(client, "n3", [](v1::MemoryPatch& patch) { patch.set_state("archived"); });
  });
  const std::string before = ReadFile("notes.db");
  const CliResult refused = PushBack("--dry-run");
  EXPECT_EQ(refused.code, 1);
  EXPECT_TRUE(Has(refused, "3 refused")) << refused.output;
  EXPECT_TRUE(Has(refused, "refused, \"n1\": pinned: ")) << refused.output;
  EXPECT_TRUE(Has(refused, "refused, \"n2\": role: ")) << refused.output;
  EXPECT_TRUE(Has(refused, "refused, \"n3\": state: ")) << refused.output;
  const CliResult without = PushBack("--dry-run --leave-out pinned,role,state");
  EXPECT_EQ(without.code, 1);
  EXPECT_TRUE(Has(without, "refused, \"n2\": metadata.topic: ")) << without.output;
  EXPECT_TRUE(Has(without, "1 refused")) << without.output;
  const CliResult nonsense = PushBack("--dry-run --leave-out text");
  EXPECT_EQ(nonsense.code, 2);
  EXPECT_EQ(ReadFile("notes.db"), before);
}

TEST_F(PushBackCliTest, TheTablesOwnRulesRefuseOneRowAlone) {
  ExecuteSql(
      Path("notes.db"),
      "CREATE TABLE notes(id INTEGER PRIMARY KEY, body TEXT NOT NULL CHECK (body <> 'forbidden'), needed TEXT NOT "
      "NULL DEFAULT 'x');INSERT INTO notes(id, body) VALUES(1, 'one'), (2, 'two');");
  WriteFile("map.json", R"({"table":"notes","id":"id","text":"body"})");
  Import();
  InStore([](Client& client) {
    Retext(client, "1", "forbidden");
    Retext(client, "2", "allowed");
    v1::WriteRequest write;
    write.add_memories()->set_id("no number");
    write.add_memories()->set_id("17");
    ASSERT_TRUE(client.Write("notes", write).ok());
  });
  const CliResult pushed = PushBack("--execute --no-backup");
  EXPECT_EQ(pushed.code, 1);
  EXPECT_TRUE(Has(pushed, "refused, \"1\": CHECK constraint failed")) << pushed.output;
  EXPECT_TRUE(Has(pushed, "refused, \"no number\": id: the table's ids are whole numbers")) << pushed.output;
  EXPECT_EQ(Sql("SELECT group_concat(id || ifnull(body, '-') || needed, ' ') FROM notes"), "1onex 2allowedx 17x");
}

TEST_F(PushBackCliTest, CapturesGoBackAndTheirFullTextIndexFollows) {
  MakeCaptures(Path("captures.db"), 5);
  ExecuteSql(Path("captures.db"),
             "CREATE VIRTUAL TABLE found USING fts5(user_text, content='captures', content_rowid='id');"
             "INSERT INTO found(found) VALUES('rebuild');"
             "CREATE TRIGGER ai AFTER INSERT ON captures BEGIN INSERT INTO found(rowid, user_text) VALUES (new.id, "
             "new.user_text); END;"
             "CREATE TRIGGER ad AFTER DELETE ON captures BEGIN INSERT INTO found(found, rowid, user_text) "
             "VALUES('delete', old.id, old.user_text); END;"
             "CREATE TRIGGER au AFTER UPDATE ON captures BEGIN INSERT INTO found(found, rowid, user_text) "
             "VALUES('delete', old.id, old.user_text); INSERT INTO found(rowid, user_text) VALUES (new.id, "
             "new.user_text); END;");
  const CliResult imported = Run("import sqlite captures.db -n notes --data store");
  ASSERT_EQ(imported.code, 0) << imported.output;
  InStore([](Client& client) {
    Patch(client, "2", [](v1::MemoryPatch& patch) { (*patch.mutable_fields())["user_text"] = "zebra crossing"; });
    ASSERT_TRUE(client.DeleteMemory("notes", "3").ok());
    v1::WriteRequest write;
    v1::Memory& made = *write.add_memories();
    made.set_id("77");
    (*made.mutable_fields())["user_text"] = "giraffe";
    (*made.mutable_metadata())["mood"].set_string_value("tall");
    made.set_run_id("session 9");
    made.mutable_event_time()->set_seconds(1'750'000'000);
    v1::Memory& foreign = *write.add_memories();
    foreign.set_id("78");
    foreign.set_text("captures have no text of their own");
    ASSERT_TRUE(client.Write("notes", write).ok());
  });
  const CliResult pushed = Run("migrate push-back sqlite captures.db -n notes --data store --execute --backup b.db");
  EXPECT_EQ(pushed.code, 1);
  EXPECT_TRUE(Has(pushed, "1 rows created, 1 updated, 1 deleted")) << pushed.output;
  EXPECT_TRUE(Has(pushed, "refused, \"78\": text: ")) << pushed.output;
  EXPECT_TRUE(Has(pushed, "read back: 3 equal, 0 otherwise")) << pushed.output;
  EXPECT_EQ(Sql("SELECT rowid FROM found WHERE found MATCH 'zebra'", "captures.db"), "2");
  EXPECT_EQ(Sql("SELECT rowid FROM found WHERE found MATCH 'giraffe'", "captures.db"), "77");
  EXPECT_EQ(Sql("SELECT session_id || metadata FROM captures WHERE id = 77", "captures.db"),
            "session 9{\"mood\":\"tall\"}");
  InStore([](Client& client) { ASSERT_TRUE(client.DeleteMemory("notes", "78").ok()); });
  ExpectImportersReadWhatIsHere("sqlite captures.db");
}

TEST_F(PushBackCliTest, AKilledRunIsRunAgain) {
  constexpr int kRows = 1000;
  MakeNotes(kRows);
  Import();
  InStore([](Client& client) {
    for (int i = 1; i <= kRows; ++i) {
      const std::string id = fmt::format("n{}", i);
      if (i % 4 == 0) {
        ASSERT_TRUE(client.DeleteMemory("notes", id).ok());
      } else {
        Retext(client, id, "rewritten " + id);
      }
    }
    v1::WriteRequest write;
    for (int i = 0; i < 50; ++i) write.add_memories()->set_id(fmt::format("made{}", i));
    ASSERT_TRUE(client.Write("notes", write).ok());
  });
  const std::string command = "migrate push-back " + Source() + "--execute --batch 1 --backup before.db";
  {
    CliProcess process(folder_, command, Path("out"));
    // The first commits are in the file, and not the last ones.
    while (process.Running() && !HasBegun()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    process.Signal(SIGKILL);
    if (process.Wait() == 0) GTEST_SKIP() << "this machine had no time to kill it: " << ReadFile("out");
  }
  ExecuteSql(Path("notes.db"), "SELECT count(*) FROM notes");  // undoes what was half done, as the next run does
  ASSERT_NE(Sql("SELECT count(*) FROM notes WHERE body LIKE 'rewritten%'"), "0");
  if (Sql("SELECT count(*) FROM notes WHERE id LIKE 'made%'") == "50") GTEST_SKIP() << "it was killed too late";
  const CliResult rest = Run(command);
  EXPECT_EQ(rest.code, 0) << rest.output;
  EXPECT_FALSE(Has(rest, " 0 settled already")) << rest.output;
  EXPECT_EQ(Sql("SELECT count(*) FROM notes WHERE body LIKE 'note %'", "before.db"), std::to_string(kRows));
  EXPECT_EQ(Sql("SELECT count(*) FROM notes WHERE body LIKE 'rewritten%'"), std::to_string(kRows * 3 / 4));
  EXPECT_EQ(Sql("SELECT count(*) FROM notes"), std::to_string(kRows * 3 / 4 + 50));
  ExpectImportersReadWhatIsHere("sqlite notes.db --map map.json");
  // A later one has its own backup, or none.
  InStore([](Client& client) { Retext(client, "n1", "again"); });
  const CliResult stale = Run(command);
  EXPECT_EQ(stale.code, 1);
  EXPECT_TRUE(Has(stale, "is there already")) << stale.output;
  EXPECT_EQ(Sql("SELECT body FROM notes WHERE id = 'n1'"), "rewritten n1");
}

TEST_F(PushBackCliTest, WhatExpiredThereAsWellStaysThere) {
  ExecuteSql(Path("notes.db"),
             "CREATE TABLE notes(id TEXT PRIMARY KEY, body TEXT, ends TEXT);"
             "INSERT INTO notes VALUES('a', 'one', '2001-01-01 00:00:00'), ('b', 'two', NULL), ('c', 'three', NULL);");
  WriteFile("map.json", R"({"table":"notes","id":"id","text":"body","expires_at":"ends"})");
  Import();
  InStore([](Client& client) {
    // It was never found here: expired when it came.
    const auto gone = client.GetMemory("notes", "a");
    EXPECT_EQ(gone.status().code(), StatusCode::kNotFound);
    Patch(client, "b", [](v1::MemoryPatch& patch) { patch.mutable_expires_at()->set_seconds(4'000'000'000); });
    Patch(client, "c", [](v1::MemoryPatch& patch) { patch.mutable_expires_at()->set_seconds(1'000'000'000); });
  });
  const CliResult pushed = PushBack("--execute --no-backup");
  EXPECT_EQ(pushed.code, 0) << pushed.output;
  EXPECT_EQ(Sql("SELECT group_concat(id || ifnull(ends, ''), ' ') FROM notes"),
            "a2001-01-01 00:00:00 b2096-10-02 07:06:40");
}

TEST_F(PushBackCliTest, ErasedMemoriesAreCountedForNobodyKnowsTheirIds) {
  MakeNotes(3);
  Import();
  InStore([](Client& client) { ASSERT_TRUE(client.DeleteMemory("notes", "n2", std::nullopt, /*erase=*/true).ok()); });
  const CliResult pushed = PushBack("--execute --no-backup");
  EXPECT_EQ(pushed.code, 1);
  EXPECT_TRUE(Has(pushed, "1 memories were erased here, and nobody knows their ids any more")) << pushed.output;
  EXPECT_EQ(Sql("SELECT count(*) FROM notes"), "3");
}

TEST_F(PushBackCliTest, RefusesWhatItCannotDo) {
  MakeNotes(2);
  Import();
  for (const char* kind : {"jsonl a.jsonl", "archive folder", "mem0-platform pages", "openmemory o.db --fast"}) {
    const CliResult refused = Run(std::string("migrate push-back ") + kind + " -n notes --data store --dry-run");
    EXPECT_EQ(refused.code, 2) << refused.output;
    EXPECT_TRUE(Has(refused, "can't go back there: possible are sqlite")) << refused.output;
  }
  EXPECT_EQ(PushBack("").code, 2);
  EXPECT_EQ(PushBack("--dry-run --execute").code, 2);
  const CliResult unknown = PushBack("--dry-run --import-id other");
  EXPECT_EQ(unknown.code, 1);
  EXPECT_TRUE(Has(unknown, "give --since POSITION")) << unknown.output;
  const CliResult nonsense = PushBack("--dry-run --since yesterday");
  EXPECT_EQ(nonsense.code, 1);
  WriteFile("map.json", R"({"table":"notes","id":"id","vectors":{"v":{"sqlite_vec":"vec_notes"}}})");
  EXPECT_EQ(PushBack("--dry-run").code, 1);
}

TEST_F(PushBackCliTest, FullTextTablesAreWrittenByTheirOwnPrograms) {
  ExecuteSql(Path("notes.db"),
             "CREATE VIRTUAL TABLE notes USING fts5(body); INSERT INTO notes(body) VALUES('one'), ('two');");
  WriteFile("map.json", R"({"table":"notes","text":"body"})");
  Import();
  const CliResult refused = PushBack("--dry-run");
  EXPECT_EQ(refused.code, 1);
  EXPECT_TRUE(Has(refused, "a virtual table of fts5")) << refused.output;
}

TEST_F(PushBackCliTest, ADeltaIsExportedAndGoesOn) {
  MakeNotes(4);
  Import();
  std::string since;
  InStore([&](Client& client) {
    since = client.DescribeNamespace("notes")->position();
    Retext(client, "n1", "rewritten");
    ASSERT_TRUE(client.DeleteMemory("notes", "n2").ok());
  });
  const CliResult lines = Run("export -n notes --data store --since " + since + " -o delta.jsonl");
  ASSERT_EQ(lines.code, 0) << lines.output;
  EXPECT_TRUE(Has(lines, "delta.jsonl: 1 memories, 3 former versions, 1 gone; up to position ")) << lines.output;
  const std::string delta = ReadFile("delta.jsonl");
  EXPECT_NE(delta.find(R"("text":"rewritten")"), std::string::npos) << delta;
  EXPECT_NE(delta.find(R"({"tombstone":{"id":"n2")"), std::string::npos) << delta;
  EXPECT_EQ(delta.find(R"("id":"n3")"), std::string::npos) << delta;
  const CliResult archived = Run("export -n notes --data store --since " + since + " --archive delta");
  ASSERT_EQ(archived.code, 0) << archived.output;
  const std::string manifest = ReadFile("delta/manifest.json");
  EXPECT_NE(manifest.find(R"("since":")" + since), std::string::npos) << manifest;
  const size_t at = manifest.find(R"("position":")") + 12;
  const std::string position = manifest.substr(at, manifest.find('"', at) - at);
  const CliResult next = Run("export -n notes --data store --since " + position + " -o next.jsonl");
  EXPECT_TRUE(Has(next, "next.jsonl: 0 memories, 0 former versions, 0 gone")) << next.output;
  for (const char* source : {"archive delta", "jsonl delta.jsonl"}) {
    const CliResult imported = Run(std::string("import ") + source + " -n copy --data copy --no-backup");
    EXPECT_EQ(imported.code, 0) << imported.output;
    EXPECT_TRUE(Has(imported, "1 deleted memories with 2 events of their histories, 0 rejected")) << imported.output;
  }
  const CliResult nonsense = Run("export -n notes --data store --since yesterday -o no.jsonl");
  EXPECT_EQ(nonsense.code, 1);
  EXPECT_FALSE(std::filesystem::exists(Path("no.jsonl")));
}

}  // namespace
}  // namespace engram

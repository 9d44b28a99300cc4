// What the real mem0 wrote (tests/fixtures) against what it says of it itself, and databases of all its eras.
#include <filesystem>
#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <sqlite3.h>

#include "api/json.h"
#include "tests/tools/taken.h"
#include "tools/import/loose_time.h"
#include "tools/import/mem0_source.h"
#include "tools/import/qdrant_local_store.h"

namespace engram {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const fs::path kFixture = fs::path(ENGRAM_SOURCE_DIR) / "tests/fixtures/mem0_2.2.1";

class Mem0Test : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "engram_mem0_XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    fs::copy(kFixture, folder_, fs::copy_options::recursive);
    std::ifstream in(folder_ / "expected.json", std::ios::binary);
    ASSERT_TRUE(ParseJson(std::string(std::istreambuf_iterator<char>(in), {}), &expected_).ok());
  }
  void TearDown() override { fs::remove_all(folder_); }

  void Sql(const std::string& file, const std::string& sql) const {
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open((folder_ / file).c_str(), &handle), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(handle);
    sqlite3_close(handle);
  }

  std::unique_ptr<Mem0Source> Open() const {
    auto store = OpenQdrantLocalStore((folder_ / "qdrant").string(), false);
    EXPECT_TRUE(store.ok()) << store.status().ToString();
    auto history = Mem0History::Open((folder_ / "history.db").string(), false);
    EXPECT_TRUE(history.ok()) << history.status().ToString();
    auto source = Mem0Source::Open(*std::move(store), "", *std::move(history));
    EXPECT_TRUE(source.ok()) << source.status().ToString();
    return *std::move(source);
  }

  static Taken ReadAll(Mem0Source* source) { return TakeAll(source); }
  Taken ReadAll() const { return ReadAll(Open().get()); }

  std::string Id(const std::string& name) const { return Member("ids").at(name).string_value(); }
  const google::protobuf::Map<std::string, v1::Value>& Member(const std::string& name) const {
    return expected_.object_value().members().at(name).object_value().members();
  }

  fs::path folder_;
  v1::Value expected_;
};

TEST_F(Mem0Test, EveryMemoryIsWhatMem0SaysOfIt) {
  const Taken taken = ReadAll();
  EXPECT_THAT(taken.problems, IsEmpty());
  EXPECT_EQ(taken.memories.size(), 6U);
  for (const auto& [name, item] : Member("items")) {
    if (item.has_null_value()) continue;  // the deleted one
    SCOPED_TRACE(name);
    const auto& wanted = item.object_value().members();
    ASSERT_EQ(taken.memories.count(Id(name)), 1U);
    const v1::Memory& memory = taken.memories.at(Id(name));
    EXPECT_EQ(memory.text(), wanted.at("memory").string_value());
    const auto text = [&](const char* key) {
      return wanted.contains(key) ? wanted.at(key).string_value() : std::string();
    };
    EXPECT_EQ(memory.user_id(), text("user_id"));
    EXPECT_EQ(memory.agent_id(), text("agent_id"));
    EXPECT_EQ(memory.run_id(), text("run_id"));
    EXPECT_EQ(memory.actor_id(), text("actor_id"));
    EXPECT_EQ(memory.role(), text("role"));
    EXPECT_EQ(PrintJson(memory.created_at()), PrintJson(ToProtoTime(*ParseLooseTime(text("created_at")))));
    EXPECT_EQ(PrintJson(memory.updated_at()), PrintJson(ToProtoTime(*ParseLooseTime(text("updated_at")))));
    v1::Value metadata;
    for (const auto& [key, value] : memory.metadata()) {
      (*metadata.mutable_object_value()->mutable_members())[key] = value;
    }
    const bool has_metadata = wanted.contains("metadata") && wanted.at("metadata").has_object_value();
    EXPECT_EQ(memory.metadata().empty() ? "none" : PrintJson(metadata),
              has_metadata ? PrintJson(wanted.at("metadata")) : "none");
    EXPECT_EQ(memory.vector().dense().values_size(), 8);
    EXPECT_EQ(memory.source().system(), "mem0");
  }
  EXPECT_EQ(taken.config.on_expiry(), "hide");
  EXPECT_EQ(taken.config.vectors().at("default").dimensions(), 8U);
}

TEST_F(Mem0Test, EveryEventOfTheHistoryIsThere) {
  const Taken taken = ReadAll();
  for (const auto& [name, list] : Member("history")) {
    SCOPED_TRACE(name);
    const bool deleted = name == "deleted";
    const v1::Memory& memory = deleted ? taken.tombstones.at(Id(name)) : taken.memories.at(Id(name));
    const auto& events = list.list_value().values();
    const int former = events.size() - (deleted ? 0 : 1);
    ASSERT_EQ(memory.history_size(), former);
    for (int i = 0; i < former; ++i) {
      const auto& wanted = events[i].object_value().members();
      const v1::HistoryEvent& event = memory.history(i);
      EXPECT_EQ(event.version(), static_cast<uint64_t>(i + 1));
      const std::string kind = wanted.at("event").string_value();
      EXPECT_EQ(event.event(), kind == "ADD" ? "add" : kind == "UPDATE" ? "update" : "delete");
      EXPECT_EQ(event.memory().text(), wanted.at("new_memory").string_value());
      const char* const time = kind == "ADD" ? "created_at" : "updated_at";
      EXPECT_EQ(PrintJson(event.time()), PrintJson(ToProtoTime(*ParseLooseTime(wanted.at(time).string_value()))));
    }
    if (!deleted) {
      EXPECT_EQ(memory.version(), static_cast<uint64_t>(events.size()));
    }
  }
  EXPECT_EQ(taken.tombstones.size(), 1U);
}

TEST_F(Mem0Test, AnExpirationDayEndsWithItsLastMoment) {
  const Taken taken = ReadAll();
  const v1::Memory& expired = taken.memories.at(Id("expired"));
  EXPECT_EQ(PrintJson(expired.expires_at()), "\"2025-03-02T00:00:00Z\"");
  EXPECT_FALSE(expired.metadata().contains("expiration_date"));
}

TEST_F(Mem0Test, EntitiesAreNodesThatMemoriesMention) {
  const Taken taken = ReadAll();
  std::map<std::string, std::string> names;
  for (const v1::Node& node : taken.nodes) {
    names[node.id()] = node.name() + " " + node.kind() + " " + node.user_id();
    EXPECT_EQ(node.metadata_size(), 0);
  }
  std::vector<std::string> links;
  for (const v1::Edge& edge : taken.edges) {
    EXPECT_EQ(edge.memory_id(), edge.source());
    links.push_back(names.at(edge.target()) + " " + edge.type() + " " + edge.source());
  }
  EXPECT_THAT(links, testing::UnorderedElementsAre("Ann PROPER ann mentions " + Id("tea"),
                                                   "Ann PROPER ann mentions " + Id("updated"),
                                                   "green tea TOPIC ann mentions " + Id("tea")));
}

TEST_F(Mem0Test, EveryCursorGoesOnBehindItsRecord) {
  std::vector<std::string> cursors;
  std::vector<std::string> places;
  const auto source = Open();
  SourceRecord record;
  while (*source->Next(&record)) {
    places.push_back(record.place);
    cursors.push_back(source->Cursor(false));
  }
  ASSERT_EQ(places.size(), 1U + 6 + 1 + 2 + 3);
  for (size_t i = 0; i < places.size(); ++i) {
    const auto again = Open();
    const bool resumed = *again->Resume(cursors[i]);
    const Taken rest = ReadAll(again.get());
    // Behind the last record that was given whole: an entity comes again with all its edges.
    ASSERT_LE(rest.order.size(), places.size());
    const std::vector<std::string> tail(places.end() - static_cast<std::ptrdiff_t>(rest.order.size()), places.end());
    EXPECT_EQ(rest.order, tail) << cursors[i];
    EXPECT_GE(rest.order.size(), places.size() - i - 1);
    EXPECT_LE(rest.order.size(), i == 0 || !resumed ? places.size() : places.size() - i + 2);
  }
}

TEST_F(Mem0Test, WhatDoesNotAgreeWithItselfIsSaid) {
  // The histories of two memories go astray: one lost from the vector store, one whose last text is another.
  Sql("history.db",
      "INSERT INTO history SELECT 'x', 'lost', NULL, 'what was lost', 'ADD', created_at, updated_at, 0, "
      "NULL, NULL FROM history LIMIT 1");
  Sql("history.db", "UPDATE history SET new_memory = 'other' WHERE memory_id = '" + Id("unicode") + "'");
  Sql("history.db", "INSERT INTO messages VALUES('m', 's', 'user', 'hi', NULL, NULL)");
  const auto source = Open();
  const Taken taken = ReadAll(source.get());
  EXPECT_THAT(taken.problems, ElementsAre(HasSubstr("history of lost: the history has it alive")));
  const v1::Memory& other = taken.memories.at(Id("unicode"));
  EXPECT_EQ(other.history_size(), 1);
  EXPECT_EQ(other.version(), 2U);
  EXPECT_THAT(source->Notes(),
              testing::UnorderedElementsAre(HasSubstr("1 memories have another text than their history's last"),
                                            HasSubstr("2 vectors of entities"), HasSubstr("1 last messages")));
}

// --- Histories of every era.

class Mem0ErasTest : public Mem0Test {
 protected:
  // A file with these tables instead of the fixture's.
  std::unique_ptr<Mem0History> History(const std::string& sql) const {
    fs::remove(folder_ / "history.db");
    Sql("history.db", sql);
    auto history = Mem0History::Open((folder_ / "history.db").string(), false);
    EXPECT_TRUE(history.ok()) << history.status().ToString();
    return *std::move(history);
  }

  static std::vector<std::string> Said(Mem0History* history, const std::string& id) {
    std::vector<std::string> out;
    auto events = history->EventsOf(id);
    EXPECT_TRUE(events.ok()) << events.status().ToString();
    if (!events.ok()) return out;
    for (const Mem0Event& event : *events) {
      const char* const kinds[] = {"add", "update", "delete", "other"};
      out.push_back(std::string(kinds[static_cast<size_t>(event.kind)]) + " " + event.old_text.value_or("-") + " " +
                    event.new_text.value_or("-") + " " + (event.time ? FormatRfc3339(*event.time) : "-") +
                    (event.actor_id.empty() ? "" : " " + event.actor_id));
    }
    return out;
  }
};

TEST_F(Mem0ErasTest, UntilAugust2024) {
  const auto history = History(
      "CREATE TABLE history (id TEXT PRIMARY KEY, memory_id TEXT, prev_value TEXT, new_value TEXT, event TEXT, "
      "timestamp DATETIME, is_deleted INTEGER);"
      "INSERT INTO history VALUES('1','m',NULL,'a','ADD','2024-07-20T01:02:03.5-07:00',0),"
      "('2','m','a','b','UPDATE','2024-07-21T01:02:03-07:00',0),('3','m','b',NULL,'DELETE','2024-07-22',1)");
  EXPECT_THAT(Said(history.get(), "m"),
              ElementsAre("add - a 2024-07-20T08:02:03.500Z", "update a b 2024-07-21T08:02:03Z",
                          "delete b - 2024-07-22T00:00:00Z"));
}

TEST_F(Mem0ErasTest, UntilMay2025) {
  const auto history = History(
      "CREATE TABLE history (id TEXT PRIMARY KEY, memory_id TEXT, old_memory TEXT, new_memory TEXT, new_value TEXT, "
      "event TEXT, created_at DATETIME, updated_at DATETIME, is_deleted INTEGER);"
      "INSERT INTO history VALUES('1','m',NULL,'a','unused','ADD','2025-01-01T00:00:00-08:00',NULL,0),"
      "('2','m','a','b',NULL,'UPDATE','2025-01-01T00:00:00-08:00','2025-01-02T00:00:00-08:00',0),"
      "('3','n',NULL,'c',NULL,'ADD','2025-01-03T00:00:00-08:00',NULL,0)");
  EXPECT_THAT(Said(history.get(), "m"), ElementsAre("add - a 2025-01-01T08:00:00Z", "update a b 2025-01-02T08:00:00Z"));
  EXPECT_THAT(Said(history.get(), "n"), ElementsAre("add - c 2025-01-03T08:00:00Z"));
  EXPECT_THAT(Said(history.get(), "none"), IsEmpty());
}

TEST_F(Mem0ErasTest, WhatAnUpgradeLeftBehindIsReadOnce) {
  const char* const kColumns =
      "(id TEXT PRIMARY KEY, memory_id TEXT, old_memory TEXT, new_memory TEXT, event TEXT, created_at DATETIME, "
      "updated_at DATETIME, is_deleted INTEGER, actor_id TEXT, role TEXT);";
  const auto history =
      History(std::string("CREATE TABLE history ") + kColumns + "CREATE TABLE history_old " + kColumns +
              "INSERT INTO history_old VALUES('1','m',NULL,'a','ADD','2025-01-01',NULL,0,'ann','user'),"
              "('2','m','a','b','UPDATE','2025-01-01','2025-01-02',0,NULL,NULL);"
              "INSERT INTO history VALUES('2','m','a','b','UPDATE','2025-01-01','2025-01-02',0,NULL,NULL),"
              "('3','m','b','c','UPDATE','2025-01-01','2025-01-03',0,NULL,NULL),('4','m',NULL,NULL,'NONE',NULL,NULL,0,"
              "NULL,NULL)");
  EXPECT_THAT(Said(history.get(), "m"),
              ElementsAre("add - a 2025-01-01T00:00:00Z ann", "update a b 2025-01-02T00:00:00Z",
                          "update b c 2025-01-03T00:00:00Z", "other - - -"));
}

TEST_F(Mem0ErasTest, OfTheTypeScriptSdk) {
  const auto history = History(
      "CREATE TABLE memory_history (id INTEGER PRIMARY KEY AUTOINCREMENT, memory_id TEXT NOT NULL, previous_value "
      "TEXT, "
      "new_value TEXT, action TEXT NOT NULL, created_at TEXT, updated_at TEXT, is_deleted INTEGER DEFAULT 0);"
      "INSERT INTO memory_history(memory_id, new_value, action, created_at) "
      "VALUES('m','a','ADD','2025-01-01T00:00:00Z');"
      "INSERT INTO memory_history(memory_id, previous_value, new_value, action, created_at, updated_at) "
      "VALUES('m','a','b','UPDATE','2025-01-01T00:00:00Z','2025-01-02T00:00:00Z')");
  EXPECT_THAT(Said(history.get(), "m"), ElementsAre("add - a 2025-01-01T00:00:00Z", "update a b 2025-01-02T00:00:00Z"));
}

TEST_F(Mem0ErasTest, EveryIdComesOnceInTheOrderOfNextId) {
  std::string sql =
      "CREATE TABLE history (id TEXT PRIMARY KEY, memory_id TEXT, prev_value TEXT, new_value TEXT, event TEXT, "
      "timestamp DATETIME, is_deleted INTEGER);";
  std::set<std::string> wanted;
  for (int i = 0; i < 50; ++i) {
    const std::string id = "m" + std::to_string(i % 20);
    wanted.insert(id);
    sql += "INSERT INTO history VALUES('" + std::to_string(i) + "','" + id + "',NULL,'a','ADD','2024-07-20',0);";
  }
  const auto history = History(sql);
  std::set<std::string> found;
  std::string at;
  while (true) {
    const auto next = history->NextId(at);
    ASSERT_TRUE(next.ok());
    if (!*next) break;
    at = **next;
    EXPECT_TRUE(found.insert(at).second) << at;
  }
  EXPECT_EQ(found, wanted);
}

TEST_F(Mem0ErasTest, OtherDatabasesAreRefused) {
  fs::remove(folder_ / "history.db");
  Sql("history.db", "CREATE TABLE history (id, title)");
  EXPECT_THAT(Mem0History::Open((folder_ / "history.db").string(), false).status().message(),
              HasSubstr("lacks memory_id or event"));
  fs::remove(folder_ / "history.db");
  Sql("history.db", "CREATE TABLE other (id)");
  EXPECT_EQ(Mem0History::Open((folder_ / "history.db").string(), false).status().code(), StatusCode::kNotFound);
}

}  // namespace
}  // namespace engram

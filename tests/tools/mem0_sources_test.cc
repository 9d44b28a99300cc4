// mem0 elsewhere than in Python's own folder: the TypeScript SDK's file, and answers of the hosted platform.
#include <filesystem>
#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <sqlite3.h>

#include "api/json.h"
#include "tests/tools/sqlite_file.h"
#include "tests/tools/taken.h"
#include "tools/import/json_items.h"
#include "tools/import/mem0_platform.h"
#include "tools/import/mem0_source.h"
#include "tools/import/mem0_sqlite_store.h"
#include "tools/import/record_check.h"

namespace engram {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Mem0SourcesTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "engram_mem0_XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string Path(const std::string& name) const { return (folder_ / name).string(); }
  std::string Write(const std::string& name, const std::string& bytes) const {
    fs::create_directories(fs::path(Path(name)).parent_path());
    std::ofstream(Path(name), std::ios::binary) << bytes;
    return Path(name);
  }
  static std::string Bytes(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  fs::path folder_;
};

// --- The TypeScript SDK.

constexpr const char* kVectors =
    "CREATE TABLE vectors (id TEXT PRIMARY KEY, vector BLOB NOT NULL, payload TEXT NOT NULL);"
    "CREATE TABLE memory_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, user_id TEXT NOT NULL UNIQUE);"
    "INSERT INTO memory_migrations(user_id) VALUES('x');";

class Mem0TypeScriptTest : public Mem0SourcesTest {
 protected:
  void SetUp() override {
    Mem0SourcesTest::SetUp();
    file_ = Path("vector_store.db");
  }
  std::unique_ptr<Mem0Source> Open(std::unique_ptr<Mem0EventLog> history = nullptr) const {
    auto store = OpenMem0SqliteStore(file_, false);
    EXPECT_TRUE(store.ok());
    auto source = Mem0Source::Open(*std::move(store), "", std::move(history));
    EXPECT_TRUE(source.ok()) << source.status().ToString();
    return source.ok() ? *std::move(source) : nullptr;
  }
  std::string file_;
};

TEST_F(Mem0TypeScriptTest, MemoriesComeWithVectorsPayloadsAndHistories) {
  ExecuteSql(file_,
             std::string(kVectors) +
                 "INSERT INTO vectors VALUES('m1', x'0000803f00000040', "
                 "'{\"data\":\"Ann drinks tea\",\"hash\":\"bad\",\"userId\":\"ann\",\"runId\":\"r\",\"createdAt\":"
                 "\"2025-06-01T10:00:00.000Z\",\"updatedAt\":\"2025-06-02T10:00:00.000Z\",\"topic\":\"tea\","
                 "\"textLemmatized\":\"ann drink tea\"}'),"
                 "('m2', x'', '{\"data\":\"no vector\",\"user_id\":\"bob\"}');");
  ExecuteSql(Path("history.db"),
             "CREATE TABLE memory_history (id INTEGER PRIMARY KEY AUTOINCREMENT, memory_id TEXT NOT NULL, "
             "previous_value TEXT, new_value TEXT, action TEXT NOT NULL, created_at TEXT, updated_at TEXT, is_deleted "
             "INTEGER DEFAULT 0);"
             "INSERT INTO memory_history(memory_id, new_value, action, created_at) VALUES('m1','Ann drinks "
             "coffee','ADD','2025-06-01T10:00:00Z'),('m1','Ann drinks tea','UPDATE','2025-06-02T10:00:00Z'),"
             "('gone','x','ADD','2025-06-02T10:00:00Z'),('gone',NULL,'DELETE','2025-06-03T10:00:00Z');");
  const std::string before = Bytes(file_);
  auto history = Mem0History::Open(Path("history.db"), false);
  ASSERT_TRUE(history.ok());
  const auto source = Open(*std::move(history));
  EXPECT_EQ(source->Describe().records, 2U);
  const Taken taken = TakeAll(source.get());
  EXPECT_THAT(taken.problems, IsEmpty());
  const v1::Memory& memory = taken.memories.at("m1");
  EXPECT_TRUE(CheckRecord(memory).ok()) << CheckRecord(memory).ToString();
  EXPECT_EQ(memory.text(), "Ann drinks tea");
  EXPECT_EQ(PrintJson(memory.vector()), "[1,2]");
  EXPECT_EQ(memory.user_id(), "ann");
  EXPECT_EQ(memory.run_id(), "r");
  EXPECT_EQ(PrintJson(memory.updated_at()), "\"2025-06-02T10:00:00Z\"");
  EXPECT_EQ(memory.metadata_size(), 2);  // the topic, and the hash that is not the text's
  ASSERT_EQ(memory.history_size(), 1);
  EXPECT_EQ(memory.history(0).memory().text(), "Ann drinks coffee");
  EXPECT_FALSE(taken.memories.at("m2").has_vector());
  EXPECT_EQ(taken.tombstones.count("gone"), 1U);
  EXPECT_EQ(taken.config.vectors().at("default").dimensions(), 2U);
  EXPECT_EQ(taken.config.vectors().at("default").metric(), v1::METRIC_COSINE);
  EXPECT_EQ(Bytes(file_), before);
}

TEST_F(Mem0TypeScriptTest, OddRowsAreProblems) {
  ExecuteSql(file_, std::string(kVectors) +
                        "INSERT INTO vectors VALUES('a', x'0000803f00', '{}'), ('b', 'text', '{}'), ('c', x'', '[]'), "
                        "('d', x'', '{'), ('e', x'', '{\"data\":{}}'), ('', x'', '{\"data\":\"x\"}'), "
                        "('g', x'', '{\"data\":\"Ünï 茶 \\u0000\"}'), (NULL, x'', '{\"data\":\"x\"}');");
  const Taken taken = TakeAll(Open().get());
  EXPECT_EQ(taken.memories.size(), 1U);
  EXPECT_EQ(taken.problems.size(), 7U);
  EXPECT_EQ(taken.memories.count("g"), 1U);
}

TEST_F(Mem0TypeScriptTest, ACursorGoesOnBehindItsRow) {
  std::string sql = kVectors;
  for (int i = 1; i <= 5; ++i)
    sql += "INSERT INTO vectors VALUES('m" + std::to_string(i) + "',x'','{\"data\":\"t\"}');";
  ExecuteSql(file_, sql);
  std::vector<std::string> cursors;
  const auto source = Open();
  SourceRecord record;
  while (*source->Next(&record)) cursors.push_back(source->Cursor(false));
  ASSERT_EQ(cursors.size(), 6U);  // with the configuration
  for (size_t i = 1; i < cursors.size(); ++i) {
    const auto again = Open();
    EXPECT_TRUE(*again->Resume(cursors[i])) << cursors[i];
    EXPECT_EQ(TakeAll(again.get()).memories.size(), 5 - i);
  }
  const auto again = Open();
  EXPECT_FALSE(*again->Resume("memories row 1 id 0123456789abcdef"));
}

TEST_F(Mem0TypeScriptTest, OtherFilesAreRefused) {
  const auto said = [&] {
    auto store = OpenMem0SqliteStore(file_, false);
    return (*store)->OpenCollection("mem0").status().message();
  };
  ExecuteSql(file_, "CREATE TABLE vectors (id, dim)");
  EXPECT_THAT(said(), HasSubstr("has no table vectors(id, vector, payload)"));
  Write("vector_store.db", "no database at all, by far");
  EXPECT_THAT(said(), HasSubstr("is no SQLite database"));
  fs::remove(file_);
  ExecuteSql(file_, std::string(kVectors) + "INSERT INTO vectors VALUES('a', x'', '{}')");
  const std::string whole = Bytes(file_);
  for (size_t size = 0; size < whole.size(); size += 509) {
    Write("vector_store.db", whole.substr(0, size));
    EXPECT_NE(said(), "") << size;
  }
}

// --- The platform.

constexpr const char* kPage = R"({"count": 3, "next": null, "previous": null, "results": [
  {"id": "m1", "memory": "Ann drinks tea", "user_id": "ann", "agent_id": null, "app_id": "web", "run_id": "r",
   "hash": "d8d1d4fb35a67da3d0d86d0a5d9c1e8d", "metadata": {"topic": "tea", "user_id": "meta", "categories": "own"},
   "categories": ["drinks"], "immutable": true, "expiration_date": "2025-07-01",
   "created_at": "2025-06-01T03:00:00.5-07:00", "updated_at": "2025-06-02T03:00:00-07:00"},
  {"id": "m2", "memory": "Ünï 茶 \u0000", "user_id": "ann", "metadata": null, "categories": null,
   "expiration_date": null, "created_at": "2025-06-01T10:00:00Z", "updated_at": null},
  {"id": "m3", "memory": "old", "expiration_date": "soon"}]})";

class Mem0PlatformTest : public Mem0SourcesTest {
 protected:
  static Result<std::unique_ptr<Mem0Source>> TryOpen(const std::string& path, const std::string& history = "") {
    ASSIGN_OR_RETURN(auto store, OpenMem0PlatformStore(path));
    std::unique_ptr<Mem0EventLog> events;
    if (!history.empty()) {
      ASSIGN_OR_RETURN(events, OpenMem0PlatformHistory(history));
    }
    return Mem0Source::Open(std::move(store), "", std::move(events), Mem0Product::kPlatform);
  }
  static Taken Read(const std::string& path, const std::string& history = "") {
    auto source = TryOpen(path, history);
    EXPECT_TRUE(source.ok()) << source.status().ToString();
    return source.ok() ? TakeAll(source->get()) : Taken();
  }
};

TEST_F(Mem0PlatformTest, EveryPartOfAMemoryHasItsPlace) {
  const std::string file = Write("page.json", kPage);
  const Taken taken = Read(file);
  EXPECT_THAT(taken.problems, IsEmpty());
  v1::Memory memory = taken.memories.at("m1");
  EXPECT_TRUE(CheckRecord(memory).ok()) << CheckRecord(memory).ToString();
  EXPECT_EQ(memory.user_id() + memory.app_id() + memory.run_id(), "annwebr");
  EXPECT_EQ(PrintJson(memory.created_at()), "\"2025-06-01T10:00:00.500Z\"");
  EXPECT_EQ(PrintJson(memory.expires_at()), "\"2025-07-02T00:00:00Z\"");
  EXPECT_EQ(memory.source().system(), "mem0-platform");
  const auto& metadata = memory.metadata();
  EXPECT_EQ(PrintJson(metadata.at("categories")), R"(["drinks"])");
  EXPECT_EQ(metadata.at("metadata_categories").string_value(), "own");
  EXPECT_EQ(metadata.at("metadata_user_id").string_value(), "meta");
  EXPECT_EQ(metadata.at("topic").string_value(), "tea");
  EXPECT_TRUE(metadata.at("immutable").bool_value());
  EXPECT_EQ(taken.memories.at("m2").metadata_size(), 0);
  EXPECT_EQ(taken.memories.at("m3").metadata().at("expiration_date").string_value(), "soon");
  EXPECT_EQ(taken.config.on_expiry(), "hide");
  EXPECT_EQ(Bytes(file), kPage);
}

TEST_F(Mem0PlatformTest, AnyWayOfSavingPagesWillDo) {
  const std::string one = R"({"id":"a","memory":"1"})";
  const std::string two = R"({"id":"b","memory":"2"})";
  EXPECT_EQ(Read(Write("array.json", "[" + one + "," + two + "]")).memories.size(), 2U);
  EXPECT_EQ(Read(Write("lines.jsonl", one + "\r\n\n" + two + "\n")).memories.size(), 2U);
  EXPECT_EQ(Read(Write("one.json", one)).memories.size(), 1U);
  EXPECT_EQ(Read(Write("none.json", R"({"results":[]})")).memories.size(), 0U);
  EXPECT_EQ(Read(Write("pages.jsonl", R"({"results":[)" + one + "]}\n[" + two + "]")).memories.size(), 2U);
  EXPECT_EQ(Read(Write("bom.json", "\xef\xbb\xbf[" + one + "]")).memories.size(), 1U);
  Write("folder/1.json", "[" + one + "]");
  Write("folder/2.jsonl", two + "\n" + R"({"id":"a","memory":"later"})");
  Write("folder/notes.txt", "not read");
  auto source = TryOpen(Path("folder"));
  ASSERT_TRUE(source.ok());
  const Taken taken = TakeAll(source->get());
  EXPECT_EQ(taken.memories.size(), 2U);
  EXPECT_EQ(taken.memories.at("a").text(), "later");
  EXPECT_THAT((*source)->Notes(), testing::Contains("1 memories stood on several pages and were taken once"));
}

TEST_F(Mem0PlatformTest, HistoriesBecomeFormerVersionsAndTombstones) {
  const std::string page = Write("page.json", kPage);
  const std::string histories = Write("h/1.json", R"([
    {"id": "2", "memory_id": "m1", "old_memory": "Ann drinks coffee", "new_memory": "Ann drinks tea",
     "event": "UPDATE", "input": [{"role": "user", "content": "tea"}], "updated_at": "2025-06-02T10:00:00Z"},
    {"id": "1", "memory_id": "m1", "old_memory": null, "new_memory": "Ann drinks coffee", "event": "ADD",
     "created_at": "2025-06-01T10:00:00Z", "updated_at": "2025-06-01T10:00:00Z"}])");
  Write("h/2.json", R"([{"id": "3", "memory_id": "gone", "new_memory": "was", "event": "ADD",
     "created_at": "2025-06-01T10:00:00Z"},
    {"id": "4", "memory_id": "gone", "old_memory": "was", "new_memory": null, "event": "DELETE",
     "created_at": "2025-06-03T10:00:00Z"}, {"id": "4", "memory_id": "gone", "event": "DELETE"}])");
  auto source = TryOpen(page, Path("h"));
  ASSERT_TRUE(source.ok()) << source.status().ToString();
  const Taken taken = TakeAll(source->get());
  EXPECT_THAT(taken.problems, IsEmpty());
  ASSERT_EQ(taken.memories.at("m1").history_size(), 1);
  EXPECT_EQ(taken.memories.at("m1").history(0).memory().text(), "Ann drinks coffee");
  EXPECT_EQ(taken.memories.at("m1").version(), 2U);
  ASSERT_EQ(taken.tombstones.at("gone").history_size(), 2);
  EXPECT_EQ(taken.tombstones.at("gone").source().system(), "mem0-platform");
  EXPECT_THAT((*source)->Notes(), testing::Contains(HasSubstr("1 last messages")));
}

TEST_F(Mem0PlatformTest, OddRecordsAreProblems) {
  const Taken taken = Read(Write("odd.json", R"([{"memory":"no id"},{"id":"a"},{"id":"b","memory":{}},
    {"id":"c","memory":"x","created_at":"yesterday"},{"id":"d","memory_id":"m","event":"ADD"},
    {"id":"e","memory":"x","x":1,"x":2},{"id":"f","memory":"good"}])"));
  EXPECT_EQ(taken.memories.size(), 1U);
  EXPECT_EQ(taken.problems.size(), 6U);
  EXPECT_THAT(taken.problems, testing::Contains(HasSubstr("an event of a history, which --history takes")));
}

TEST_F(Mem0PlatformTest, OtherFilesAreRefusedWithTheirPlace) {
  const auto said = [&](const std::string& path) { return TryOpen(path).status().message(); };
  EXPECT_THAT(said(Write("empty.json", " \n")), HasSubstr("is empty"));
  EXPECT_THAT(said(Write("text.json", "hello")), HasSubstr("is no JSON"));
  EXPECT_THAT(said(Write("number.json", "17")), HasSubstr("neither an array nor an object"));
  EXPECT_THAT(said(Write("numbers.json", "[1]")), HasSubstr("item 0 is no object"));
  EXPECT_THAT(said(Write("lines.jsonl", "{\"id\":\"a\",\"memory\":\"1\"}\n{\n")), HasSubstr("lines.jsonl, line 2"));
  EXPECT_THAT(TryOpen(Path("none.json")).status().message(), HasSubstr("none.json"));
  fs::create_directory(Path("nothing"));
  EXPECT_THAT(said(Path("nothing")), HasSubstr("has no files *.json"));
  EXPECT_THAT(OpenMem0PlatformHistory(Write("m.json", R"([{"id":"a"}])")).status().message(),
              HasSubstr("item 0: no event of a history"));
}

TEST_F(Mem0PlatformTest, AFileCutAnywhereIsAnError) {
  const std::string whole = kPage;
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(TryOpen(Write("cut.json", whole.substr(0, size))).ok()) << size;
  }
}

TEST_F(Mem0PlatformTest, AFlippedBitGivesRecordsOrAnError) {
  std::string text = kPage;
  size_t errors = 0;
  for (char& c : text) {
    const char whole = c;
    for (const int bit : {0, 2, 4, 7}) {
      c = static_cast<char>(whole ^ (1 << bit));
      auto source = TryOpen(Write("flipped.json", text));
      if (source.ok()) {
        EXPECT_LE(TakeAll(source->get()).order.size(), 5U);
      } else {
        ++errors;
      }
    }
    c = whole;
  }
  EXPECT_GT(errors, 500U);
}

TEST_F(Mem0PlatformTest, ACursorGoesOnBehindItsItem) {
  const std::string file = Write("page.json", kPage);
  auto source = TryOpen(file);
  SourceRecord record;
  std::vector<std::string> cursors;
  while (*(*source)->Next(&record)) cursors.push_back((*source)->Cursor(false));
  ASSERT_EQ(cursors.size(), 4U);
  for (size_t i = 1; i < cursors.size(); ++i) {
    auto again = TryOpen(file);
    EXPECT_TRUE(*(*again)->Resume(cursors[i])) << cursors[i];
    EXPECT_EQ(TakeAll(again->get()).memories.size(), 3 - i);
  }
  auto again = TryOpen(file);
  EXPECT_FALSE(*(*again)->Resume("memories item 0 id 0123456789abcdef"));
}

}  // namespace
}  // namespace engram

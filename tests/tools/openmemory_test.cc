// OpenMemory's database, made with the statements that its SQLAlchemy models make, and the zip of its export.
#include <zip.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include <gmock/gmock.h>

#include "api/json.h"
#include "tests/tools/sqlite_file.h"
#include "tests/tools/taken.h"
#include "tools/import/openmemory_source.h"
#include "tools/import/record_check.h"
#include "tools/import/zip_file.h"

namespace engram {
namespace {

namespace fs = std::filesystem;
using namespace std::string_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kTables =
    "CREATE TABLE users (id CHAR(32) NOT NULL, user_id VARCHAR NOT NULL, name VARCHAR, email VARCHAR, metadata JSON, "
    "created_at DATETIME, updated_at DATETIME, PRIMARY KEY (id));"
    "CREATE TABLE apps (id CHAR(32) NOT NULL, owner_id CHAR(32) NOT NULL, name VARCHAR NOT NULL, description VARCHAR, "
    "metadata JSON, is_active BOOLEAN, created_at DATETIME, updated_at DATETIME, PRIMARY KEY (id));"
    "CREATE TABLE memories (id CHAR(32) NOT NULL, user_id CHAR(32) NOT NULL, app_id CHAR(32) NOT NULL, content VARCHAR "
    "NOT NULL, vector VARCHAR, metadata JSON, state VARCHAR(8), created_at DATETIME, updated_at DATETIME, archived_at "
    "DATETIME, deleted_at DATETIME, PRIMARY KEY (id));"
    "CREATE TABLE categories (id CHAR(32) NOT NULL, name VARCHAR NOT NULL, PRIMARY KEY (id));"
    "CREATE TABLE memory_categories (memory_id CHAR(32) NOT NULL, category_id CHAR(32) NOT NULL);"
    "CREATE TABLE memory_status_history (id CHAR(32) NOT NULL, memory_id CHAR(32) NOT NULL, changed_by CHAR(32), "
    "old_state VARCHAR(8) NOT NULL, new_state VARCHAR(8) NOT NULL, changed_at DATETIME, PRIMARY KEY (id));"
    "CREATE TABLE memory_access_logs (id CHAR(32) NOT NULL, memory_id CHAR(32) NOT NULL, app_id CHAR(32), accessed_at "
    "DATETIME, access_type VARCHAR, metadata JSON, PRIMARY KEY (id));"
    "CREATE TABLE access_controls (id CHAR(32) NOT NULL, subject_type VARCHAR NOT NULL, PRIMARY KEY (id));"
    "INSERT INTO users(id, user_id) VALUES('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'ann');"
    "INSERT INTO apps(id, owner_id, name) VALUES('bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb', "
    "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'cursor');";

std::string Id(int n) {
  char text[33];
  std::snprintf(text, sizeof(text), "%032x", n);
  return text;
}
std::string Uuid(int n) {
  std::string id = Id(n);
  for (const size_t at : {8U, 13U, 18U, 23U}) id.insert(at, "-");
  return id;
}

std::string Insert(int n, const std::string& content, const std::string& state, const std::string& rest = "") {
  return "INSERT INTO memories VALUES('" + Id(n) +
         "','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb','" + content + "'," +
         (rest.empty() ? "NULL,'{}','" + state + "','2025-06-01 10:00:00.250000','2025-06-02 10:00:00',NULL,NULL"
                       : rest) +
         ");";
}

class OpenMemoryTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "engram_openmemory_XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    file_ = (folder_ / "openmemory.db").string();
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::unique_ptr<OpenMemorySource> Open(const std::string& file) const {
    auto source = OpenMemorySource::Open(file, false);
    EXPECT_TRUE(source.ok()) << source.status().ToString();
    return source.ok() ? *std::move(source) : nullptr;
  }
  Taken Read(const std::string& file) const {
    const auto source = Open(file);
    return source ? TakeAll(source.get()) : Taken();
  }
  static std::string Bytes(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::string Write(const std::string& name, const std::string& bytes) const {
    const std::string path = (folder_ / name).string();
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }
  // A zip archive of these files.
  std::string Zip(const std::string& name, const std::vector<std::pair<std::string, std::string>>& files) const {
    const std::string path = (folder_ / name).string();
    fs::remove(path);
    zip_t* archive = zip_open(path.c_str(), ZIP_CREATE, nullptr);
    EXPECT_NE(archive, nullptr);
    for (const auto& [file, bytes] : files) {
      zip_source_t* source = zip_source_buffer(archive, bytes.data(), bytes.size(), 0);
      EXPECT_GE(zip_file_add(archive, file.c_str(), source, 0), 0);
    }
    EXPECT_EQ(zip_close(archive), 0);
    return path;
  }

  fs::path folder_;
  std::string file_;
};

TEST_F(OpenMemoryTest, EveryPartOfAMemoryHasItsPlace) {
  ExecuteSql(file_, std::string(kTables) +
                        Insert(1, "Ann drinks tea", "",
                               "'[1, 2.5]','{\"topic\":\"tea\",\"n\":1}','archived','2025-06-01 10:00:00.250000',"
                               "'2025-06-02 10:00:00','2025-06-03 10:00:00',NULL") +
                        "INSERT INTO categories VALUES('c1','health'),('c2','food');"
                        "INSERT INTO memory_categories VALUES('" +
                        Id(1) + "','c1'),('" + Id(1) +
                        "','c2');"
                        "INSERT INTO memory_status_history VALUES('h1','" +
                        Id(1) +
                        "',NULL,'active','archived','2025-06-03 10:00:00');"
                        "INSERT INTO memory_access_logs VALUES('l1','" +
                        Id(1) +
                        "',NULL,'2025-06-04 10:00:00','search','{}'),"
                        "('l2','" +
                        Id(1) +
                        "',NULL,'2025-06-05 10:00:00','list','{}');"
                        "INSERT INTO access_controls VALUES('x','app');");
  const std::string before = Bytes(file_);
  const auto source = Open(file_);
  EXPECT_EQ(source->Describe().records, 1U);
  const Taken taken = TakeAll(source.get());
  EXPECT_THAT(taken.problems, IsEmpty());
  ASSERT_EQ(taken.memories.count(Uuid(1)), 1U);
  v1::Memory memory = taken.memories.at(Uuid(1));
  EXPECT_TRUE(CheckRecord(memory).ok()) << CheckRecord(memory).ToString();
  memory.mutable_source()->clear_version();
  EXPECT_EQ(PrintJson(memory),
            R"({"id":"00000000-0000-0000-0000-000000000001","text":"Ann drinks tea","vector":[1,2.5],"metadata":{)"
            R"("archived_at":"2025-06-03T10:00:00Z","categories":["food","health"],"n":1,"status_history":[{)"
            R"("at":"2025-06-03T10:00:00Z","from":"active","to":"archived"}],"topic":"tea"},"user_id":"ann",)"
            R"("app_id":"cursor","state":"archived","source":{"system":"openmemory",)"
            R"("id":"00000000-0000-0000-0000-000000000001"},"created_at":"2025-06-01T10:00:00.250Z",)"
            R"("updated_at":"2025-06-02T10:00:00Z","access_count":2,"last_accessed_at":"2025-06-05T10:00:00Z"})");
  EXPECT_THAT(source->Notes(), ElementsAre("1 rules of access are no memories and were left out"));
  EXPECT_EQ(Bytes(file_), before);
}

TEST_F(OpenMemoryTest, StatesStayStatesAndTheDeletedBecomeTombstones) {
  ExecuteSql(file_, std::string(kTables) + Insert(1, "a", "active") + Insert(2, "p", "paused") +
                        Insert(3, "r", "archived") +
                        Insert(4, "d", "",
                               "NULL,'{\"k\":1}','deleted','2025-06-01 10:00:00','2025-06-02 10:00:00',NULL,"
                               "'2025-06-07 10:00:00'") +
                        Insert(5, "x", "zombie"));
  const Taken taken = Read(file_);
  EXPECT_EQ(taken.memories.at(Uuid(1)).state(), "active");
  EXPECT_EQ(taken.memories.at(Uuid(2)).state(), "paused");
  EXPECT_EQ(taken.memories.at(Uuid(3)).state(), "archived");
  EXPECT_EQ(taken.memories.size(), 3U);
  const v1::Memory& gone = taken.tombstones.at(Uuid(4));
  EXPECT_TRUE(CheckRecord(Tombstone{gone}).ok()) << CheckRecord(Tombstone{gone}).ToString();
  ASSERT_EQ(gone.history_size(), 2);
  EXPECT_EQ(gone.history(0).memory().text(), "d");
  EXPECT_EQ(gone.history(0).memory().user_id(), "ann");
  EXPECT_EQ(gone.history(1).event(), "delete");
  EXPECT_EQ(PrintJson(gone.history(1).time()), "\"2025-06-07T10:00:00Z\"");
  EXPECT_THAT(taken.problems, ElementsAre(HasSubstr("row 5: the state \"zombie\" is none of OpenMemory's")));
}

TEST_F(OpenMemoryTest, OddRowsAreProblemsAndOddTextsAreKept) {
  ExecuteSql(file_, std::string(kTables) + Insert(1, "Ünïcödé 茶 🍵", "active") +
                        Insert(2, "a", "", "NULL,'[1]','active',NULL,NULL,NULL,NULL") +
                        Insert(3, "b", "", "NULL,'{','active',NULL,NULL,NULL,NULL") +
                        Insert(4, "c", "", "'x','{}','active',NULL,NULL,NULL,NULL") +
                        Insert(5, "d", "", "NULL,'{}','active','yesterday',NULL,NULL,NULL") +
                        Insert(6, "", "", "NULL,NULL,'active',NULL,NULL,NULL,NULL") +
                        Insert(7, std::string(200'000, 'y'), "active") +
                        "INSERT INTO memories(id, user_id, app_id, content, state) "
                        "VALUES('not a uuid', 'nobody', 'nothing', CAST(x'ff' AS TEXT), 'active');");
  const Taken taken = Read(file_);
  EXPECT_EQ(taken.memories.at(Uuid(1)).text(), "Ünïcödé 茶 🍵");
  EXPECT_FALSE(taken.memories.at(Uuid(6)).has_created_at());
  EXPECT_EQ(taken.memories.at(Uuid(7)).text().size(), 200'000U);
  EXPECT_EQ(taken.memories.size(), 3U);
  EXPECT_EQ(taken.problems.size(), 5U);
}

TEST_F(OpenMemoryTest, BeingReadIsNoChange) {
  ExecuteSql(file_, std::string(kTables) + Insert(1, "a", "active"));
  const auto version = [&] { return Read(file_).memories.at(Uuid(1)).source().version(); };
  const uint64_t first = version();
  ExecuteSql(file_, "INSERT INTO memory_access_logs VALUES('l1','" + Id(1) + "',NULL,'2025-06-04 10:00:00','x','{}')");
  EXPECT_EQ(version(), first);
  ExecuteSql(file_, "UPDATE memories SET state = 'paused'");
  EXPECT_NE(version(), first);
}

TEST_F(OpenMemoryTest, ACursorGoesOnBehindItsRow) {
  std::string sql = kTables;
  for (int i = 1; i <= 5; ++i) sql += Insert(i, "n", "active");
  ExecuteSql(file_, sql);
  const auto source = Open(file_);
  std::vector<std::string> cursors;
  SourceRecord record;
  while (*source->Next(&record)) cursors.push_back(source->Cursor(false));
  ASSERT_EQ(cursors.size(), 5U);
  for (size_t i = 0; i < cursors.size(); ++i) {
    const auto again = Open(file_);
    EXPECT_TRUE(*again->Resume(cursors[i]));
    EXPECT_EQ(TakeAll(again.get()).memories.size(), 4 - i);
  }
  for (const char* foreign : {"", "finished", "row 1 id 0123456789abcdef", "item 1 of 0123456789abcdef"}) {
    const auto again = Open(file_);
    EXPECT_FALSE(*again->Resume(foreign));
    EXPECT_EQ(TakeAll(again.get()).memories.size(), 5U);
  }
}

TEST_F(OpenMemoryTest, OtherDatabasesAreRefused) {
  ExecuteSql(file_, "CREATE TABLE memories (id, title)");
  EXPECT_THAT(OpenMemorySource::Open(file_, false).status().message(), HasSubstr("is no database of OpenMemory's"));
  EXPECT_EQ(OpenMemorySource::Open((folder_ / "none").string(), false).status().code(), StatusCode::kNotFound);
  EXPECT_FALSE(OpenMemorySource::Open(Write("empty", ""), false).ok());
  EXPECT_FALSE(OpenMemorySource::Open(Write("text", "hello, this is not a database"), false).ok());
}

// --- The export.

constexpr const char* kExport = R"({
  "user": {"id": "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa", "user_id": "ann", "name": null, "metadata": {}},
  "apps": [{"id": "bbbbbbbb-bbbb-bbbb-bbbb-bbbbbbbbbbbb", "name": "cursor"}],
  "categories": [{"id": "c1", "name": "health"}, {"id": "c2", "name": "food"}],
  "memories": [
    {"id": "00000000-0000-0000-0000-000000000001", "user_id": "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa",
     "app_id": "bbbbbbbb-bbbb-bbbb-bbbb-bbbbbbbbbbbb", "content": "Ann drinks tea", "metadata": {"topic": "tea"},
     "state": "archived", "created_at": "2025-06-01T10:00:00.250000+00:00", "updated_at": "2025-06-02T10:00:00+00:00",
     "archived_at": "2025-06-03T10:00:00+00:00", "deleted_at": null, "category_ids": ["c1", "c2"]},
    {"id": "00000000-0000-0000-0000-000000000002", "user_id": "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa", "app_id": null,
     "content": "\u00dcn\u00ef \u8336 \ud83c\udf75 \u0000", "metadata": null, "state": "deleted", "created_at": null,
     "updated_at": "2025-06-02T10:00:00+00:00", "deleted_at": "2025-06-07T10:00:00+00:00"},
    {"id": "00000000-0000-0000-0000-000000000003", "content": null, "state": "active"}],
  "memory_categories": [{"memory_id": "00000000-0000-0000-0000-000000000001", "category_id": "c1"},
                        {"memory_id": "00000000-0000-0000-0000-000000000001", "category_id": "c2"}],
  "status_history": [{"id": "h", "memory_id": "00000000-0000-0000-0000-000000000001", "old_state": "active",
                      "new_state": "archived", "changed_at": "2025-06-03T10:00:00+00:00"}],
  "access_controls": [{"id": "x", "subject_type": "app"}],
  "export_meta": {"version": "1"}})";

TEST_F(OpenMemoryTest, AnExportSaysWhatTheDatabaseSays) {
  const std::string zip = Zip("export.zip", {{"memories.json", kExport}, {"memories.jsonl.gz", "whatever"}});
  const std::string before = Bytes(zip);
  const auto source = Open(zip);
  EXPECT_EQ(source->Describe().records, 3U);
  const Taken taken = TakeAll(source.get());
  v1::Memory memory = taken.memories.at(Uuid(1));
  memory.mutable_source()->clear_version();
  EXPECT_EQ(PrintJson(memory),
            R"({"id":"00000000-0000-0000-0000-000000000001","text":"Ann drinks tea","metadata":{)"
            R"("archived_at":"2025-06-03T10:00:00Z","categories":["food","health"],"status_history":[{)"
            R"("at":"2025-06-03T10:00:00Z","from":"active","to":"archived"}],"topic":"tea"},"user_id":"ann",)"
            R"("app_id":"cursor","state":"archived","source":{"system":"openmemory",)"
            R"("id":"00000000-0000-0000-0000-000000000001"},"created_at":"2025-06-01T10:00:00.250Z",)"
            R"("updated_at":"2025-06-02T10:00:00Z"})");
  EXPECT_EQ(taken.tombstones.at(Uuid(2)).history(0).memory().text(), "Ünï 茶 🍵 \0"s);
  EXPECT_THAT(taken.problems, ElementsAre(HasSubstr("memories, item 2: the memory has no text")));
  EXPECT_THAT(source->Notes(), testing::Contains(HasSubstr("1 rules of access")));
  EXPECT_THAT(source->Notes(), testing::Contains(HasSubstr("2 memories have no vector")));
  EXPECT_EQ(Bytes(zip), before);
  const auto again = Open(Zip("folder.zip", {{"backup/memories.json", kExport}}));
  EXPECT_TRUE(*again->Resume("item 0 of " + source->Cursor(false).substr(source->Cursor(false).size() - 16)));
  EXPECT_EQ(TakeAll(again.get()).order.size(), 2U);
}

TEST_F(OpenMemoryTest, OtherArchivesAreRefused) {
  const auto said = [&](const std::string& file) { return OpenMemorySource::Open(file, false).status().message(); };
  EXPECT_THAT(said(Zip("a.zip", {{"other.json", "{}"}})), HasSubstr("has no memories.json in it"));
  EXPECT_THAT(said(Zip("b.zip", {{"memories.json", "{"}})), HasSubstr("memories.json in"));
  EXPECT_THAT(said(Zip("c.zip", {{"memories.json", "[]"}})), HasSubstr("no object"));
  EXPECT_THAT(said(Zip("d.zip", {{"memories.json", "{}"}})), HasSubstr("has no \"memories\""));
  EXPECT_THAT(said(Zip("e.zip", {{"memories.json", "{}"}, {"x/memories.json", "{}"}})), HasSubstr("more than one"));
  EXPECT_THAT(said(Zip("f.zip", {{"memories.json", R"({"memories":[1]})"}})), HasSubstr("item 0 is no object"));
}

TEST_F(OpenMemoryTest, AnArchiveCutAnywhereIsAnError) {
  const std::string whole = Bytes(Zip("whole.zip", {{"memories.json", kExport}}));
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(OpenMemorySource::Open(Write("cut", whole.substr(0, size)), false).ok()) << size;
  }
}

TEST_F(OpenMemoryTest, AFlippedBitNeverPassesForTheSame) {
  std::string bytes = Bytes(Zip("whole.zip", {{"memories.json", kExport}}));
  size_t errors = 0;
  for (char& c : bytes) {
    const char whole = c;
    c = static_cast<char>(whole ^ 4);
    auto source = OpenMemorySource::Open(Write("flipped", bytes), false);
    errors += source.ok() ? 0 : 1;
    // A time or an attribute of the archive may change; the texts are under a CRC.
    if (source.ok()) {
      EXPECT_EQ(TakeAll(source->get()).memories.at(Uuid(1)).text(), "Ann drinks tea");
    }
    c = whole;
  }
  EXPECT_GT(errors, bytes.size() / 2);
}

TEST_F(OpenMemoryTest, ADatabaseCutAnywhereIsAnErrorOrHasLostNothing) {
  ExecuteSql(file_, std::string(kTables) + Insert(1, "a", "active"));
  const std::string whole = Bytes(file_);
  constexpr size_t kPage = 4'096;  // the end of the last one may be blank
  for (size_t size = 0; size < whole.size(); size += 509) {
    auto source = OpenMemorySource::Open(Write("cut", whole.substr(0, size)), false);
    EXPECT_TRUE(!source.ok() || size + kPage > whole.size()) << size;
    if (source.ok()) {
      EXPECT_EQ(TakeAll(source->get()).memories.at(Uuid(1)).text(), "a");
    }
  }
}

TEST_F(OpenMemoryTest, AZipBombIsNotUnpacked) {
  const std::string bomb = Zip("bomb.zip", {{"memories.json", std::string(8U << 20, ' ')}});
  EXPECT_LT(fs::file_size(bomb), 100'000U);
  const auto bytes = ReadZipped(bomb, "memories.json", 1U << 20);
  EXPECT_THAT(bytes.status().message(), HasSubstr("unpacks to more than 1048576 bytes"));
  EXPECT_TRUE(ReadZipped(bomb, "memories.json", 8U << 20).ok());
}

}  // namespace
}  // namespace engram

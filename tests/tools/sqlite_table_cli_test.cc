// engram import sqlite --map, run as users run it.
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "tests/tools/cli_run.h"
#include "tests/tools/sqlite_file.h"

namespace engram {
namespace {

bool Has(const CliResult& result, const std::string& text) { return result.output.find(text) != std::string::npos; }

// As SQL writes a blob of these numbers.
template <class Number>
std::string Blob(const std::vector<Number>& numbers) {
  std::string out = "x'";
  for (const Number number : numbers) {
    unsigned char bytes[sizeof(Number)];
    std::memcpy(bytes, &number, sizeof(Number));
    for (const unsigned char byte : bytes) {
      constexpr const char* kDigits = "0123456789abcdef";
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
    }
  }
  return out + "'";
}

class SqliteTableCliTest : public CliTest {
 protected:
  CliResult Import(const std::string& mapping, const std::string& options = "-n notes --data store") {
    WriteFile("map.json", mapping);
    return Run("import sqlite n.db --map map.json " + options);
  }
  std::string Export() {
    EXPECT_EQ(Run("export -n notes --data store -o out.jsonl").code, 0);
    return ReadFile("out.jsonl");
  }
};

TEST_F(SqliteTableCliTest, ColumnsBecomeWhatTheMappingSays) {
  ExecuteSql(
      Path("n.db"),
      "CREATE TABLE \"my notes\" (note_id TEXT, body TEXT, headline TEXT, topic TEXT, stars INTEGER, price REAL, "
      "tags TEXT, extra TEXT, made TEXT, gone INTEGER, weight REAL, star INTEGER, e32 BLOB, e64 BLOB, ej TEXT, "
      "secret TEXT);"
      "INSERT INTO \"my notes\" VALUES('a','green tea','Tea','drinks',5,1.0,'[\"x\",1]','{\"k\":{\"l\":2}}',"
      "'2025-03-01 12:00',4102444800,0.5,1," +
          Blob<float>({0.1F, -2.5F}) + "," + Blob<double>({0.1, 3.0}) +
          ",'[1, 2.5]','s'),('b',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL)");
  const std::string before = ReadFile("n.db");
  const std::string mapping =
      R"({"table":"my notes","id":"note_id","text":"body","fields":{"title":"headline"},)"
      R"("metadata":{"topic":"topic","stars":"stars","price":"price","tags":{"json":"tags"}},"metadata_object":"extra",)"
      R"("created_at":"made","expires_at":"gone","importance":"weight","pinned":"star","constants":{"user_id":"ann"},)"
      R"("vectors":{"default":{"column":"e32"},"wide":{"column":"e64","format":"f64","metric":"dot"},)"
      R"("text":{"column":"ej","format":"json","metric":"l2"}}})";
  const CliResult first = Import(mapping);
  ASSERT_EQ(first.code, 0) << first.output;
  EXPECT_TRUE(Has(first, "2 memories (2 created")) << first.output;
  EXPECT_TRUE(Has(first, "left out: secret")) << first.output;
  EXPECT_EQ(ReadFile("n.db"), before);
  const std::string out = Export();
  for (const char* part :
       {R"("id":"a","text":"green tea","fields":{"title":"Tea"},"vector":[0.1,-2.5],)",
        R"("vectors":{"text":[1,2.5],"wide":[0.1,3]})",
        R"("metadata":{"k":{"l":2},"price":1.0,"stars":5,"tags":["x",1],"topic":"drinks"},"user_id":"ann")",
        R"("expires_at":"2100-01-01T00:00:00Z","importance":0.5,"pinned":true)",
        R"("created_at":"2025-03-01T12:00:00Z")", R"("source":{"system":"sqlite:my notes","id":"a")",
        R"("wide":{"type":"dense","dimensions":2,"metric":"dot"})", R"({"id":"b","user_id":"ann","state")"}) {
    EXPECT_NE(out.find(part), std::string::npos) << part << "\n" << out;
  }
  const CliResult again = Import(mapping);
  EXPECT_TRUE(Has(again, "2 unchanged")) << again.output;
  EXPECT_FALSE(Has(again, "keeps its own configuration")) << again.output;
  ExecuteSql(Path("n.db"), "UPDATE \"my notes\" SET body = 'black tea' WHERE note_id = 'a'");
  const CliResult changed = Import(mapping);
  EXPECT_TRUE(Has(changed, "1 updated, 1 unchanged")) << changed.output;
}

TEST_F(SqliteTableCliTest, RowsThatCanNotBeTakenAreNamed) {
  ExecuteSql(Path("n.db"),
             "CREATE TABLE t (id, body, v BLOB, j TEXT, made);"
             "INSERT INTO t VALUES(1,'fine',NULL,'{}',NULL),(NULL,'no id',NULL,NULL,NULL),(3,x'ff',NULL,NULL,NULL),"
             "(4,'odd vector',x'000000',NULL,NULL),(5,'text vector','abc',NULL,NULL),(6,'json',NULL,'{',NULL),"
             "(7,'time',NULL,NULL,'yesterday'),(8,'twice',NULL,NULL,NULL),('8','twice',NULL,NULL,NULL)");
  const CliResult result = Import(R"({"table":"t","id":"id","text":"body","created_at":"made","metadata_object":"j",)"
                                  R"("vectors":{"default":{"column":"v"}}})",
                                  "-n notes --data store --rejects bad.jsonl");
  EXPECT_EQ(result.code, 1) << result.output;
  EXPECT_TRUE(Has(result, "1 created")) << result.output;
  EXPECT_TRUE(Has(result, "8 rejected")) << result.output;
  const std::string rejects = ReadFile("bad.jsonl");
  for (const char* part : {"the id is NULL", "a blob where text is expected", "3 bytes are no floats of 4", "no blob",
                           "no JSON", "is no time", "several rows have this id", "\"place\":\"row 4\""}) {
    EXPECT_NE(rejects.find(part), std::string::npos) << part << "\n" << rejects;
  }
}

TEST_F(SqliteTableCliTest, MistakesInTheMappingNameTheirPlace) {
  ExecuteSql(Path("n.db"), "CREATE TABLE t (id, body); CREATE VIEW v AS SELECT * FROM t;");
  const CliResult column = Import(R"({"table":"t","text":"bdy"})");
  EXPECT_EQ(column.code, 1);
  EXPECT_TRUE(Has(column, "t has no column bdy; it has: body, id, rowid (at text)")) << column.output;
  EXPECT_TRUE(Has(Import(R"({"table":"none"})"), "no table none")) << "a table that is not there";
  EXPECT_TRUE(Has(Import(R"({"table":"v"})"), "no table v")) << "views may run anything";
  EXPECT_TRUE(Has(Import(R"({"table":"t","colour":"x"})"), "map.json: this means nothing in a mapping (at colour)"));
  EXPECT_TRUE(Has(Import(R"({"table":"t","vectors":{"default":{"sqlite_vec":"t"}}})"), "t is no table of sqlite-vec"));
  EXPECT_FALSE(std::filesystem::exists(Path("store")));
}

TEST_F(SqliteTableCliTest, FullTextTablesKeepTheirOwnTexts) {
  ExecuteSql(Path("n.db"),
             "CREATE VIRTUAL TABLE docs USING fts5(title, \"the body\", note UNINDEXED, tokenize = 'porter ascii', "
             "prefix='2 3');"
             "INSERT INTO docs VALUES('Tea','green tea','n1'),('Milk','cold milk','n2');"
             "CREATE TABLE base (id INTEGER PRIMARY KEY, body);"
             "CREATE VIRTUAL TABLE outside USING fts5(body, content='base', content_rowid='id');"
             "CREATE VIRTUAL TABLE textless USING fts5(body, content='')");
  const std::string before = ReadFile("n.db");
  const CliResult result =
      Import(R"({"table":"docs","text":"the body","fields":{"title":"title"},"metadata":{"note":"note"}})");
  ASSERT_EQ(result.code, 0) << result.output;
  EXPECT_EQ(ReadFile("n.db"), before);
  const std::string out = Export();
  EXPECT_NE(out.find(R"({"id":"1","text":"green tea","fields":{"title":"Tea"},"metadata":{"note":"n1"})"),
            std::string::npos)
      << out;
  EXPECT_TRUE(Has(Import(R"({"table":"outside"})"), "keeps its texts in base: map that"));
  EXPECT_TRUE(Has(Import(R"({"table":"textless"})"), "keeps no texts"));
}

// As sqlite-vec 0.1 lays a vec0 table out; the statement itself needs its module, so it is put in by hand.
TEST_F(SqliteTableCliTest, VectorsOfASqliteVecTableAreJoinedByRow) {
  std::vector<float> first(4 * 8);
  std::vector<float> second(2 * 8);
  for (size_t i = 0; i < first.size(); ++i) first[i] = static_cast<float>(i) + 0.5F;
  for (size_t i = 0; i < second.size(); ++i) second[i] = static_cast<float>(i) * 0.25F;
  ExecuteSql(
      Path("n.db"),
      "CREATE TABLE notes (id INTEGER PRIMARY KEY, body); INSERT INTO notes VALUES(1,'one'),(2,'two'),(3,'none');"
      "CREATE TABLE \"v_chunks\"(chunk_id INTEGER PRIMARY KEY, size, validity BLOB, rowids BLOB);"
      "CREATE TABLE \"v_rowids\"(rowid INTEGER PRIMARY KEY AUTOINCREMENT, id, chunk_id INTEGER, chunk_offset);"
      "CREATE TABLE \"v_vector_chunks00\"(rowid PRIMARY KEY, vectors BLOB NOT NULL);"
      "CREATE TABLE \"v_vector_chunks01\"(rowid PRIMARY KEY, vectors BLOB NOT NULL);"
      "INSERT INTO v_rowids VALUES(1,NULL,1,2),(2,NULL,1,7);"
      "INSERT INTO v_vector_chunks00 VALUES(1," +
          Blob(first) + "); INSERT INTO v_vector_chunks01 VALUES(1," + Blob(second) +
          ");"
          "PRAGMA writable_schema = ON; INSERT INTO sqlite_schema VALUES('table','v','v',0,"
          "'CREATE VIRTUAL TABLE v USING vec0(emb float[4], small FLOAT[2] distance_metric=cosine, tiny int8[2])');"
          "PRAGMA writable_schema = OFF");
  const std::string mapping =
      R"({"table":"notes","id":"id","text":"body","vectors":{"default":{"sqlite_vec":"v","column":"emb","metric":"l2"},)"
      R"("small":{"sqlite_vec":"v","column":"small"}}})";
  const CliResult result = Import(mapping);
  ASSERT_EQ(result.code, 0) << result.output;
  const std::string out = Export();
  for (const char* part : {R"("id":"1","text":"one","vector":[8.5,9.5,10.5,11.5],"vectors":{"small":[1,1.25]})",
                           R"("id":"2","text":"two","vector":[28.5,29.5,30.5,31.5],"vectors":{"small":[3.5,3.75]})",
                           R"({"id":"3","text":"none","state")"}) {
    EXPECT_NE(out.find(part), std::string::npos) << part << "\n" << out;
  }
  EXPECT_TRUE(
      Has(Import(R"({"table":"notes","vectors":{"default":{"sqlite_vec":"v"}}})"), "3 columns of vectors, name"));
  EXPECT_TRUE(Has(Import(R"({"table":"notes","vectors":{"default":{"sqlite_vec":"v","column":"tiny"}}})"),
                  "holds int8, not float"));
  ExecuteSql(Path("n.db"), "UPDATE v_rowids SET chunk_offset = 8 WHERE rowid = 2");
  const CliResult broken = Import(mapping, "--dry-run");
  EXPECT_EQ(broken.code, 1);
  EXPECT_TRUE(Has(broken, "the vector of row 2 of v is not whole")) << broken.output;
}

// A database that sqlite-vec 0.1.6 itself wrote; ENGRAM_DATA_DIR is the folder of data sets.
TEST_F(SqliteTableCliTest, ARealSqliteVecDatabase) {
  const char* const data = std::getenv("ENGRAM_DATA_DIR");
  if (data == nullptr) GTEST_SKIP() << "ENGRAM_DATA_DIR is not set";
  std::filesystem::copy(std::string(data) + "/sqlite_vec/legacy-v0.1.6.db", Path("n.db"));
  const CliResult result =
      Import(R"({"table":"legacy_vectors_rowids","id":"rowid","vectors":{"default":{"sqlite_vec":"legacy_vectors"}}})");
  ASSERT_EQ(result.code, 0) << result.output;
  EXPECT_TRUE(Has(result, "50 created")) << result.output;
  EXPECT_NE(Export().find(R"({"id":"50","vector":[)"), std::string::npos);
}

TEST_F(SqliteTableCliTest, ALimitedRunGoesOnWhereItStopped) {
  std::string sql = "CREATE TABLE t (id INTEGER PRIMARY KEY, body);";
  for (int i = 1; i <= 25; ++i) sql += "INSERT INTO t VALUES(" + std::to_string(i) + ",'note');";
  ExecuteSql(Path("n.db"), sql);
  const std::string mapping = R"({"table":"t","id":"id","text":"body"})";
  ASSERT_EQ(Import(mapping, "-n notes --data store --batch 4 --limit 10").code, 0);
  const CliResult rest = Import(mapping, "-n notes --data store --batch 4");
  EXPECT_TRUE(Has(rest, "read after those of an earlier run; 15 memories (15 created")) << rest.output;
}

}  // namespace
}  // namespace engram

#include "tools/import/jsonl_source.h"

#include <sstream>

#include <gtest/gtest.h>

namespace engram {
namespace {

std::vector<SourceRecord> ReadAll(ImportSource& source) {
  std::vector<SourceRecord> records;
  while (true) {
    SourceRecord record;
    const auto more = source.Next(&record);
    EXPECT_TRUE(more.ok());
    if (!more.ok() || !*more) return records;
    records.push_back(std::move(record));
  }
}

TEST(JsonlSourceTest, LinesAreMemoriesEdgesOrNodes) {
  std::istringstream in(
      "{\"id\":\"a\",\"text\":\"x\"}\n{\"edge\":{\"source\":\"a\",\"type\":\"t\",\"target\":\"b\"}}\n"
      " { \"node\" : {\"id\":\"b\"} } \n{\"memory\":{\"id\":\"c\"}}");
  JsonlSource source(in, "f", 0);
  const auto records = ReadAll(source);
  ASSERT_EQ(records.size(), 4u);
  for (const SourceRecord& record : records) EXPECT_TRUE(record.problem.ok()) << record.problem.ToString();
  EXPECT_EQ(std::get<v1::Memory>(records[0].item).text(), "x");
  EXPECT_EQ(std::get<v1::Edge>(records[1].item).target(), "b");
  EXPECT_EQ(std::get<v1::Node>(records[2].item).id(), "b");
  EXPECT_EQ(std::get<v1::Memory>(records[3].item).id(), "c");
}

TEST(JsonlSourceTest, PlacesCountBlankLines) {
  std::istringstream in("\xef\xbb\xbf{\"id\":\"a\"}\r\n\n  \nbroken\n{\"edge\":{}} x\n");
  JsonlSource source(in, "f", 0);
  const auto records = ReadAll(source);
  ASSERT_EQ(records.size(), 3u);
  EXPECT_TRUE(records[0].problem.ok()) << records[0].problem.ToString();
  EXPECT_EQ(records[1].place, "line 4");
  EXPECT_FALSE(records[1].problem.ok());
  EXPECT_EQ(records[1].raw, "broken");
  EXPECT_FALSE(records[2].problem.ok());
}

TEST(JsonlSourceTest, AGrownFileGoesOnWhereItEnded) {
  std::istringstream first("{\"id\":\"a\"}\n{\"id\":\"b\"}\n");
  JsonlSource before(first, "f", 0);
  ReadAll(before);
  std::istringstream grown("{\"id\":\"a\"}\n{\"id\":\"b\"}\n{\"id\":\"c\"}\n");
  JsonlSource after(grown, "f", 0);
  EXPECT_TRUE(*after.Resume(before.Cursor(true)));
  const auto records = ReadAll(after);
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].place, "line 3");
}

TEST(JsonlSourceTest, AChangedFileIsReadFromTheBeginning) {
  std::istringstream first("{\"id\":\"a\"}\n{\"id\":\"b\"}\n");
  JsonlSource before(first, "f", 0);
  ReadAll(before);
  for (const char* text : {"{\"id\":\"x\"}\n{\"id\":\"b\"}\n", "{\"id\":\"a\"}\n", ""}) {
    std::istringstream changed(text);
    JsonlSource after(changed, "f", 0);
    EXPECT_FALSE(*after.Resume(before.Cursor(true))) << text;
    EXPECT_EQ(after.Cursor(false), "0 lines, digest 0000000000000000");
  }
  std::istringstream same("{\"id\":\"a\"}\n");
  JsonlSource other(same, "f", 0);
  EXPECT_FALSE(*other.Resume("after i:7"));
  EXPECT_EQ(ReadAll(other).size(), 1u);
}

}  // namespace
}  // namespace engram

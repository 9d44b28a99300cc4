#include "tools/import/sqlite_mapping.h"

#include <gmock/gmock.h>

namespace engram {
namespace {

using testing::HasSubstr;

TEST(SqliteMappingTest, EverythingHasItsPlace) {
  const auto mapping = ParseSqliteMapping(
      R"({"table":"notes","id":"n","text":"body","created_at":"made","fields":{"title":"headline"},)"
      R"("metadata":{"topic":"t","tags":{"json":"j"}},"metadata_object":"more","constants":{"user_id":"ann"},)"
      R"("vectors":{"default":{"column":"e","format":"f64","metric":"l2"},"image":{"sqlite_vec":"v"}}})");
  ASSERT_TRUE(mapping.ok()) << mapping.status().ToString();
  EXPECT_EQ(mapping->table, "notes");
  EXPECT_EQ(mapping->id, "n");
  EXPECT_EQ(mapping->parts.at("text"), "body");
  EXPECT_EQ(mapping->parts.at("created_at"), "made");
  EXPECT_EQ(mapping->fields.at("title"), "headline");
  EXPECT_TRUE(mapping->metadata.at("tags").json);
  EXPECT_FALSE(mapping->metadata.at("topic").json);
  EXPECT_EQ(mapping->metadata_object, "more");
  EXPECT_EQ(mapping->constants.at("user_id"), "ann");
  EXPECT_EQ(mapping->vectors.at("default").format, VectorFormat::kF64);
  EXPECT_EQ(mapping->vectors.at("default").metric, v1::METRIC_L2);
  EXPECT_EQ(mapping->vectors.at("image").sqlite_vec, "v");
}

TEST(SqliteMappingTest, MistakesAreNamedWithTheirPlace) {
  const struct {
    const char* json;
    const char* field;
    const char* message;
  } kCases[] = {
      {"[]", "", "expected an object"},
      {"{}", "table", "names no table"},
      {R"({"table":7})", "table", "name of a column"},
      {R"({"table":"t","colour":"c"})", "colour", "means nothing"},
      {R"({"table":"t","text":["a"]})", "text", "name of a column"},
      {R"({"table":"t","fields":"a"})", "fields", "expected an object"},
      {R"({"table":"t","fields":{"a":1}})", "fields.a", "name of a column"},
      {R"({"table":"t","metadata":{"a":{"xml":"c"}}})", "metadata.a", "json"},
      {R"({"table":"t","vectors":{"v":{"column":"c","format":"f16"}}})", "vectors.v.format", "none of f32"},
      {R"({"table":"t","vectors":{"v":{"column":"c","metric":"manhattan"}}})", "vectors.v.metric", "none of cosine"},
      {R"({"table":"t","vectors":{"v":{"format":"f32"}}})", "vectors.v.column", "missing"},
      {R"({"table":"t","vectors":{"v":{"columns":"c"}}})", "vectors.v.columns", "means nothing"},
      {R"({"table":"t","constants":{"importance":"1"}})", "constants.importance", "means nothing"},
      {R"({"table":"t","text":"a","constants":{"text":"b"}})", "constants.text", "both"},
  };
  for (const auto& mistake : kCases) {
    const Status status = ParseSqliteMapping(mistake.json).status();
    EXPECT_EQ(status.field(), mistake.field) << mistake.json;
    EXPECT_THAT(status.message(), HasSubstr(mistake.message)) << mistake.json;
  }
}

}  // namespace
}  // namespace engram

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/index/attribute/json.h"

namespace engram {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

TEST(FlattenMetadataTest, NestedObjectsBecomeLongerPaths) {
  EXPECT_THAT(
      MetadataFields(R"({"a": 1, "b": {"c": "x", "d": {"e": true}}})"),
      ElementsAre(Pair("metadata.a", Value(1)), Pair("metadata.b.c", Value("x")), Pair("metadata.b.d.e", Value(true))));
}

TEST(FlattenMetadataTest, NullsAndEmptyObjectsAreAbsentButAnEmptyListIsThere) {
  EXPECT_THAT(MetadataFields(R"({"a": null, "b": {}, "c": {"d": {}}, "e": []})"),
              ElementsAre(Pair("metadata.e", Value(Value::List{}))));
  EXPECT_THAT(MetadataFields("{}"), IsEmpty());
}

TEST(FlattenMetadataTest, ListsStayLists) {
  EXPECT_THAT(MetadataFields(R"({"a": [1, {"b": 2}, null]})"),
              ElementsAre(Pair("metadata.a", Json(R"([1, {"b": 2}, null])"))));
}

TEST(FlattenMetadataTest, DotsAndBackslashesInKeysAreEscapedSoThatNoTwoKeysCollide) {
  EXPECT_THAT(MetadataFields(R"({"a.b": 1, "a": {"b": 2}, "a\\": {"b": 3}, "": 4})"),
              ElementsAre(Pair("metadata.", Value(4)), Pair("metadata.a.b", Value(2)), Pair("metadata.a\\.b", Value(1)),
                          Pair("metadata.a\\\\.b", Value(3))));
}

TEST(CanonicalFieldTest, SpellsAPathAsFlatteningDoes) {
  EXPECT_EQ(CanonicalField("metadata.a.b"), "metadata.a.b");
  EXPECT_EQ(CanonicalField("metadata.a\\.b"), "metadata.a\\.b");
  EXPECT_EQ(CanonicalField("metadata.a\\\\.b"), "metadata.a\\\\.b");
  EXPECT_EQ(CanonicalField("metadata.a\\b"), "metadata.a\\\\b");
  EXPECT_EQ(CanonicalField("metadata.a\\"), "metadata.a\\\\");
  EXPECT_EQ(CanonicalField("user_id"), "user_id");
  EXPECT_EQ(CanonicalField(CanonicalField("metadata.x\\.y\\z")), CanonicalField("metadata.x\\.y\\z"));
}

TEST(IsFilterFieldTest, KnowsScopesSystemFieldsAndMetadata) {
  for (const char* field : {"user_id",    "agent_id",       "run_id",       "app_id",     "actor_id",
                            "kind",       "role",           "state",        "id",         "source.system",
                            "source.id",  "source.version", "source.batch", "created_at", "updated_at",
                            "event_time", "expires_at",     "importance",   "pinned",     "metadata.anything"}) {
    EXPECT_TRUE(IsFilterField(field)) << field;
  }
  for (const char* field : {"", "text", "metadata", "source", "user", "metadat.x", "version", "ID"}) {
    EXPECT_FALSE(IsFilterField(field)) << field;
  }
  EXPECT_TRUE(IsTimeField("event_time"));
  EXPECT_FALSE(IsTimeField("metadata.event_time"));
}

}  // namespace
}  // namespace engram

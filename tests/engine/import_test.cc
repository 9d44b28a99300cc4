// Versions and histories that come from elsewhere: admitted like any other, never over what the id has already.
#include <gmock/gmock.h>

#include "engine/write/memory_writes.h"
#include "tests/engine/engine_fixture.h"

namespace engram {
namespace {

using ::testing::HasSubstr;

ImportedVersion Former(uint64_t version, const std::string& text) {
  ImportedVersion former;
  former.version = Version(version);
  former.content.text = text;
  former.attributes.created_at = former.attributes.updated_at = Timestamp::FromSeconds(static_cast<int64_t>(version));
  return former;
}

WriteMemory Imported(const std::string& id, uint64_t version, std::vector<ImportedVersion> history) {
  WriteMemory write = MemoryOf(id, "now");
  write.version = Version(version);
  write.created_at = Timestamp::FromSeconds(1);
  write.updated_at = Timestamp::FromSeconds(100);
  write.history = std::move(history);
  return write;
}

PatchMemory TextOf(const std::string& id, const std::string& text) {
  PatchMemory patch;
  patch.id = id;
  patch.text = text;
  return patch;
}

class ImportTest : public EngineFixture {
 protected:
  void TearDown() override { ExpectConsistent(); }
};

TEST_F(ImportTest, FormerVersionsAreHeldToTheSpacesOfTheNamespace) {
  WriteMemory write = Imported("a", 2, {Former(1, "old")});
  write.content.vectors["default"] = DenseVector{1, 2};
  write.history[0].content.vectors["default"] = DenseVector{1, 2, 3};
  const Status refused = Write(write).status;
  EXPECT_EQ(refused.code(), StatusCode::kUnprocessable);
  EXPECT_EQ(refused.field(), "operations[0].history[0].vector");
  EXPECT_THAT(refused.message(), HasSubstr("3"));
  EXPECT_THAT(refused.message(), HasSubstr("2"));
  (void)Write(MemoryOf("k", "there is a namespace"));
}

TEST_F(ImportTest, FormerVersionsAreHeldToTheLimitsOfMetadata) {
  WriteMemory wide = Imported("a", 2, {Former(1, "old")});
  for (int i = 0; i <= 1000; ++i) wide.history[0].attributes.metadata["k" + std::to_string(i)] = Value(i);
  const Status refused = Write(wide).status;
  EXPECT_EQ(refused.code(), StatusCode::kUnprocessable);
  EXPECT_EQ(refused.field(), "operations[0].history[0].metadata");
  WriteMemory deep = Imported("a", 2, {Former(1, "old")});
  Value value(1);
  for (int i = 0; i < 100; ++i) value = Value(Value::Object{{"x", value}});
  deep.history[0].attributes.metadata["x"] = value;
  EXPECT_EQ(Write(deep).status.code(), StatusCode::kUnprocessable);
  (void)Write(MemoryOf("k", "there is a namespace"));
}

TEST_F(ImportTest, ARestoreAfterADeleteCountsOnAndStaysUsable) {
  for (const uint32_t keep : {0U, 1U, kHistoryKeepAll}) {
    const std::string ns = "keep" + std::to_string(keep);
    NamespaceConfig config;
    config.history_versions = keep;
    ASSERT_TRUE(Create(config, ns).status.ok());
    const auto write = [&](Operation operation) {
      return engine_->Write(NewMutation({std::move(operation)}, ns), Durability::kBuffered);
    };
    ASSERT_TRUE(write(MemoryOf("m", "tea")).status.ok());
    ASSERT_TRUE(write(TextOf("m", "milk")).status.ok());
    ASSERT_TRUE(write(DeleteMemory{"m", {}, {}, true, false}).status.ok());
    const MutationResult restored = write(Imported("m", 2, {}));
    ASSERT_TRUE(restored.status.ok()) << restored.status.ToString();
    EXPECT_EQ(restored.results[0].version, Version(4));
    ExpectConsistent(ns);
    EXPECT_TRUE(write(TextOf("m", "water")).status.ok());
    ListQuery everything;
    const auto listed = engine_->List(Ref(ns), everything, {});
    ASSERT_TRUE(listed.ok()) << listed.status().ToString();
    ASSERT_EQ(listed->memories.size(), 1U);
    EXPECT_EQ(listed->memories[0].version, Version(5));
    EXPECT_TRUE(write(DeleteMemory{"m", {}, {}, true, false}).status.ok());
    EXPECT_TRUE(write(DeleteMemory{"m", {}, {}, true, true}).status.ok());
    ExpectConsistent(ns);
  }
  (void)Write(MemoryOf("k", "there is a namespace"));
}

TEST_F(ImportTest, ARestoreBringsNoFormerVersionTwice) {
  const WriteMemory whole = Imported("m", 3, {Former(1, "one"), Former(2, "two")});
  ASSERT_TRUE(Write(whole).status.ok());
  ASSERT_TRUE(Write(DeleteMemory{"m", {}, {}, true, false}).status.ok());
  ASSERT_TRUE(Write(whole).status.ok());
  const auto events = History("m");
  ASSERT_EQ(events.size(), 5U);
  EXPECT_EQ(events[1].memory.content.text, "two");
  EXPECT_EQ(events[3].kind, HistoryEvent::Kind::kDelete);
  EXPECT_EQ(events[4].version, Version(5));
  EXPECT_EQ(events[4].kind, HistoryEvent::Kind::kAdd);
}

TEST_F(ImportTest, AFormerVersionNeverReplacesAnother) {
  ASSERT_TRUE(Write(MemoryOf("m", "one")).status.ok());
  ASSERT_TRUE(Write(DeleteMemory{"m", {}, {}, true, false}).status.ok());
  const Status refused = Write(Imported("m", 9, {Former(1, "another one"), Former(8, "eight")})).status;
  EXPECT_EQ(refused.code(), StatusCode::kAlreadyExists);
  EXPECT_EQ(refused.field(), "operations[0].history[0].version");
  EXPECT_THAT(refused.message(), HasSubstr("version 1"));
  EXPECT_THAT(refused.message(), HasSubstr("version 2"));
  EXPECT_EQ(History("m")[0].memory.content.text, "one");
  ASSERT_TRUE(Write(DeleteMemory{"m", {}, {}, true, true}).status.ok());
  EXPECT_TRUE(Write(Imported("m", 9, {Former(1, "another one"), Former(8, "eight")})).status.ok());
  EXPECT_EQ(History("m").size(), 3U);
}

TEST_F(ImportTest, VersionsLeaveRoomForThoseToCome) {
  const Status refused = Write(Imported("m", UINT64_MAX, {})).status;
  EXPECT_EQ(refused.code(), StatusCode::kUnprocessable);
  EXPECT_EQ(refused.field(), "operations[0].version");
  EXPECT_EQ(Write(Imported("m", UINT64_MAX, {Former(UINT64_MAX - 1, "old")})).status.code(),
            StatusCode::kUnprocessable);
  ASSERT_TRUE(Write(Imported("m", kGivenVersionMax.value, {})).status.ok());
  ASSERT_TRUE(Write(TextOf("m", "milk")).status.ok());
  EXPECT_EQ(Get("m")->version, kGivenVersionMax.Next());
}

}  // namespace
}  // namespace engram

// Under on_expiry "hide": what is over stays where it is until a new life begins.
#include <gtest/gtest.h>

#include "tests/engine/engine_fixture.h"

namespace engram {
namespace {

WriteMemory Sourced(const std::string& id, const std::string& text, uint64_t version) {
  WriteMemory write = MemoryOf(id, text);
  write.attributes.source.version = version;
  return write;
}

class HiddenTest : public EngineFixture {
 protected:
  void SetUp() override {
    NamespaceConfig config;
    config.on_expiry = OnExpiry::kHide;
    ASSERT_TRUE(Create(config).status.ok());
    WriteMemory write = Sourced("a", "over soon", 5);
    write.state.expires_at = kStart.PlusSeconds(10);
    ASSERT_TRUE(Write(write).status.ok());
    Advance(60);
  }
  void TearDown() override { ExpectConsistent(); }

  bool IsThere() {
    ListQuery query;
    query.include_expired = true;
    const auto page = engine_->List(Ref(), query, {});
    EXPECT_TRUE(page.ok()) << page.status().ToString();
    return page->memories.size() == 1;
  }
};

TEST_F(HiddenTest, AWriteThatChangesNothingLeavesAHiddenMemoryWhereItIs) {
  const MutationResult same = Write(Sourced("a", "over soon", 5), WriteMode::kNewer);
  ASSERT_TRUE(same.status.ok());
  EXPECT_EQ(same.results[0].outcome, Outcome::kUnchanged);
  EXPECT_TRUE(IsThere());
  EXPECT_EQ(History("a").size(), 1U);
}

TEST_F(HiddenTest, OperationsThatSkipItLeaveItToo) {
  AttributeChange change;
  change.set = {{"kind", Value("note")}};
  EXPECT_EQ(Write(UpdateOf("a", change)).results[0].outcome, Outcome::kSkipped);
  EXPECT_EQ(Write(Touch{"a", 1}).results[0].outcome, Outcome::kSkipped);
  EXPECT_EQ(Write(DeleteMemory{"a", {}, {}, false, false}).results[0].outcome, Outcome::kSkipped);
  EXPECT_TRUE(IsThere());
}

TEST_F(HiddenTest, ANewLifeEndsTheOneThatIsOver) {
  EXPECT_EQ(Write(MemoryOf("a", "again")).results[0].outcome, Outcome::kCreated);
  const auto events = History("a");
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[1].kind, HistoryEvent::Kind::kExpire);
  EXPECT_EQ(Get("a")->content.text, "again");
}

}  // namespace
}  // namespace engram

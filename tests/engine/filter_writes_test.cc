// Writes by filter: one reply for several mutations, and all that an erase must reach.
#include <gmock/gmock.h>

#include "tests/engine/engine_fixture.h"

namespace engram {
namespace {

constexpr int kMoreThanOneMutation = 10'500;

Filter OfUser(const std::string& user) {
  auto filter = ParseFilter(Value(Value::Object{{"user_id", Value(user)}}));
  EXPECT_TRUE(filter.ok());
  return *filter;
}

WriteMemory Of(const std::string& user, const std::string& id) {
  WriteMemory write = MemoryOf(id, "");
  write.attributes.scopes.user_id = user;
  return write;
}

class FilterWritesTest : public EngineFixture {
 protected:
  void TearDown() override { ExpectConsistent(); }

  void WriteMany(const std::string& prefix, int count) {
    Mutation mutation = NewMutation({});
    for (int i = 0; i < count; ++i) mutation.operations.emplace_back(Of("ann", prefix + std::to_string(i)));
    ASSERT_TRUE(engine_->Write(std::move(mutation), Durability::kBuffered).status.ok());
  }
  Result<Engine::FilterWriteReply> DeleteOf(const std::string& user, bool erase = false,
                                            std::optional<Mutation::Idempotency> key = {}) {
    return engine_->DeleteByFilter(Ref(), OfUser(user), erase, Durability::kBuffered, std::move(key));
  }
};

TEST_F(FilterWritesTest, AKeyOfAnotherRequestChangesNothing) {
  WriteMany("a", kMoreThanOneMutation);
  Mutation other = NewMutation({MemoryOf("k", "tea")});
  other.idempotency = Mutation::Idempotency{"key", 1};
  ASSERT_TRUE(engine_->Write(other, Durability::kBuffered).status.ok());
  EXPECT_EQ(DeleteOf("ann", false, Mutation::Idempotency{"key", 2}).status().code(), StatusCode::kAlreadyExists);
  EXPECT_EQ(Info().memories, uint64_t{kMoreThanOneMutation} + 1);
}

TEST_F(FilterWritesTest, AReplayTellsTheWholeCountAndDeletesNothing) {
  const Mutation::Idempotency key{"key", 2};
  WriteMany("a", kMoreThanOneMutation);
  const auto first = DeleteOf("ann", false, key);
  ASSERT_TRUE(first.ok()) << first.status().ToString();
  EXPECT_EQ(first->changed, uint64_t{kMoreThanOneMutation});
  WriteMany("b", 20);
  const auto replay = DeleteOf("ann", false, key);
  ASSERT_TRUE(replay.ok());
  EXPECT_TRUE(replay->replayed);
  EXPECT_EQ(replay->changed, uint64_t{kMoreThanOneMutation});
  EXPECT_EQ(replay->position, first->position);
  EXPECT_EQ(Info().memories, 20U);
}

TEST_F(FilterWritesTest, AnInterruptedCallGoesOnAndCountsWhatWasDone) {
  WriteMany("a", 5);
  Mutation interrupted =
      NewMutation({DeleteMemory{"a0", {}, {}, false, false}, DeleteMemory{"a1", {}, {}, false, false}});
  interrupted.idempotency = Mutation::Idempotency{"key", 2, Mutation::Idempotency::Part::kMore};
  ASSERT_TRUE(engine_->Write(interrupted, Durability::kBuffered).status.ok());
  EXPECT_EQ(DeleteOf("ann", false, Mutation::Idempotency{"key", 3}).status().code(), StatusCode::kAlreadyExists);
  const auto repeated = DeleteOf("ann", false, Mutation::Idempotency{"key", 2});
  ASSERT_TRUE(repeated.ok()) << repeated.status().ToString();
  EXPECT_FALSE(repeated->replayed);
  EXPECT_EQ(repeated->changed, 5U);
  EXPECT_EQ(Info().memories, 0U);
}

TEST_F(FilterWritesTest, AnEraseReachesWhatWasDeleted) {
  for (const char* id : {"a", "b", "c"}) ASSERT_TRUE(Write(Of("ann", id)).status.ok());
  ASSERT_TRUE(Write(Of("bob", "d")).status.ok());
  for (const char* id : {"a", "d"}) ASSERT_TRUE(Write(DeleteMemory{id, {}, {}, true, false}).status.ok());
  const auto plain = DeleteOf("nobody", true);
  ASSERT_TRUE(plain.ok());
  EXPECT_EQ(plain->changed, 0U);
  const auto erased = DeleteOf("ann", true);
  ASSERT_TRUE(erased.ok()) << erased.status().ToString();
  EXPECT_EQ(erased->changed, 3U);
  EXPECT_EQ(engine_->History(Ref(), "a").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(History("d").size(), 2U);
}

TEST_F(FilterWritesTest, AnEraseReachesWhatExpiryHides) {
  NamespaceConfig config;
  config.on_expiry = OnExpiry::kHide;
  ASSERT_TRUE(Create(config).status.ok());
  WriteMemory hidden = Of("ann", "a");
  hidden.state.ttl_seconds.emplace(10);
  hidden.state.importance.emplace(0.5);
  ASSERT_TRUE(Write(hidden).status.ok());
  Advance(11);
  // The state record goes when the life is ended, so it must be asked before.
  auto filter = ParseFilter(Value(Value::Object{{"importance", Value(0.5)}}));
  ASSERT_TRUE(filter.ok());
  const auto erased = engine_->DeleteByFilter(Ref(), *filter, true, Durability::kBuffered, {});
  ASSERT_TRUE(erased.ok());
  EXPECT_EQ(erased->changed, 1U);
  EXPECT_EQ(engine_->History(Ref(), "a").status().code(), StatusCode::kNotFound);
}

TEST(HeldBytesTest, CountsWhatIsSharedOnce) {
  Value::List ids;
  for (int i = 0; i < 1000; ++i) ids.emplace_back("id " + std::to_string(i));
  auto filter = ParseFilter(Value(Value::Object{{"id", Value(Value::Object{{"in", Value(ids)}})}}));
  ASSERT_TRUE(filter.ok());
  const auto shared = std::make_shared<const Filter>(*filter);
  const auto change = std::make_shared<const AttributeChange>(
      AttributeChange{{{"metadata.note", Value(std::string(100'000, 'x'))}}, {}, {}});
  Mutation mutation;
  for (int i = 0; i < 10; ++i) mutation.operations.emplace_back(UpdateMemory{std::to_string(i), shared, change});
  const uint64_t bytes = HeldBytes(mutation);
  EXPECT_GT(bytes, 150'000U);
  EXPECT_LT(bytes, 300'000U);
  WriteMemory write = MemoryOf("a", "");
  write.attributes.metadata["note"] = Value(std::string(100'000, 'x'));
  mutation.operations.emplace_back(write);
  EXPECT_GT(HeldBytes(mutation), bytes + 100'000);
}

}  // namespace
}  // namespace engram

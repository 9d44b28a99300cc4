// Expiry, runs, the sweep, replies that are kept, namespaces: what time and names do to memories.
#include <atomic>
#include <future>

#include <gmock/gmock.h>

#include "engine/write/replies.h"
#include "engine/write/sweep.h"
#include "tests/engine/engine_fixture.h"

namespace engram {
namespace {

class LifeTest : public EngineFixture {
 protected:
  WriteMemory WithTtl(const std::string& id, uint64_t seconds) {
    WriteMemory write = MemoryOf(id, "text of " + id);
    write.state.ttl_seconds.emplace(seconds);
    return write;
  }
  WriteMemory InRun(const std::string& id, const std::string& run) {
    WriteMemory write = MemoryOf(id, "text of " + id);
    write.attributes.scopes.run_id = run;
    return write;
  }
  void Sweep() {
    const Status status = engine_->SweepNow();
    EXPECT_TRUE(status.ok()) << status.ToString();
  }
};

TEST_F(LifeTest, ExpiryHidesAtOnceAndTheSweepRemoves) {
  (void)Write(WithTtl("a", 60));
  Advance(59);
  EXPECT_TRUE(Get("a"));
  Advance(1);
  EXPECT_FALSE(Get("a"));
  EXPECT_EQ(Info().memories, 1U);
  Sweep();
  EXPECT_EQ(Info().memories, 0U);
  EXPECT_EQ(History("a").back().kind, HistoryEvent::Kind::kExpire);
  ExpectConsistent();
}

TEST_F(LifeTest, AWriteOverAnExpiredIdBeginsANewLife) {
  WriteMemory write = WithTtl("a", 60);
  write.attributes.scopes.user_id = "ann";
  (void)Write(write);
  Advance(60);
  write.if_version = 0;
  write.attributes.scopes.user_id = "bob";
  EXPECT_TRUE(Write(write).status.ok());
  EXPECT_EQ(Get("a")->version, Version(3));
  Sweep();
  EXPECT_TRUE(Get("a"));
  ExpectConsistent();
}

TEST_F(LifeTest, ErasedOnExpiryLeavesNoHistory) {
  NamespaceConfig config;
  config.on_expiry = OnExpiry::kErase;
  (void)Create(config);
  (void)Write(WithTtl("a", 60));
  Advance(60);
  Sweep();
  EXPECT_EQ(engine_->History(Ref(), "a").status().code(), StatusCode::kNotFound);
  ExpectConsistent();
}

TEST_F(LifeTest, HiddenOnExpiryStaysInTheRows) {
  NamespaceConfig config;
  config.on_expiry = OnExpiry::kHide;
  (void)Create(config);
  (void)Write(WithTtl("a", 60));
  Advance(60);
  Sweep();
  EXPECT_FALSE(Get("a"));
  EXPECT_EQ(History("a").size(), 1U);
  ExpectConsistent();
}

TEST_F(LifeTest, AReadRenewsWhatAsksForIt) {
  WriteMemory write = WithTtl("a", 60);
  write.state.refresh_ttl_on_read = true;
  (void)Write(write);
  (void)Write(WithTtl("b", 60));
  Advance(40);
  EXPECT_TRUE(Get("a"));
  EXPECT_TRUE(Get("b"));
  Sweep();
  Advance(40);
  EXPECT_FALSE(Get("b"));
  const auto memory = Get("a");
  ASSERT_TRUE(memory);
  EXPECT_EQ(memory->state.access_count, 1U);
  EXPECT_EQ(memory->version, Version(1));
  ExpectConsistent();
}

TEST_F(LifeTest, ASearchForIdsAloneIsAReadToo) {
  WriteMemory write = WithTtl("a", 60);
  write.state.refresh_ttl_on_read = true;
  (void)Write(write);
  Advance(40);
  SearchRequest request;
  request.include = *ParseInclude({"none"});
  LegRequest leg;
  leg.name = "text";
  leg.type = LegType::kText;
  leg.text = write.content.text;
  request.legs = {leg};
  const auto reply = engine_->Search(Ref(), request, {});
  ASSERT_TRUE(reply.ok()) << reply.status().ToString();
  ASSERT_EQ(reply->hits.size(), 1U);
  EXPECT_EQ(reply->hits[0].memory.id, "a");
  EXPECT_EQ(reply->hits[0].memory.version, Version(1));
  EXPECT_EQ(reply->hits[0].memory.content.text, "");
  Sweep();
  Advance(40);
  EXPECT_TRUE(Get("a"));
}

TEST_F(LifeTest, AJumpOfTheWallClockExpiresNothing) {
  (void)Write(WithTtl("a", 3600));
  clock_.JumpTo(kStart.PlusSeconds(10 * 365 * 86'400));
  EXPECT_TRUE(Get("a"));
  clock_.JumpTo(kStart.PlusSeconds(-86'400));
  (void)Write(MemoryOf("b", "later"));
  EXPECT_GE(Get("b")->attributes.created_at, kStart);
}

TEST_F(LifeTest, ARunsTtlRenewsWithEveryWriteToIt) {
  WriteRun run;
  run.scopes.run_id = "r";
  run.ttl_seconds.emplace(60);
  (void)Write(run);
  (void)Write(InRun("a", "r"));
  Advance(40);
  (void)Write(InRun("b", "r"));
  Advance(40);
  EXPECT_TRUE(Get("a"));
  EXPECT_EQ(engine_->FindRun(Ref(), run.scopes)->memories, 2U);
  Advance(20);
  EXPECT_FALSE(Get("a"));
  EXPECT_FALSE(Get("b"));
  EXPECT_EQ(engine_->FindRun(Ref(), run.scopes).status().code(), StatusCode::kNotFound);
  Sweep();
  EXPECT_EQ(Info().memories, 0U);
  EXPECT_EQ(Info().runs, 0U);
  ExpectConsistent();
}

TEST_F(LifeTest, AWriteThatChangesNothingRenewsTheRunToo) {
  NamespaceConfig config;
  config.deduplicate = Deduplicate::kContent;
  (void)Create(config);
  WriteRun run;
  run.scopes.run_id = "r";
  run.ttl_seconds.emplace(60);
  (void)Write(run);
  (void)Write(InRun("a", "r"));
  WriteMemory again = InRun("a", "r");
  again.id = "b";
  PatchMemory same;
  same.id = "a";
  same.kind = "";
  const std::vector<std::pair<Operation, Outcome>> writes = {
      {InRun("a", "r"), Outcome::kUnchanged},
      {same, Outcome::kUnchanged},
      {again, Outcome::kDuplicate},
      {Feedback{"a", Feedback::Signal::kUsed, 1}, Outcome::kUpdated},
  };
  for (const auto& [write, outcome] : writes) {
    Advance(40);
    EXPECT_EQ(Write(write).results.at(0).outcome, outcome);
    const auto found = engine_->FindRun(Ref(), run.scopes);
    ASSERT_TRUE(found.ok()) << found.status().ToString();
    EXPECT_EQ(found->expires_at->micros - found->last_activity.micros, 60'000'000);
  }
  EXPECT_EQ(Get("a")->version, Version(1));
  Advance(60);
  EXPECT_FALSE(Get("a"));
  ExpectConsistent();
}

TEST_F(LifeTest, ARunThatEndedCanBeginAgainBeforeTheSweep) {
  WriteRun run;
  run.scopes.run_id = "r";
  run.ttl_seconds.emplace(60);
  (void)Write(run);
  (void)Write(InRun("a", "r"));
  Advance(60);
  (void)Write(InRun("b", "r"));
  EXPECT_FALSE(Get("a"));
  EXPECT_TRUE(Get("b"));
  Sweep();
  EXPECT_TRUE(Get("b"));
  EXPECT_EQ(engine_->FindRun(Ref(), run.scopes)->memories, 1U);
  ExpectConsistent();
}

TEST_F(LifeTest, ADeletedRunTakesItsMemoriesAtOnce) {
  (void)Write(InRun("a", "r"));
  DeleteRun end;
  end.scopes.run_id = "r";
  EXPECT_TRUE(Write(end).status.ok());
  EXPECT_FALSE(Get("a"));
  Sweep();
  EXPECT_EQ(History("a").back().kind, HistoryEvent::Kind::kDelete);
  EXPECT_EQ(Info().runs, 0U);
  EXPECT_EQ(Write(end).status.code(), StatusCode::kNotFound);
  ExpectConsistent();
}

TEST_F(LifeTest, ActorsShareTheirRun) {
  WriteMemory user = InRun("a", "r");
  user.attributes.scopes.actor_id = "user";
  WriteMemory bot = InRun("b", "r");
  bot.attributes.scopes.actor_id = "bot";
  (void)Write(user);
  (void)Write(bot);
  Scopes scopes;
  scopes.run_id = "r";
  EXPECT_EQ(engine_->FindRun(Ref(), scopes)->memories, 2U);
}

TEST_F(LifeTest, TheSameKeyAndRequestGetTheSameReply) {
  Mutation mutation = NewMutation({MemoryOf("a", "tea")});
  mutation.idempotency = Mutation::Idempotency{"key", 42};
  const auto first = engine_->Write(mutation, Durability::kBuffered);
  const auto second = engine_->Write(mutation, Durability::kBuffered);
  EXPECT_FALSE(first.replayed);
  EXPECT_TRUE(second.replayed);
  EXPECT_EQ(second.position, first.position);
  EXPECT_EQ(second.results[0].outcome, Outcome::kCreated);
  mutation.idempotency->request_hash = 43;
  EXPECT_EQ(engine_->Write(mutation, Durability::kBuffered).status.code(), StatusCode::kAlreadyExists);
  Advance(86'400);
  EXPECT_FALSE(engine_->Write(mutation, Durability::kBuffered).replayed);
}

TEST_F(LifeTest, ARefusalIsReplayedToo) {
  (void)Write(MemoryOf("x", "there is a namespace"));
  Mutation mutation = NewMutation({MemoryOf("a", "tea")});
  mutation.mode = WriteMode::kUpdate;
  mutation.idempotency = Mutation::Idempotency{"key", 42};
  EXPECT_EQ(engine_->Write(mutation, Durability::kBuffered).status.code(), StatusCode::kNotFound);
  (void)Write(MemoryOf("a", "now it is there"));
  EXPECT_EQ(engine_->Write(mutation, Durability::kBuffered).status.code(), StatusCode::kNotFound);
  EXPECT_EQ(Get("a")->content.text, "now it is there");
}

TEST_F(LifeTest, NamespacesAreCreatedOnceAndFoundByAlias) {
  NamespaceConfig config;
  config.aliases = {"other"};
  config.text.analyzer = "english";
  EXPECT_EQ(Create(config).results[0].outcome, Outcome::kCreated);
  EXPECT_EQ(Create(config).results[0].outcome, Outcome::kUnchanged);
  config.text.analyzer = "german";
  EXPECT_EQ(Create(config).status.code(), StatusCode::kAlreadyExists);
  const auto written = engine_->Write(NewMutation({MemoryOf("a", "tea")}, "other"), Durability::kBuffered);
  EXPECT_TRUE(written.status.ok());
  EXPECT_TRUE(Get("a"));
  EXPECT_EQ(Create({}, "other").status.code(), StatusCode::kAlreadyExists);
}

TEST_F(LifeTest, AReadOnlyNamespaceRefusesWritesUntilItIsPatched) {
  (void)Write(MemoryOf("a", "tea"));
  PatchNamespace patch;
  patch.patch.read_only = true;
  EXPECT_TRUE(Write(patch).status.ok());
  EXPECT_EQ(Write(MemoryOf("b", "milk")).status.code(), StatusCode::kPermissionDenied);
  patch.patch.read_only = false;
  EXPECT_TRUE(Write(patch).status.ok());
  EXPECT_TRUE(Write(MemoryOf("b", "milk")).status.ok());
}

TEST_F(LifeTest, ADroppedNamespaceIsGoneAtOnceAndComesBackEmpty) {
  (void)Write(WithTtl("a", 60));
  EXPECT_TRUE(Write(DropNamespace{}).status.ok());
  EXPECT_EQ(engine_->DescribeNamespace(Ref(), {}).status().code(), StatusCode::kNotFound);
  (void)Write(MemoryOf("b", "new"));
  EXPECT_FALSE(Get("a"));
  Advance(60);
  Sweep();
  EXPECT_TRUE(Get("b"));
  EXPECT_EQ(engine_->Status().namespaces, 1U);
  ExpectConsistent();
}

TEST_F(LifeTest, AnIdIsAMemoryOrANamedEntity) {
  WriteEdge edge;
  edge.edge.type = "likes";
  edge.source_id = "a";
  edge.target_id = "tea";
  (void)Write(edge);
  // An end that only edges named may become a memory later, as importers write in any order.
  EXPECT_TRUE(Write(MemoryOf("a", "Ann likes tea")).status.ok());
  ExpectConsistent();
  WriteNode node;
  node.node.id = "a";
  EXPECT_EQ(Write(node).status.code(), StatusCode::kAlreadyExists);
  node.node.id = "tea";
  EXPECT_TRUE(Write(node).status.ok());
  EXPECT_EQ(Write(MemoryOf("tea", "x")).status.code(), StatusCode::kAlreadyExists);
  ExpectConsistent();
}

TEST_F(LifeTest, DeletingAMemoryRetiresItsEdges) {
  (void)Write(MemoryOf("a", "Ann likes tea"));
  WriteEdge edge;
  edge.edge.type = "likes";
  edge.source_id = "ann";
  edge.target_id = "tea";
  edge.memory_id = "a";
  (void)Write(edge);
  EXPECT_EQ(Info().edges, 1U);
  (void)Write(DeleteMemory{"a", {}, {}, true, false});
  EXPECT_EQ(Info().edges, 0U);
  edge.memory_id = "a";
  EXPECT_EQ(Write(edge).status.code(), StatusCode::kNotFound);
  ExpectConsistent();
}

TEST_F(LifeTest, TheLogIsTrimmedWhenRetentionIsOver) {
  for (int i = 0; i < 20; ++i) (void)Write(MemoryOf("a", "text " + std::to_string(i)));
  Advance(8 * 86'400);
  for (int i = 0; i < 20; ++i) (void)Write(MemoryOf("a", "later " + std::to_string(i)));
  ExpectConsistent();
}

TEST_F(LifeTest, AFullQueueSaysSo) {
  // The committer cannot take anything while one task blocks it in its reply.
  std::promise<void> release;
  auto released = release.get_future().share();
  std::promise<void> blocked;
  engine_->Submit(NewMutation({MemoryOf("a", "x")}), Durability::kBuffered, [&blocked, released](MutationResult) {
    blocked.set_value();
    released.wait();
  });
  blocked.get_future().wait();
  std::atomic<int> refused = 0;
  for (uint32_t i = 0; i <= Options().queue_mutations_max; ++i) {
    engine_->Submit(NewMutation({Touch{"a", 1}}), Durability::kBuffered, [&](MutationResult result) {
      if (result.status.code() == StatusCode::kRateLimited) ++refused;
    });
  }
  EXPECT_EQ(refused, 1);
  release.set_value();
  // Behind all that speaks of our locals, once there is room.
  MutationResult last = Write(MemoryOf("b", "y"));
  while (last.status.code() == StatusCode::kRateLimited) last = Write(MemoryOf("b", "y"));
  EXPECT_TRUE(last.status.ok()) << last.status.ToString();
}

}  // namespace
}  // namespace engram

// Stored replies: what a retry is told, whatever happened meanwhile.
#include "engine/write/replies.h"

#include <gmock/gmock.h>

#include "tests/engine/engine_fixture.h"

namespace engram {
namespace {

class RepliesTest : public EngineFixture {
 protected:
  Mutation Keyed(Operation operation, const std::string& key = "key") {
    Mutation mutation = NewMutation({std::move(operation)});
    mutation.idempotency = Mutation::Idempotency{key, 42};
    mutation.read_back = true;
    return mutation;
  }
  MutationResult Commit(const Mutation& mutation) { return engine_->Write(mutation, Durability::kBuffered); }
};

PatchMemory Important(const std::string& id, double importance) {
  PatchMemory patch;
  patch.id = id;
  patch.record.importance.emplace(importance);
  return patch;
}

TEST_F(RepliesTest, AMemoryIsShownAsItsPatchLeftIt) {
  NamespaceConfig config;
  config.history_versions = 0;
  ASSERT_TRUE(Create(config).status.ok());
  WriteMemory write = MemoryOf("a", "tea");
  write.content.vectors["default"] = DenseVector{1, 2};
  ASSERT_TRUE(Write(write).status.ok());
  PatchMemory patch = Important("a", 0.25);
  patch.kind = "fact";
  const Mutation first = Keyed(patch);
  const MutationResult made = Commit(first);
  ASSERT_TRUE(made.memory);
  ASSERT_TRUE(Write(Important("a", 0.75)).status.ok());
  ASSERT_TRUE(Write(DeleteMemory{"a", {}, {}, true, false}).status.ok());
  const MutationResult replay = Commit(first);
  ASSERT_TRUE(replay.replayed);
  ASSERT_TRUE(replay.memory);
  EXPECT_EQ(replay.memory->content, write.content);
  EXPECT_EQ(replay.memory->attributes, made.memory->attributes);
  EXPECT_EQ(replay.memory->attributes.kind, "fact");
  EXPECT_EQ(replay.memory->state, made.memory->state);
  EXPECT_EQ(replay.memory->state.importance, 0.25);
  EXPECT_EQ(replay.memory->version, Version(2));
  EXPECT_EQ(replay.memory->hash, made.memory->hash);
}

TEST_F(RepliesTest, ARunIsShownAsItWasPutThoughItIsOver) {
  WriteRun run;
  run.scopes.run_id = "r";
  run.metadata = Value::Object{{"n", Value(1)}};
  run.ttl_seconds.emplace(10);
  const MutationResult made = Commit(Keyed(run));
  Advance(11);
  ASSERT_TRUE(engine_->SweepNow().ok());
  const MutationResult replay = Commit(Keyed(run));
  ASSERT_TRUE(replay.replayed);
  ASSERT_TRUE(replay.run);
  EXPECT_EQ(replay.run->metadata, *run.metadata);
  EXPECT_EQ(replay.run->expires_at, made.run->expires_at);
}

TEST_F(RepliesTest, ANodeIsShownAsItWasPut) {
  WriteNode write;
  write.node.id = "person:ann";
  write.node.name = "Ann";
  ASSERT_TRUE(Commit(Keyed(write)).node);
  WriteNode renamed = write;
  renamed.node.name = "Anna";
  ASSERT_TRUE(Write(renamed).status.ok());
  const MutationResult replay = Commit(Keyed(write));
  ASSERT_TRUE(replay.node);
  EXPECT_EQ(replay.node->id, "person:ann");
  EXPECT_EQ(replay.node->name, "Ann");
}

TEST_F(RepliesTest, ANamespaceIsShownAsItsWriteLeftIt) {
  NamespaceConfig config;
  config.metadata = {{"owner", Value("ann")}};
  const Mutation create = Keyed(CreateNamespace{config}, "create");
  const MutationResult created = Commit(create);
  ASSERT_TRUE(created.namespace_info);
  EXPECT_EQ(created.namespace_info->name, "ns");
  EXPECT_EQ(created.namespace_info->config.metadata, config.metadata);
  EXPECT_EQ(created.namespace_info->position, created.position);
  ASSERT_TRUE(Write(MemoryOf("a", "tea")).status.ok());
  PatchNamespace patch;
  patch.patch.metadata = {{"owner", Value("bob")}};
  const Mutation patched = Keyed(patch, "patch");
  const NamespaceInfo first = *Commit(patched).namespace_info;
  NamespaceInfo now = Info();
  now.indexes.clear();
  EXPECT_EQ(first.memories, 1u);
  EXPECT_EQ(first.bytes, now.bytes);
  EXPECT_EQ(first.memories_digest, now.memories_digest);
  EXPECT_EQ(first.position, now.position);

  ASSERT_TRUE(Write(MemoryOf("b", "milk")).status.ok());
  patch.patch.metadata = {{"owner", Value("cid")}};
  ASSERT_TRUE(Write(patch).status.ok());
  Reopen();
  const MutationResult replay = Commit(patched);
  ASSERT_TRUE(replay.replayed);
  ASSERT_TRUE(replay.namespace_info);
  const NamespaceInfo& shown = *replay.namespace_info;
  EXPECT_EQ(shown.name, first.name);
  EXPECT_EQ(shown.config, first.config);
  EXPECT_EQ(shown.created_at, first.created_at);
  EXPECT_EQ(shown.position, first.position);
  EXPECT_EQ(shown.memories, 1u);
  EXPECT_EQ(shown.bytes, first.bytes);
  EXPECT_EQ(shown.memories_digest, first.memories_digest);
  EXPECT_EQ(Commit(create).namespace_info->config.metadata, config.metadata);
}

TEST_F(RepliesTest, ADropIsRepliedToAfterTheNamespaceIsGone) {
  ASSERT_TRUE(Write(MemoryOf("a", "tea")).status.ok());
  Mutation drop = Keyed(DropNamespace{});
  drop.read_back = false;
  drop.create_namespace = false;
  const MutationResult first = Commit(drop);
  ASSERT_TRUE(first.status.ok());
  const MutationResult replay = Commit(drop);
  ASSERT_TRUE(replay.status.ok()) << replay.status.ToString();
  EXPECT_TRUE(replay.replayed);
  EXPECT_EQ(replay.namespace_id, first.namespace_id);
  ASSERT_TRUE(Write(MemoryOf("b", "of another namespace with this name")).status.ok());
  EXPECT_TRUE(Commit(drop).replayed);
  EXPECT_TRUE(Get("b"));
  drop.idempotency->request_hash = 43;
  EXPECT_EQ(Commit(drop).status.code(), StatusCode::kAlreadyExists);
  drop.idempotency = Mutation::Idempotency{"another key", 42};
  EXPECT_FALSE(Commit(drop).replayed);
  EXPECT_EQ(engine_->FindNamespace(Ref()).status().code(), StatusCode::kNotFound);
}

TEST_F(RepliesTest, ARefusalKeepsItsDetails) {
  ASSERT_TRUE(Write(MemoryOf("a", "tea")).status.ok());
  PatchMemory patch = Important("a", 1);
  patch.if_version = 7;
  const Mutation refused = Keyed(patch);
  const Status first = Commit(refused).status;
  ASSERT_TRUE(Write(Important("a", 0)).status.ok());
  const MutationResult replay = Commit(refused);
  EXPECT_TRUE(replay.replayed);
  EXPECT_EQ(replay.status.ToString(), first.ToString());
  EXPECT_EQ(replay.status.details(), first.details());
  EXPECT_FALSE(replay.status.details().empty());
}

TEST_F(RepliesTest, ARetryBringsNothingBackThatWasErased) {
  Mutation batch = NewMutation({MemoryOf("a", "tea"), MemoryOf("b", "milk")});
  batch.idempotency = Mutation::Idempotency{"batch", 42};
  ASSERT_TRUE(Commit(batch).status.ok());
  const Mutation patch = Keyed(Important("a", 0.5), "patch");
  ASSERT_TRUE(Commit(patch).memory);
  ASSERT_TRUE(Write(DeleteMemory{"a", {}, {}, true, true}).status.ok());
  const MutationResult replay = Commit(batch);
  EXPECT_TRUE(replay.replayed);
  EXPECT_EQ(replay.results[0].outcome, Outcome::kErased);
  EXPECT_EQ(replay.results[0].id, "");
  EXPECT_EQ(replay.results[1].outcome, Outcome::kCreated);
  EXPECT_EQ(replay.results[1].id, "b");
  EXPECT_FALSE(Commit(patch).memory);
  EXPECT_FALSE(Get("a"));
  ExpectConsistent();
}

TEST_F(RepliesTest, AnEraseLeavesTheRepliesOfOthersAlone) {
  ASSERT_TRUE(Write(MemoryOf("a", "tea")).status.ok());
  const Mutation of_b = Keyed(Important("b", 1), "of b");
  ASSERT_EQ(Commit(of_b).status.code(), StatusCode::kNotFound);
  PatchMemory late = Important("a", 1);
  late.if_version = 7;
  const Mutation of_a = Keyed(late, "of a");
  ASSERT_EQ(Commit(of_a).status.code(), StatusCode::kFailedPrecondition);
  Mutation erase = NewMutation({DeleteMemory{"a", {}, {}, true, true}});
  erase.idempotency = Mutation::Idempotency{"erase", 42};
  ASSERT_TRUE(Commit(erase).status.ok());
  EXPECT_TRUE(Commit(of_b).replayed);
  EXPECT_FALSE(Commit(of_a).replayed) << "the message quoted the id";
  const MutationResult replay = Commit(erase);
  EXPECT_TRUE(replay.replayed);
  EXPECT_EQ(replay.results[0].outcome, Outcome::kDeleted);
  EXPECT_EQ(replay.results[0].id, "") << "the reply to an erase keeps no id";
}

TEST_F(RepliesTest, OldRepliesMakeRoom) {
  for (int i = 0; i < 8; ++i) {
    ASSERT_TRUE(Commit(Keyed(MemoryOf("a", "tea " + std::to_string(i)), std::to_string(i))).status.ok());
  }
  Advance(86'401);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Commit(Keyed(MemoryOf("a", "milk"), "new" + std::to_string(i))).status.ok());
  EXPECT_FALSE(Commit(Keyed(MemoryOf("b", "tea"), "0")).replayed);
  ASSERT_TRUE(Write(DeleteMemory{"a", {}, {}, true, true}).status.ok());
  ExpectConsistent();
}

}  // namespace
}  // namespace engram

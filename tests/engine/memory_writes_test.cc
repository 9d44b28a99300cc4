#include "engine/write/memory_writes.h"

#include <cmath>

#include <gmock/gmock.h>

#include "tests/engine/engine_fixture.h"

namespace engram {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class MemoryWritesTest : public EngineFixture {
 protected:
  void TearDown() override { ExpectConsistent(); }
};

Outcome OnlyOutcome(const MutationResult& result) {
  EXPECT_TRUE(result.status.ok()) << result.status.ToString();
  EXPECT_EQ(result.results.size(), 1U);
  return result.results.empty() ? Outcome::kSkipped : result.results[0].outcome;
}

TEST_F(MemoryWritesTest, AMutationWithoutOperationsTakesAPositionLikeAnyOther) {
  const MutationResult empty = engine_->Write(NewMutation({}), Durability::kBuffered);
  ASSERT_TRUE(empty.status.ok()) << empty.status.ToString();
  EXPECT_EQ(empty.position, Position(1));
  EXPECT_EQ(Info().position, Position(1));
  ExpectConsistent();
}

TEST_F(MemoryWritesTest, AWriteIsReadBackWhole) {
  WriteMemory write = MemoryOf("a", "tea");
  write.content.fields["title"] = "drinks";
  write.content.vectors["default"] = DenseVector{3, 4};
  write.attributes.scopes.user_id = "ann";
  write.attributes.metadata["n"] = Value(1);
  write.state.importance.emplace(0.5);
  EXPECT_EQ(OnlyOutcome(Write(write)), Outcome::kCreated);
  const auto memory = Get("a");
  ASSERT_TRUE(memory);
  EXPECT_EQ(memory->content, write.content);
  EXPECT_EQ(memory->attributes.scopes.user_id, "ann");
  EXPECT_EQ(memory->attributes.metadata.at("n"), Value(1));
  EXPECT_EQ(memory->attributes.created_at, kStart);
  EXPECT_EQ(memory->state.importance, 0.5);
  EXPECT_EQ(memory->version, Version(1));
}

TEST_F(MemoryWritesTest, TheSameWriteAgainChangesNothing) {
  (void)Write(MemoryOf("a", "tea"));
  const Hash128 digest = Info().memories_digest;
  Advance(10);
  EXPECT_EQ(OnlyOutcome(Write(MemoryOf("a", "tea"))), Outcome::kUnchanged);
  EXPECT_EQ(Get("a")->version, Version(1));
  EXPECT_EQ(Info().memories_digest, digest);
}

TEST_F(MemoryWritesTest, UpsertReplacesAllButCreationAndStateRecord) {
  WriteMemory first = MemoryOf("a", "tea");
  first.attributes.metadata["old"] = Value(true);
  first.state.pinned = true;
  (void)Write(first);
  Advance(10);
  EXPECT_EQ(OnlyOutcome(Write(MemoryOf("a", "milk"))), Outcome::kUpdated);
  const auto memory = Get("a");
  EXPECT_EQ(memory->content.text, "milk");
  EXPECT_TRUE(memory->attributes.metadata.empty());
  EXPECT_TRUE(memory->state.pinned);
  EXPECT_EQ(memory->attributes.created_at, kStart);
  EXPECT_EQ(memory->attributes.updated_at, kStart.PlusSeconds(10));
}

TEST_F(MemoryWritesTest, InsertAndUpdateMindWhatIsThere) {
  EXPECT_EQ(Write(MemoryOf("a", "tea"), WriteMode::kUpdate).status.code(), StatusCode::kNotFound);
  EXPECT_EQ(OnlyOutcome(Write(MemoryOf("a", "tea"), WriteMode::kInsert)), Outcome::kCreated);
  EXPECT_EQ(Write(MemoryOf("a", "milk"), WriteMode::kInsert).status.code(), StatusCode::kAlreadyExists);
  EXPECT_EQ(OnlyOutcome(Write(MemoryOf("a", "milk"), WriteMode::kUpdate)), Outcome::kUpdated);
}

TEST_F(MemoryWritesTest, IfVersionLetsOneOfTwoWritersWin) {
  WriteMemory write = MemoryOf("a", "tea");
  write.if_version = 0;
  EXPECT_EQ(OnlyOutcome(Write(write)), Outcome::kCreated);
  const Status refused = Write(write).status;
  EXPECT_EQ(refused.code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(refused.field(), "operations[0].if_version");
  write.content.text = "milk";
  write.if_version = 1;
  EXPECT_EQ(OnlyOutcome(Write(write)), Outcome::kUpdated);
}

TEST_F(MemoryWritesTest, ABackfillNeverOverwritesNorResurrects) {
  WriteMemory write = MemoryOf("a", "v5");
  write.attributes.source.version = 5;
  EXPECT_EQ(OnlyOutcome(Write(write, WriteMode::kNewer)), Outcome::kCreated);
  WriteMemory old = MemoryOf("a", "v4");
  old.attributes.source.version = 4;
  EXPECT_EQ(OnlyOutcome(Write(old, WriteMode::kNewer)), Outcome::kUnchanged);
  (void)Write(DeleteMemory{"a", {}, {}, true, false});
  EXPECT_EQ(OnlyOutcome(Write(write, WriteMode::kNewer)), Outcome::kUnchanged);
  EXPECT_FALSE(Get("a"));
  write.attributes.source.version = 6;
  EXPECT_EQ(OnlyOutcome(Write(write, WriteMode::kNewer)), Outcome::kCreated);
}

TEST_F(MemoryWritesTest, ANativeWriteIsNewerThanABackfillWithoutTimes) {
  (void)Write(MemoryOf("a", "native"));
  WriteMemory old = MemoryOf("a", "v4");
  old.attributes.source.version = 4;
  EXPECT_EQ(OnlyOutcome(Write(old, WriteMode::kNewer)), Outcome::kUnchanged);
}

TEST_F(MemoryWritesTest, ScopesNeverChange) {
  WriteMemory write = MemoryOf("a", "tea");
  write.attributes.scopes.user_id = "ann";
  (void)Write(write);
  write.attributes.scopes.user_id = "bob";
  const Status refused = Write(write).status;
  EXPECT_EQ(refused.code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(refused.field(), "operations[0].user_id");
}

TEST_F(MemoryWritesTest, AttributesAloneKeepTheSlot) {
  WriteMemory write = MemoryOf("a", "tea");
  (void)Write(write);
  const uint64_t bytes = Info().bytes;
  PatchMemory patch;
  patch.id = "a";
  patch.metadata = Value::Object{{"topic", Value("drinks")}};
  EXPECT_EQ(OnlyOutcome(Write(patch)), Outcome::kUpdated);
  // A content row would have added its text again.
  EXPECT_LT(Info().bytes - bytes, bytes + 20);
  EXPECT_EQ(Get("a")->version, Version(2));
  EXPECT_EQ(Get("a")->content.text, "tea");
}

TEST_F(MemoryWritesTest, AStateRecordMakesNoVersion) {
  (void)Write(MemoryOf("a", "tea"));
  EXPECT_EQ(OnlyOutcome(Write(Feedback{"a", Feedback::Signal::kHelpful, 2})), Outcome::kUpdated);
  EXPECT_EQ(Get("a")->version, Version(1));
  EXPECT_EQ(Get("a")->state.helpful, 2);
}

TEST_F(MemoryWritesTest, NewTextOverAnOldVectorMustBeMeant) {
  WriteMemory write = MemoryOf("a", "tea");
  write.content.vectors["default"] = DenseVector{1, 0};
  (void)Write(write);
  PatchMemory patch;
  patch.id = "a";
  patch.text = "milk";
  const Status refused = Write(patch).status;
  EXPECT_EQ(refused.code(), StatusCode::kUnprocessable);
  EXPECT_EQ(refused.field(), "operations[0].vector");
  patch.keep_vectors = true;
  EXPECT_EQ(OnlyOutcome(Write(patch)), Outcome::kUpdated);
}

TEST_F(MemoryWritesTest, TheFirstVectorFixesTheDimensions) {
  WriteMemory write = MemoryOf("a", "");
  write.content.vectors["default"] = DenseVector{1, 0};
  (void)Write(write);
  write.id = "b";
  write.content.vectors["default"] = DenseVector{1, 0, 0};
  const Status refused = Write(write).status;
  EXPECT_EQ(refused.code(), StatusCode::kUnprocessable);
  EXPECT_THAT(refused.message(), HasSubstr("3"));
  EXPECT_THAT(refused.message(), HasSubstr("2"));
  EXPECT_EQ(refused.field(), "operations[0].vector");
}

TEST_F(MemoryWritesTest, AnotherModelIsAConflict) {
  WriteMemory write = MemoryOf("a", "");
  write.content.vectors["default"] = DenseVector{1, 0};
  write.vector_models["default"] = "minilm";
  (void)Write(write);
  write.id = "b";
  write.vector_models["default"] = "other";
  EXPECT_EQ(Write(write).status.code(), StatusCode::kAlreadyExists);
}

TEST_F(MemoryWritesTest, OneBadItemFailsTheWholeBatch) {
  WriteMemory bad = MemoryOf("b", "");
  bad.content.vectors["other"] = DenseVector{1};
  const auto result = engine_->Write(NewMutation({MemoryOf("a", "tea"), bad}), Durability::kBuffered);
  EXPECT_EQ(result.status.code(), StatusCode::kUnprocessable);
  EXPECT_EQ(result.status.field(), "operations[1].vectors.other");
  (void)Write(MemoryOf("c", "only"));
  EXPECT_FALSE(Get("a"));
  EXPECT_EQ(Info().memories, 1U);
}

TEST_F(MemoryWritesTest, ADeleteHidesAndKeepsHistory) {
  (void)Write(MemoryOf("a", "tea"));
  (void)Write(MemoryOf("a", "milk"));
  EXPECT_EQ(OnlyOutcome(Write(DeleteMemory{"a", {}, {}, true, false})), Outcome::kDeleted);
  EXPECT_FALSE(Get("a"));
  EXPECT_EQ(Write(DeleteMemory{"a", {}, {}, true, false}).status.code(), StatusCode::kNotFound);
  const auto events = History("a");
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[0].kind, HistoryEvent::Kind::kAdd);
  EXPECT_EQ(events[1].memory.content.text, "milk");
  EXPECT_EQ(events[1].old_text, "tea");
  EXPECT_EQ(events[2].kind, HistoryEvent::Kind::kDelete);
  EXPECT_EQ(events[2].version, Version(3));
  EXPECT_EQ(OnlyOutcome(Write(MemoryOf("a", "water"))), Outcome::kCreated);
  EXPECT_EQ(Get("a")->version, Version(4));
}

TEST_F(MemoryWritesTest, AnErasedMemoryLeavesNoHistory) {
  (void)Write(MemoryOf("keep", "x"));
  const NamespaceInfo before = Info();
  (void)Write(MemoryOf("a", "secret"));
  (void)Write(MemoryOf("a", "more secret"));
  WriteEdge edge;
  edge.edge.type = "knows";
  edge.source_id = "a";
  edge.target_id = "keep";
  (void)Write(edge);
  EXPECT_EQ(OnlyOutcome(Write(DeleteMemory{"a", {}, {}, true, true})), Outcome::kDeleted);
  EXPECT_EQ(engine_->History(Ref(), "a").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(Info().bytes, before.bytes);
  EXPECT_EQ(Info().edges, 0U);
  EXPECT_EQ(Info().memories_digest, before.memories_digest);
}

TEST_F(MemoryWritesTest, AnErasedTombstoneIsGoneToo) {
  (void)Write(MemoryOf("a", "secret"));
  (void)Write(DeleteMemory{"a", {}, {}, true, false});
  EXPECT_EQ(OnlyOutcome(Write(DeleteMemory{"a", {}, {}, false, true})), Outcome::kDeleted);
  EXPECT_EQ(engine_->History(Ref(), "a").status().code(), StatusCode::kNotFound);
}

class HistoryPolicyTest : public MemoryWritesTest, public ::testing::WithParamInterface<uint32_t> {};

TEST_P(HistoryPolicyTest, KeepsSoManyFormerVersions) {
  NamespaceConfig config;
  config.history_versions = GetParam();
  (void)Create(config);
  for (int i = 0; i < 5; ++i) {
    (void)Write(MemoryOf("a", "text " + std::to_string(i)));
    PatchMemory patch;
    patch.id = "a";
    patch.kind = "k" + std::to_string(i);
    (void)Write(patch);
  }
  const auto events = History("a");
  EXPECT_EQ(events.size(), GetParam() + 1);
  EXPECT_EQ(events.back().memory.content.text, "text 4");
  EXPECT_EQ(Info().former_versions, GetParam());
  (void)Write(DeleteMemory{"a", {}, {}, true, false});
  EXPECT_EQ(History("a").size(), GetParam() + 1);
}
INSTANTIATE_TEST_SUITE_P(Policies, HistoryPolicyTest, ::testing::Values(0U, 1U, 2U, 3U));

TEST_F(MemoryWritesTest, DuplicatesAreFoundInsideTheTransaction) {
  NamespaceConfig config;
  config.deduplicate = Deduplicate::kContent;
  (void)Create(config);
  const auto result = engine_->Write(NewMutation({MemoryOf("a", "tea"), MemoryOf("b", "tea")}), Durability::kBuffered);
  ASSERT_TRUE(result.status.ok());
  EXPECT_EQ(result.results[1].outcome, Outcome::kDuplicate);
  EXPECT_EQ(result.results[1].id, "a");
  WriteMemory other = MemoryOf("c", "tea");
  other.attributes.scopes.user_id = "ann";
  EXPECT_EQ(OnlyOutcome(Write(other)), Outcome::kCreated);
  (void)Write(DeleteMemory{"a", {}, {}, true, false});
  EXPECT_EQ(OnlyOutcome(Write(MemoryOf("d", "tea"))), Outcome::kCreated);
}

TEST_F(MemoryWritesTest, AnImportKeepsTimesVersionsAndHistory) {
  WriteMemory write = MemoryOf("a", "now");
  write.created_at = Timestamp::FromSeconds(100);
  write.updated_at = Timestamp::FromSeconds(300);
  write.version = Version(7);
  for (int i = 1; i <= 2; ++i) {
    ImportedVersion former;
    former.version = Version(static_cast<uint64_t>(i) * 2);
    former.content.text = "then " + std::to_string(i);
    former.attributes.created_at = Timestamp::FromSeconds(100);
    former.attributes.updated_at = Timestamp::FromSeconds(100 * i);
    write.history.push_back(former);
  }
  const auto result =
      engine_->Write(NewMutation({write, ImportProgress{"job", "row 1", 2, {}, {}}}), Durability::kBuffered);
  ASSERT_TRUE(result.status.ok()) << result.status.ToString();
  EXPECT_EQ(Get("a")->version, Version(7));
  EXPECT_EQ(Get("a")->attributes.updated_at, Timestamp::FromSeconds(300));
  const auto events = History("a");
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[0].version, Version(2));
  EXPECT_EQ(events[0].kind, HistoryEvent::Kind::kAdd);
  EXPECT_EQ(events[1].memory.content.text, "then 2");
  EXPECT_EQ(events[2].kind, HistoryEvent::Kind::kUpdate);
  const auto imports = engine_->ListImports(tenant_);
  ASSERT_TRUE(imports.ok());
  ASSERT_EQ(imports->size(), 1U);
  EXPECT_EQ((*imports)[0].cursor, "row 1");
  EXPECT_EQ((*imports)[0].memories, 1U);
  EXPECT_EQ(OnlyOutcome(Write(write)), Outcome::kUnchanged);
}

TEST_F(MemoryWritesTest, AnUpdateSetsPathsAndLeavesTheRest) {
  WriteMemory write = MemoryOf("a", "tea");
  write.attributes.metadata["x"] = Value(Value::Object{{"y", Value(1)}, {"z", Value(2)}});
  (void)Write(write);
  AttributeChange change;
  change.set = {{"metadata.x.y", Value(5)}, {"metadata.new.deep", Value("v")}, {"importance", Value(1)}};
  change.unset = {"metadata.x.z", "metadata.absent.path"};
  EXPECT_EQ(OnlyOutcome(Write(UpdateOf("a", change))), Outcome::kUpdated);
  const auto memory = Get("a");
  EXPECT_EQ(DebugString(Value(memory->attributes.metadata)), "{\"new\": {\"deep\": \"v\"}, \"x\": {\"y\": 5}}");
  EXPECT_EQ(memory->state.importance, 1.0);
  change.set = {{"user_id", Value("bob")}};
  EXPECT_EQ(Write(UpdateOf("a", change)).status.code(), StatusCode::kInvalidArgument);
}

TEST_F(MemoryWritesTest, NoPathNestsMetadataTooDeeply) {
  (void)Write(MemoryOf("a", "tea"));
  AttributeChange change;
  std::string path = "metadata";
  for (int i = 0; i < 100; ++i) path += ".x";
  change.set = {{path, Value(1)}};
  EXPECT_EQ(Write(UpdateOf("a", change)).status.code(), StatusCode::kUnprocessable);
  EXPECT_EQ(Get("a")->version, Version(1));
}

TEST_F(MemoryWritesTest, AThousandPathsAreTheLimit) {
  WriteMemory write = MemoryOf("a", "");
  for (int i = 0; i < 1000; ++i) write.attributes.metadata["k" + std::to_string(i)] = Value(i);
  EXPECT_EQ(OnlyOutcome(Write(write)), Outcome::kCreated);
  WriteMemory more = MemoryOf("b", "");
  more.attributes.metadata["one more"] = Value(1);
  EXPECT_EQ(Write(more).status.code(), StatusCode::kUnprocessable);
  EXPECT_FALSE(Get("b"));
}

TEST_F(MemoryWritesTest, PathsAreFreeAgainOnceNoMemoryIsLeft) {
  WriteMemory write = MemoryOf("a", "");
  for (int i = 0; i < 1000; ++i) write.attributes.metadata["k" + std::to_string(i)] = Value(i);
  ASSERT_TRUE(Write(write).status.ok());
  WriteMemory more = MemoryOf("b", "");
  more.attributes.metadata["one more"] = Value(1);
  (void)Write(DeleteMemory{"a", {}, {}, true, false});
  EXPECT_EQ(Write(more).status.code(), StatusCode::kUnprocessable) << "its history has them still";
  (void)Write(DeleteMemory{"a", {}, {}, true, true});
  EXPECT_EQ(OnlyOutcome(Write(more)), Outcome::kCreated);
}

TEST_F(MemoryWritesTest, ASourceMergesAndItsFeedGoesOn) {
  const auto from_crm = [](uint64_t version, const std::string& text) {
    WriteMemory write = MemoryOf("a", text);
    write.attributes.source.system = "crm";
    write.attributes.source.version = version;
    return write;
  };
  EXPECT_EQ(OnlyOutcome(Write(from_crm(5, "tea"), WriteMode::kNewer)), Outcome::kCreated);
  PatchMemory patch;
  patch.id = "a";
  patch.source.emplace().batch = "b7";
  EXPECT_EQ(OnlyOutcome(Write(patch)), Outcome::kUpdated);
  EXPECT_EQ(Get("a")->attributes.source, (Source{"crm", "", 5, "b7"}));
  EXPECT_EQ(OnlyOutcome(Write(from_crm(5, "old"), WriteMode::kNewer)), Outcome::kUnchanged);
  EXPECT_EQ(OnlyOutcome(Write(from_crm(6, "milk"), WriteMode::kNewer)), Outcome::kUpdated);
  EXPECT_EQ(OnlyOutcome(Write(MemoryOf("a", "corrected by hand"))), Outcome::kUpdated);
  EXPECT_EQ(OnlyOutcome(Write(from_crm(6, "old"), WriteMode::kNewer)), Outcome::kUnchanged);
  EXPECT_EQ(OnlyOutcome(Write(from_crm(7, "water"), WriteMode::kNewer)), Outcome::kUpdated);
}

TEST_F(MemoryWritesTest, APatchClearsWhole) {
  WriteMemory write = MemoryOf("a", "tea");
  write.content.fields["title"] = "drinks";
  write.attributes.metadata["n"] = Value(1);
  ASSERT_TRUE(Write(write).status.ok());
  PatchMemory patch;
  patch.id = "a";
  patch.clear_metadata = true;
  patch.clear_fields = true;
  EXPECT_EQ(OnlyOutcome(Write(patch)), Outcome::kUpdated);
  EXPECT_TRUE(Get("a")->attributes.metadata.empty());
  EXPECT_TRUE(Get("a")->content.fields.empty());
  EXPECT_EQ(OnlyOutcome(Write(patch)), Outcome::kUnchanged);
}

TEST_F(MemoryWritesTest, FeedbackStaysFinite) {
  (void)Write(MemoryOf("a", "tea"));
  const auto weighing = [&](double weight) { return Write(Feedback{"a", Feedback::Signal::kHelpful, weight}).status; };
  for (const double weight : {1e308, -1.0, 0.0, std::nan("")}) {
    EXPECT_EQ(weighing(weight).code(), StatusCode::kInvalidArgument) << weight;
    EXPECT_EQ(weighing(weight).field(), "operations[0].weight");
  }
  EXPECT_TRUE(weighing(kFeedbackWeightMax).ok());
  EXPECT_EQ(Get("a")->state.helpful, kFeedbackWeightMax);
}

TEST_F(MemoryWritesTest, DeduplicationIsSwitchedOnInAnEmptyNamespace) {
  (void)Write(MemoryOf("a", "tea"));
  PatchNamespace on;
  on.patch.deduplicate = Deduplicate::kContent;
  const Status refused = Write(on).status;
  EXPECT_EQ(refused.code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(refused.field(), "operations[0].deduplicate");
  EXPECT_THAT(refused.message(), HasSubstr("1 memories"));
  (void)Write(DeleteMemory{"a", {}, {}, true, false});
  ASSERT_TRUE(Write(on).status.ok());
  (void)Write(MemoryOf("b", "tea"));
  EXPECT_EQ(OnlyOutcome(Write(MemoryOf("c", "tea"))), Outcome::kDuplicate);
  PatchNamespace off;
  off.patch.deduplicate = Deduplicate::kNone;
  EXPECT_TRUE(Write(off).status.ok());
}

TEST_F(MemoryWritesTest, TheStoreReopensAsItWas) {
  (void)Write(MemoryOf("a", "tea"));
  WriteMemory write = MemoryOf("b", "");
  write.content.vectors["default"] = DenseVector{1, 2};
  (void)Write(write);
  const NamespaceInfo before = Info();
  Reopen();
  EXPECT_EQ(Info().memories_digest, before.memories_digest);
  EXPECT_EQ(Info().position, before.position);
  EXPECT_EQ(Get("a")->content.text, "tea");
}

}  // namespace
}  // namespace engram

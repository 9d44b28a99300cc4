// What the committer keeps decoded is what the rows say: after refusals, drops, moved aliases and lost groups.
#include "engine/write/namespace_cache.h"

#include <future>

#include <gtest/gtest.h>

#include "engine/apply.h"
#include "engine/committer.h"
#include "engine/keys.h"
#include "tests/engine/engine_fixture.h"
#include "tests/engine/memory_store.h"

namespace engram {
namespace {

const TenantId kTenant = TestWriter::kTenant;

Operation Put(const std::string& id, std::vector<float> vector = {}) {
  WriteMemory write;
  write.id = id;
  write.content.text = "text of " + id;
  if (!vector.empty()) write.content.vectors.emplace(kDefaultSpace, DenseVector(std::move(vector)));
  return write;
}

Operation Patch(const std::string& id) {
  PatchMemory patch;
  patch.id = id;
  patch.role = "user";
  return patch;
}

// One group after the other over rows in memory, with one cache for all of them.
class NamespaceCacheTest : public ::testing::Test {
 protected:
  MutationResult Apply(const std::string& ns, std::vector<Operation> operations, bool create = false) {
    if (!group_) group_ = store_.NewOverlay();
    Mutation mutation;
    mutation.tenant = kTenant;
    mutation.namespace_name = ns;
    mutation.create_namespace = create;
    mutation.operations = std::move(operations);
    return ApplyMutation(mutation, kStart, ApplyOptions(), cache_, *group_, &publications_);
  }
  void EndGroup() { ASSERT_TRUE(store_.Commit(std::move(group_), false).ok()); }

  // As the rows say.
  NamespaceCounters Counters(NamespaceId ns) {
    const auto snapshot = store_.Snapshot();
    auto counters = ReadCounters(ScopedReader(*snapshot, keys::Scope(kTenant, ns)));
    EXPECT_TRUE(counters.ok());
    return *counters;
  }

  MemoryStore store_;
  NamespaceCache cache_;
  std::unique_ptr<Store::Overlay> group_;
  std::vector<Publication> publications_;
};

TEST_F(NamespaceCacheTest, ARefusedMutationLeavesNeitherNumbersNorDimensionsBehind) {
  const NamespaceId ns = Apply("a", {Put("m1")}, true).namespace_id;
  ASSERT_TRUE(Apply("a", {Put("m2")}).status.ok());
  // The first operation takes a slot and makes the space; the second is refused, and with it the whole.
  ASSERT_EQ(Apply("a", {Put("m3", {1, 2, 3}), Patch("missing")}).status.code(), StatusCode::kNotFound);
  const MutationResult after = Apply("a", {Put("m4", {1, 2})});
  ASSERT_TRUE(after.status.ok()) << after.status.ToString();
  EXPECT_EQ(after.position, Position(3));
  EndGroup();
  EXPECT_EQ(Counters(ns).memories, 3U);
  EXPECT_EQ(Counters(ns).next_node, NodeNumber(3));
  ASSERT_EQ(Apply("a", {Put("m5", {1, 2, 3})}).status.code(), StatusCode::kUnprocessable);
}

TEST_F(NamespaceCacheTest, ANamesakeOfADroppedNamespaceStartsFromNothing) {
  for (const bool one_group : {true, false}) {
    SCOPED_TRACE(one_group);
    const MutationResult first = Apply("a", {Put("m1"), Put("m2", {1, 2})}, true);
    ASSERT_TRUE(first.status.ok()) << first.status.ToString();
    if (!one_group) EndGroup();
    ASSERT_TRUE(Apply("a", {DropNamespace{}}).status.ok());
    if (!one_group) EndGroup();
    EXPECT_EQ(Apply("a", {Put("m3")}).status.code(), StatusCode::kNotFound);
    const MutationResult namesake = Apply("a", {Put("m3", {1, 2, 3})}, true);
    ASSERT_TRUE(namesake.status.ok()) << namesake.status.ToString();
    EXPECT_NE(namesake.namespace_id, first.namespace_id);
    EXPECT_EQ(namesake.position, Position(1));
    ASSERT_TRUE(Apply("a", {DropNamespace{}}).status.ok());
    EndGroup();
  }
}

TEST_F(NamespaceCacheTest, ADroppedNamespaceTakesItsAliasesAlong) {
  NamespaceConfig config;
  config.aliases = {"x"};
  ASSERT_TRUE(Apply("a", {CreateNamespace{config}}, true).status.ok());
  ASSERT_TRUE(Apply("x", {Put("m1")}).status.ok());
  ASSERT_TRUE(Apply("a", {DropNamespace{}}).status.ok());
  EXPECT_EQ(Apply("x", {Put("m2")}).status.code(), StatusCode::kNotFound);
}

TEST_F(NamespaceCacheTest, AnAliasThatMovedNamesTheOther) {
  const auto aliases = [](std::vector<std::string> names) {
    NamespacePatch patch;
    patch.aliases = std::move(names);
    return PatchNamespace{std::move(patch)};
  };
  const NamespaceId a = Apply("a", {CreateNamespace{}}, true).namespace_id;
  const NamespaceId b = Apply("b", {CreateNamespace{}}, true).namespace_id;
  ASSERT_TRUE(Apply("a", {aliases({"x"})}).status.ok());
  EXPECT_EQ(Apply("x", {Put("m1")}).namespace_id, a);
  // Taken still: refused, and nothing has moved.
  ASSERT_EQ(Apply("b", {aliases({"x"})}).status.code(), StatusCode::kAlreadyExists);
  EXPECT_EQ(Apply("x", {Put("m2")}).namespace_id, a);
  ASSERT_TRUE(Apply("a", {aliases({})}).status.ok());
  EXPECT_EQ(Apply("x", {Put("m3")}).status.code(), StatusCode::kNotFound);
  ASSERT_TRUE(Apply("b", {aliases({"x"})}).status.ok());
  EXPECT_EQ(Apply("x", {Put("m4")}).namespace_id, b);
}

TEST_F(NamespaceCacheTest, ReadOnlyHoldsFromTheNextMutationOfTheGroup) {
  const auto read_only = [](bool on) {
    NamespacePatch patch;
    patch.read_only = on;
    return PatchNamespace{std::move(patch)};
  };
  ASSERT_TRUE(Apply("a", {Put("m1")}, true).status.ok());
  ASSERT_TRUE(Apply("a", {read_only(true)}).status.ok());
  EXPECT_EQ(Apply("a", {Put("m2")}).status.code(), StatusCode::kPermissionDenied);
  EndGroup();
  EXPECT_EQ(Apply("a", {Put("m2")}).status.code(), StatusCode::kPermissionDenied);
  ASSERT_TRUE(Apply("a", {read_only(false)}).status.ok());
  EXPECT_TRUE(Apply("a", {Put("m2")}).status.ok());
}

TEST_F(NamespaceCacheTest, OldRepliesAndLogRowsGoWithTheFirstMutationAfterTheirTime) {
  const ApplyOptions options{.log_retention_seconds = 60, .idempotency_seconds = 100};
  NamespaceId ns;
  const auto write_at = [&](int64_t seconds) {
    group_ = store_.NewOverlay();
    Mutation mutation;
    mutation.tenant = kTenant;
    mutation.namespace_name = "a";
    mutation.operations = {Put("at" + std::to_string(seconds))};
    mutation.idempotency = Mutation::Idempotency{"key" + std::to_string(seconds), 7};
    const auto result = ApplyMutation(mutation, kStart.PlusSeconds(seconds), options, cache_, *group_, &publications_);
    ASSERT_TRUE(result.status.ok()) << result.status.ToString();
    ns = result.namespace_id;
    EndGroup();
  };
  const auto count = [&](char kind) {
    const auto snapshot = store_.Snapshot();
    int rows = 0;
    const auto it = ScopedReader(*snapshot, keys::Scope(kTenant, ns)).ScanPrefix(std::string(1, kind));
    for (; it->Valid(); it->Next()) ++rows;
    return rows;
  };
  const auto expect_at = [&](int64_t seconds, int log_rows, int replies) {
    SCOPED_TRACE(seconds);
    ASSERT_NO_FATAL_FAILURE(write_at(seconds));
    EXPECT_EQ(count(keys::kLog), log_rows);
    EXPECT_EQ(count(keys::kReply), replies);
    EXPECT_EQ(count(keys::kReplyByTime), replies);
  };
  expect_at(0, 1, 1);
  expect_at(10, 2, 2);
  expect_at(50, 3, 3);
  expect_at(60, 3, 4);   // without the log row of 0
  expect_at(99, 3, 5);   // without that of 10
  expect_at(100, 4, 5);  // without the reply of 0
  expect_at(110, 4, 5);  // without the log row of 50 and the reply of 10
  expect_at(250, 1, 2);  // at most four each time: the reply of 110 is left
  expect_at(251, 2, 2);
}

TEST_F(NamespaceCacheTest, TenantsDoNotMeetInNames) {
  const NamespaceId ours = Apply("a", {Put("m1"), Put("m2")}, true).namespace_id;
  Mutation foreign;
  foreign.tenant = kTenant.Next();
  foreign.namespace_name = "a";
  foreign.create_namespace = false;
  foreign.operations = {Put("m3")};
  EXPECT_EQ(ApplyMutation(foreign, kStart, ApplyOptions(), cache_, *group_, &publications_).status.code(),
            StatusCode::kNotFound);
  foreign.create_namespace = true;
  const MutationResult theirs = ApplyMutation(foreign, kStart, ApplyOptions(), cache_, *group_, &publications_);
  ASSERT_TRUE(theirs.status.ok());
  EXPECT_EQ(theirs.namespace_id, ours);  // numbers count per tenant
  EXPECT_EQ(theirs.position, Position(1));
  EXPECT_EQ(Apply("a", {Put("m4")}).position, Position(2));
}

// A store whose disk is full at times.
class FullStore final : public Store {
 public:
  std::shared_ptr<const KvReader> Snapshot() const override { return rows_.Snapshot(); }
  std::unique_ptr<Overlay> NewOverlay() override { return rows_.NewOverlay(); }
  Status Commit(std::unique_ptr<Overlay> overlay, bool sync) override {
    if (full) return {StatusCode::kOutOfSpace, "the disk is full"};
    return rows_.Commit(std::move(overlay), sync);
  }
  Status SyncLog() override { return {}; }
  Status CompactRange(std::string_view, std::string_view) override { return {}; }
  bool out_of_space() const override { return false; }
  uint64_t DiskBytes() const override { return 0; }
  std::vector<std::pair<std::string, double>> Gauges() const override { return {}; }

  std::atomic<bool> full = false;

 private:
  MemoryStore rows_;
};

TEST(CommitterTest, AGroupThatWasNotCommittedLeavesNothingBehind) {
  FullStore store;
  IndexRegistry registry(store, 1 << 20);
  ManualClock clock(kStart);
  LogClock log_clock(clock, kStart);
  KnownNamespaces known;
  TenantTable tenants;
  Committer committer(&store, &registry, &known, &tenants, &log_clock, {});
  committer.Start();
  const auto write = [&](const std::string& ns, std::vector<Operation> operations) {
    Mutation mutation;
    mutation.tenant = kTenant;
    mutation.namespace_name = ns;
    mutation.operations = std::move(operations);
    std::promise<MutationResult> done;
    committer.Submit(std::move(mutation), Durability::kSync,
                     [&done](MutationResult result) { done.set_value(std::move(result)); });
    return done.get_future().get();
  };
  const MutationResult first = write("a", {Put("m1")});
  ASSERT_TRUE(first.status.ok()) << first.status.ToString();
  store.full = true;
  EXPECT_EQ(write("a", {DropNamespace{}}).status.code(), StatusCode::kOutOfSpace);
  EXPECT_EQ(write("b", {Put("m1")}).status.code(), StatusCode::kOutOfSpace);
  // Last, since the others clear the cache when they are accepted.
  EXPECT_EQ(write("a", {Put("m2", {1, 2, 3})}).status.code(), StatusCode::kOutOfSpace);
  store.full = false;
  const MutationResult second = write("a", {Put("m2", {1, 2})});
  ASSERT_TRUE(second.status.ok()) << second.status.ToString();
  EXPECT_EQ(second.namespace_id, first.namespace_id);
  EXPECT_EQ(second.position, Position(2));
  EXPECT_EQ(write("b", {Put("m1")}).position, Position(1));
  const auto snapshot = store.Snapshot();
  const auto counters = ReadCounters(ScopedReader(*snapshot, keys::Scope(kTenant, first.namespace_id)));
  ASSERT_TRUE(counters.ok());
  EXPECT_EQ(counters->memories, 2U);
}

}  // namespace
}  // namespace engram

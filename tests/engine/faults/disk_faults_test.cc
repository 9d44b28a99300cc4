// A disk that fails, and one that stalls, under the engine.
#include <future>

#include <gmock/gmock.h>

#include "base/testing/fault_file_system.h"
#include "tests/engine/engine_fixture.h"

namespace engram {
namespace {

class DiskFaultsTest : public ::testing::Test {
 protected:
  DiskFaultsTest() : clock_(kStart) { GTEST_FLAG_SET(death_test_style, "threadsafe"); }

  EngineOptions Options() {
    EngineOptions options;
    options.data_dir = "/data";
    options.files = &disk_;
    options.clock = &clock_;
    options.sweep_interval = std::chrono::milliseconds(0);
    options.block_cache_bytes = 0;  // every read is the disk's
    options.write_buffer_bytes = 64 << 10;
    return options;
  }
  void Open(const EngineOptions& options) {
    engine_.reset();
    auto engine = Engine::Open(options);
    ASSERT_TRUE(engine.ok()) << engine.status().ToString();
    engine_ = std::move(*engine);
    tenant_ = *engine_->FindTenant("default", true);
  }
  MutationResult Write(const std::string& id, Durability durability) {
    return engine_->Write(NewMutation(id), durability);
  }
  Mutation NewMutation(const std::string& id) const {
    Mutation mutation;
    mutation.tenant = tenant_;
    mutation.namespace_name = "ns";
    mutation.operations = {MemoryOf(id, "text of " + id)};
    return mutation;
  }
  bool IsThere(const std::string& id) {
    const auto reply = engine_->Get({tenant_, "ns"}, {id}, {}, {});
    EXPECT_TRUE(reply.ok()) << reply.status().ToString();
    return reply.ok() && reply->memories.size() == 1;
  }

  FaultFileSystem disk_;
  ManualClock clock_;
  std::unique_ptr<Engine> engine_;
  TenantId tenant_;
};

using DiskFaultsDeathTest = DiskFaultsTest;

TEST_F(DiskFaultsDeathTest, AFailedSyncStopsTheProcess) {
  EXPECT_DEATH(
      {
        Open(Options());
        disk_.FailAfter(FileOperation::kSync, 0, Unavailable("bad sector"));
        (void)Write("a", Durability::kSync);
      },
      "store_sync_failed.*bad sector");
}

// The kernel may say so of a sync when the disk is thin; what it had is as lost as with any other error.
TEST_F(DiskFaultsDeathTest, SoDoesASyncThatFindsNoRoom) {
  EXPECT_DEATH(
      {
        Open(Options());
        disk_.FailAfter(FileOperation::kSync, 0, {StatusCode::kOutOfSpace, "thin pool is full"});
        (void)Write("a", Durability::kSync);
      },
      "store_sync_failed.*thin pool is full");
}

TEST_F(DiskFaultsDeathTest, AFailedWriteOfTheLogStopsTheProcess) {
  EXPECT_DEATH(
      {
        Open(Options());
        disk_.FailAfter(FileOperation::kWrite, 0, Unavailable("bad cable"));
        (void)Write("a", Durability::kBuffered);
      },
      "store_write_failed.*bad cable|store_background_error.*bad cable");
}

TEST_F(DiskFaultsDeathTest, AReadErrorOfADataFileStopsTheProcess) {
  EXPECT_DEATH(
      {
        Open(Options());
        (void)Write("a", Durability::kSync);
        Open(Options());  // what was in the log is in a file of rows now
        disk_.FailAfter(FileOperation::kRead, 0, Unavailable("bad block"));
        (void)IsThere("a");
      },
      "store_read_failed.*bad block");
}

TEST_F(DiskFaultsTest, AStalledSyncHoldsUpRepliesAndNoReads) {
  Open(Options());
  ASSERT_TRUE(Write("first", Durability::kSync).status.ok());
  disk_.StallSyncs(true);
  std::promise<MutationResult> promise;
  auto reply = promise.get_future();
  engine_->Submit(NewMutation("second"), Durability::kSync,
                  [&](MutationResult result) { promise.set_value(std::move(result)); });
  EXPECT_TRUE(IsThere("first"));
  EXPECT_EQ(reply.wait_for(std::chrono::milliseconds(50)), std::future_status::timeout)
      << "acknowledged before it was synced";
  disk_.StallSyncs(false);
  EXPECT_TRUE(reply.get().status.ok());
  EXPECT_TRUE(IsThere("second"));
}

TEST_F(DiskFaultsTest, BehindAStalledSyncTheQueueIsBounded) {
  EngineOptions options = Options();
  options.queue_mutations_max = 3;
  Open(options);
  disk_.StallSyncs(true);
  std::atomic<int> refused = 0;
  std::atomic<int> written = 0;
  for (int i = 0; i < 10; ++i) {
    engine_->Submit(NewMutation(std::to_string(i)), Durability::kSync, [&](const MutationResult& result) {
      ++(result.status.ok() ? written : refused);
      EXPECT_TRUE(result.status.ok() || result.status.code() == StatusCode::kRateLimited);
    });
  }
  // Up to three wait, and those that the committer had taken before the stall caught it.
  EXPECT_GE(refused, 1);
  disk_.StallSyncs(false);
  engine_.reset();
  EXPECT_EQ(written + refused, 10);
  EXPECT_GE(written, 3);
}

// A wall clock that jumps neither ends what has time left nor lets versions or log times go back.
TEST_F(DiskFaultsTest, AJumpOfTheWallClockExpiresNothing) {
  Open(Options());
  Mutation mutation = NewMutation("short-lived");
  std::get<WriteMemory>(mutation.operations[0]).state.ttl_seconds.emplace(3'600);
  const MutationResult before = engine_->Write(mutation, Durability::kBuffered);
  ASSERT_TRUE(before.status.ok()) << before.status.ToString();
  for (const int64_t jump : {int64_t{365} * 86'400, int64_t{-365} * 86'400}) {
    clock_.JumpTo(kStart.PlusSeconds(jump));
    ASSERT_TRUE(engine_->SweepNow().ok());
    EXPECT_TRUE(IsThere("short-lived"));
    const MutationResult after = Write("other", Durability::kBuffered);
    ASSERT_TRUE(after.status.ok());
    EXPECT_GE(after.log_time, before.log_time);
    EXPECT_GT(after.position, before.position);
  }
}

}  // namespace
}  // namespace engram

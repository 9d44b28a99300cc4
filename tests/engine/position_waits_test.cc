#include "engine/position_waits.h"

#include <future>

#include "tests/engine/engine_fixture.h"

namespace engram {
namespace {

// The clock stands still: what ends here ends by a commit, by Advance() or by End().
class PositionWaitsTest : public EngineFixture {
 protected:
  PositionWaitsTest() {
    WriteOne("first");
    ns_ = *engine_->FindNamespace(Ref());
    now_ = Info().position;
  }

  void WriteOne(const std::string& id) {
    WriteMemory write;
    write.id = id;
    ASSERT_TRUE(Write(std::move(write)).status.ok());
  }

  std::future<Status> Await(uint64_t ahead, std::chrono::seconds timeout = std::chrono::hours(1)) {
    auto done = std::make_shared<std::promise<Status>>();
    engine_->AwaitPosition(tenant_, ns_, Position(now_.value + ahead), clock_.Monotonic() + timeout,
                           [done](Status status) { done->set_value(std::move(status)); });
    return done->get_future();
  }

  NamespaceId ns_;
  Position now_;
};

TEST_F(PositionWaitsTest, WhatIsThereIsNotWaitedFor) { EXPECT_TRUE(Await(0).get().ok()); }

TEST_F(PositionWaitsTest, AWriteEndsTheWaitsForItsPosition) {
  std::future<Status> next = Await(1);
  std::future<Status> later = Await(2);
  WriteOne("second");
  EXPECT_TRUE(next.get().ok());
  WriteOne("third");
  EXPECT_TRUE(later.get().ok());
}

TEST_F(PositionWaitsTest, TheDeadlineEndsAWait) {
  std::future<Status> waiting = Await(1, std::chrono::seconds(5));
  Advance(5);
  const Status status = waiting.get();
  EXPECT_EQ(status.code(), StatusCode::kDeadlineExceeded);
  EXPECT_EQ(status.field(), "min_position");
}

TEST_F(PositionWaitsTest, APositionThatNoWaitCanReachIsRefusedAtOnce) {
  EXPECT_EQ(Await(kPositionAheadMax + 1).get().code(), StatusCode::kDeadlineExceeded);
}

TEST_F(PositionWaitsTest, MoreThanTheBoundAreRefused) {
  std::vector<std::future<Status>> waiting;
  for (uint32_t i = 0; i < Options().position_waits_max; ++i) waiting.push_back(Await(1));
  EXPECT_EQ(Await(1).get().code(), StatusCode::kRateLimited);
  WriteOne("second");
  for (std::future<Status>& one : waiting) EXPECT_TRUE(one.get().ok());
}

TEST_F(PositionWaitsTest, TheEndEndsThem) {
  std::future<Status> waiting = Await(1);
  engine_->EndWaits();
  EXPECT_EQ(waiting.get().code(), StatusCode::kUnavailable);
  EXPECT_EQ(Await(1).get().code(), StatusCode::kUnavailable);
}

TEST_F(PositionWaitsTest, AReadItselfDoesNotWait) {
  ReadOptions options;
  options.min_position = Position(now_.value + 1);
  EXPECT_EQ(engine_->Count(Ref(), std::nullopt, options).status().code(), StatusCode::kDeadlineExceeded);
}

TEST_F(PositionWaitsTest, ReadsEndWithTheEngine) {
  EXPECT_TRUE(engine_->List(Ref(), ListQuery(), {}).ok());
  engine_->EndReads();
  EXPECT_EQ(engine_->List(Ref(), ListQuery(), {}).status().code(), StatusCode::kUnavailable);
}

}  // namespace
}  // namespace engram

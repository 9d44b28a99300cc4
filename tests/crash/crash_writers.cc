#include "tests/crash/crash_writers.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace engram {
namespace {

constexpr int kIdsPerWriter = 40;

}  // namespace

void CrashWriter::Run(Client& client, const std::string& ns, std::atomic<uint64_t>* acknowledged) {
  while (true) {
    const Step step = NextStep();
    const auto reply = client.Write(ns, step.request, step.options);
    if (reply.ok()) {
      expected_->Acknowledge(step.change, !step.options.buffered || buffered_ != Buffered::kMayLoseTail);
      ++*acknowledged;
      continue;
    }
    ASSERT_NE(reply.status().code(), StatusCode::kInvalidArgument) << reply.status().ToString();
    if (reply.status().applied() != Applied::kNo) expected_->LeaveOpen(step.change);
    if (reply.status().code() != StatusCode::kRateLimited) return;
  }
}

CrashWriter::Step CrashWriter::NextStep() {
  Step step;
  switch (buffered_) {
    case Buffered::kSurvives: step.options.buffered = Chance(50); break;
    case Buffered::kMayLoseTail: step.options.buffered = Chance(95); break;  // one sync is all writers'
    case Buffered::kTakenForSynced: step.options.buffered = true; break;
  }
  const int items = Chance(70) ? 1 : 2 + Below(4);
  for (int i = 0; i < items; ++i) {
    const std::string id = fmt::format("w{}-{}", number_, Below(kIdsPerWriter));
    if (step.change.contains(id)) continue;
    if (Chance(20)) {
      step.request.add_deletes(id);
      step.change[id] = std::nullopt;
      continue;
    }
    AddMemory(id, &step);
  }
  return step;
}

void CrashWriter::AddMemory(const std::string& id, Step* step) {
  v1::Memory& memory = *step->request.add_memories();
  memory.set_id(id);
  memory.set_text(fmt::format("text {} of writer {} about tea", ++texts_, number_));
  memory.set_user_id(fmt::format("user-{}", number_));
  memory.set_run_id(fmt::format("run-{}", number_));
  for (int d = 0; d < 8; ++d) {
    memory.mutable_vector()->mutable_dense()->add_values(1.0F + static_cast<float>(Below(100)));
  }
  (*memory.mutable_metadata())["n"].set_int_value(Below(10));
  if (Chance(30)) {
    v1::Edge& edge = *step->request.add_edges();
    edge.set_source(id);
    edge.set_type("mentions");
    edge.set_target(fmt::format("topic-{}", Below(5)));
    edge.set_memory_id(id);
  }
  step->change[id] = memory.text();
}

void KeyMaker::Run(Client& client) {
  v1::CreateKeyRequest request;
  request.add_verbs("read");
  while (true) {
    const auto made = client.CreateKey(kTenant, request);
    if (!made.ok()) return ExpectGone(made.status());
    if (ending_) return;
    in_use_.insert(made->info().id());
    if (in_use_.size() < 2) continue;
    const std::string oldest = *in_use_.begin();
    in_use_.erase(oldest);  // a revocation that was not acknowledged may have happened all the same
    const auto revoked = client.RevokeKey(kTenant, oldest);
    if (!revoked.ok()) return ExpectGone(revoked.status());
    if (ending_) return;
    revoked_.insert(oldest);
  }
}

void KeyMaker::Compare(Engine& engine) const {
  for (const std::string& id : in_use_) {
    const auto known = engine.FindApiKey(id);
    ASSERT_TRUE(known.has_value()) << "an acknowledged key is lost";
    EXPECT_FALSE(known->key->revoked_at.has_value());
  }
  for (const std::string& id : revoked_) {
    const auto known = engine.FindApiKey(id);  // may have made room
    EXPECT_TRUE(!known || known->key->revoked_at) << "an acknowledged revocation is lost";
  }
}

// A key that was made without anybody hearing of it stays in use; many kills leave as many as there may be.
void KeyMaker::ExpectGone(const Status& status) {
  EXPECT_TRUE(status.code() == StatusCode::kUnavailable || status.code() == StatusCode::kDeadlineExceeded ||
              status.code() == StatusCode::kFailedPrecondition)
      << status.ToString();
}

}  // namespace engram

// Every named step of maintenance, met by a kill, by a power cut and by an error.
//
// ENGRAM_LONG=1: 50 ends at each instead of 1; ENGRAM_CRASH_ROUNDS sets another number.
#include <memory>

#include "base/failpoint.h"
#include "base/testing/test_report.h"
#include "tests/engine/faults/crash_world.h"

namespace engram::model {
namespace {

constexpr int kSteps = 600;

// Not the engine's: files that are replaced whole, tested with base/file.h.
bool IsTheEngines(std::string_view name) { return !name.starts_with("file."); }

class FailpointCrashTest : public CrashWorld {
 protected:
  FailpointCrashTest() : CrashWorld(1) {}
  ~FailpointCrashTest() override { WatchFailpoints(nullptr); }

  // A life in which everything happens now and then: rows enough for files and compactions, namespaces and tenants
  // that go.
  void LiveFully() {
    Live();
    if (HasFatalFailure()) return;
    Mutation filler = NewMutation({}, "filler");
    for (int i = 0; i < 4; ++i) {
      filler.operations.emplace_back(MemoryOf("f" + std::to_string(generator_.Pick(50)), std::string(1'500, 'x')));
    }
    Accept(engine_->Write(std::move(filler), Durability::kBuffered).status);
    if (!generator_.OneIn(15)) return;
    Accept(engine_->Write(NewMutation({MemoryOf("a", "text")}, "leaving"), Durability::kBuffered).status);
    Accept(engine_->Write(NewMutation({DropNamespace{}}, "leaving"), Durability::kBuffered).status);
    const std::string name = "leaving-" + std::to_string(++tenants_);
    const auto tenant = engine_->FindTenant(name, true);
    if (tenant.ok()) {
      Mutation memory = NewMutation({MemoryOf("a", "text")}, "leaving");
      memory.tenant = *tenant;
      Accept(engine_->Write(std::move(memory), Durability::kBuffered).status);
      Accept(engine_->Write(MutationOf({name, DropTenant{}}), Durability::kBuffered).status);
    } else {
      Accept(tenant.status());
    }
    SweepNoted();
  }
  static void Accept(const Status& status) {
    ASSERT_TRUE(status.ok() || status.code() == StatusCode::kRateLimited || status.code() == StatusCode::kNotFound ||
                IsInjected(status))
        << status.ToString();
  }

  // What a watcher knows, which may outlive the wait for it.
  struct Watch {
    std::atomic<int64_t> passages = 0;  // until it is time
    std::atomic<bool> over = false;
    std::unique_ptr<FaultFileSystem> left;
  };

  // Ends the world at one of the next passages of the place; false when none came.
  bool EndAt(std::string_view place, EndOf what) {
    const auto watch = std::make_shared<Watch>();
    watch->passages = 1 + generator_.Pick(3);
    WatchFailpoints([this, watch, place, what, seed = generator_.Pick(1'000'000'000)](std::string_view name) -> Status {
      if (name != place || --watch->passages != 0) return {};
      NoteTheEnd();
      watch->left = disk_->After(what, seed);
      watch->over = true;
      return {};
    });
    for (int i = 0; i < kSteps && !watch->over && !given_up_ && !HasFatalFailure(); ++i) LiveFully();
    if (HasFatalFailure() || given_up_ || !watch->over) {
      engine_.reset();
      WatchFailpoints(nullptr);
      return false;
    }
    WatchFailpoints(nullptr);
    LeaveFor(std::move(watch->left));
    return true;
  }

  uint64_t tenants_ = 0;
};

TEST_F(FailpointCrashTest, AnEndAtAnyStepLeavesTheTwin) {
  const uint64_t rounds = CrashRounds(1, 50);
  uint64_t world = 0;
  for (const FailpointPlace& place : FailpointPlaces()) {
    if (!IsTheEngines(place.name)) continue;
    uint64_t ends = 0;
    for (uint64_t tries = 0; ends < rounds && tries < rounds + 20; ++tries) {
      const uint64_t seed = seed_ + world++;
      SCOPED_TRACE(std::string(place.name) + ", seed " + std::to_string(seed));
      const EndOf what = world % 2 == 0 ? EndOf::kProcess : EndOf::kPower;
      given_up_ = false;
      ASSERT_NO_FATAL_FAILURE(BeginWorld(seed));
      if (!EndAt(place.name, what)) {
        if (HasFatalFailure()) return;
        continue;
      }
      ++ends;
      OpenAndCompare(what);
      if (HasFatalFailure() || HasNonfatalFailure()) return;
      // What was begun is finished: nothing stands in the way of the next sweep.
      const Status swept = engine_->SweepNow();
      ASSERT_TRUE(swept.ok()) << swept.ToString();
    }
    EXPECT_EQ(ends, rounds) << place.name << " was hardly ever passed";
  }
  PrintReport("failpoints", seed_, {{"ends", tally().ends}, {"lost_synced_writes", 0}});
}

TEST_F(FailpointCrashTest, AnErrorAtAnyStepIsSurvived) {
  uint64_t world = 1'000'000;
  for (const FailpointPlace& place : FailpointPlaces()) {
    if (!IsTheEngines(place.name) || !place.fails) continue;
    SCOPED_TRACE(std::string(place.name));
    given_up_ = false;
    ASSERT_NO_FATAL_FAILURE(BeginWorld(seed_ + world++));
    const auto failed = std::make_shared<std::atomic<bool>>(false);
    WatchFailpoints([failed, &place](std::string_view name) -> Status {
      if (name != place.name || failed->exchange(true)) return {};
      return Unavailable("failpoint " + std::string(name));
    });
    for (int i = 0; i < kSteps && !(*failed && i > 60); ++i) {
      LiveFully();
      if (HasFatalFailure()) return;
    }
    WatchFailpoints(nullptr);
    EXPECT_TRUE(*failed) << place.name << " was never passed";
    CompareAll();
    if (HasFatalFailure() || HasNonfatalFailure()) return;
  }
}

}  // namespace
}  // namespace engram::model

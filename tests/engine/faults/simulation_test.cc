// A deterministic simulation: the engine over a disk in memory and a virtual clock, beside its twin, through one seeded
// schedule of writes, reads, sweeps, jumps of the wall clock, a disk that fills up and has room again, errors at steps
// of the engine's work, kills and power cuts. Every answer, position and time, and how often the disk was asked, goes
// into a digest, and the same seed gives the same digest: what fails is run again by its seed, step by step.
//
// What is left out for that are threads beside the one that is waited for: nothing is sealed here, nothing erased, as
// that compacts rows (seeded_crash_test.cc has both), and RocksDB's own compactions are held up until the end of a
// life.
//
// ENGRAM_SIMULATIONS sets how many worlds (5; ENGRAM_LONG=1: 500), ENGRAM_TEST_SEED the first seed. Each runs twice.
// ENGRAM_TRACE=1 prints all that goes into the digests.
#include <fmt/format.h>

#include "base/failpoint.h"
#include "base/mutex.h"
#include "base/testing/test_report.h"
#include "engine/log_clock.h"
#include "tests/engine/faults/crash_world.h"

namespace engram::model {
namespace {

constexpr uint64_t kEndsPerWorld = 3;
constexpr uint64_t kStepsPerLife = 70;
constexpr uint64_t kFloor = 100'000;  // bytes of the disk that are kept free
constexpr int64_t kYear = int64_t{365} * 86'400;

uint64_t Worlds() {
  if (const char* text = std::getenv("ENGRAM_SIMULATIONS")) return std::stoull(text);
  return CrashRounds(5, 500);
}

class SimulationTest : public CrashWorld {
 protected:
  struct Counts {
    uint64_t steps = 0;
    uint64_t jumps = 0;
    uint64_t refused_for_space = 0;
    uint64_t errors = 0;
    uint64_t lost = 0;
  };

  SimulationTest() : CrashWorld(1) {}
  ~SimulationTest() override {
    HoldCompactions(false);
    WatchFailpoints(nullptr);
  }

  Timestamp Now() const override { return log_clock_ ? log_clock_->Now() : clock_.Now(); }

  EngineOptions CrashOptions() const override {
    EngineOptions options = CrashWorld::CrashOptions();
    options.write_buffer_bytes = 64 << 20;
    options.min_free_bytes = kFloor;
    options.seal_rows = 1 << 30;
    options.seal_bytes = uint64_t{1} << 40;
    return options;
  }

  // The digest of all that happened.
  Hash128 RunWorld(uint64_t seed) {
    digest_ = {};
    given_up_ = false;
    clock_.JumpTo(kStart);
    log_clock_ = std::make_unique<LogClock>(clock_, Timestamp());
    error_at_.clear();
    WatchFailpoints([this](std::string_view name) { return Pass(name); });
    HoldCompactions(true);
    BeginWorld(seed);
    for (uint64_t end = 0; end < kEndsPerWorld && !given_up() && !HasFailure(); ++end) {
      SCOPED_TRACE("end " + std::to_string(end));
      LiveAndEnd();
    }
    HoldCompactions(false);
    WatchFailpoints(nullptr);
    engine_.reset();
    return digest_;
  }

  Counts counts_;

 private:
  void LiveAndEnd() {
    const EndOf what = generator_.OneIn(3) ? EndOf::kProcess : EndOf::kPower;
    std::atomic<bool> over = false;
    disk_->EndAfter(generator_.Pick(400), what, generator_.Pick(1'000'000'000), [&] {
      NoteTheEnd();
      over = true;
    });
    for (uint64_t i = 0; i < kStepsPerLife && !over && !given_up(); ++i) {
      Step();
      if (HasFailure()) return;
    }
    auto left = disk_->TakeEnd();
    if (left == nullptr) {
      NoteTheEnd();
      left = disk_->After(what, generator_.Pick(1'000'000'000));
    }
    // The engine that is let go must not meet an error that is meant for the next.
    error_at_.clear();
    full_for_ = 0;
    HoldCompactions(false);
    LeaveFor(std::move(left));
    HoldCompactions(true);
    const uint64_t lost = tally().lost_writes;
    OpenAndCompare(what);
    counts_.lost += tally().lost_writes - lost;
  }

  void Step() {
    ++counts_.steps;
    if (full_for_ > 0 && --full_for_ == 0) disk_->SetFreeSpace(uint64_t{1} << 40);
    const uint32_t what = generator_.Pick(100);
    if (what < 4) {
      JumpClock();
    } else if (what < 7 && full_for_ == 0) {
      disk_->SetFreeSpace(generator_.Pick(kFloor));
      full_for_ = 2 + generator_.Pick(8);
    } else if (what < 12) {
      constexpr std::array<const char*, 3> kPlaces = {"commit.write", "commit.write", "sweep.expired"};
      error_at_ = kPlaces[generator_.Pick(kPlaces.size())];
    } else if (full_for_ > 0) {
      MutateNoted(generator_.OneIn(2) ? Durability::kSync : Durability::kBuffered);  // a sweep would be cut off
    } else {
      CrashWorld::Live();
    }
    SeeTheTime();
    Trace("step", what);
    for (size_t kind = 0; kind < kFileOperations; ++kind) {
      Trace("disk", disk_->operations(static_cast<FileOperation>(kind)));
    }
  }

  // Forward or back, by seconds or by years; only the wall clock does.
  void JumpClock() {
    ++counts_.jumps;
    const int64_t by = generator_.OneIn(2) ? int64_t{generator_.Pick(100)} : kYear * (1 + int64_t{generator_.Pick(3)});
    clock_.JumpTo(clock_.Now().PlusSeconds(generator_.OneIn(2) ? by : -by));
  }

  // Both clocks of the log are looked at after each step, as how often they are counts.
  void SeeTheTime() {
    const auto seen = engine_->Get(Ref(), {"nobody"}, {}, {});
    EXPECT_TRUE(seen.ok()) << seen.status().ToString();
    Trace("now", static_cast<uint64_t>(Now().micros));
  }

  void HoldCompactions(bool hold) {
    const MutexLock lock(mutex_);
    hold_compactions_ = hold;
    let_go_.NotifyAll();
  }

  engram::Status Pass(std::string_view name) {
    if (name == "compaction.begin") {
      MutexLock lock(mutex_);
      while (hold_compactions_) let_go_.Wait(mutex_);
      return {};
    }
    if (error_at_ != name) return {};
    error_at_.clear();
    ++counts_.errors;
    return Unavailable("failpoint " + std::string(name));
  }

  void Restrain(Mutation* mutation) override {
    for (Operation& operation : mutation->operations) {
      if (auto* deletion = std::get_if<DeleteMemory>(&operation)) deletion->erase = false;
    }
  }

  void Answered(const MutationResult& result) override {
    Trace("answer", static_cast<uint64_t>(result.status.code()));
    if (result.status.code() == StatusCode::kOutOfSpace) ++counts_.refused_for_space;
    if (!result.status.ok()) return;
    EXPECT_EQ(result.log_time, Now());
    Trace("position", result.position.value);
  }

  // Time that nothing was committed at is lost, so the engine has to say where it goes on.
  void Reopened(Position position) override {
    Trace("reopened", position.value);
    PatchNamespace patch;
    patch.patch.read_only = false;
    const Mutation mutation = NewMutation({patch});
    const MutationResult result = engine_->Write(mutation, Durability::kSync);
    ASSERT_TRUE(result.status.ok()) << result.status.ToString();
    log_clock_ = std::make_unique<LogClock>(clock_, result.log_time);
    ASSERT_EQ(Now(), std::max(clock_.Now(), result.log_time));
    ASSERT_EQ(ApplyToTwin(mutation, Now(), &twin_).code, StatusCode::kOk);
    Note(result.position, /*synced=*/true);
    SeeTheTime();
    const NamespaceInfo info = Info();
    Trace("memories", info.memories_digest.low);
    Trace("edges", info.edges_digest.low);
  }

  void Trace(const char* what, uint64_t value) {
    if (std::getenv("ENGRAM_TRACE") != nullptr) std::printf("%s %llu\n", what, static_cast<unsigned long long>(value));
    digest_ = HashBytes128(fmt::format("{} {} {}", digest_.ToHex(), what, value));
  }

  mutable std::unique_ptr<LogClock> log_clock_;
  Hash128 digest_;
  std::string error_at_;
  uint32_t full_for_ = 0;  // steps
  Mutex mutex_;
  CondVar let_go_;
  bool hold_compactions_ GUARDED_BY(mutex_) = false;
};

TEST_F(SimulationTest, ASeedGivesTheSameLifeTwice) {
  const uint64_t worlds = Worlds();
  for (uint64_t world = 0; world < worlds; ++world) {
    SCOPED_TRACE("ENGRAM_TEST_SEED=" + std::to_string(seed_ + world));
    const Hash128 first = RunWorld(seed_ + world);
    if (HasFailure()) return;
    const Hash128 again = RunWorld(seed_ + world);
    if (HasFailure()) return;
    ASSERT_TRUE(first == again) << "the same seed led another life";
    std::printf("trace of seed %llu: %s\n", static_cast<unsigned long long>(seed_ + world), first.ToHex().c_str());
  }
  PrintReport("simulation", seed_,
              {{"worlds", worlds},
               {"steps", counts_.steps},
               {"ends", tally().ends},
               {"clock_jumps", counts_.jumps},
               {"refused_for_space", counts_.refused_for_space},
               {"injected_errors", counts_.errors},
               {"lost_unsynced_writes", counts_.lost},
               {"lost_synced_writes", 0}});
  if (worlds < 5) return;
  EXPECT_GT(counts_.refused_for_space, 0U);
  EXPECT_GT(counts_.errors, 0U);
  EXPECT_GT(counts_.lost, 0U) << "the power cuts took nothing along";
}

}  // namespace
}  // namespace engram::model

// Thousands of ends in the middle of a random life: kill -9 and power cuts that keep any part of what was not synced,
// also while the store is being opened after the last one. Nothing acknowledged is lost, what is left is the twin at
// some position, whole.
//
// ENGRAM_CRASH_ROUNDS sets how many (75; ENGRAM_LONG=1: 10,000), ENGRAM_TEST_SEED the first seed. A seed fixes what is
// written, where it ends and what the disk keeps; which of RocksDB's and the sealer's threads has come how far by then
// it doesn't fix, so a failure is to be looked for in a few runs of its seed.
#include "base/testing/test_report.h"
#include "tests/engine/faults/crash_world.h"

namespace engram::model {
namespace {

constexpr uint64_t kEndsPerWorld = 15;

class SeededCrashTest : public CrashWorld {
 protected:
  SeededCrashTest() : CrashWorld(1) {}

  // Lives until the disk has seen so many operations, and a little beyond.
  void LiveToTheEnd(EndOf what) {
    std::atomic<bool> over = false;
    disk_->EndAfter(generator_.Pick(160), what, generator_.Pick(1'000'000'000), [&] {
      NoteTheEnd();
      over = true;
    });
    if (generator_.OneIn(8)) disk_->SetFreeSpace(generator_.Pick(20'000));
    for (int i = 0; i < 200 && !over && !given_up_; ++i) {
      Live();
      if (HasFatalFailure()) return;
    }
    auto left = disk_->TakeEnd();
    if (left == nullptr) {
      NoteTheEnd();
      left = disk_->After(what, generator_.Pick(1'000'000'000));
    }
    LeaveFor(std::move(left));
  }

  // Ends while the store is opened: all that was there is there still, so a power cut may take no more.
  void EndWhileOpening() {
    ++tally_.while_opening;
    disk_->EndAfter(generator_.Pick(60), EndOf::kPower, generator_.Pick(1'000'000'000), [] {});
    ASSERT_NO_FATAL_FAILURE(OpenOnDisk());
    if (auto left = disk_->TakeEnd()) {
      LeaveFor(std::move(left));
    } else {
      engine_.reset();
    }
  }
};

TEST_F(SeededCrashTest, WhatIsLeftIsTheTwinAtSomePosition) {
  const uint64_t rounds = CrashRounds(75, 10'000);
  for (uint64_t world = 0; tally().ends < rounds; ++world) {
    const std::string seed = std::to_string(seed_ + world);
    SCOPED_TRACE("ENGRAM_TEST_SEED=" + seed + " ENGRAM_CRASH_ROUNDS=" + std::to_string(kEndsPerWorld));
    given_up_ = false;
    ASSERT_NO_FATAL_FAILURE(BeginWorld(seed_ + world));
    for (uint64_t end = 0; end < kEndsPerWorld && !given_up(); ++end) {
      SCOPED_TRACE("end " + std::to_string(end));
      const EndOf what = generator_.OneIn(3) ? EndOf::kProcess : EndOf::kPower;
      ASSERT_NO_FATAL_FAILURE(LiveToTheEnd(what));
      if (generator_.OneIn(4)) EndWhileOpening();
      if (HasFatalFailure()) return;
      OpenAndCompare(what);
      if (HasFatalFailure() || HasNonfatalFailure()) return;
    }
  }
  PrintReport("seeds", seed_,
              {{"ends", tally().ends},
               {"more_while_opening", tally().while_opening},
               {"lost_synced_writes", 0},
               {"lost_unsynced_writes", tally().lost_writes},
               {"within_a_sweep", tally().in_sweeps},
               {"sealed", tally().segments_sealed},
               {"merged", tally().segments_merged}});
  if (rounds < 75) return;
  EXPECT_GT(tally().lost_writes, 0U) << "the power cuts took nothing along, so they show nothing";
  EXPECT_GT(tally().segments_sealed, 0U);
  EXPECT_GT(tally().segments_merged, 0U);
}

}  // namespace
}  // namespace engram::model

// The real server on a disk of its own, whose power goes at a random moment (LoopDisk): what was synced is there, and
// of what was buffered all but a tail. A control shows that the cuts are cuts: where buffered writes are taken for
// synced ones, they lose some.
//
// `./dev crash power` runs it at length. ENGRAM_POWER_CUTS sets how many. Skipped without root and loop devices.
#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/testing/test_report.h"
#include "tests/crash/crash_fixture.h"
#include "tests/crash/loop_disk.h"

namespace engram {
namespace {

constexpr uint64_t kCutsPerCheck = 10;
constexpr uint64_t kControlCutsMax = 60;
constexpr std::chrono::milliseconds kLongestLife{300};  // a sync takes a while on a disk within a disk

class PowerCutTest : public CrashFixture {
 protected:
  void SetUp() override {
    auto disk = LoopDisk::Make(folder_);
    if (!disk.ok()) GTEST_SKIP() << "no disk whose power could go: " << disk.status().message();
    disk_ = std::move(*disk);
    data_ = disk_->path() + "/data";
    MakeKeys();
  }
  ~PowerCutTest() override { disk_.reset(); }  // before its folder

  void CutOften(uint64_t cuts, uint64_t seed, Buffered buffered) {
    for (; cuts_ < cuts && !HasFailure(); ++cuts_) {
      SCOPED_TRACE(fmt::format("ENGRAM_TEST_SEED={} cut {}", seed, cuts_));
      WriteUntilKilled(seed + cuts_ * 1000, kLongestLife, buffered, [&] {
        BeginTheEnd();
        const engram::Status cut = disk_->Cut();
        EXPECT_TRUE(cut.ok()) << cut.ToString();
      });
      if (HasFailure()) return;
      const engram::Status restarted = disk_->Restart();
      ASSERT_TRUE(restarted.ok()) << restarted.ToString();
      Compare(/*every_row=*/cuts_ % kCutsPerCheck == kCutsPerCheck - 1 || cuts_ + 1 == cuts);
      const std::vector<std::string> losses = TakeLosses();
      if (!losses.empty()) ++cuts_with_losses_;
      if (buffered == Buffered::kMayLoseTail) {
        EXPECT_EQ(losses, std::vector<std::string>());
      }
    }
  }

  std::unique_ptr<LoopDisk> disk_;
  uint64_t cuts_ = 0;
  uint64_t cuts_with_losses_ = 0;  // of what was taken for synced
};

TEST_F(PowerCutTest, NothingSyncedIsLostAndOfBufferedWritesATail) {
  const uint64_t seed = EnvironmentOr("ENGRAM_TEST_SEED", std::random_device{}());
  CutOften(EnvironmentOr("ENGRAM_POWER_CUTS", 4), seed, Buffered::kMayLoseTail);
  if (HasFailure()) return;
  EXPECT_GE(acknowledged(), cuts_);
  PrintReport("power", seed,
              {{"power_cuts", cuts_},
               {"acknowledged_writes", acknowledged()},
               {"lost_synced_writes", 0},
               {"lost_buffered_writes", lost_tail()}});
}

TEST_F(PowerCutTest, WithoutSyncsTheyLoseWrites) {
  const uint64_t seed = EnvironmentOr("ENGRAM_TEST_SEED", std::random_device{}());
  CutOften(std::max<uint64_t>(4, EnvironmentOr("ENGRAM_POWER_CUTS", 4) / 4), seed, Buffered::kTakenForSynced);
  // A cut may come before anything was there to be lost: about every second one does on a slow disk.
  while (cuts_with_losses_ == 0 && cuts_ < kControlCutsMax && !HasFailure()) {
    CutOften(cuts_ + 1, seed, Buffered::kTakenForSynced);
  }
  if (HasFailure()) return;
  EXPECT_GT(cuts_with_losses_, 0U) << "no write was lost, so the other test shows nothing";
  PrintReport("power_control", seed, {{"power_cuts", cuts_}, {"cuts_that_lost_writes", cuts_with_losses_}});
}

}  // namespace
}  // namespace engram

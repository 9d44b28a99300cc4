// The real server under eight writers, killed with SIGKILL at a random moment, opened again and compared: nothing that
// was acknowledged is lost, no batch happened in part, rows and indexes agree with each other; keys and what the tenant
// is charged with among them.
//
// `./dev crash kills` runs it at length. ENGRAM_CRASH_ROUNDS sets the number of kills; ENGRAM_TEST_SEED repeats the
// writes and the wait before each, not how far the server has come by then.
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/testing/test_report.h"
#include "tests/crash/crash_fixture.h"

namespace engram {
namespace {

constexpr uint64_t kRoundsPerCheck = 10;
constexpr std::chrono::milliseconds kLongestLife{120};

class CrashTest : public CrashFixture {};

TEST_F(CrashTest, NothingAcknowledgedIsLostUnderKills) {
  const uint64_t rounds = EnvironmentOr("ENGRAM_CRASH_ROUNDS", 200);
  const uint64_t seed = EnvironmentOr("ENGRAM_TEST_SEED", std::random_device{}());
  ASSERT_NO_FATAL_FAILURE(MakeKeys());
  for (uint64_t round = 0; round < rounds && !HasFailure(); ++round) {
    SCOPED_TRACE(fmt::format("ENGRAM_TEST_SEED={} round {}", seed, round));
    ASSERT_NO_FATAL_FAILURE(WriteUntilKilled(seed + round * 1000, kLongestLife));
    // What a kill does to rows stays, so that not every round has to look at all of a store that grows.
    const bool every_row = round % kRoundsPerCheck == kRoundsPerCheck - 1 || round + 1 == rounds;
    if (every_row) Verify();
    Compare(every_row);
    EXPECT_EQ(TakeLosses(), std::vector<std::string>());
  }
  if (HasFailure()) return;
  EXPECT_GT(acknowledged(), rounds) << "the writers hardly got to write";
  if (rounds >= 50) {
    EXPECT_GT(key_maker_.revoked(), 0U) << "no key was ever revoked";
  }
  PrintReport("kills", seed, {{"kills", rounds}, {"acknowledged_writes", acknowledged()}, {"lost_writes", 0}});
}

}  // namespace
}  // namespace engram

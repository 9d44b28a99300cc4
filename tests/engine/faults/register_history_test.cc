// Writers that race for the same memories by their versions, and readers beside them: their histories are
// linearizable, register by register.
#include "tests/engine/faults/register_history.h"

#include <array>
#include <atomic>
#include <random>
#include <thread>

#include "tests/engine/engine_fixture.h"
#include "tests/engine/faults/crash_world.h"

namespace engram {
namespace {

RegisterCall Read(uint64_t begin, uint64_t end, uint64_t version) { return {begin, end, version, std::nullopt}; }
RegisterCall Wrote(uint64_t begin, uint64_t end, uint64_t replaced, uint64_t version) {
  return {begin, end, version, replaced};
}

TEST(RegisterHistoryTest, OverlappingCallsMayComeInAnyOrder) {
  EXPECT_EQ(FindContradiction({Wrote(1, 10, 0, 7), Read(2, 3, 0), Read(4, 5, 7), Read(6, 11, 7)}), std::nullopt);
}
TEST(RegisterHistoryTest, AReadMustNotMissWhatEndedBefore) {
  EXPECT_NE(FindContradiction({Wrote(1, 2, 0, 7), Read(3, 4, 0)}), std::nullopt);
}
TEST(RegisterHistoryTest, ReadsMustNotGoBack) {
  EXPECT_NE(FindContradiction({Wrote(1, 10, 0, 7), Read(2, 3, 7), Read(4, 5, 0)}), std::nullopt);
}
TEST(RegisterHistoryTest, TwoWritersMustNotReplaceTheSame) {
  EXPECT_NE(FindContradiction({Wrote(1, 10, 0, 7), Wrote(2, 9, 0, 8)}), std::nullopt);
}
TEST(RegisterHistoryTest, AReadMustNotSeeWhatNobodyWroteYet) {
  EXPECT_NE(FindContradiction({Read(1, 2, 7), Wrote(3, 4, 0, 7)}), std::nullopt);
  EXPECT_NE(FindContradiction({Read(1, 2, 7)}), std::nullopt);
}

constexpr int kKeys = 6;
constexpr int kClients = 8;

class ConcurrentRegistersTest : public EngineFixture {
 protected:
  struct Client {
    std::array<std::vector<RegisterCall>, kKeys> calls;
    uint64_t refused = 0;
  };

  static std::string Key(int key) { return "r" + std::to_string(key); }

  uint64_t ReadOne(int key, Client* client) {
    RegisterCall call;
    call.begin = ++ticks_;
    const auto reply = engine_->Get(Ref(), {Key(key)}, {}, {});
    call.end = ++ticks_;
    EXPECT_TRUE(reply.ok()) << reply.status().ToString();
    if (reply.ok() && !reply->memories.empty()) call.version = reply->memories[0].version.value;
    client->calls[static_cast<size_t>(key)].push_back(call);
    return call.version;
  }

  void WriteOver(int key, uint64_t seen, Durability durability, Client* client) {
    WriteMemory write = MemoryOf(Key(key), "after " + std::to_string(seen));
    write.if_version = seen;
    RegisterCall call;
    call.begin = ++ticks_;
    const MutationResult result = engine_->Write(NewMutation({std::move(write)}), durability);
    call.end = ++ticks_;
    if (!result.status.ok()) {
      EXPECT_EQ(result.status.code(), StatusCode::kFailedPrecondition) << result.status.ToString();
      ++client->refused;
      return;
    }
    call.version = result.results[0].version.value;
    call.replaced = seen;
    client->calls[static_cast<size_t>(key)].push_back(call);
  }

  void Run(uint64_t seed, uint64_t steps, Client* client) {
    std::mt19937_64 random(seed);
    for (uint64_t i = 0; i < steps; ++i) {
      const int key = static_cast<int>(random() % kKeys);
      const uint64_t seen = ReadOne(key, client);
      if (random() % 3 > 0) WriteOver(key, seen, random() % 4 ? Durability::kBuffered : Durability::kSync, client);
    }
  }

  std::atomic<uint64_t> ticks_ = 0;
};

TEST_F(ConcurrentRegistersTest, HistoriesAreLinearizable) {
  ASSERT_TRUE(Create({}).status.ok());
  const uint64_t seed = TestSeed(1);
  SCOPED_TRACE("ENGRAM_TEST_SEED=" + std::to_string(seed));
  const uint64_t steps = model::CrashRounds(200, 20'000);
  std::array<Client, kClients> clients;
  std::vector<std::thread> threads;
  for (size_t i = 0; i < kClients; ++i) {
    threads.emplace_back([&, i] { Run(seed * 1000 + i, steps, &clients[i]); });
  }
  for (std::thread& thread : threads) thread.join();
  uint64_t refused = 0;
  for (size_t key = 0; key < kKeys; ++key) {
    std::vector<RegisterCall> calls;
    for (const Client& client : clients) {
      calls.insert(calls.end(), client.calls[key].begin(), client.calls[key].end());
    }
    EXPECT_GT(calls.size(), steps / kKeys);
    EXPECT_EQ(FindContradiction(std::move(calls)), std::nullopt) << "register " << key;
  }
  for (const Client& client : clients) refused += client.refused;
  EXPECT_GT(refused, 0U) << "nobody ever lost a race";
}

}  // namespace
}  // namespace engram

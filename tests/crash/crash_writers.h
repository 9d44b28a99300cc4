// Who works on a server that is about to end, and knows afterwards what it was told.
#pragma once

#include <atomic>
#include <cstdint>
#include <random>
#include <set>
#include <string>

#include "base/status.h"
#include "client/cpp/client.h"
#include "engine/engine.h"
#include "tests/crash/expected_memories.h"

namespace engram {

// What a buffered write's acknowledgement is taken for.
enum class Buffered : uint8_t {
  kSurvives,        // the process alone ends
  kMayLoseTail,     // the power goes
  kTakenForSynced,  // all are buffered, and none may be lost: what must not hold when the power goes
};

// One writer's life within a round: random writes until nobody answers.
class CrashWriter {
 public:
  CrashWriter(int number, uint64_t seed, Buffered buffered, ExpectedMemories* expected)
      : number_(number), buffered_(buffered), random_(seed), expected_(expected) {}

  // Counts what is acknowledged, to whoever waits for it. A write that is refused as wrong fails the test.
  void Run(Client& client, const std::string& ns, std::atomic<uint64_t>* acknowledged);

 private:
  struct Step {
    v1::WriteRequest request;
    CallOptions options;
    ExpectedMemories::Change change;
  };

  Step NextStep();
  void AddMemory(const std::string& id, Step* step);
  int Below(int n) { return std::uniform_int_distribution<int>(0, n - 1)(random_); }
  bool Chance(int percent) { return Below(100) < percent; }

  int number_;
  Buffered buffered_;
  std::mt19937_64 random_;
  ExpectedMemories* expected_;
  uint64_t texts_ = 0;
};

// Makes and revokes keys until nobody answers. Each is synced, and all that was written before it.
class KeyMaker {
 public:
  void Run(Client& client);

  // All that was acknowledged before the end is so.
  void Compare(Engine& engine) const;

  // What is acknowledged from now on may already be behind the end. From another thread.
  void BeginTheEnd() { ending_ = true; }
  void BeginAnew() { ending_ = false; }

  size_t revoked() const { return revoked_.size(); }

  static constexpr const char* kTenant = "default";

 private:
  static void ExpectGone(const Status& status);

  std::atomic<bool> ending_{false};
  std::set<std::string> in_use_;
  std::set<std::string> revoked_;
};

}  // namespace engram

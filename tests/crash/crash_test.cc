// The real server under eight writers, killed with SIGKILL at a random moment, opened again and compared: nothing that
// was acknowledged is lost, no batch happened in part, rows and indexes agree with each other; keys and what the tenant
// is charged with among them.
#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "client/cpp/client.h"
#include "engine/doctor/doctor.h"
#include "engine/engine.h"
#include "server/api_key.h"
#include "server/credential.h"
#include "server/key_vault.h"
#include "tests/crash/expected_memories.h"
#include "tests/served/server_process.h"

namespace engram {
namespace {

constexpr int kWriters = 8;
constexpr int kIdsPerWriter = 40;
const char kNamespace[] = "crash";

uint64_t EnvironmentOr(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

// One writer's life within a round: random writes until nobody answers.
class Writer {
 public:
  Writer(int number, uint64_t seed, ExpectedMemories* expected) : number_(number), random_(seed), expected_(expected) {}

  void Run(Client& client) {
    while (true) {
      const Step step = NextStep();
      const auto reply = client.Write(kNamespace, step.request, step.options);
      if (reply.ok()) {
        expected_->Acknowledge(step.change);
        continue;
      }
      ASSERT_NE(reply.status().code(), StatusCode::kInvalidArgument) << reply.status().ToString();
      if (reply.status().applied() != Applied::kNo) expected_->LeaveOpen(step.change);
      return;
    }
  }

 private:
  struct Step {
    v1::WriteRequest request;
    CallOptions options;
    ExpectedMemories::Change change;
  };

  Step NextStep() {
    Step step;
    step.options.buffered = Chance(50);
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

  void AddMemory(const std::string& id, Step* step) {
    v1::Memory& memory = *step->request.add_memories();
    memory.set_id(id);
    memory.set_text(fmt::format("text {} of writer {} about tea", ++texts_, number_));
    memory.set_user_id(fmt::format("user-{}", number_));
    memory.set_run_id(fmt::format("run-{}", number_));
    for (int d = 0; d < 8; ++d)
      memory.mutable_vector()->mutable_dense()->add_values(1.0F + static_cast<float>(Below(100)));
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

  int Below(int n) { return std::uniform_int_distribution<int>(0, n - 1)(random_); }
  bool Chance(int percent) { return Below(100) < percent; }

  int number_;
  std::mt19937_64 random_;
  ExpectedMemories* expected_;
  uint64_t texts_ = 0;
};

// Makes and revokes keys until nobody answers, and knows afterwards what was acknowledged.
class KeyMaker {
 public:
  void Run(Client& client) {
    v1::CreateKeyRequest request;
    request.add_verbs("read");
    while (true) {
      const auto made = client.CreateKey(kTenant, request);
      if (!made.ok()) return ExpectGone(made.status());
      in_use_.insert(made->info().id());
      if (in_use_.size() < 2) continue;
      const std::string oldest = *in_use_.begin();
      in_use_.erase(oldest);  // a revocation that was not acknowledged may have happened all the same
      const auto revoked = client.RevokeKey(kTenant, oldest);
      if (!revoked.ok()) return ExpectGone(revoked.status());
      revoked_.insert(oldest);
    }
  }

  void Compare(Engine& engine) const {
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

  size_t revoked() const { return revoked_.size(); }

  static constexpr const char* kTenant = "default";

 private:
  // A key that was made without anybody hearing of it stays in use; many kills leave as many as there may be.
  static void ExpectGone(const Status& status) {
    EXPECT_TRUE(status.code() == StatusCode::kUnavailable || status.code() == StatusCode::kDeadlineExceeded ||
                status.code() == StatusCode::kFailedPrecondition)
        << status.ToString();
  }

  std::set<std::string> in_use_;
  std::set<std::string> revoked_;
};

constexpr uint64_t kRoundsPerCheck = 10;

class CrashTest : public ::testing::Test {
 protected:
  CrashTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "engram-crash-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  void SetUp() override { MakeKeys(); }
  ~CrashTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  // One for the writers, and the admin key, whose file is all that a server needs.
  void MakeKeys() {
    const std::string data = folder_ + "/data";
    std::ofstream(folder_ + "/admin.key") << admin_key_ << "\n";
    EngineOptions options;
    options.data_dir = data;
    auto engine = Engine::Open(options);
    ASSERT_TRUE(engine.ok()) << engine.status().ToString();
    ASSERT_TRUE((*engine)->FindTenant(KeyMaker::kTenant, true).ok());
    KeyVault vault(data);
    const auto hash = vault.Hash(key_.token);
    ASSERT_TRUE(hash.ok()) << hash.status().ToString();
    ApiKey key;
    key.id = key_.id;
    key.hash = *hash;
    key.rights = static_cast<uint8_t>(Right::kRead) | static_cast<uint8_t>(Right::kWrite);
    ASSERT_TRUE((*engine)->Write(MutationOf({KeyMaker::kTenant, CreateApiKey{key}})).status.ok());
  }

  void WriteUntilKilled(uint64_t seed) {
    std::mt19937_64 random(seed);
    auto server =
        ServerProcess::Start(ENGRAM_BINARY, folder_ + "/data", folder_,
                             // So that kills meet sealing and merging, too.
                             {"--seal-rows", "20", "--graph-rows", "100", "--admin-key-file", folder_ + "/admin.key"});
    ASSERT_TRUE(server.ok()) << server.status().message();
    ClientOptions options;
    options.port = (*server)->port();
    options.key = key_.token;
    options.retry.attempts_max = 1;
    std::vector<std::thread> threads;
    for (int i = 0; i < kWriters; ++i) {
      threads.emplace_back([&, i] {
        auto client = Client::Connect(options);
        if (client.ok()) Writer(i, seed + static_cast<uint64_t>(i), &expected_[i]).Run(**client);
      });
    }
    threads.emplace_back([&, admin = options]() mutable {
      admin.key = admin_key_;
      auto client = Client::Connect(admin);
      if (client.ok()) key_maker_.Run(**client);
    });
    // The one thing under test is the moment of the kill, so it is a wait by design.
    std::this_thread::sleep_for(std::chrono::milliseconds(std::uniform_int_distribution<int>(5, 120)(random)));
    (*server)->Kill();
    for (std::thread& thread : threads) thread.join();
  }

  // Opens the folder in this process and compares, every row with the others where there is time for it.
  void Compare(bool every_row) {
    EngineOptions options;
    options.data_dir = folder_ + "/data";
    options.sweep_interval = std::chrono::milliseconds(0);
    auto engine = Engine::Open(options);
    ASSERT_TRUE(engine.ok()) << engine.status().ToString();
    auto tenant = (*engine)->FindTenant("default", false);
    ASSERT_TRUE(tenant.ok()) << tenant.status().ToString();
    key_maker_.Compare(**engine);
    EXPECT_TRUE((*engine)->FindApiKey(key_.id).has_value());
    const NamespaceRef ns{*tenant, kNamespace};
    if (const auto info = (*engine)->DescribeNamespace(ns, {}); !info.ok()) {
      for (const ExpectedMemories& writer : expected_) EXPECT_EQ(writer.acknowledged(), 0U) << info.status().ToString();
      return;
    }
    uint64_t live = 0;
    for (ExpectedMemories& writer : expected_) CompareWriter(**engine, ns, &writer, &live);
    // The load of the indexes and what they find agree with the rows.
    const auto count = (*engine)->Count(ns, std::nullopt, {});
    ASSERT_TRUE(count.ok()) << count.status().ToString();
    EXPECT_EQ(count->first, live);
    // What the tenant is charged with is what it has.
    const auto charged = (*engine)->DescribeTenant(KeyMaker::kTenant);
    const auto held = (*engine)->DescribeNamespace(ns, {});
    ASSERT_TRUE(charged.ok() && held.ok());
    EXPECT_EQ(charged->usage.memories, held->memories);
    EXPECT_EQ(charged->usage.bytes, held->bytes);
    EXPECT_EQ(charged->usage.namespaces, 1U);
    if (!every_row) return;
    const auto report = (*engine)->CheckNamespace(ns);
    ASSERT_TRUE(report.ok()) << report.status().ToString();
    EXPECT_EQ(report->problems, std::vector<std::string>());
  }

  // The folder as the kill left it, before anything is recovered: rows, files and segments.
  void Verify() {
    FolderOptions options;
    options.data_dir = folder_ + "/data";
    const auto report = ExamineFolder(options);
    ASSERT_TRUE(report.ok()) << report.status().ToString();
    for (const Finding& finding : report->findings.kept()) ADD_FAILURE() << ToText(finding);
  }

  void CompareWriter(Engine& engine, const NamespaceRef& ns, ExpectedMemories* writer, uint64_t* live) {
    const std::set<std::string> ids = writer->ids();
    const auto reply = engine.Get(ns, {ids.begin(), ids.end()}, Include(), {});
    ASSERT_TRUE(reply.ok()) << reply.status().ToString();
    std::map<std::string, MemoryText> actual;
    for (const Memory& memory : reply->memories) actual[memory.id] = memory.content.text;
    *live += actual.size();
    for (const std::string& id : reply->missing) actual[id] = std::nullopt;
    EXPECT_EQ(writer->Settle(actual), std::vector<std::string>());
  }

  std::string folder_;
  const NewApiKey key_ = MakeApiKey();
  const std::string admin_key_ = MakeAdminKey();
  std::array<ExpectedMemories, kWriters> expected_;
  KeyMaker key_maker_;
};

TEST_F(CrashTest, NothingAcknowledgedIsLostUnderKills) {
  const uint64_t rounds = EnvironmentOr("ENGRAM_CRASH_ROUNDS", 200);
  const uint64_t seed = EnvironmentOr("ENGRAM_TEST_SEED", std::random_device{}());
  for (uint64_t round = 0; round < rounds && !HasFailure(); ++round) {
    SCOPED_TRACE(fmt::format("ENGRAM_TEST_SEED={} round {}", seed, round));
    WriteUntilKilled(seed + round * 1000);
    if (HasFatalFailure()) return;
    // What a kill does to rows stays, so that not every round has to look at all of a store that grows.
    const bool every_row = round % kRoundsPerCheck == kRoundsPerCheck - 1 || round + 1 == rounds;
    if (every_row) Verify();
    Compare(every_row);
  }
  uint64_t acknowledged = 0;
  for (const ExpectedMemories& writer : expected_) acknowledged += writer.acknowledged();
  EXPECT_GT(acknowledged, rounds) << "the writers hardly got to write";
  if (rounds >= 50) {
    EXPECT_GT(key_maker_.revoked(), 0U) << "no key was ever revoked";
  }
  std::printf("%llu rounds, %llu acknowledged writes, seed %llu\n", static_cast<unsigned long long>(rounds),
              static_cast<unsigned long long>(acknowledged), static_cast<unsigned long long>(seed));
}

}  // namespace
}  // namespace engram

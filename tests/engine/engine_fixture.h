// An engine over a fresh directory with a clock that stands still, and short ways to say mutations.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "engine/engine.h"

namespace engram {

// A directory of its own that goes with it.
class TempDirectory {
 public:
  TempDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "engram-test-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~TempDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

inline constexpr Timestamp kStart = Timestamp::FromSeconds(1'800'000'000);

// As a client writes: again while the sealer is far behind.
inline MutationResult WriteWhenThereIsRoom(Engine* engine, const Mutation& mutation) {
  while (true) {
    MutationResult result = engine->Write(mutation, Durability::kBuffered);
    if (result.status.code() != StatusCode::kRateLimited) return result;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

class EngineFixture : public ::testing::Test {
 protected:
  EngineFixture() : clock_(kStart) { Open(); }

  // Only these are safe to change before Reopen().
  EngineOptions Options() const {
    EngineOptions options;
    options.data_dir = directory_.path();
    options.clock = &clock_;
    options.sweep_interval = std::chrono::milliseconds(0);
    options.block_cache_bytes = 8 << 20;
    return options;
  }

  void Open() {
    auto engine = Engine::Open(Options());
    ASSERT_TRUE(engine.ok()) << engine.status().ToString();
    engine_ = std::move(*engine);
    auto tenant = engine_->FindTenant("default", true);
    ASSERT_TRUE(tenant.ok()) << tenant.status().ToString();
    tenant_ = *tenant;
  }
  void Reopen() {
    engine_.reset();
    Open();
  }

  void Advance(int64_t seconds) { clock_.Advance(std::chrono::seconds(seconds)); }

  NamespaceRef Ref(const std::string& name = "ns") const { return {tenant_, name}; }

  Mutation NewMutation(std::vector<Operation> operations, const std::string& name = "ns") const {
    Mutation mutation;
    mutation.tenant = tenant_;
    mutation.namespace_name = name;
    mutation.operations = std::move(operations);
    return mutation;
  }

  MutationResult Write(Operation operation, WriteMode mode = WriteMode::kUpsert) {
    Mutation mutation = NewMutation({std::move(operation)});
    mutation.mode = mode;
    return engine_->Write(std::move(mutation), Durability::kBuffered);
  }

  MutationResult Create(NamespaceConfig config, const std::string& name = "ns") {
    return engine_->Write(NewMutation({CreateNamespace{std::move(config)}}, name), Durability::kBuffered);
  }

  // Nothing when it is not there.
  std::optional<Memory> Get(const std::string& id) {
    Include everything;
    everything.vectors = true;
    auto reply = engine_->Get(Ref(), {id}, everything, {});
    EXPECT_TRUE(reply.ok()) << reply.status().ToString();
    if (!reply.ok() || reply->memories.empty()) return std::nullopt;
    return std::move(reply->memories[0]);
  }

  NamespaceInfo Info(const std::string& name = "ns") {
    auto info = engine_->DescribeNamespace(Ref(name), {});
    EXPECT_TRUE(info.ok()) << info.status().ToString();
    return info.ok() ? std::move(*info) : NamespaceInfo();
  }

  std::vector<HistoryEvent> History(const std::string& id) {
    auto events = engine_->History(Ref(), id);
    EXPECT_TRUE(events.ok()) << events.status().ToString();
    return events.ok() ? std::move(*events) : std::vector<HistoryEvent>();
  }

  // Counters, digests and live indexes agree with the rows.
  void ExpectConsistent(const std::string& name = "ns") {
    auto report = engine_->CheckNamespace(Ref(name));
    ASSERT_TRUE(report.ok()) << report.status().ToString();
    EXPECT_EQ(report->problems, std::vector<std::string>());
  }

  TempDirectory directory_;
  ManualClock clock_;
  std::unique_ptr<Engine> engine_;
  TenantId tenant_;
};

inline WriteMemory MemoryOf(const std::string& id, const std::string& text) {
  WriteMemory write;
  write.id = id;
  write.content.text = text;
  return write;
}

inline UpdateMemory UpdateOf(const std::string& id, AttributeChange change) {
  return {id, nullptr, std::make_shared<const AttributeChange>(std::move(change))};
}

}  // namespace engram

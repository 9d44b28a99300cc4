// An engine that seals small segments, a repository beside it, and short ways to back up and restore.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "engine/backup/backup_repository.h"
#include "engine/backup/create_backup.h"
#include "engine/backup/restore.h"
#include "tests/engine/engine_fixture.h"

namespace engram {

class BackupFixture : public EngineFixture {
 protected:
  BackupFixture() { OpenSmall(directory_.path()); }
  // What it has open may be in a folder of ours.
  ~BackupFixture() override { engine_.reset(); }

  EngineOptions SmallOptions(const std::string& data_dir) const {
    EngineOptions options = Options();
    options.data_dir = data_dir;
    options.seal_rows = 40;
    options.graph_rows = 100;
    options.seal_rest = std::chrono::milliseconds(0);
    return options;
  }

  void OpenSmall(const std::string& data_dir) {
    engine_.reset();
    auto engine = Engine::Open(SmallOptions(data_dir));
    ASSERT_TRUE(engine.ok()) << engine.status().ToString();
    engine_ = std::move(*engine);
    auto tenant = engine_->FindTenant("default", true);
    ASSERT_TRUE(tenant.ok()) << tenant.status().ToString();
    tenant_ = *tenant;
  }

  WriteMemory Numbered(int number) const {
    WriteMemory write =
        MemoryOf(fmt::format("m{}", number), fmt::format("tea of day {} number {}", number % 7, number));
    write.content.vectors["default"] =
        DenseVector{1.0F, static_cast<float>(number % 11), static_cast<float>(number % 5)};
    write.attributes.metadata["n"] = Value(static_cast<int64_t>(number));
    return write;
  }

  void WriteNumbered(int from, int to, const std::string& ns = "ns") {
    for (int i = from; i < to; ++i) {
      const MutationResult result = WriteWhenThereIsRoom(engine_.get(), NewMutation({Numbered(i)}, ns));
      ASSERT_TRUE(result.status.ok()) << result.status.ToString();
    }
  }

  void Link(const std::string& source, const std::string& target) {
    WriteEdge edge;
    edge.source_id = source;
    edge.target_id = target;
    edge.edge.type = "mentions";
    const MutationResult result = Write(std::move(edge));
    ASSERT_TRUE(result.status.ok()) << result.status.ToString();
  }

  // Until all that grew is sealed, and merged.
  void WaitForSealer() {
    ASSERT_TRUE(engine_->Count(Ref(), std::nullopt, {}).ok());
    for (int i = 0; i < 5'000 && engine_->Status().sealing_jobs > 0; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    ASSERT_EQ(engine_->Status().sealing_jobs, 0U);
  }

  BackupRepository Repository() const {
    auto repository = BackupRepository::OpenOrMake(repository_);
    EXPECT_TRUE(repository.ok()) << repository.status().ToString();
    return *std::move(repository);
  }

  Result<BackupListing> BackUp(bool key_secret = false) {
    BackupOptions options;
    options.clock = &clock_;
    options.include_key_secret = key_secret;
    BackupProgress progress;
    return CreateBackup(BackupSourceOf(*engine_), Repository(), options, &progress);
  }

  // A folder that is not there yet.
  std::string NewFolder() { return fmt::format("{}/restored-{}", scratch_.path(), ++folders_); }

  TempDirectory scratch_;
  const std::string repository_ = scratch_.path() + "/backups";

 private:
  int folders_ = 0;
};

}  // namespace engram

// An engine over a folder that goes when the test is over.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "engine/engine.h"

namespace engram {

class TemporaryStore : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "engram_credentials_XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    EngineOptions options;
    options.data_dir = folder_ + "/data";
    options.clock = &clock_;
    auto engine = Engine::Open(options);
    ASSERT_TRUE(engine.ok()) << engine.status().ToString();
    engine_ = *std::move(engine);
  }
  void TearDown() override {
    engine_.reset();
    std::filesystem::remove_all(folder_);
  }

  template <class Change>
  void ChangeTenant(const std::string& tenant, Change change) {
    const Status status = engine_->Write(MutationOf({tenant, std::move(change)})).status;
    ASSERT_TRUE(status.ok()) << status.ToString();
  }

  ManualClock clock_{Timestamp::FromSeconds(1'800'000'000)};
  std::string folder_;
  std::unique_ptr<Engine> engine_;
};

}  // namespace engram

// kill -9 of a server that takes backups under writes, and of restores: what is in the repository
// afterwards is whole backups, what is restored is consistent, and a restore that was killed is never served.
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/cpp/backup_client.h"
#include "client/cpp/client.h"
#include "client/cpp/http_transport.h"
#include "engine/backup/backup_repository.h"
#include "engine/backup/restore.h"
#include "tests/served/server_process.h"

namespace engram {
namespace {

namespace fs = std::filesystem;
using ::testing::IsEmpty;

int Rounds() { return std::getenv("ENGRAM_LONG") != nullptr ? 200 : 8; }

class BackupCrashTest : public ::testing::Test {
 protected:
  BackupCrashTest() : random_(std::random_device{}()) {
    std::string pattern = (fs::temp_directory_path() / "engram-backup-crash-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  void SetUp() override {
    Run("keys admin admin.key");
    Run("keys create --tenant default --verb read --verb write --data data --out app.key");
  }
  ~BackupCrashTest() override {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

  std::string Path(const std::string& name) const { return folder_ + "/" + name; }
  void Run(const std::string& arguments) const {
    const std::string command = fmt::format("cd {} && {} {} >/dev/null", folder_, ENGRAM_BINARY, arguments);
    ASSERT_EQ(std::system(command.c_str()), 0) << arguments;
  }
  std::string KeyIn(const std::string& file) const {
    const std::string text = ReadWholeFile(Path(file));
    return text.substr(0, text.find('\n'));
  }
  int Below(int n) { return std::uniform_int_distribution<int>(0, n - 1)(random_); }

  Result<std::unique_ptr<ServerProcess>> Serve() {
    return ServerProcess::Start(ENGRAM_BINARY, Path("data"), folder_,
                                {"--backup-dir", Path("backups"), "--backup-key-secret", "--admin-key-file",
                                 Path("admin.key"), "--seal-rows", "20", "--graph-rows", "100"});
  }

  // Writes until nobody answers.
  void WriteTo(uint16_t port, int round) const {
    ClientOptions options;
    options.port = port;
    options.key = KeyIn("app.key");
    options.retry.attempts_max = 1;
    const auto client = Client::Connect(options);
    if (!client.ok()) return;
    for (int i = 0;; ++i) {
      v1::WriteRequest request;
      v1::Memory& memory = *request.add_memories();
      memory.set_id(fmt::format("m{}", i % 100));
      memory.set_text(fmt::format("text {} of round {} about tea", i, round));
      if (!(*client)->Write("ns", request).ok()) return;
    }
  }

  // Asks for one backup after the other until nobody answers.
  void BackUpAt(uint16_t port) const {
    HttpTransportOptions options;
    options.port = port;
    options.key = KeyIn("admin.key");
    auto transport = NewHttpTransport(options);
    ASSERT_TRUE(transport.ok()) << transport.status().ToString();
    const BackupClient client(*std::move(transport));
    while (true) {
      const auto job = client.Create();
      if (!job.ok() && job.status().code() != StatusCode::kAlreadyExists) return;
    }
  }

  // engram restore; killed after `limit`, if it takes longer. True when it was done.
  bool Restore(const std::string& target, std::chrono::milliseconds limit) {
    const pid_t child = fork();
    if (child == 0) {
      if (freopen("/dev/null", "w", stdout) == nullptr) _exit(127);
      execl(ENGRAM_BINARY, "engram", "restore", "--from", Path("backups").c_str(), "--data", target.c_str(), nullptr);
      _exit(127);
    }
    const auto end = std::chrono::steady_clock::now() + limit;
    int status = 0;
    pid_t ended = 0;
    while ((ended = waitpid(child, &status, WNOHANG)) == 0 && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    if (ended == 0) {
      kill(child, SIGKILL);
      waitpid(child, &status, 0);
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }

  std::string folder_;
  std::mt19937_64 random_;
};

TEST_F(BackupCrashTest, WhatSurvivesAKillIsWholeBackups) {
  size_t backups = 0;
  for (int round = 0; round < Rounds() && !HasFailure(); ++round) {
    auto server = Serve();
    ASSERT_TRUE(server.ok()) << server.status().message();
    std::thread writer([&] { WriteTo((*server)->port(), round); });
    std::thread asker([&] { BackUpAt((*server)->port()); });
    std::this_thread::sleep_for(std::chrono::milliseconds(50 + Below(1'500)));
    (*server)->Kill();
    writer.join();
    asker.join();

    const auto repository = BackupRepository::Open(Path("backups"));
    ASSERT_TRUE(repository.ok()) << repository.status().ToString();
    const auto listings = repository->List();
    ASSERT_TRUE(listings.ok()) << listings.status().ToString();
    for (const BackupListing& listing : *listings) {
      ASSERT_TRUE(listing.damage.ok()) << listing.damage.ToString();
      const auto verified = VerifyFiles(*repository, listing);
      ASSERT_TRUE(verified.ok()) << verified.status().ToString();
      EXPECT_THAT(verified->problems, IsEmpty());
    }
    if (listings->empty()) continue;
    backups = listings->size();
    const auto verified = VerifyByRestore(*repository, listings->back(), Path("verify"));
    ASSERT_TRUE(verified.ok()) << verified.status().ToString();
    EXPECT_THAT(verified->problems, IsEmpty());
    const auto lock = repository->Lock();
    ASSERT_TRUE(lock.ok()) << "a dead process holds it";
    ASSERT_TRUE(repository->Prune(3).ok());
  }
  EXPECT_GT(backups, 0U) << "no round came to take a backup";
}

TEST_F(BackupCrashTest, ARestoreThatWasKilledIsNotServedAndCanBeRunAgain) {
  {
    auto server = Serve();
    ASSERT_TRUE(server.ok()) << server.status().message();
    std::thread writer([&] { WriteTo((*server)->port(), 0); });
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    HttpTransportOptions options;
    options.port = (*server)->port();
    options.key = KeyIn("admin.key");
    auto transport = NewHttpTransport(options);
    ASSERT_TRUE(transport.ok()) << transport.status().ToString();
    const BackupClient client(*std::move(transport));
    ASSERT_TRUE(client.Create().ok());
    while (client.List()->job().state() == "running") std::this_thread::sleep_for(std::chrono::milliseconds(10));
    EXPECT_EQ(client.List()->job().state(), "done") << client.List()->job().error();
    (*server)->Kill();
    writer.join();
  }
  const std::string target = Path("restored");
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_TRUE(Restore(target, std::chrono::minutes(2)));
  const auto whole = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
  fs::remove_all(target);
  int killed = 0;
  for (int round = 0; round < Rounds() && !HasFailure(); ++round) {
    if (!Restore(target, whole * round / Rounds())) {
      ++killed;
      EngineOptions options;
      options.data_dir = target;
      options.create = false;
      // There is nothing yet, or the mark of a restore at work; or all was done before the signal came.
      const bool done = [&] {
        const auto opened = Engine::Open(options);
        EXPECT_TRUE(opened.ok() || opened.status().code() == StatusCode::kFailedPrecondition ||
                    opened.status().code() == StatusCode::kNotFound)
            << opened.status().ToString();
        return opened.ok();
      }();
      if (!done) {
        EXPECT_TRUE(Restore(target, std::chrono::minutes(2)));
      }
    }
    EngineOptions options;
    options.data_dir = target;
    options.create = false;
    auto restored = Engine::Open(options);
    ASSERT_TRUE(restored.ok()) << restored.status().ToString();
    restored->reset();
    fs::remove_all(target);
  }
  EXPECT_GT(killed, 0) << "every restore was over before it was killed";
}

}  // namespace
}  // namespace engram

// The real server under mixed work for as long as asked, with a kill every now and then: what was acknowledged is there
// after each, and memory, descriptors and bytes on the disk do not grow with the time, but with what is stored.
//
// `./dev crash soak` runs it at length. ENGRAM_SOAK_SECONDS sets how long (10).
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/testing/test_report.h"
#include "client/cpp/client.h"
#include "engine/engine.h"
#include "tests/crash/crash_fixture.h"
#include "tests/served/server_process.h"

namespace engram {
namespace {

constexpr const char* kNamespace = "soak";
constexpr size_t kClients = 4;
constexpr int kIdsPerClient = 200;
constexpr uint64_t kLives = 10;  // each but the last ends by a kill

// What a process holds.
struct Held {
  uint64_t memory = 0;  // resident bytes
  uint64_t descriptors = 0;
  uint64_t disk = 0;
};

Held HeldBy(pid_t process, const std::string& folder) {
  Held held;
  uint64_t pages = 0;
  std::ifstream(fmt::format("/proc/{}/statm", process)) >> pages >> pages;
  held.memory = pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  std::error_code ignored;
  for (const auto& fd : std::filesystem::directory_iterator(fmt::format("/proc/{}/fd", process), ignored)) {
    held.descriptors += fd.path().empty() ? 0 : 1;
  }
  for (const auto& file : std::filesystem::recursive_directory_iterator(folder, ignored)) {
    // One that is removed meanwhile counts nothing.
    const auto bytes = file.is_regular_file(ignored) ? file.file_size(ignored) : 0;
    held.disk += bytes == static_cast<uintmax_t>(-1) ? 0 : bytes;
  }
  return held;
}

class SoakTest : public CrashFixture {
 protected:
  struct Work {
    std::mt19937_64 random;
    std::array<uint64_t, kIdsPerClient> known = {};  // the number of the last text that was acknowledged; 0: none
    std::array<bool, kIdsPerClient> open = {};       // another may have been written
    uint64_t writes = 0;
    uint64_t reads = 0;
  };

  static std::string IdOf(size_t client, int i) { return fmt::format("c{}-{}", client, i); }

  void WriteOne(Client& client, size_t number, Work* work) {
    const int i = static_cast<int>(work->random() % kIdsPerClient);
    const auto at = static_cast<size_t>(i);
    v1::WriteRequest request;
    v1::Memory& memory = *request.add_memories();
    memory.set_id(IdOf(number, i));
    const uint64_t text = ++texts_;
    memory.set_text(fmt::format("{} of tea and {}", text, work->random() % 1000));
    for (int d = 0; d < 16; ++d) {
      memory.mutable_vector()->mutable_dense()->add_values(1.0F + static_cast<float>(work->random() % 100));
    }
    (*memory.mutable_metadata())["n"].set_int_value(static_cast<int64_t>(text));
    CallOptions options;
    options.buffered = work->random() % 2 == 0;
    const auto reply = client.Write(kNamespace, request, options);
    if (reply.ok()) {
      work->known[at] = text;
      work->open[at] = false;
      ++work->writes;
    } else if (reply.status().applied() != Applied::kNo) {
      work->open[at] = true;
    }
  }

  void ReadOne(Client& client, size_t number, Work* work) {
    if (work->random() % 3 == 0) {
      (void)client.GetMemory(kNamespace, IdOf(number, static_cast<int>(work->random() % kIdsPerClient)));
    } else {
      v1::SearchRequest search;
      search.set_text(fmt::format("tea and {}", work->random() % 1000));
      (void)client.Search(kNamespace, search);
    }
    ++work->reads;
  }

  // One life of the server; what it held at its end.
  Held LiveFor(std::chrono::milliseconds time, bool kill) {
    auto server = ServerProcess::Start(ENGRAM_BINARY, data_, folder_,
                                       {"--seal-rows", "200", "--graph-rows", "400", "--min-free-space", "0",
                                        "--log-retention-hours", "0", "--block-cache", "8MiB"});
    if (!server.ok()) {
      ADD_FAILURE() << server.status().message();
      return {};
    }
    ClientOptions options;
    options.port = (*server)->port();
    options.retry.attempts_max = 1;
    std::atomic<bool> over{false};
    std::vector<std::thread> threads;
    for (size_t i = 0; i < kClients; ++i) {
      threads.emplace_back([&, i] {
        auto client = Client::Connect(options);
        while (client.ok() && !over) {
          if (work_[i].random() % 2 == 0) {
            WriteOne(**client, i, &work_[i]);
          } else {
            ReadOne(**client, i, &work_[i]);
          }
        }
      });
    }
    std::this_thread::sleep_for(time);  // what is under test is what time does
    const Held held = HeldBy((*server)->pid(), data_);
    if (kill) (*server)->Kill();
    over = true;
    for (std::thread& thread : threads) thread.join();
    if (!kill) {
      EXPECT_TRUE((*server)->Terminate()) << ReadWholeFile(folder_ + "/log");
    }
    return held;
  }

  void Compare() {
    const auto engine = OpenLeft(data_);
    ASSERT_TRUE(engine.ok()) << engine.status().ToString();
    const auto tenant = (*engine)->FindTenant("default", false);
    ASSERT_TRUE(tenant.ok()) << tenant.status().ToString();
    const NamespaceRef ns{*tenant, kNamespace};
    for (size_t client = 0; client < kClients; ++client) {
      for (int i = 0; i < kIdsPerClient; ++i) {
        const auto at = static_cast<size_t>(i);
        const auto reply = (*engine)->Get(ns, {IdOf(client, i)}, Include(), {});
        ASSERT_TRUE(reply.ok()) << reply.status().ToString();
        const uint64_t found = reply->memories.empty() ? 0 : std::stoull(reply->memories[0].content.text);
        // A reply that never came leaves the one or the other.
        if (!work_[client].open[at]) {
          EXPECT_EQ(found, work_[client].known[at]) << IdOf(client, i);
        }
        EXPECT_GE(found, work_[client].known[at]) << IdOf(client, i) << " is lost";
        work_[client].known[at] = found;
        work_[client].open[at] = false;
      }
    }
  }

  std::atomic<uint64_t> texts_{0};
  std::array<Work, kClients> work_;
};

TEST_F(SoakTest, NothingGrowsWithTheTime) {
  const std::chrono::milliseconds life{EnvironmentOr("ENGRAM_SOAK_SECONDS", 10) * 1000 / kLives};
  const uint64_t seed = EnvironmentOr("ENGRAM_TEST_SEED", std::random_device{}());
  for (size_t i = 0; i < kClients; ++i) work_[i].random.seed(seed + i);
  std::vector<Held> lives;
  for (uint64_t i = 0; i < kLives && !HasFailure(); ++i) {
    SCOPED_TRACE(fmt::format("life {}", i));
    lives.push_back(LiveFor(life, /*kill=*/i + 1 < kLives));
    if (!HasFailure()) Compare();
  }
  if (HasFailure()) return;
  Verify();
  // The first half fills the store and its caches; after that the most that was held stays where it was, but for what
  // the log of rows and its files go up and down by.
  const auto most = [&](size_t from, size_t to, uint64_t Held::*what) {
    uint64_t found = 0;
    for (size_t i = from; i < to; ++i) found = std::max(found, lives[i].*what);
    return found;
  };
  const size_t half = lives.size() / 2;
  const auto expect_flat = [&](const char* name, uint64_t Held::*what, uint64_t slack) {
    const uint64_t before = most(0, half, what);
    const uint64_t after = most(half, lives.size(), what);
    EXPECT_LE(after, before + before / 2 + slack) << name << " grows";
  };
  constexpr uint64_t kMiB = 1 << 20;
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // which keep what is freed
  expect_flat("memory", &Held::memory, 32 * kMiB);
#endif
  expect_flat("descriptors", &Held::descriptors, 16);
  expect_flat("disk", &Held::disk, 64 * kMiB);
  uint64_t writes = 0;
  uint64_t reads = 0;
  for (const Work& work : work_) {
    writes += work.writes;
    reads += work.reads;
  }
  EXPECT_GT(writes, 0U);
  PrintReport("soak", seed,
              {{"lives", lives.size()},
               {"kills", lives.size() - 1},
               {"writes", writes},
               {"reads", reads},
               {"lost_writes", 0},
               {"max_MiB_of_memory_in_the_first_half", most(0, half, &Held::memory) / kMiB},
               {"max_MiB_of_memory_in_the_second_half", most(half, lives.size(), &Held::memory) / kMiB},
               {"max_descriptors_in_the_first_half", most(0, half, &Held::descriptors)},
               {"max_descriptors_in_the_second_half", most(half, lives.size(), &Held::descriptors)},
               {"max_KiB_on_the_disk_in_the_first_half", most(0, half, &Held::disk) >> 10},
               {"max_KiB_on_the_disk_in_the_second_half", most(half, lives.size(), &Held::disk) >> 10}});
}

}  // namespace
}  // namespace engram

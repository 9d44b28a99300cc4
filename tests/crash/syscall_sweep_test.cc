// One fixed life of the real server with a thread's N-th call of a kind failing, for every N, every kind and the errors
// it may have, by strace's fault injection: the server answers with an error or ends, and says why; what it
// acknowledged is there when it is opened again, and the doctor finds nothing.
//
// `./dev crash syscalls` takes every N. ENGRAM_SWEEP_STEP: every so many (1: all); without it a few of each. Skipped
// where the machine has no strace or doesn't let it, and under sanitizers, whose own calls would fail.
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/testing/test_report.h"
#include "client/cpp/client.h"
#include "engine/doctor/doctor.h"
#include "engine/engine.h"
#include "tests/crash/crash_fixture.h"
#include "tests/served/server_process.h"

namespace engram {
namespace {

constexpr const char* kStrace = "/usr/bin/strace";
constexpr const char* kNamespace = "ns";
constexpr std::chrono::seconds kHang{60};  // of a machine that has much else to do
constexpr int kOldMemories = 30;

struct CallFault {
  const char* call;
  const char* error;
  uint64_t brief_step;  // between those that CI takes
};
// The dynamic loader's calls are among them: they come first.
constexpr std::array<CallFault, 24> kFaults = {{
    {"openat", "EMFILE", 61},       {"openat", "EIO", 83},       {"read", "EIO", 53},
    {"pread64", "EIO", 29},         {"write", "EIO", 31},        {"write", "ENOSPC", 23},
    {"fdatasync", "EIO", 11},       {"fsync", "EIO", 13},        {"rename", "EIO", 7},
    {"ftruncate", "EIO", 11},       {"fallocate", "ENOSPC", 11}, {"mmap", "ENOMEM", 131},
    {"unlink", "EIO", 11},          {"mkdir", "ENOSPC", 11},     {"close", "EIO", 97},
    {"newfstatat", "EIO", 89},      {"getdents64", "EIO", 23},   {"clone3", "EAGAIN", 29},
    {"sync_file_range", "EIO", 13}, {"accept", "EMFILE", 7},     {"sendmsg", "EPIPE", 11},
    {"recvmsg", "EIO", 11},         {"fcntl", "EIO", 41},        {"lseek", "EIO", 7},
}};

bool IsChecked() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return true;
#else
  return false;
#endif
}

// Says when all who have inherited its other end are gone.
class GoneSignal {
 public:
  GoneSignal() {
    if (pipe(ends_.data()) != 0) ends_ = {-1, -1};
  }
  ~GoneSignal() { close(ends_[0]); }
  GoneSignal(const GoneSignal&) = delete;
  GoneSignal& operator=(const GoneSignal&) = delete;

  // Once they were started.
  void LetGo() const { close(ends_[1]); }
  bool Await(std::chrono::milliseconds limit) const {
    pollfd one{ends_[0], POLLIN, 0};
    return poll(&one, 1, static_cast<int>(limit.count())) == 1;
  }

 private:
  std::array<int, 2> ends_ = {};
};

class SyscallSweepTest : public CrashFixture {
 protected:
  void SetUp() override {
    if (IsChecked()) GTEST_SKIP() << "a sanitizer's own calls would fail";
    if (access(kStrace, X_OK) != 0) GTEST_SKIP() << "there is no " << kStrace;
    ASSERT_NO_FATAL_FAILURE(Prepare());
    if (!CanTrace()) GTEST_SKIP() << "this machine doesn't let strace change calls";
  }

  // A store with some past that ended without being closed, so that it is recovered in each life.
  void Prepare() {
    auto server = ServerProcess::Start(ENGRAM_BINARY, folder_ + "/past", folder_, Options());
    ASSERT_TRUE(server.ok()) << server.status().message();
    const auto client = Connect((*server)->port());
    ASSERT_NE(client, nullptr);
    for (int i = 0; i < kOldMemories; ++i) ASSERT_TRUE(Write(*client, fmt::format("old{}", i), 1, false)) << i;
    (*server)->Kill();
    past_ = std::exchange(acknowledged_, {});
  }

  bool CanTrace() {
    Begin();
    const bool reached = Live({"rename", "EIO", 1}, 1);
    return reached;
  }

  static std::vector<std::string> Options() {
    return {"--seal-rows", "20", "--graph-rows", "40", "--min-free-space", "0"};
  }

  static std::unique_ptr<Client> Connect(uint16_t port) {
    ClientOptions options;
    options.port = port;
    options.timeout = kHang;
    options.retry.attempts_max = 1;
    auto client = Client::Connect(options);
    return client.ok() ? std::move(*client) : nullptr;
  }

  bool Write(Client& client, const std::string& prefix, int memories, bool buffered) {
    v1::WriteRequest request;
    for (int i = 0; i < memories; ++i) {
      v1::Memory& memory = *request.add_memories();
      memory.set_id(memories == 1 ? prefix : fmt::format("{}-{}", prefix, i));
      memory.set_text(prefix + " drinks green tea");
      for (int d = 0; d < 4; ++d)
        memory.mutable_vector()->mutable_dense()->add_values(1.0F + static_cast<float>(i + d));
    }
    CallOptions options;
    options.buffered = buffered;
    const auto reply = client.Write(kNamespace, request, options);
    const bool unknown = !reply.ok() && reply.status().applied() != Applied::kNo;
    for (const v1::Memory& memory : request.memories()) {
      if (reply.ok()) acknowledged_.insert(memory.id());
      if (unknown) open_.insert(memory.id());
    }
    return reply.ok();
  }

  // A store as it was prepared.
  void Begin() {
    std::filesystem::remove_all(data_);
    std::filesystem::copy(folder_ + "/past", data_, std::filesystem::copy_options::recursive);
    acknowledged_ = past_;
    open_.clear();
  }

  // Whatever fails is taken as it comes. True when a call has failed.
  bool Live(const CallFault& fault, uint64_t n) {
    const std::string trace = folder_ + "/trace";
    const GoneSignal gone;
    auto server = ServerProcess::Launch(
        ENGRAM_BINARY, data_, folder_, Options(),
        {kStrace, "-D", "-f", "-qq", "--seccomp-bpf", "-o", trace, "-e", fmt::format("trace={}", fault.call), "-e",
         fmt::format("inject={}:error={}:when={}", fault.call, fault.error, n)});
    gone.LetGo();
    if (server->AwaitReady().ok()) {
      if (const auto client = Connect(server->port())) Work(*client);
      server->AskToEnd();
    }
    const auto end = server->AwaitEnd(kHang);
    EXPECT_TRUE(end.has_value()) << "it hangs";
    if (!end) server->Kill();
    if (end) ExpectSaid(*end);
    EXPECT_TRUE(gone.Await(kHang)) << "strace hangs";
    return ReadWholeFile(trace).find("(INJECTED)") != std::string::npos;
  }

  void Work(Client& client) {
    for (int i = 0; i < 12; ++i) (void)Write(client, fmt::format("new{}", i), i == 5 ? 25 : 1, i % 3 == 0);
    v1::SearchRequest search;
    search.set_text("who drinks tea");
    (void)client.Search(kNamespace, search);
    v1::GetRequest get;
    for (int i = 0; i < kOldMemories; ++i) get.add_ids(fmt::format("old{}", i));
    (void)client.GetMemories(kNamespace, get);
    open_.insert("old1");
    (void)client.DeleteMemory(kNamespace, "old1", {}, /*erase=*/true);
  }

  // Not in silence, and not by a wild pointer. Debian's RocksDB has its assertions on, and asserts that some calls do
  // not fail.
  void ExpectSaid(int end) {
    const std::string log = ReadWholeFile(folder_ + "/log");
    if (WIFEXITED(end)) {
      if (WEXITSTATUS(end) == 0) return ++ends_[0], void();
      EXPECT_FALSE(log.empty()) << "ended with " << WEXITSTATUS(end) << " and said nothing";
      ++ends_[1];
      return;
    }
    EXPECT_EQ(WTERMSIG(end), SIGABRT) << strsignal(WTERMSIG(end)) << "\n" << log;
    const bool said = log.find("\"level\":\"error\"") != std::string::npos;
    EXPECT_TRUE(said || log.find("Assertion `") != std::string::npos) << "stopped without a word:\n" << log;
    ++ends_[2];
  }

  void ExpectNothingLost() {
    {
      const auto engine = OpenLeft(data_);
      ASSERT_TRUE(engine.ok()) << engine.status().ToString();
      const auto tenant = (*engine)->FindTenant("default", false);
      ASSERT_TRUE(tenant.ok()) << tenant.status().ToString();
      const NamespaceRef ns{*tenant, kNamespace};
      const auto reply = (*engine)->Get(ns, {acknowledged_.begin(), acknowledged_.end()}, {}, {});
      ASSERT_TRUE(reply.ok()) << reply.status().ToString();
      for (const std::string& id : reply->missing) EXPECT_TRUE(open_.contains(id)) << id << " is lost";
      const auto report = (*engine)->CheckNamespace(ns);
      ASSERT_TRUE(report.ok()) << report.status().ToString();
      EXPECT_EQ(report->problems, std::vector<std::string>());
    }
    Verify();
  }

  std::set<std::string> past_;
  std::set<std::string> acknowledged_;
  std::set<std::string> open_;         // may or may not have happened, or be gone
  std::array<uint64_t, 3> ends_ = {};  // in order; with an error; by stopping itself
};

TEST_F(SyscallSweepTest, EveryCallMayFail) {
  const uint64_t step = EnvironmentOr("ENGRAM_SWEEP_STEP", 0);
  const char* only = std::getenv("ENGRAM_SWEEP_CALL");
  ends_ = {};
  uint64_t calls = 0;
  uint64_t wrong = 0;
  for (const CallFault& fault : kFaults) {
    if (only != nullptr && std::string(only) != fault.call) continue;
    // The first is what every start does, in CI the second in line is as good.
    bool reached = true;
    for (uint64_t n = step > 0 ? 1 : 1 + fault.brief_step / 2; reached; n += step > 0 ? step : fault.brief_step) {
      SCOPED_TRACE(fmt::format("{} fails with {} at each thread's call {}", fault.call, fault.error, n));
      Begin();
      reached = Live(fault, n);
      ExpectNothingLost();
      calls += reached ? 1 : 0;
      if (HasFailure() && ++wrong >= 3) return;
    }
  }
  EXPECT_GT(ends_[0], 0U) << "no failed call was ever survived";
  if (only == nullptr) {
    EXPECT_GT(ends_[2], 0U) << "no failed call ever stopped the server";
  }
  if (HasFailure()) return;
  PrintReport("syscalls", step,
              {{"failed_calls", calls},
               {"ended_in_order", ends_[0]},
               {"ended_with_error", ends_[1]},
               {"stopped_itself", ends_[2]},
               {"lost_writes", 0}});
}

}  // namespace
}  // namespace engram

// One fixed life of a store, with its N-th operation on the disk failing, for every N and every kind of error: each
// ends in a clean error or in the end of the process, nothing acknowledged is lost, and what is left agrees with
// itself.
//
// Each N has a process of its own, since a failed sync, a failed write of the log and a failed read stop it: what they
// leave is looked at from the handler of SIGABRT. Every 37th N; ENGRAM_LONG=1 takes all, ENGRAM_SWEEP_STEP says how
// many.
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <set>

#include <gtest/gtest.h>

#include "base/check.h"
#include "base/mutex.h"
#include "base/testing/fault_file_system.h"
#include "tests/engine/engine_fixture.h"
#include "tests/engine/faults/crash_world.h"

namespace engram {
namespace {

constexpr unsigned kHangSeconds = 60;  // of a machine that has much else to do

// What a child of the test says by its exit code.
enum class Verdict : int {
  kUnharmed = 0,     // the error was dealt with, or handed on
  kStopped = 10,     // the process stopped itself, and what it left is good
  kNotReached = 20,  // there are not so many operations
  kWrong = 30,
};

class Sweep {
 public:
  Sweep(StatusCode error, uint64_t n) : error_(error), n_(n), clock_(kStart) {}

  [[noreturn]] void Run() {
    alarm(kHangSeconds);
    the_one = this;
    std::signal(SIGABRT, [](int) { the_one->LookAtWhatIsLeft(); });
    Prepare();
    const uint64_t before = disk_.operations();
    disk_.FailAfter(n_, {error_, "injected"});
    Live();
    const bool reached = disk_.operations() > before + n_;
    disk_.FailAfter(uint64_t{1} << 62, {});
    engine_.reset();
    Finish(reached ? Verdict::kUnharmed : Verdict::kNotReached, WhatIsKnown());
  }

 private:
  struct Known {
    std::set<std::string> acknowledged;
    std::set<std::string> open;  // may or may not have happened, or be gone
  };

  EngineOptions Options(FileSystem* disk) {
    EngineOptions options;
    options.data_dir = "/data";
    options.files = disk;
    options.clock = &clock_;
    options.sweep_interval = std::chrono::milliseconds(0);
    options.block_cache_bytes = 0;
    options.write_buffer_bytes = 64 << 10;
    options.min_free_bytes = 0;
    options.seal_rows = 10;
    options.graph_rows = 40;
    options.seal_rest = std::chrono::milliseconds(0);
    return options;
  }

  Known WhatIsKnown() {
    const MutexLock lock(mutex_);
    return known_;
  }

  // A store with some past, without any error.
  void Prepare() {
    auto engine = Engine::Open(Options(&disk_));
    ENGRAM_CHECK(engine.ok());
    engine_ = std::move(*engine);
    const auto tenant = engine_->FindTenant("default", true);
    ENGRAM_CHECK(tenant.ok());
    tenant_ = *tenant;
    for (int i = 0; i < 30; ++i) Write("old" + std::to_string(i), 300);
    engine_.reset();
  }

  // Opens it, writes, reads, seals, erases, sweeps and closes it. Whatever fails is taken as it comes.
  void Live() {
    auto engine = Engine::Open(Options(&disk_));
    if (!engine.ok()) return;
    engine_ = std::move(*engine);
    (void)engine_->Count({tenant_, "ns"}, {}, {});
    for (int i = 0; i < 60; ++i) Write("new" + std::to_string(i), 2'000);
    Delete("old1");
    (void)engine_->SweepNow();
    (void)engine_->Get({tenant_, "ns"}, {"old2", "new2"}, {}, {});
    for (int idle = 0; idle < 100 && engine_->Status().sealing_jobs > 0; ++idle) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    engine_.reset();
  }

  void Write(const std::string& id, size_t bytes) {
    Mutation mutation;
    mutation.tenant = tenant_;
    mutation.namespace_name = "ns";
    WriteMemory memory = MemoryOf(id, id + std::string(bytes, 'x'));
    memory.content.vectors["default"] = DenseVector{1, static_cast<float>(id.size()), static_cast<float>(bytes % 7), 2};
    mutation.operations = {std::move(memory)};
    const MutationResult result = engine_->Write(std::move(mutation), Durability::kSync);
    const MutexLock lock(mutex_);
    if (result.status.ok()) known_.acknowledged.insert(id);
    if (!result.status.ok() && result.status.applied() != Applied::kNo) known_.open.insert(id);
  }
  void Delete(const std::string& id) {
    Mutation mutation;
    mutation.tenant = tenant_;
    mutation.namespace_name = "ns";
    mutation.operations = {DeleteMemory{id, {}, {}, false, true}};
    {
      const MutexLock lock(mutex_);
      known_.open.insert(id);
    }
    (void)engine_->Write(std::move(mutation), Durability::kSync);
  }

  // In the handler of SIGABRT, on the thread that stopped the process, which holds no lock that a second engine needs.
  // The others know nothing of the end and go on, so what they are told from now on is not asked for.
  [[noreturn]] void LookAtWhatIsLeft() {
    std::signal(SIGABRT, SIG_DFL);
    stopped_ = true;
    const Known known = WhatIsKnown();
    left_ = disk_.After(EndOf::kPower, n_);
    Finish(Verdict::kStopped, known);
  }

  [[noreturn]] void Finish(Verdict verdict, const Known& known) {
    FaultFileSystem* disk = stopped_ ? left_.get() : &disk_;
    auto engine = Engine::Open(Options(disk));
    if (!engine.ok()) Wrong("can't be opened: " + engine.status().ToString());
    for (const std::string& id : known.acknowledged) {
      const auto reply = (*engine)->Get({tenant_, "ns"}, {id}, {}, {});
      if (!reply.ok()) Wrong("can't be read: " + reply.status().ToString());
      if (reply->memories.empty() && !known.open.contains(id)) Wrong(id + " was acknowledged and is lost");
    }
    const auto count = (*engine)->Count({tenant_, "ns"}, {}, {});
    if (!count.ok()) Wrong("can't be counted: " + count.status().ToString());
    const auto report = (*engine)->CheckNamespace({tenant_, "ns"});
    if (!report.ok()) Wrong("can't be checked: " + report.status().ToString());
    for (const std::string& problem : report->problems) Wrong(problem);
    _exit(static_cast<int>(verdict));
  }

  [[noreturn]] void Wrong(const std::string& what) const {
    std::fprintf(stderr, "operation %llu, error %d: %s\n", static_cast<unsigned long long>(n_),
                 static_cast<int>(error_), what.c_str());
    _exit(static_cast<int>(Verdict::kWrong));
  }

  static inline Sweep* the_one = nullptr;

  const StatusCode error_;
  const uint64_t n_;
  ManualClock clock_;
  FaultFileSystem disk_;
  std::unique_ptr<FaultFileSystem> left_;
  bool stopped_ = false;
  std::unique_ptr<Engine> engine_;
  TenantId tenant_;
  Mutex mutex_;
  Known known_ GUARDED_BY(mutex_);
};

uint64_t Step() {
  if (const char* text = std::getenv("ENGRAM_SWEEP_STEP")) return std::stoull(text);
  return model::CrashRounds(37, 1);
}

// The process has no threads of its own yet, so its children may have some.
class IoErrorSweepTest : public ::testing::TestWithParam<StatusCode> {};

TEST_P(IoErrorSweepTest, EveryOperationMayFail) {
  std::array<uint64_t, 3> verdicts = {};
  bool reached = true;
  uint64_t n = 0;
  for (; reached && !HasFailure(); n += Step()) {
    SCOPED_TRACE("operation " + std::to_string(n));
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      if (std::freopen("/dev/null", "w", stdout) == nullptr) _exit(static_cast<int>(Verdict::kWrong));
      Sweep(GetParam(), n).Run();
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_FALSE(WIFSIGNALED(status)) << (WTERMSIG(status) == SIGALRM ? "it hangs" : strsignal(WTERMSIG(status)));
    const int verdict = WEXITSTATUS(status);
    ASSERT_TRUE(verdict == 0 || verdict == 10 || verdict == 20) << "what is left is wrong; see above";
    ++verdicts[static_cast<size_t>(verdict / 10)];
    reached = verdict != static_cast<int>(Verdict::kNotReached);
  }
  EXPECT_GT(verdicts[0], 0U) << "no error was ever survived";
  EXPECT_GT(verdicts[1], 0U) << "no error ever stopped the process";
  std::printf("%llu operations: %llu survived, %llu stopped the process\n", static_cast<unsigned long long>(n),
              static_cast<unsigned long long>(verdicts[0]), static_cast<unsigned long long>(verdicts[1]));
}

INSTANTIATE_TEST_SUITE_P(Errors, IoErrorSweepTest, ::testing::Values(StatusCode::kUnavailable, StatusCode::kOutOfSpace),
                         [](const auto& test) { return test.param == StatusCode::kUnavailable ? "Eio" : "Enospc"; });

}  // namespace
}  // namespace engram

// A disk that fills up and is emptied again: writes are refused, reads go on, writes come back by themselves.
//
// ENGRAM_LONG=1: 200 fillings of the disk in memory instead of 2.
#include <sys/mount.h>

#include <cstdlib>
#include <fstream>
#include <random>

#include <gmock/gmock.h>

#include "base/testing/fault_file_system.h"
#include "tests/engine/engine_fixture.h"
#include "tests/engine/faults/crash_world.h"

namespace engram {
namespace {

constexpr uint64_t kPlenty = uint64_t{1} << 40;

class DiskFullTest : public ::testing::Test {
 protected:
  DiskFullTest() : clock_(kStart) {}

  EngineOptions Options(FileSystem* files, const std::string& folder) {
    EngineOptions options;
    options.data_dir = folder;
    options.files = files;
    options.clock = &clock_;
    options.sweep_interval = std::chrono::milliseconds(0);
    options.block_cache_bytes = 1 << 20;
    options.write_buffer_bytes = 256 << 10;
    options.seal_rows = 50;
    options.min_free_bytes = 0;
    return options;
  }
  void Open(const EngineOptions& options) {
    engine_.reset();
    auto engine = Engine::Open(options);
    ASSERT_TRUE(engine.ok()) << engine.status().ToString();
    engine_ = std::move(*engine);
    auto tenant = engine_->FindTenant("default", true);
    ASSERT_TRUE(tenant.ok()) << tenant.status().ToString();
    tenant_ = *tenant;
  }
  Mutation NewMutation(Operation operation) const {
    Mutation mutation;
    mutation.tenant = tenant_;
    mutation.namespace_name = "ns";
    mutation.operations = {std::move(operation)};
    return mutation;
  }
  // Nothing that could be compressed away.
  std::string RandomLetters(size_t n) {
    std::string letters(n, ' ');
    for (char& c : letters) c = static_cast<char>('a' + random_() % 26);
    return letters;
  }
  Status Write(const std::string& id, size_t bytes = 200) {
    const MutationResult result =
        engine_->Write(NewMutation(MemoryOf(id, id + RandomLetters(bytes))), Durability::kSync);
    if (result.status.ok()) written_.push_back(id);
    return result.status;
  }
  Status Delete(const std::string& id) {
    return engine_->Write(NewMutation(DeleteMemory{id, {}, {}, false, false}), Durability::kSync).status;
  }
  void ExpectAllThere() {
    const auto reply = engine_->Get({tenant_, "ns"}, written_, {}, {});
    ASSERT_TRUE(reply.ok()) << reply.status().ToString();
    EXPECT_EQ(reply->missing, std::vector<std::string>());
    const auto count = engine_->Count({tenant_, "ns"}, {}, {});
    ASSERT_TRUE(count.ok()) << count.status().ToString();
    EXPECT_EQ(count->first, written_.size());
    const auto report = engine_->CheckNamespace({tenant_, "ns"});
    ASSERT_TRUE(report.ok()) << report.status().ToString();
    EXPECT_EQ(report->problems, std::vector<std::string>());
  }
  // Writes until one is refused for want of space.
  void FillUp(size_t bytes, uint64_t writes_max) {
    for (uint64_t i = 0; i < writes_max; ++i) {
      const Status status = Write("f" + std::to_string(written_.size()), bytes);
      if (status.ok() || status.code() == StatusCode::kRateLimited) continue;
      ASSERT_EQ(status.code(), StatusCode::kOutOfSpace) << status.ToString();
      return;
    }
    FAIL() << "the disk did not fill up";
  }
  // Asks until a write is taken; returns how long that took.
  std::chrono::milliseconds AwaitWrites() {
    const auto begin = std::chrono::steady_clock::now();
    const auto elapsed = [&] {
      return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
    };
    while (elapsed() < std::chrono::seconds(30)) {
      const Status status = Write("f" + std::to_string(written_.size()));
      if (status.ok()) return elapsed();
      EXPECT_EQ(status.code(), StatusCode::kOutOfSpace) << status.ToString();
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    ADD_FAILURE() << "writes never came back";
    return elapsed();
  }

  std::mt19937_64 random_{1};
  ManualClock clock_;
  FaultFileSystem disk_;
  std::unique_ptr<Engine> engine_;
  TenantId tenant_;
  std::vector<std::string> written_;
};

TEST_F(DiskFullTest, BelowTheFloorOnlyRemovalsAreTaken) {
  EngineOptions options = Options(&disk_, "/data");
  options.min_free_bytes = 1 << 20;
  Open(options);
  disk_.SetFreeSpace(2 << 20);
  ASSERT_TRUE(Write("a").ok());
  ASSERT_TRUE(Write("b").ok());
  EXPECT_FALSE(engine_->Status().out_of_space);

  disk_.SetFreeSpace(900 << 10);
  EXPECT_EQ(Write("c").code(), StatusCode::kOutOfSpace);
  EXPECT_TRUE(Delete("b").ok());
  written_.pop_back();
  ExpectAllThere();
  EXPECT_TRUE(engine_->Status().out_of_space);
  EXPECT_EQ(engine_->Status().refused_for_space, 1U);

  disk_.SetFreeSpace(400 << 10);
  EXPECT_EQ(Delete("a").code(), StatusCode::kOutOfSpace);
  ExpectAllThere();

  disk_.SetFreeSpace(kPlenty);
  EXPECT_TRUE(Write("c").ok());
  EXPECT_FALSE(engine_->Status().out_of_space);
}

// Others fill the disk, too, so there may be less than any floor from one moment to the next.
TEST_F(DiskFullTest, AFullDiskRefusesWritesUntilThereIsRoomAgain) {
  Open(Options(&disk_, "/data"));
  std::chrono::milliseconds longest{0};
  const uint64_t rounds = model::CrashRounds(2, 200);
  for (uint64_t round = 0; round < rounds && !HasFailure(); ++round) {
    disk_.SetFreeSpace(20'000 + 7'777 * (round % 11));
    ASSERT_NO_FATAL_FAILURE(FillUp(200, 10'000));
    EXPECT_TRUE(engine_->Status().out_of_space);
    ExpectAllThere();
    disk_.SetFreeSpace(kPlenty);
    longest = std::max(longest, AwaitWrites());
    EXPECT_FALSE(engine_->Status().out_of_space);
  }
  ExpectAllThere();
  Open(Options(&disk_, "/data"));
  ExpectAllThere();
  std::printf("%llu fillings; writes came back after %lld ms at most\n", static_cast<unsigned long long>(rounds),
              static_cast<long long>(longest.count()));
}

// The first write after opening is the one that fails: there are no rows in memory to be written away on recovery.
TEST_F(DiskFullTest, SoDoesOneThatIsFullFromTheStart) {
  EngineOptions options = Options(&disk_, "/data");
  options.min_free_bytes = 100'000;
  Open(options);
  ASSERT_TRUE(Write("a").ok());
  Open(options);
  disk_.SetFreeSpace(0);
  EXPECT_EQ(Write("b").code(), StatusCode::kOutOfSpace);
  EXPECT_EQ(Write("b").code(), StatusCode::kOutOfSpace);
  ExpectAllThere();
  disk_.SetFreeSpace(kPlenty);
  (void)AwaitWrites();
  ExpectAllThere();
  Open(options);
  ExpectAllThere();
}

// A small file system of the machine's.
class SmallMountTest : public DiskFullTest {
 protected:
  void SetUp() override {
    if (::mount("engram", directory_.path().c_str(), "tmpfs", 0, "size=64m") != 0) {
      GTEST_SKIP() << "this machine doesn't let the test mount a tmpfs; the disk in memory has to do";
    }
    mounted_ = true;
  }
  ~SmallMountTest() override {
    engine_.reset();
    if (mounted_) ::umount2(directory_.path().c_str(), MNT_DETACH);
  }
  // What others put onto the disk.
  void PutFiller() { std::ofstream(Filler()) << std::string(24 << 20, 'x'); }
  std::string Filler() const { return directory_.path() + "/filler"; }

  void FillAndFree(uint64_t floor) {
    EngineOptions options = Options(nullptr, directory_.path() + "/data");
    options.min_free_bytes = floor;
    options.write_buffer_bytes = 1 << 20;
    Open(options);
    PutFiller();
    ASSERT_NO_FATAL_FAILURE(FillUp(20'000, 10'000));
    ExpectAllThere();
    std::filesystem::remove(Filler());
    const auto took = AwaitWrites();
    ExpectAllThere();
    Open(options);
    ExpectAllThere();
    std::printf("floor %llu: writes came back after %lld ms\n", static_cast<unsigned long long>(floor),
                static_cast<long long>(took.count()));
  }

  TempDirectory directory_;
  bool mounted_ = false;
};

TEST_F(SmallMountTest, WithAFloor) { FillAndFree(8 << 20); }
TEST_F(SmallMountTest, WithoutOne) { FillAndFree(0); }

}  // namespace
}  // namespace engram

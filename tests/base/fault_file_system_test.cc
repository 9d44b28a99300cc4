#include "base/testing/fault_file_system.h"

#include <atomic>
#include <set>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing/test_seed.h"

namespace engram {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class FaultFileSystemTest : public testing::Test {
 protected:
  FaultFileSystemTest() { EXPECT_TRUE(files_.CreateDirectory("/d").ok()); }

  // A file whose name and `synced` are durable, with `unsynced` appended.
  std::unique_ptr<WritableFile> Durable(const std::string& path, std::string_view synced, std::string_view unsynced) {
    auto file = std::move(files_.OpenForWriting(path)).value();
    EXPECT_TRUE(file->Append(synced).ok());
    EXPECT_TRUE(file->Sync().ok());
    EXPECT_TRUE(files_.SyncDirectory("/d").ok());
    EXPECT_TRUE(file->Append(unsynced).ok());
    return file;
  }

  FaultFileSystem files_;
};

TEST_F(FaultFileSystemTest, ACrashDropsWhatWasNotSynced) {
  const auto file = Durable("/d/a", "kept", " lost");
  EXPECT_EQ(*files_.ReadFile("/d/a"), "kept lost");
  files_.Crash();
  EXPECT_EQ(*files_.ReadFile("/d/a"), "kept");
}

TEST_F(FaultFileSystemTest, ANameNeedsItsDirectorySynced) {
  const auto file = std::move(files_.OpenForWriting("/d/a")).value();
  ASSERT_TRUE(file->Append("bytes").ok());
  ASSERT_TRUE(file->Sync().ok());
  files_.Crash();
  EXPECT_THAT(*files_.ListDirectory("/d"), IsEmpty());
}

TEST_F(FaultFileSystemTest, RenamesAndRemovalsComeBackWithoutADirectorySync) {
  Durable("/d/a", "a", "");
  Durable("/d/b", "b", "");
  ASSERT_TRUE(files_.Rename("/d/a", "/d/c").ok());
  ASSERT_TRUE(files_.Remove("/d/b").ok());
  files_.Crash();
  EXPECT_THAT(*files_.ListDirectory("/d"), ElementsAre("a", "b"));
}

TEST_F(FaultFileSystemTest, AnEmptiedFileKeepsItsOldBytesUntilItIsSynced) {
  Durable("/d/a", "old", "");
  const auto file = std::move(files_.OpenForWriting("/d/a")).value();
  files_.Crash();
  EXPECT_EQ(*files_.ReadFile("/d/a"), "old");
}

TEST_F(FaultFileSystemTest, AFailedSyncLosesTheTailWhateverLaterSyncsSay) {
  const auto file = Durable("/d/a", "kept", " lost");
  files_.FailAfter(0, Unavailable("bad disk"));
  EXPECT_FALSE(file->Sync().ok());
  EXPECT_TRUE(file->Sync().ok());
  files_.Crash();
  EXPECT_EQ(*files_.ReadFile("/d/a"), "kept");
}

TEST_F(FaultFileSystemTest, AFailedAppendLeavesAPrefix) {
  const auto file = Durable("/d/a", "", "");
  files_.FailAfter(0, Unavailable("bad disk"));
  EXPECT_FALSE(file->Append("abcd").ok());
  EXPECT_EQ(*files_.ReadFile("/d/a"), "ab");
}

TEST_F(FaultFileSystemTest, ExactlyTheChosenOperationFails) {
  files_.FailAfter(1, Unavailable("bad disk"));
  EXPECT_TRUE(files_.Exists("/d").ok());
  EXPECT_EQ(files_.Exists("/d").status().message(), "bad disk");
  EXPECT_TRUE(files_.Exists("/d").ok());
}

TEST_F(FaultFileSystemTest, AFullDiskTakesWhatFits) {
  const auto file = Durable("/d/a", "", "");
  files_.SetFreeSpace(3);
  EXPECT_EQ(file->Append("abcd").code(), StatusCode::kOutOfSpace);
  EXPECT_EQ(*files_.ReadFile("/d/a"), "abc");
  EXPECT_EQ(*files_.FreeSpace("/d"), 0u);
}

TEST_F(FaultFileSystemTest, ABadDiskFlipsAByteForGood) {
  Durable("/d/a", "abc", "");
  files_.FlipByte("/d/a", 1);
  files_.Crash();
  const std::string read = *files_.ReadFile("/d/a");
  EXPECT_EQ(read[0], 'a');
  EXPECT_NE(read[1], 'b');
  EXPECT_EQ(read[2], 'c');
}

TEST_F(FaultFileSystemTest, OpenFilesAndLocksDieInACrash) {
  const auto file = Durable("/d/a", "", "");
  auto lock = files_.Lock("/d/LOCK");
  ASSERT_TRUE(lock.ok());
  files_.Crash();
  EXPECT_EQ(file->Append("x").code(), StatusCode::kUnavailable);
  const auto second = files_.Lock("/d/LOCK");
  EXPECT_TRUE(second.ok());
  lock.value().reset();  // the dead lock must not release the living one
  EXPECT_EQ(files_.Lock("/d/LOCK").status().code(), StatusCode::kFailedPrecondition);
}

TEST_F(FaultFileSystemTest, ATornTailIsAnyPartOfWhatWasNotSynced) {
  std::set<size_t> sizes;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    FaultFileSystem files;
    const auto file = std::move(files.OpenForWriting("/a")).value();
    ASSERT_TRUE(file->Append("kept").ok());
    ASSERT_TRUE(file->Sync().ok());
    ASSERT_TRUE(files.SyncDirectory("/").ok());
    ASSERT_TRUE(file->Append("-tail").ok());
    files.CrashTorn(seed);
    const std::string left = *files.ReadFile("/a");
    ASSERT_TRUE(left.starts_with("kept")) << left;
    sizes.insert(left.size());
  }
  EXPECT_THAT(sizes, ElementsAre(4, 5, 6, 7, 8, 9));
}

TEST_F(FaultFileSystemTest, LongTailsAlsoLoseSectorsInTheirMiddle) {
  bool hole = false;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    FaultFileSystem files;
    const auto file = std::move(files.OpenForWriting("/a")).value();
    ASSERT_TRUE(files.SyncDirectory("/").ok());
    ASSERT_TRUE(file->Append(std::string(20'000, 'x')).ok());
    files.CrashTorn(seed);
    const std::string left = *files.ReadFile("/a");
    const size_t zero = left.find('\0');
    hole |= zero != std::string::npos && left.find('x', zero) != std::string::npos;
    if (zero != std::string::npos && left.size() == 20'000) {
      EXPECT_EQ(zero % 512, 0U) << "sectors are lost whole";
    }
  }
  EXPECT_TRUE(hole);
}

TEST_F(FaultFileSystemTest, ErrorsAreForOneKindOfOperationWhereWanted) {
  const auto file = Durable("/d/a", "a", "b");
  files_.FailAfter(FileOperation::kSync, 1, Unavailable("bad disk"));
  EXPECT_TRUE(file->Append("c").ok());
  EXPECT_TRUE(file->Sync().ok());
  EXPECT_TRUE(files_.ReadFile("/d/a").ok());
  EXPECT_FALSE(file->Sync().ok());
  EXPECT_EQ(files_.operations(FileOperation::kRead), 1U);
}

TEST_F(FaultFileSystemTest, AnEndInPassingLeavesThisDiskAsItWas) {
  const auto file = Durable("/d/a", "synced", " not");
  const auto after_power = files_.After(EndOf::kPower, 3);
  const auto after_kill = files_.After(EndOf::kProcess, 3);
  EXPECT_TRUE(file->Append(" later").ok());
  EXPECT_EQ(*files_.ReadFile("/d/a"), "synced not later");
  EXPECT_EQ(*after_kill->ReadFile("/d/a"), "synced not");
  EXPECT_TRUE(after_power->ReadFile("/d/a")->starts_with("synced"));
  EXPECT_TRUE(after_kill->Lock("/d/LOCK").ok());
  EXPECT_TRUE(files_.Lock("/d/LOCK").ok());
}

TEST_F(FaultFileSystemTest, AnEndComesBeforeTheChosenOperation) {
  const auto file = Durable("/d/a", "", "");
  bool told = false;
  files_.EndAfter(1, EndOf::kProcess, 1, [&] { told = true; });
  EXPECT_TRUE(file->Append("first").ok());
  EXPECT_FALSE(told);
  EXPECT_TRUE(file->Append("second").ok());
  EXPECT_TRUE(told);
  EXPECT_EQ(*files_.TakeEnd()->ReadFile("/d/a"), "first");
  EXPECT_EQ(files_.TakeEnd(), nullptr);
}

TEST_F(FaultFileSystemTest, AStalledSyncWaits) {
  const auto file = Durable("/d/a", "", "x");
  files_.StallSyncs(true);
  std::atomic<bool> synced = false;
  std::thread writer([&] {
    EXPECT_TRUE(file->Sync().ok());
    synced = true;
  });
  EXPECT_TRUE(files_.ReadFile("/d/a").ok()) << "others go on";
  EXPECT_FALSE(synced);
  files_.StallSyncs(false);
  writer.join();
}

// ReplaceFile, failed at each of its operations and then crashed in every way, leaves the old content
// or the new one; once it has said OK, only the new one.
TEST_F(FaultFileSystemTest, ReplaceFileIsAtomicAtEveryPointOfFailure) {
  const uint64_t seed = TestSeed();
  SCOPED_TRACE(SeedTrace(seed));
  std::set<std::string> outcomes;
  bool finished = false;
  for (uint64_t n = 0; !finished; ++n) {
    ASSERT_LT(n, 20u);
    for (uint64_t round = 0; round < 50; ++round) {
      FaultFileSystem files;
      ASSERT_TRUE(files.CreateDirectory("/d").ok());
      ASSERT_TRUE(files.ReplaceFile("/d/m", "the old content").ok());
      files.FailAfter(n, Unavailable("bad disk"));
      const Status status = files.ReplaceFile("/d/m", "the new content");
      finished = status.ok();
      files.CrashTorn(seed * 1000 + round);
      const std::string left = *files.ReadFile("/d/m");
      ASSERT_TRUE((!finished && left == "the old content") || left == "the new content")
          << "operation " << n << ": " << left;
      outcomes.insert(left);
    }
  }
  EXPECT_EQ(outcomes.size(), 2u);
}

}  // namespace
}  // namespace engram

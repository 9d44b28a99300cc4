// The continuous archive: any moment comes back, a commit whole or not at all; gaps and damage are found.
#include <filesystem>
#include <fstream>
#include <random>
#include <vector>

#include <gmock/gmock.h>

#include "engine/backup/archived_log.h"
#include "engine/backup/log_archiver.h"
#include "engine/backup/restore_archive.h"
#include "tests/engine/backup/backup_fixture.h"
#include "tests/index/random_seed.h"

namespace engram {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class ArchiveTest : public BackupFixture {
 protected:
  ArchiveTest() { OpenKept(); }

  void OpenKept() {
    archiver_.reset();
    engine_.reset();
    auto engine = OpenEngine(SmallOptions(directory_.path()), {.keep_log_bytes = 64 << 20});
    ASSERT_TRUE(engine.ok()) << engine.status().ToString();
    engine_ = std::move(*engine);
    tenant_ = *engine_->FindTenant("default", true);
  }

  void OpenArchiver(uint64_t file_bytes = 64 << 20) {
    archiver_.reset();
    ArchiverOptions options;
    options.clock = &clock_;
    options.file_bytes = file_bytes;
    auto archiver = LogArchiver::Open(&BackupSourceOf(*engine_), archive_, options);
    ASSERT_TRUE(archiver.ok()) << archiver.status().ToString();
    archiver_ = std::move(*archiver);
  }

  void Archive() {
    const Status status = archiver_->Archive();
    ASSERT_TRUE(status.ok()) << status.ToString();
  }

  std::vector<std::string> LogFiles() const {
    std::vector<std::string> files;
    for (const auto& entry : fs::directory_iterator(archive_ + "/log")) files.push_back(entry.path().string());
    std::sort(files.begin(), files.end());
    return files;
  }

  // What the store was after a commit.
  struct Moment {
    uint64_t change = 0;
    Timestamp time;
    Position position;
    Hash128 digest;
    Hash128 edges;
  };
  Moment Now() {
    const NamespaceInfo info = Info();
    return {BackupSourceOf(*engine_).LastChange(), clock_.Now(), info.position, info.memories_digest,
            info.edges_digest};
  }

  // One change of what is there, at a second of its own.
  void ChangeSomething(std::mt19937_64* random) {
    Advance(1);
    const int id = static_cast<int>((*random)() % 40);
    switch ((*random)() % 8) {
      case 0: {
        DeleteMemory deletion;
        deletion.id = fmt::format("m{}", id);
        ASSERT_TRUE(Write(deletion).status.ok());
        break;
      }
      case 1: Link(fmt::format("m{}", id), fmt::format("topic{}", id % 3)); break;
      default: WriteNumbered(id, id + 1);
    }
  }

  void ExpectRestores(const RestoreTarget& target, const Moment& moment) {
    const std::string folder = NewFolder();
    const auto report = RestoreArchive(archive_, target, SmallOptions(folder));
    ASSERT_TRUE(report.ok()) << report.status().ToString();
    EXPECT_EQ(report->position, moment.change);
    auto restored = Engine::Open(SmallOptions(folder));
    ASSERT_TRUE(restored.ok()) << restored.status().ToString();
    const auto info = (*restored)->DescribeNamespace(Ref(), {});
    ASSERT_TRUE(info.ok()) << info.status().ToString();
    EXPECT_EQ(info->position, moment.position);
    EXPECT_EQ(info->memories_digest, moment.digest);
    EXPECT_EQ(info->edges_digest, moment.edges);
    ASSERT_TRUE((*restored)->Count(Ref(), std::nullopt, {}).ok());
    EXPECT_THAT((*restored)->CheckNamespace(Ref())->problems, IsEmpty());
    restored->reset();
    fs::remove_all(folder);
  }

  const std::string archive_ = scratch_.path() + "/archive";
  std::unique_ptr<LogArchiver> archiver_;
};

TEST_F(ArchiveTest, AnyMomentComesBackAsTheModelHadIt) {
  const uint64_t seed = TestSeed(17);
  std::mt19937_64 random(seed);
  WriteNumbered(0, 1);
  OpenArchiver(/*file_bytes=*/2'000);
  std::vector<Moment> moments = {Now()};
  for (int i = 0; i < 60; ++i) {
    ChangeSomething(&random);
    moments.push_back(Now());
    if (random() % 6 == 0) Archive();
    if (random() % 20 == 0) {  // as after a restart
      OpenKept();
      OpenArchiver(2'000);
      moments.back() = Now();
    }
  }
  Archive();
  EXPECT_GT(LogFiles().size(), 5U);
  for (int i = 0; i < 8; ++i) {
    const size_t at = random() % moments.size();
    SCOPED_TRACE(fmt::format("moment {}", at));
    ExpectRestores({moments[at].change, {}}, moments[at]);
    ExpectRestores({{}, moments[at].time}, moments[at]);
    // In the middle of the next commit there is nothing of it.
    if (at + 1 < moments.size() && moments[at + 1].change > moments[at].change + 1) {
      ExpectRestores({moments[at].change + 1, {}}, moments[at]);
    }
  }
  ExpectRestores({}, moments.back());
}

TEST_F(ArchiveTest, ADailyBaseTakesTheLogBeforeTheOldestWithIt) {
  WriteNumbered(0, 10);
  OpenArchiver();
  std::vector<Moment> moments;
  for (int day = 1; day <= 3; ++day) {
    WriteNumbered(10 * day, 10 * day + 10);
    Archive();
    moments.push_back(Now());
    Advance(25 * 3'600);
    const auto bases = BackupRepository::Open(archive_ + "/base");
    ASSERT_TRUE(bases.ok()) << bases.status().ToString();
    const auto newest = [&] { return bases->List()->back().number; };
    // It is taken beside archiving, and not before the one before it is done with.
    for (int i = 0; i < 10'000 && newest() != static_cast<uint32_t>(day) + 1; ++i) {
      Archive();
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    ASSERT_EQ(newest(), static_cast<uint32_t>(day) + 1);
  }
  archiver_.reset();
  OpenArchiver();
  WriteNumbered(40, 50);
  Archive();
  ExpectRestores({}, Now());
  ExpectRestores({moments[2].change, {}}, moments[2]);
  EXPECT_EQ(RestoreArchive(archive_, {moments[0].change, {}}, SmallOptions(NewFolder())).status().code(),
            StatusCode::kFailedPrecondition);
}

TEST_F(ArchiveTest, SegmentsThatTheLogNamesAreMadeAgain) {
  WriteNumbered(0, 1);
  OpenArchiver();
  WriteNumbered(1, 300);
  WaitForSealer();
  ASSERT_GT(Info().indexes.at("text").segments, 0U);
  Archive();
  ExpectRestores({}, Now());
}

TEST_F(ArchiveTest, WhatIsHalfWrittenIsReadAgain) {
  WriteNumbered(0, 10);
  OpenArchiver();
  WriteNumbered(10, 20);
  std::ofstream(archive_ + "/log/" + ArchivedFileName({1, 2}) + ".part") << "half";
  OpenKept();
  OpenArchiver();
  EXPECT_THAT(LogFiles(), IsEmpty());
  Archive();
  ExpectRestores({}, Now());
}

TEST_F(ArchiveTest, AGapIsSeenToldAndBridgedByANewBase) {
  WriteNumbered(0, 10);
  OpenArchiver();
  WriteNumbered(10, 20);
  Archive();
  const Moment before = Now();
  archiver_.reset();
  // Opened twice without keeping the log, the store has nothing of it any more.
  OpenSmall(directory_.path());
  WriteNumbered(20, 30);
  const Moment in_the_gap = Now();
  OpenSmall(directory_.path());
  OpenKept();
  OpenArchiver();
  Archive();
  EXPECT_EQ(archiver_->state().gaps, 1U);
  WriteNumbered(30, 40);
  Archive();
  ExpectRestores({}, Now());
  ExpectRestores({before.change, {}}, before);
  const auto lost = RestoreArchive(archive_, {in_the_gap.change - 1, {}}, SmallOptions(NewFolder()));
  EXPECT_FALSE(lost.ok()) << "there is nothing to restore it from";
}

TEST_F(ArchiveTest, DamageAndMissingFilesAreNamed) {
  WriteNumbered(0, 10);
  OpenArchiver();
  for (int i = 1; i < 4; ++i) {
    WriteNumbered(10 * i, 10 * i + 10);
    Archive();
  }
  const auto files = LogFiles();
  ASSERT_EQ(files.size(), 3U);
  const std::string name = fs::path(files[1]).filename().string();
  {
    std::fstream file(files[1], std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(100);
    file.put('\x7f');
  }
  auto report = RestoreArchive(archive_, {}, SmallOptions(NewFolder()));
  EXPECT_EQ(report.status().code(), StatusCode::kCorruption);
  EXPECT_THAT(report.status().message(), HasSubstr(name));
  fs::remove(files[1]);
  report = RestoreArchive(archive_, {}, SmallOptions(NewFolder()));
  EXPECT_EQ(report.status().code(), StatusCode::kCorruption);
  EXPECT_THAT(report.status().message(), HasSubstr("gap"));
}

TEST_F(ArchiveTest, WhatTheArchiveDoesNotReachIsRefused) {
  WriteNumbered(0, 10);
  OpenArchiver();
  WriteNumbered(10, 20);
  Archive();
  const uint64_t end = Now().change;
  EXPECT_EQ(RestoreArchive(archive_, {end + 100, {}}, SmallOptions(NewFolder())).status().code(),
            StatusCode::kFailedPrecondition);
  EXPECT_EQ(RestoreArchive(archive_, {1, {}}, SmallOptions(NewFolder())).status().code(),
            StatusCode::kFailedPrecondition);
}

TEST_F(ArchiveTest, AnotherStoresArchiveIsRefused) {
  WriteNumbered(0, 10);
  OpenArchiver();
  archiver_.reset();
  OpenSmall(NewFolder());
  ArchiverOptions options;
  EXPECT_EQ(LogArchiver::Open(&BackupSourceOf(*engine_), archive_, options).status().code(),
            StatusCode::kFailedPrecondition);
}

TEST_F(ArchiveTest, ARestoreToEarlierErasesWhatWasErasedLater) {
  WriteNumbered(0, 10);
  OpenArchiver();
  WriteNumbered(10, 20);
  const Moment before = Now();
  DeleteMemory deletion;
  deletion.id = "m12";
  deletion.erase = true;
  ASSERT_TRUE(Write(deletion).status.ok());
  Archive();
  const std::string folder = NewFolder();
  const auto report = RestoreArchive(archive_, {before.change, {}}, SmallOptions(folder));
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_EQ(report->base.erased_again, 1U);
  OpenSmall(folder);
  EXPECT_FALSE(Get("m12").has_value());
  EXPECT_TRUE(Get("m13").has_value());
}

TEST(ArchivedLogTest, AnyChangedByteIsDamage) {
  const std::string text = FormatArchivedLog("a-store", {{{5, 6, "one"}, Timestamp{7}}, {{7, 7, "two"}, Timestamp{8}}});
  const auto log = ParseArchivedLog(text);
  ASSERT_TRUE(log.ok()) << log.status().ToString();
  EXPECT_EQ(log->identity, "a-store");
  ASSERT_EQ(log->commits.size(), 2U);
  EXPECT_EQ(log->commits[1].commit.bytes, "two");
  EXPECT_EQ(log->commits[1].time, Timestamp{8});
  for (size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(ParseArchivedLog(changed).ok()) << "byte " << i;
    EXPECT_FALSE(ParseArchivedLog(text.substr(0, i)).ok()) << "cut at " << i;
  }
}

TEST(ArchivedLogTest, NamesSayTheirRangeAndNothingElseDoes) {
  EXPECT_EQ(ParseArchivedFileName(ArchivedFileName({7, 4'000'000'000'000})), (ArchivedRange{7, 4'000'000'000'000}));
  for (const char* name :
       {"", "1-2.log", "00000000000000000009-00000000000000000002.log", "0000000000000000000a-00000000000000000002.log",
        "00000000000000000001-00000000000000000002.log.part"}) {
    EXPECT_FALSE(ParseArchivedFileName(name).has_value()) << name;
  }
}

}  // namespace
}  // namespace engram

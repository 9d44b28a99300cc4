// Backups and restores of a whole store: equal, incremental, refused when damaged, never half there.
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <set>

#include <gmock/gmock.h>

#include "engine/backup/backup_source.h"
#include "tests/engine/backup/backup_fixture.h"

namespace engram {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class BackupTest : public BackupFixture {
 protected:
  // Opens the restored folder in place of the store.
  void OpenRestored(const std::string& folder) { OpenSmall(folder); }

  std::string PathOf(const BackupFile& file) const {
    return fmt::format("{}/files/{}/{}", repository_, file.sha256.substr(0, 2), file.sha256);
  }
  static const BackupFile& FirstIn(const BackupManifest& manifest, const std::string& start, const std::string& end) {
    for (const BackupFile& file : manifest.files) {
      if (file.path.starts_with(start) && file.path.ends_with(end)) return file;
    }
    ADD_FAILURE() << "no file " << start << "*" << end;
    return manifest.files.front();
  }
  std::set<std::string> KeptFiles() const {
    std::set<std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(repository_ + "/files")) {
      if (entry.is_regular_file()) files.insert(entry.path().filename().string());
    }
    return files;
  }
};

void FlipByte(const std::string& path, std::streamoff at) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(at);
  const char byte = static_cast<char>(file.get() ^ 0x20);
  file.seekp(at);
  file.put(byte);
}

TEST_F(BackupTest, ASecondOneWaitsForTheFirst) {
  WriteNumbered(0, 20);
  BackupProgress progress;
  auto first = BackupSourceOf(*engine_).Stage(progress);
  ASSERT_TRUE(first.ok()) << first.status().ToString();
  std::atomic<bool> ended{false};
  Status second;
  std::thread other([&] {
    second = BackUp().status();
    ended = true;
  });
  // It may not have come so far yet, but then it waits later.
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_FALSE(ended);
  first->reset();
  other.join();
  EXPECT_TRUE(second.ok()) << second.ToString();
}

TEST_F(BackupTest, OneThatWaitsCanBeCancelled) {
  BackupProgress progress;
  const auto first = BackupSourceOf(*engine_).Stage(progress);
  ASSERT_TRUE(first.ok()) << first.status().ToString();
  progress.cancelled = true;
  EXPECT_EQ(BackupSourceOf(*engine_).Stage(progress).status().code(), StatusCode::kUnavailable);
}

TEST_F(BackupTest, WhatIsRestoredIsWhatWasThere) {
  WriteNumbered(0, 200);
  Link("m1", "topic");
  WriteNumbered(0, 50, "other");
  WaitForSealer();
  const auto made = BackUp();
  ASSERT_TRUE(made.ok()) << made.status().ToString();
  EXPECT_EQ(made->number, 1U);
  EXPECT_EQ(made->manifest.namespaces, 2U);
  EXPECT_EQ(made->manifest.memories, 250U);
  const NamespaceInfo before = Info();
  WriteNumbered(200, 220);  // is not in it

  const std::string folder = NewFolder();
  const auto report = RestoreBackup(Repository(), std::nullopt, SmallOptions(folder));
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_THAT(report->missing_segments, IsEmpty());
  OpenRestored(folder);
  const NamespaceInfo after = Info();
  EXPECT_EQ(after.memories, 200U);
  EXPECT_EQ(after.memories_digest, before.memories_digest);
  EXPECT_EQ(after.edges_digest, before.edges_digest);
  EXPECT_EQ(after.nodes_digest, before.nodes_digest);
  EXPECT_EQ(after.position, before.position);
  EXPECT_EQ(Get("m7")->content.text, "tea of day 0 number 7");
  ASSERT_TRUE(engine_->Count(Ref(), std::nullopt, {}).ok());
  EXPECT_GT(Info().indexes.at("text").segments, 0U) << "the segments were not taken along";
  ExpectConsistent();
  ExpectConsistent("other");
}

TEST_F(BackupTest, ASecondBackupCopiesOnlyWhatIsNew) {
  WriteNumbered(0, 200);
  WaitForSealer();
  const auto first = BackUp();
  ASSERT_TRUE(first.ok()) << first.status().ToString();
  const auto before = KeptFiles();
  WriteNumbered(200, 201);
  const auto second = BackUp();
  ASSERT_TRUE(second.ok()) << second.status().ToString();
  std::set<std::string> added;
  uint64_t bytes_added = 0;
  for (const BackupFile& file : second->manifest.files) {
    if (before.contains(file.sha256)) continue;
    added.insert(file.sha256);
    bytes_added += file.size;
  }
  EXPECT_EQ(KeptFiles().size(), before.size() + added.size());
  EXPECT_LT(bytes_added, second->manifest.bytes() / 2);
  for (const BackupFile& file : second->manifest.files) {
    if (file.path.starts_with("segments/")) {
      EXPECT_TRUE(before.contains(file.sha256)) << file.path;
    }
  }
}

TEST_F(BackupTest, UnderWritesEachIsTheStoreAtOneMoment) {
  const int backups = std::getenv("ENGRAM_LONG") != nullptr ? 500 : 6;
  // What the writer had after each of its writes.
  std::mutex mutex;
  std::map<uint64_t, Hash128> digests;
  std::atomic<bool> stop = false;
  std::atomic<int> written = 0;
  std::thread writer([&] {
    for (int i = 0; !stop; ++i) {
      const MutationResult result = WriteWhenThereIsRoom(engine_.get(), NewMutation({Numbered(i % 300)}));
      if (!result.status.ok()) return;
      const auto info = engine_->DescribeNamespace(Ref(), {});
      if (!info.ok()) return;
      {
        const std::lock_guard<std::mutex> lock(mutex);
        digests[info->position.value] = info->memories_digest;
      }
      ++written;
    }
  });
  while (written < 20) std::this_thread::yield();
  for (int i = 0; i < backups && !HasFailure(); ++i) {
    const auto made = BackUp();
    ASSERT_TRUE(made.ok()) << made.status().ToString();
    const std::string folder = NewFolder();
    const auto report = RestoreBackup(Repository(), made->number, SmallOptions(folder));
    ASSERT_TRUE(report.ok()) << report.status().ToString();
    auto restored = Engine::Open(SmallOptions(folder));
    ASSERT_TRUE(restored.ok()) << restored.status().ToString();
    const auto info = (*restored)->DescribeNamespace(Ref(), {});
    ASSERT_TRUE(info.ok()) << info.status().ToString();
    ASSERT_TRUE((*restored)->Count(Ref(), std::nullopt, {}).ok());
    const auto check = (*restored)->CheckNamespace(Ref());
    ASSERT_TRUE(check.ok()) << check.status().ToString();
    EXPECT_EQ(check->problems, std::vector<std::string>());
    // The writer may not have come to note it yet.
    for (int wait = 0; wait < 1'000; ++wait) {
      const std::lock_guard<std::mutex> lock(mutex);
      if (digests.contains(info->position.value)) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    const std::lock_guard<std::mutex> lock(mutex);
    ASSERT_TRUE(digests.contains(info->position.value)) << info->position.value;
    EXPECT_EQ(info->memories_digest, digests[info->position.value]);
    restored->reset();
    fs::remove_all(folder);
  }
  stop = true;
  writer.join();
}

TEST_F(BackupTest, DamagedAndMissingRowsAreNamed) {
  WriteNumbered(0, 60);
  const auto made = BackUp();
  ASSERT_TRUE(made.ok()) << made.status().ToString();
  for (const char* name : {"CURRENT", "MANIFEST-", ".sst"}) {
    const bool is_suffix = name[0] == '.';
    const BackupFile& file =
        FirstIn(made->manifest, is_suffix ? "rows/" : std::string("rows/") + name, is_suffix ? name : "");
    const std::string path = PathOf(file);
    const std::string sound = scratch_.path() + "/sound";
    fs::copy_file(path, sound, fs::copy_options::overwrite_existing);
    const auto expect_refused = [&](const char* what) {
      const auto report = RestoreBackup(Repository(), std::nullopt, SmallOptions(NewFolder()));
      EXPECT_EQ(report.status().code(), StatusCode::kCorruption) << what;
      EXPECT_THAT(report.status().message(), HasSubstr(file.path)) << what;
      const auto verified = VerifyFiles(Repository(), *made);
      ASSERT_TRUE(verified.ok()) << verified.status().ToString();
      EXPECT_THAT(verified->problems, ElementsAre(HasSubstr(file.path))) << what;
    };
    FlipByte(path, static_cast<std::streamoff>(file.size / 2));
    expect_refused("flipped");
    fs::resize_file(path, file.size - 1);
    expect_refused("cut");
    fs::remove(path);
    expect_refused("missing");
    fs::copy_file(sound, path);
    EXPECT_THAT(VerifyFiles(Repository(), *made)->problems, IsEmpty());
  }
}

TEST_F(BackupTest, AMissingSegmentIsMadeAgain) {
  WriteNumbered(0, 200);
  WaitForSealer();
  const auto made = BackUp();
  ASSERT_TRUE(made.ok()) << made.status().ToString();
  size_t segments = 0;
  for (const BackupFile& file : made->manifest.files) {
    if (!file.path.starts_with("segments/")) continue;
    ++segments;
    if (segments % 2 == 0) {
      fs::remove(PathOf(file));
    } else {
      FlipByte(PathOf(file), static_cast<std::streamoff>(file.size / 2));
    }
  }
  ASSERT_GT(segments, 0U);
  const std::string folder = NewFolder();
  const auto report = RestoreBackup(Repository(), std::nullopt, SmallOptions(folder));
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_THAT(report->missing_segments, SizeIs(segments));
  OpenRestored(folder);
  EXPECT_EQ(engine_->Count(Ref(), std::nullopt, {})->first, 200U);
  ExpectConsistent();
}

TEST_F(BackupTest, AFolderWithAnythingInItIsRefused) {
  WriteNumbered(0, 5);
  ASSERT_TRUE(BackUp().ok());
  const std::string folder = NewFolder();
  fs::create_directories(folder);
  std::ofstream(folder + "/notes.txt") << "mine";
  const auto report = RestoreBackup(Repository(), std::nullopt, SmallOptions(folder));
  EXPECT_EQ(report.status().code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(report.status().message(), HasSubstr("notes.txt"));
  EXPECT_TRUE(fs::exists(folder + "/notes.txt"));
}

TEST_F(BackupTest, AnUnfinishedRestoreIsNotServedAndIsBegunAnew) {
  WriteNumbered(0, 60);
  ASSERT_TRUE(BackUp().ok());
  const std::string folder = NewFolder();
  fs::create_directories(folder);
  std::ofstream(folder + "/RESTORING.tmp") << "half of the mark";
  ASSERT_TRUE(BeginRestore(folder).ok());
  EXPECT_FALSE(fs::exists(folder + "/RESTORING.tmp"));
  ASSERT_TRUE(RestoreFiles(Repository(), *Repository().Read(1), folder).ok());
  const auto refused = Engine::Open(SmallOptions(folder));
  EXPECT_EQ(refused.status().code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(refused.status().message(), HasSubstr("not finished"));
  std::ofstream(folder + "/rows/left-over") << "x";
  ASSERT_TRUE(RestoreBackup(Repository(), std::nullopt, SmallOptions(folder)).ok());
  EXPECT_FALSE(fs::exists(folder + "/rows/left-over"));
  OpenRestored(folder);
  EXPECT_EQ(Info().memories, 60U);
}

TEST_F(BackupTest, WhatACrashLeftIsSwept) {
  WriteNumbered(0, 60);
  ASSERT_TRUE(BackUp().ok());
  const auto before = KeptFiles();
  const std::string orphan(64, 'e');
  fs::create_directories(repository_ + "/files/ee");
  std::ofstream(repository_ + "/files/ee/" + orphan) << "of no backup";
  std::ofstream(repository_ + "/files/ee/" + std::string(64, 'd') + ".part") << "half";
  std::ofstream(repository_ + "/backups/2.manifest.part") << "engram-backup 1\n";
  EXPECT_THAT(Repository().List().value(), SizeIs(1));
  ASSERT_TRUE(BackUp().ok());
  EXPECT_FALSE(KeptFiles().contains(orphan));
  EXPECT_FALSE(fs::exists(repository_ + "/backups/2.manifest.part"));
  EXPECT_THAT(Repository().List().value(), SizeIs(2));

  // Staged in the data folder: by one that could not be removed, and by one that a crash ended.
  fs::create_directories(directory_.path() + "/backup-staging/rows");
  EXPECT_TRUE(BackUp().ok());
  EXPECT_FALSE(fs::exists(directory_.path() + "/backup-staging"));
  fs::create_directories(directory_.path() + "/backup-staging/rows");
  OpenSmall(directory_.path());
  EXPECT_FALSE(fs::exists(directory_.path() + "/backup-staging"));
}

TEST_F(BackupTest, ACancelledOneIsNotThere) {
  WriteNumbered(0, 60);
  BackupProgress progress;
  progress.cancelled = true;
  const auto made = CreateBackup(BackupSourceOf(*engine_), Repository(), {}, &progress);
  EXPECT_EQ(made.status().code(), StatusCode::kUnavailable);
  EXPECT_THAT(Repository().List().value(), IsEmpty());
  EXPECT_FALSE(fs::exists(directory_.path() + "/backup-staging"));
  EXPECT_TRUE(BackUp().ok());
}

TEST_F(BackupTest, OneAtATime) {
  WriteNumbered(0, 5);
  const BackupRepository repository = Repository();
  const auto lock = repository.Lock();
  ASSERT_TRUE(lock.ok());
  EXPECT_EQ(BackUp().status().code(), StatusCode::kUnavailable);
}

TEST_F(BackupTest, PruningKeepsTheNewestAndWhatTheyNeed) {
  for (int i = 0; i < 4; ++i) {
    WriteNumbered(i * 50, i * 50 + 50);
    ASSERT_TRUE(BackUp().ok());
  }
  const size_t files = KeptFiles().size();
  const auto pruned = Repository().Prune(2);
  ASSERT_TRUE(pruned.ok()) << pruned.status().ToString();
  EXPECT_THAT(pruned->backups, ElementsAre(1U, 2U));
  EXPECT_EQ(KeptFiles().size(), files - pruned->files);
  for (const uint32_t number : {3U, 4U}) {
    const auto listing = Repository().Read(number);
    ASSERT_TRUE(listing.ok()) << listing.status().ToString();
    EXPECT_THAT(VerifyFiles(Repository(), *listing)->problems, IsEmpty());
  }
  EXPECT_EQ(Repository().Read(1).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(BackUp()->number, 5U);
}

TEST_F(BackupTest, ADamagedManifestIsShownRefusedAndCostsNoFile) {
  WriteNumbered(0, 60);
  ASSERT_TRUE(BackUp().ok());
  WriteNumbered(60, 120);
  ASSERT_TRUE(BackUp().ok());
  FlipByte(repository_ + "/backups/1.manifest", 30);
  const auto listings = Repository().List();
  ASSERT_TRUE(listings.ok());
  EXPECT_FALSE(listings->at(0).damage.ok());
  EXPECT_EQ(Repository().Read(1).status().code(), StatusCode::kCorruption);
  const auto files = KeptFiles();
  EXPECT_EQ(Repository().Sweep()->files, 0U) << "who knows what the damaged one names";
  EXPECT_EQ(KeptFiles(), files);
  EXPECT_EQ(RestoreBackup(Repository(), std::nullopt, SmallOptions(NewFolder()))->backup, 2U);
}

TEST_F(BackupTest, LinksInARepositoryAreRefused) {
  WriteNumbered(0, 60);
  const auto made = BackUp();
  ASSERT_TRUE(made.ok());
  const BackupFile& file = FirstIn(made->manifest, "rows/", ".sst");
  fs::rename(PathOf(file), scratch_.path() + "/elsewhere");
  fs::create_symlink(scratch_.path() + "/elsewhere", PathOf(file));
  EXPECT_EQ(RestoreBackup(Repository(), std::nullopt, SmallOptions(NewFolder())).status().code(),
            StatusCode::kCorruption);
  EXPECT_THAT(VerifyFiles(Repository(), *made)->problems, Not(IsEmpty()));
}

TEST_F(BackupTest, AFolderOfOtherThingsIsNoRepository) {
  std::ofstream(scratch_.path() + "/something") << "else";
  EXPECT_EQ(BackupRepository::OpenOrMake(scratch_.path()).status().code(), StatusCode::kFailedPrecondition);
}

TEST_F(BackupTest, TheKeySecretComesAlongWhenAskedFor) {
  std::ofstream(directory_.path() + "/key-secret") << std::string(32, 's');
  WriteNumbered(0, 5);
  ASSERT_TRUE(BackUp().ok());
  std::string folder = NewFolder();
  ASSERT_TRUE(RestoreBackup(Repository(), std::nullopt, SmallOptions(folder)).ok());
  EXPECT_FALSE(fs::exists(folder + "/key-secret"));
  ASSERT_TRUE(BackUp(/*key_secret=*/true).ok());
  folder = NewFolder();
  ASSERT_TRUE(RestoreBackup(Repository(), std::nullopt, SmallOptions(folder)).ok());
  EXPECT_EQ(fs::file_size(folder + "/key-secret"), 32U);
  EXPECT_EQ(fs::status(folder + "/key-secret").permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(BackupTest, VerifyingByRestoreFindsSoundOnesSound) {
  WriteNumbered(0, 200);
  WaitForSealer();
  const auto made = BackUp();
  ASSERT_TRUE(made.ok()) << made.status().ToString();
  const std::string folder = NewFolder();
  const auto verified = VerifyByRestore(Repository(), *made, folder);
  ASSERT_TRUE(verified.ok()) << verified.status().ToString();
  EXPECT_THAT(verified->problems, IsEmpty());
  EXPECT_FALSE(fs::exists(folder));
  FlipByte(PathOf(FirstIn(made->manifest, "rows/", ".sst")), 100);
  EXPECT_THAT(VerifyByRestore(Repository(), *made, NewFolder())->problems, SizeIs(1));
}

}  // namespace
}  // namespace engram

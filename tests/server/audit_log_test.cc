#include "server/audit_log.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <future>
#include <sstream>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/api_key.h"
#include "server/audit_check.h"

namespace engram {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class AuditLogTest : public ::testing::Test {
 protected:
  AuditLogTest() {
    std::string pattern = testing::TempDir() + "engram-audit-XXXXXX";
    folder_ = mkdtemp(pattern.data());
    path_ = folder_ + "/audit.log";
  }
  ~AuditLogTest() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<AuditLog> Open(const AuditLogOptions& options = {}) {
    auto log = AuditLog::Open(path_, clock_, options);
    EXPECT_TRUE(log.ok()) << log.status().ToString();
    return log.ok() ? *std::move(log) : nullptr;
  }
  static AuditEntry EntryOf(const std::string& event) {
    return {event, "admin", "acme", "subject", "127.0.0.1", "POST /v1/x", 200};
  }
  std::string Text() const {
    std::ostringstream text;
    text << std::ifstream(path_).rdbuf();
    return text.str();
  }
  void Write(const std::string& text) const { std::ofstream(path_, std::ios::trunc) << text; }
  void WriteThree() {
    const auto log = Open();
    for (const char* event : {"one", "two", "three"}) ASSERT_TRUE(log->Append(EntryOf(event)).ok());
  }

  ManualClock clock_{Timestamp::FromSeconds(1'800'000'000)};
  std::string folder_;
  std::string path_;
};

TEST_F(AuditLogTest, EachLineFollowsFromTheOneBeforeAlsoAfterARestart) {
  for (int round = 0; round < 2; ++round) WriteThree();
  const auto check = VerifyAuditLog(path_);
  ASSERT_TRUE(check.ok()) << check.status().ToString();
  EXPECT_EQ(check->lines, 6U);
  EXPECT_THAT(Text(), HasSubstr("{\"seq\":6,\"time\":\"2027-01-15T08:00:00Z\",\"level\":\"info\",\"event\":\"three\","
                                "\"key\":\"admin\",\"tenant\":\"acme\",\"subject\":\"subject\""));
  struct stat about {};
  ASSERT_EQ(::stat(path_.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777U, 0600U);
}

TEST_F(AuditLogTest, AChangedRemovedOrInsertedLineBreaksTheChain) {
  WriteThree();
  const std::string text = Text();
  std::string changed = text;
  changed.replace(changed.find("\"two\""), 5, "\"ten\"");
  Write(changed);
  EXPECT_THAT(VerifyAuditLog(path_).status().message(), HasSubstr("line 3: it does not follow"));
  const size_t second = text.find('\n') + 1;
  const size_t third = text.find('\n', second) + 1;
  Write(text.substr(0, second) + text.substr(third));
  EXPECT_THAT(VerifyAuditLog(path_).status().message(), HasSubstr("line 2: its number is 3"));
  Write(text.substr(0, third) + text.substr(second));
  EXPECT_THAT(VerifyAuditLog(path_).status().message(), HasSubstr("line 3: its number is 2"));
  Write(text.substr(second));
  EXPECT_FALSE(VerifyAuditLog(path_).ok());
  Write(text);
  EXPECT_TRUE(VerifyAuditLog(path_).ok());
}

TEST_F(AuditLogTest, ALineThatACrashLeftUnfinishedIsCutOffAndSaidToBe) {
  WriteThree();
  Write(Text() + "{\"seq\":4,\"time\":\"20");
  EXPECT_FALSE(VerifyAuditLog(path_).ok());
  ASSERT_TRUE(Open()->Append(EntryOf("four")).ok());
  const auto check = VerifyAuditLog(path_);
  ASSERT_TRUE(check.ok()) << check.status().ToString();
  EXPECT_EQ(check->lines, 5U);
  EXPECT_THAT(Text(), HasSubstr("audit.cut"));
}

TEST_F(AuditLogTest, AFileThatIsNoneIsNotWrittenTo) {
  Write("something else\n");
  EXPECT_EQ(AuditLog::Open(path_, clock_).status().code(), StatusCode::kCorruption);
  EXPECT_EQ(Text(), "something else\n");
}

TEST_F(AuditLogTest, RefusalsAreBoundedAndCounted) {
  const auto log = Open();
  for (int i = 0; i < 100; ++i) log->NoteRefusal(EntryOf("key.refused"));
  EXPECT_EQ(VerifyAuditLog(path_)->lines, AuditLog::kRefusalsPerSecond);
  clock_.Advance(std::chrono::seconds(1));
  log->NoteRefusal(EntryOf("key.refused"));
  EXPECT_EQ(VerifyAuditLog(path_)->lines, AuditLog::kRefusalsPerSecond + 1);
  EXPECT_THAT(Text(), HasSubstr("\"left_out\":90"));
}

TEST_F(AuditLogTest, WhatIsAppendedIsOnTheDiskWhenItsOwnerIsTold) {
  const auto log = Open();
  constexpr int kEntries = 200;
  std::vector<std::promise<uint64_t>> seen(kEntries);
  for (int i = 0; i < kEntries; ++i) {
    log->Append(EntryOf("entry"), [&, i](const Status& status) {
      EXPECT_TRUE(status.ok()) << status.ToString();
      seen[i].set_value(VerifyAuditLog(path_)->lines);
    });
  }
  for (int i = 0; i < kEntries; ++i) EXPECT_GE(seen[i].get_future().get(), static_cast<uint64_t>(i) + 1);
}

TEST_F(AuditLogTest, WhatWasAppendedIsWrittenBeforeTheLogEnds) {
  int told = 0;
  {
    const auto log = Open();
    for (int i = 0; i < 50; ++i) log->Append(EntryOf("entry"), [&told](const Status&) { ++told; });
  }
  EXPECT_EQ(told, 50);
  EXPECT_EQ(VerifyAuditLog(path_)->lines, 50U);
}

TEST_F(AuditLogTest, TheChainGoesOnFromFileToFile) {
  const AuditLogOptions small{.file_bytes_max = 1000, .files_max = 100};
  for (int round = 0; round < 2; ++round) {
    const auto log = Open(small);
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(log->Append(EntryOf("entry")).ok());
  }
  const auto check = VerifyAuditLog(path_);
  ASSERT_TRUE(check.ok()) << check.status().ToString();
  EXPECT_GT(check->files, 5U);
  EXPECT_EQ(check->first, 1U);
  EXPECT_EQ(check->lines, 40 + (check->files - 1));  // each file but the first says what came before
  EXPECT_LT(std::filesystem::file_size(path_), 2000U);
  EXPECT_THAT(Text(), HasSubstr("\"event\":\"audit.rotated\""));
  struct stat about {};
  ASSERT_EQ(::stat(path_.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777U, 0600U);

  // A file in the middle that is gone, or changed.
  std::vector<std::string> complete;
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    if (entry.path() != path_) complete.push_back(entry.path());
  }
  std::sort(complete.begin(), complete.end());
  std::filesystem::rename(complete[2], folder_ + "/aside");
  EXPECT_THAT(VerifyAuditLog(path_).status().message(), HasSubstr("its number is"));
  std::filesystem::rename(folder_ + "/aside", complete[2]);
  EXPECT_TRUE(VerifyAuditLog(path_).ok());
  std::filesystem::rename(complete[0], folder_ + "/aside");
  EXPECT_THAT(VerifyAuditLog(path_).status().message(), HasSubstr("what came before is missing"));
}

TEST_F(AuditLogTest, TheOldestFilesGoAndTheLogSaysSo) {
  {
    const auto log = Open({.file_bytes_max = 1000, .files_max = 3});
    for (int i = 0; i < 60; ++i) ASSERT_TRUE(log->Append(EntryOf("entry")).ok());
  }  // a file that the last line filled may be completed after it was told of
  const auto check = VerifyAuditLog(path_);
  ASSERT_TRUE(check.ok()) << check.status().ToString();
  EXPECT_EQ(check->files, 3U);
  EXPECT_GT(check->first, 1U);
  // Who removes lines of his own accord is found out: no line vouches for it.
  std::vector<std::string> complete;
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    if (entry.path() != path_) complete.push_back(entry.path());
  }
  ASSERT_EQ(complete.size(), 2U);
  std::filesystem::remove(std::min(complete[0], complete[1]));
  EXPECT_THAT(VerifyAuditLog(path_).status().message(), HasSubstr("what came before is missing"));
}

TEST_F(AuditLogTest, ACrashBetweenTwoFilesLosesNoLink) {
  {
    const auto log = Open();
    ASSERT_TRUE(log->Append(EntryOf("one")).ok());
  }
  std::filesystem::rename(path_, path_ + ".000000000001");
  EXPECT_TRUE(VerifyAuditLog(path_).ok());
  for (const char* torn : {"", "{\"seq\":2,"}) {
    Write(torn);
    EXPECT_TRUE(Open()->Append(EntryOf("two")).ok());
    const auto check = VerifyAuditLog(path_);
    ASSERT_TRUE(check.ok()) << check.status().ToString();
    EXPECT_EQ(check->files, 2U);
    EXPECT_EQ(check->lines, std::string(torn).empty() ? 2U : 3U);  // the cut is an entry, too
  }
}

// Nobody who is refused at length fills the disk.
TEST_F(AuditLogTest, RefusalsAloneGoOnInOtherFiles) {
  {
    const auto log = Open({.file_bytes_max = 1000, .files_max = 2});
    for (int i = 0; i < 100; ++i) {
      log->NoteRefusal(EntryOf("key.refused"));
      clock_.Advance(std::chrono::seconds(1));
    }
    ASSERT_TRUE(log->Append(EntryOf("last")).ok());
  }
  const auto check = VerifyAuditLog(path_);
  ASSERT_TRUE(check.ok()) << check.status().ToString();
  EXPECT_EQ(check->files, 2U);
  EXPECT_GE(check->first + check->lines, 101U);
}

TEST_F(AuditLogTest, NothingForgesALineAndNoSecretGetsIn) {
  const auto log = Open();
  AuditEntry entry = EntryOf("x");
  const NewApiKey key = MakeApiKey();
  entry.subject = "a\"}\n{\"seq\":2," + key.token;
  ASSERT_TRUE(log->Append(entry).ok());
  EXPECT_EQ(VerifyAuditLog(path_)->lines, 1U);
  EXPECT_THAT(Text(), Not(HasSubstr(key.token)));
}

}  // namespace
}  // namespace engram

#include "server/audit_log.h"

#include <sys/stat.h>

#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/api_key.h"

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
  ~AuditLogTest() override {
    unlink(path_.c_str());
    rmdir(folder_.c_str());
  }

  std::unique_ptr<AuditLog> Open() {
    auto log = AuditLog::Open(path_, clock_);
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

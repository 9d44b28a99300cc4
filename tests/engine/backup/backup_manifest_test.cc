#include "engine/backup/backup_manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/message_digest.h"

namespace engram {
namespace {

using ::testing::HasSubstr;

BackupManifest Example() {
  BackupManifest manifest;
  manifest.created_at = Timestamp::FromSeconds(1'800'000'000);
  manifest.log_time = Timestamp{1'799'999'999'123'456};
  manifest.position = 42;
  manifest.identity = "an-identity";
  manifest.erasures = 3;
  manifest.namespaces = 2;
  manifest.memories = 17;
  manifest.files = {{"contents", 10, std::string(64, 'a')}, {"rows/000012.sst", 1 << 20, std::string(64, '0')}};
  return manifest;
}

// With a sound last line, as who wants to deceive would write it.
std::string Sealed(const std::string& body) {
  Sha256 sha256;
  sha256.Update(body);
  return body + "end " + sha256.FinishHex() + "\n";
}

std::string Body(const std::string& text) { return text.substr(0, text.rfind("end ")); }

TEST(BackupManifestTest, ReadsWhatItWrote) {
  const auto manifest = ParseBackupManifest(FormatBackupManifest(Example()));
  ASSERT_TRUE(manifest.ok()) << manifest.status().ToString();
  EXPECT_EQ(*manifest, Example());
  EXPECT_EQ(manifest->bytes(), (1U << 20) + 10U);
}

TEST(BackupManifestTest, AnyChangedByteIsDamage) {
  const std::string text = FormatBackupManifest(Example());
  for (size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(ParseBackupManifest(changed).ok()) << "byte " << i;
    EXPECT_FALSE(ParseBackupManifest(text.substr(0, i)).ok()) << "cut at " << i;
  }
}

TEST(BackupManifestTest, NoFileMayLeadOutOfTheFolder) {
  const std::string file = "file " + std::string(64, '0') + " 5 ";
  for (const char* path : {"../rows/x.sst", "/etc/passwd", "rows/../../x", "rows/..", "rows/", "rows/a/b", "LOCK",
                           "RESTORING", "rows\\x", "segments/a b", "", "rows/x\n"}) {
    const auto manifest = ParseBackupManifest(Sealed(Body(FormatBackupManifest(Example())) + file + path + "\n"));
    EXPECT_EQ(manifest.status().code(), StatusCode::kCorruption) << path;
  }
}

TEST(BackupManifestTest, AFileComesOnce) {
  const std::string body = Body(FormatBackupManifest(Example()));
  const auto manifest = ParseBackupManifest(Sealed(body + "file " + std::string(64, '0') + " 5 rows/000012.sst\n"));
  EXPECT_THAT(manifest.status().message(), HasSubstr("twice"));
}

TEST(BackupManifestTest, AnotherVersionIsRefusedAndNotGuessed) {
  std::string body = Body(FormatBackupManifest(Example()));
  body.replace(body.find(" 1\n"), 3, " 2\n");
  EXPECT_EQ(ParseBackupManifest(Sealed(body)).status().code(), StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace engram

#include "engine/backup/folder_beneath.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/engine_fixture.h"

namespace engram {
namespace {

using ::testing::ElementsAre;

class FolderBeneathTest : public ::testing::Test {
 protected:
  FolderBeneath Open() const {
    auto folder = FolderBeneath::Open(folder_.path());
    EXPECT_TRUE(folder.ok()) << folder.status().ToString();
    return *std::move(folder);
  }
  void WriteOutside(const std::string& contents) const { std::ofstream(outside_.path() + "/secret") << contents; }

  TempDirectory folder_;
  TempDirectory outside_;
};

TEST_F(FolderBeneathTest, KeepsWhatWasPutThere) {
  const FolderBeneath folder = Open();
  ASSERT_TRUE(folder.MakeFolder("a").ok());
  ASSERT_TRUE(folder.MakeFolder("a").ok());
  ASSERT_TRUE(folder.Replace("a/x", "one").ok());
  ASSERT_TRUE(folder.Replace("a/x", "two").ok());
  const auto bytes = folder.ReadAll("a/x", 10);
  ASSERT_TRUE(bytes.ok()) << bytes.status().ToString();
  EXPECT_EQ(*bytes, "two");
  EXPECT_EQ(folder.ReadAll("a/x", 2).status().code(), StatusCode::kCorruption);
  EXPECT_THAT(folder.List("a").value(), ElementsAre("x"));
  EXPECT_THAT(folder.List("b").value(), ElementsAre());
  ASSERT_TRUE(folder.Remove("a/x").ok());
  EXPECT_EQ(folder.ReadAll("a/x", 10).status().code(), StatusCode::kNotFound);
}

TEST_F(FolderBeneathTest, NamesThatLeadOutAreRefused) {
  WriteOutside("secret");
  const FolderBeneath folder = Open();
  for (const char* name : {"..", "../x", "a/../../x", "/etc/passwd", "", ".", "./x", "a//b", "a/", "a\\b", "a b"}) {
    EXPECT_EQ(folder.OpenForReading(name).status().code(), StatusCode::kInvalidArgument) << name;
    EXPECT_EQ(folder.Create(name).status().code(), StatusCode::kInvalidArgument) << name;
    EXPECT_EQ(folder.Remove(name).code(), StatusCode::kInvalidArgument) << name;
  }
  EXPECT_EQ(folder.OpenForReading(std::string_view("a\0b", 3)).status().code(), StatusCode::kInvalidArgument);
}

TEST_F(FolderBeneathTest, LinksAreNotFollowed) {
  WriteOutside("secret");
  std::filesystem::create_symlink(outside_.path() + "/secret", folder_.path() + "/file");
  std::filesystem::create_symlink(outside_.path(), folder_.path() + "/folder");
  const FolderBeneath folder = Open();
  EXPECT_EQ(folder.OpenForReading("file").status().code(), StatusCode::kCorruption);
  EXPECT_EQ(folder.Create("file").status().code(), StatusCode::kCorruption);
  EXPECT_EQ(folder.OpenForReading("folder/secret").status().code(), StatusCode::kCorruption);
  EXPECT_EQ(folder.Create("folder/new").status().code(), StatusCode::kCorruption);
  EXPECT_EQ(folder.List("folder").status().code(), StatusCode::kCorruption);
  EXPECT_FALSE(std::filesystem::exists(outside_.path() + "/new"));
}

TEST_F(FolderBeneathTest, PipesAndFoldersAreNoFiles) {
  ASSERT_EQ(mkfifo((folder_.path() + "/pipe").c_str(), 0600), 0);
  std::filesystem::create_directory(folder_.path() + "/folder");
  const FolderBeneath folder = Open();
  EXPECT_EQ(folder.OpenForReading("pipe").status().code(), StatusCode::kCorruption);
  EXPECT_EQ(folder.OpenForReading("folder").status().code(), StatusCode::kCorruption);
}

TEST_F(FolderBeneathTest, OneHoldsTheLock) {
  const FolderBeneath folder = Open();
  {
    const auto lock = folder.Lock("LOCK");
    ASSERT_TRUE(lock.ok()) << lock.status().ToString();
    EXPECT_EQ(folder.Lock("LOCK").status().code(), StatusCode::kUnavailable);
  }
  EXPECT_TRUE(folder.Lock("LOCK").ok());
}

}  // namespace
}  // namespace engram

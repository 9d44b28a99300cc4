#include "base/file.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing/fault_file_system.h"

namespace engram {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Whatever FileSystem promises holds for the real disk and for its twin.
class FileTest : public testing::TestWithParam<bool> {
 protected:
  FileTest() {
    if (real()) {
      std::string name = testing::TempDir() + "engram_file_XXXXXX";
      EXPECT_NE(mkdtemp(name.data()), nullptr);
      root_ = name;
    } else {
      root_ = "/data";
      EXPECT_TRUE(twin_.CreateDirectory(root_).ok());
    }
  }
  ~FileTest() override {
    if (real()) std::filesystem::remove_all(root_);
  }

  bool real() const { return GetParam(); }
  const std::string& root() const { return root_; }
  FileSystem& files() { return real() ? FileSystem::Posix() : twin_; }
  std::string Path(const std::string& name) const { return root_ + "/" + name; }

  void Write(const std::string& name, std::string_view contents) {
    const auto file = files().OpenForWriting(Path(name));
    ASSERT_TRUE(file.ok()) << file.status().ToString();
    ASSERT_TRUE((*file)->Append(contents).ok());
    ASSERT_TRUE((*file)->Sync().ok());
    ASSERT_TRUE((*file)->Close().ok());
  }
  std::string Read(const std::string& name) {
    const auto contents = files().ReadFile(Path(name));
    return contents.ok() ? *contents : contents.status().ToString();
  }

 private:
  FaultFileSystem twin_;
  std::string root_;
};

INSTANTIATE_TEST_SUITE_P(, FileTest, testing::Bool(), [](const auto& test) { return test.param ? "Posix" : "Twin"; });

TEST_P(FileTest, AMappingShowsTheFileAndOutlivesItsName) {
  const std::string large(1'000'000, 'x');
  Write("a", large);
  Write("empty", "");
  auto mapping = files().Map(Path("a"));
  ASSERT_TRUE(mapping.ok()) << mapping.status().ToString();
  EXPECT_EQ(reinterpret_cast<uintptr_t>((*mapping)->bytes().data()) % 64, 0U);
  ASSERT_TRUE(files().Remove(Path("a")).ok());
  EXPECT_EQ((*mapping)->bytes(), large);
  (*mapping)->Release(1, 999'998);
  EXPECT_EQ((*mapping)->bytes(), large);
  EXPECT_TRUE((*files().Map(Path("empty")))->bytes().empty());
  EXPECT_EQ(files().Map(Path("a")).status().code(), StatusCode::kNotFound);
}

TEST_P(FileTest, WhatIsAppendedIsReadBack) {
  const std::string zeros("\0\n\0", 3);
  const std::string large(1'000'000, 'x');
  const auto file = files().OpenForWriting(Path("a"));
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE((*file)->Append(zeros).ok());
  ASSERT_TRUE((*file)->Append("").ok());
  ASSERT_TRUE((*file)->Append(large).ok());
  ASSERT_TRUE((*file)->Close().ok());
  EXPECT_EQ(Read("a"), zeros + large);
  EXPECT_EQ(*files().FileSize(Path("a")), 1'000'003u);
}

TEST_P(FileTest, AnEmptyFileIsEmpty) {
  Write("empty", "");
  EXPECT_EQ(Read("empty"), "");
  EXPECT_EQ(*files().FileSize(Path("empty")), 0u);
}

TEST_P(FileTest, OpeningForWritingEmptiesTheFile) {
  Write("a", "long contents");
  Write("a", "new");
  EXPECT_EQ(Read("a"), "new");
}

TEST_P(FileTest, WhatIsMissingIsNotFound) {
  EXPECT_EQ(files().ReadFile(Path("no")).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(files().FileSize(Path("no")).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(files().Remove(Path("no")).code(), StatusCode::kNotFound);
  EXPECT_EQ(files().Rename(Path("no"), Path("yes")).code(), StatusCode::kNotFound);
  EXPECT_EQ(files().ListDirectory(Path("no")).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(files().SyncDirectory(Path("no")).code(), StatusCode::kNotFound);
  EXPECT_EQ(files().OpenForWriting(Path("no/file")).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(files().Lock(Path("no/file")).status().code(), StatusCode::kNotFound);
  EXPECT_FALSE(*files().Exists(Path("no")));
}

TEST_P(FileTest, ErrorsNameThePath) {
  EXPECT_THAT(files().ReadFile(Path("no")).status().message(), testing::HasSubstr(Path("no")));
}

TEST_P(FileTest, DirectoriesAreMadeWithTheirParentsAndListedSorted) {
  ASSERT_TRUE(files().CreateDirectory(Path("x/y/z")).ok());
  ASSERT_TRUE(files().CreateDirectory(Path("x/y/z")).ok());
  EXPECT_TRUE(*files().Exists(Path("x/y")));
  Write("x/b", "");
  Write("x/a", "");
  EXPECT_THAT(*files().ListDirectory(Path("x")), ElementsAre("a", "b", "y"));
  EXPECT_THAT(*files().ListDirectory(Path("x/y/z")), IsEmpty());
}

TEST_P(FileTest, AFileIsNoDirectory) {
  Write("a", "");
  EXPECT_EQ(files().CreateDirectory(Path("a")).code(), StatusCode::kUnavailable);
}

TEST_P(FileTest, ADirectoryIsRemovedOnlyWhenEmpty) {
  ASSERT_TRUE(files().CreateDirectory(Path("d")).ok());
  Write("d/a", "");
  EXPECT_EQ(files().Remove(Path("d")).code(), StatusCode::kUnavailable);
  ASSERT_TRUE(files().Remove(Path("d/a")).ok());
  ASSERT_TRUE(files().Remove(Path("d")).ok());
  EXPECT_FALSE(*files().Exists(Path("d")));
}

TEST_P(FileTest, RenameReplacesTheTarget) {
  Write("a", "new");
  Write("b", "old");
  ASSERT_TRUE(files().Rename(Path("a"), Path("b")).ok());
  EXPECT_EQ(Read("b"), "new");
  EXPECT_FALSE(*files().Exists(Path("a")));
}

TEST_P(FileTest, ReplaceFileLeavesNothingElseBehind) {
  ASSERT_TRUE(files().ReplaceFile(Path("manifest"), "one").ok());
  ASSERT_TRUE(files().ReplaceFile(Path("manifest"), "two").ok());
  EXPECT_EQ(Read("manifest"), "two");
  EXPECT_THAT(*files().ListDirectory(root()), ElementsAre("manifest"));
}

TEST_P(FileTest, ALockKeepsTheSecondOutUntilTheFirstIsGone) {
  auto first = files().Lock(Path("LOCK"));
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(files().Lock(Path("LOCK")).status().code(), StatusCode::kFailedPrecondition);
  EXPECT_TRUE(files().Lock(Path("OTHER")).ok());
  first.value().reset();
  EXPECT_TRUE(files().Lock(Path("LOCK")).ok());
}

TEST_P(FileTest, FreeSpaceIsKnown) { EXPECT_GT(*files().FreeSpace(root()), 0u); }

TEST(PathTest, ParentDirectoryIsWhatStandsBeforeTheLastSlash) {
  EXPECT_EQ(ParentDirectory("a/b/c"), "a/b");
  EXPECT_EQ(ParentDirectory("/c"), "/");
  EXPECT_EQ(ParentDirectory("/"), "/");
  EXPECT_EQ(ParentDirectory("c"), ".");
}

}  // namespace
}  // namespace engram

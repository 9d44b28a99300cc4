// engram verify over a folder that the real binary filled.
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>

#include "tests/tools/cli_run.h"

namespace engram {
namespace {

using ::testing::HasSubstr;

class VerifyCliTest : public CliTest {
 protected:
  void SetUp() override {
    CliTest::SetUp();
    WriteFile("notes.jsonl", "{\"id\":\"a\",\"text\":\"green tea\"}\n{\"id\":\"b\",\"text\":\"black coffee\"}\n");
    const CliResult imported = Run("import jsonl " + Path("notes.jsonl") + " --namespace notes --data " + Path("data"));
    ASSERT_EQ(imported.code, 0) << imported.output;
  }

  void DamageDataFile() const {
    for (const auto& entry : std::filesystem::directory_iterator(Path("data/rows"))) {
      if (entry.path().extension() != ".sst") continue;
      std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
      file.seekp(20);
      file.write("damage", 6);
    }
  }
};

TEST_F(VerifyCliTest, ACleanFolderIsClean) {
  for (const char* depth : {"", " --quick", " --sample 10", " --namespace notes", " --repair"}) {
    const CliResult result = Run("verify --data " + Path("data") + depth);
    EXPECT_EQ(result.code, 0) << result.output;
    EXPECT_THAT(result.output, HasSubstr("clean"));
  }
  const CliResult json = Run("verify --json --data " + Path("data"));
  EXPECT_THAT(json.output, HasSubstr("\"findings\":0,\"repaired\":0,\"namespaces\":1,\"memories\":2"));
}

TEST_F(VerifyCliTest, DamageIsToldWithItsFileAndAnExitCodeOfItsOwn) {
  DamageDataFile();
  const CliResult result = Run("verify --data " + Path("data"));
  EXPECT_EQ(result.code, 2) << result.output;
  EXPECT_THAT(result.output, HasSubstr("data_file_damaged"));
  EXPECT_THAT(result.output, HasSubstr(".sst"));
  const CliResult json = Run("verify --json --data " + Path("data"));
  EXPECT_EQ(json.code, 2) << json.output;
  EXPECT_THAT(json.output, HasSubstr("\"kinds\":{\"data_file_damaged\":"));
}

TEST_F(VerifyCliTest, WhatCantBeCheckedIsNeitherCleanNorDamaged) {
  EXPECT_EQ(Run("verify --data " + Path("elsewhere")).code, 3);
  EXPECT_EQ(Run("verify --data " + Path("data") + " --namespace other").code, 3);
  EXPECT_EQ(Run("verify --data " + Path("data") + " --quick --full").code, 3);
  EXPECT_EQ(Run("verify").code, 3);
  EXPECT_EQ(Run("verify --help").code, 0);
}

}  // namespace
}  // namespace engram

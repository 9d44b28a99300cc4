// engram import mem0, run as users run it, on what the real mem0 wrote.
#include <filesystem>

#include "tests/tools/cli_run.h"

namespace engram {
namespace {

bool Has(const CliResult& result, const std::string& text) { return result.output.find(text) != std::string::npos; }

class Mem0CliTest : public CliTest {
 protected:
  void SetUp() override {
    CliTest::SetUp();
    std::filesystem::copy(std::string(ENGRAM_SOURCE_DIR) + "/tests/fixtures/mem0_2.2.1", Path("mem0"),
                          std::filesystem::copy_options::recursive);
  }
};

constexpr const char* kImport = "import mem0 --history mem0/history.db --vectors mem0/qdrant ";

TEST_F(Mem0CliTest, MemoriesHistoryAndEntitiesArriveAndAgainChangesNothing) {
  const std::string history = ReadFile("mem0/history.db");
  const std::string points = ReadFile("mem0/qdrant/collection/mem0/storage.sqlite");
  const std::string import = std::string(kImport) + "-n notes --data store";
  const CliResult first = Run(import);
  ASSERT_EQ(first.code, 0) << first.output;
  EXPECT_TRUE(Has(first, "6 memories (6 created, 0 updated, 0 unchanged), 3 edges, 2 nodes")) << first.output;
  EXPECT_TRUE(Has(first, "1 deleted memories with 3 events")) << first.output;
  EXPECT_EQ(ReadFile("mem0/history.db"), history);
  EXPECT_EQ(ReadFile("mem0/qdrant/collection/mem0/storage.sqlite"), points);
  const std::string digest = Digest("notes");

  ASSERT_EQ(Run("export -n notes --data store -o out.jsonl").code, 0);
  const std::string out = ReadFile("out.jsonl");
  for (const char* part :
       {R"("on_expiry":"hide")", R"("text":"The offer ends")", R"("expires_at":"2025-03-02T00:00:00Z")",
        R"("text":"Ann lives in Hamburg")", R"("text":"Ann lives in Munich")", R"("metadata":{"moved":true})",
        R"("agent_id":"helper","run_id":"r1")", R"("name":"green tea","kind":"TOPIC")", R"("type":"mentions")"}) {
    EXPECT_NE(out.find(part), std::string::npos) << part << "\n" << out;
  }
  const CliResult again = Run(import);
  ASSERT_EQ(again.code, 0) << again.output;
  EXPECT_TRUE(Has(again, "(0 created, 0 updated, 6 unchanged)")) << again.output;
  EXPECT_FALSE(Has(again, "keeps its own configuration")) << again.output;
  EXPECT_EQ(Digest("notes"), digest) << "what has expired and is hidden was ended";
}

TEST_F(Mem0CliTest, AnArchiveKeepsWhatAStoreCantBeGiven) {
  const CliResult made = Run(std::string(kImport) + "--archive one");
  ASSERT_EQ(made.code, 0) << made.output;
  EXPECT_TRUE(Has(made, "made one: 6 memories, 1 tombstones, 2 nodes, 0 runs, 3 edges")) << made.output;
  EXPECT_NE(ReadFile("one/tombstones.jsonl").find("Ann has two cats"), std::string::npos);
  ASSERT_EQ(Run("import archive one -n copy --data store").code, 0);
  ASSERT_EQ(Run(std::string(kImport) + "-n notes --data store").code, 0);
  EXPECT_EQ(Digest("copy"), Digest("notes"));
  // The manifest's digest is the one that the store tells.
  const std::string digest = Digest("copy");
  EXPECT_NE(ReadFile("one/manifest.json").find(digest.substr(digest.find_last_of(' ') + 1)), std::string::npos)
      << digest;
}

TEST_F(Mem0CliTest, DryRunsCountAndWriteNothing) {
  const CliResult dry = Run(std::string(kImport) + "--dry-run");
  EXPECT_EQ(dry.code, 0) << dry.output;
  EXPECT_TRUE(Has(dry, "would write 6 memories, 3 edges, 2 nodes")) << dry.output;
  const CliResult other = Run("import mem0 --history mem0/expected.json --vectors mem0/qdrant --dry-run");
  EXPECT_EQ(other.code, 1);
  EXPECT_TRUE(Has(other, "is no SQLite database")) << other.output;
}

}  // namespace
}  // namespace engram

// engram import qdrant-local, run as users run it.
#include <filesystem>

#include "tests/tools/cli_run.h"

namespace engram {
namespace {

const std::string kFolder = std::string(ENGRAM_SOURCE_DIR) + "/tests/fixtures/qdrant_client_1.20.0/qdrant";

bool Has(const CliResult& result, const std::string& text) { return result.output.find(text) != std::string::npos; }

class QdrantCliTest : public CliTest {
 protected:
  void SetUp() override {
    CliTest::SetUp();
    std::filesystem::copy(kFolder, Path("qdrant"), std::filesystem::copy_options::recursive);
  }
};

TEST_F(QdrantCliTest, PointsBecomeMemoriesAndAgainChangesNothing) {
  const std::string before = ReadFile("qdrant/collection/notes/storage.sqlite");
  const std::string import = "import qdrant-local qdrant --collection notes -n notes --data store --fields topic";
  const CliResult first = Run(import);
  ASSERT_EQ(first.code, 0) << first.output;
  EXPECT_TRUE(Has(first, "6 memories (6 created")) << first.output;
  EXPECT_TRUE(Has(first, "2 points have no text in their payload field \"text\"")) << first.output;
  EXPECT_EQ(ReadFile("qdrant/collection/notes/storage.sqlite"), before);
  EXPECT_FALSE(std::filesystem::exists(Path("qdrant/collection/notes/storage.sqlite-wal")));
  const CliResult again = Run(import);
  ASSERT_EQ(again.code, 0) << again.output;
  EXPECT_TRUE(Has(again, "6 unchanged")) << again.output;

  ASSERT_EQ(Run("export -n notes --data store -o out.jsonl").code, 0);
  const std::string out = ReadFile("out.jsonl");
  for (const char* part :
       {R"("default":{"type":"dense","dimensions":4,"metric":"cosine")",
        R"({"id":"1","text":"Ann drinks green tea","fields":{"topic":"tea"},"vector":[0.18)", R"("metadata":{"n":1})",
        R"("id":"300","text":"two-byte id","vector":[-1.5,1e-30,3e+30,0.25])", R"("id":"9223372036854775808")",
        R"("text":"Ünïcödé 茶 🍵 \u0000 end")", R"("big":9223372036854775813)",
        R"("source":{"system":"qdrant-local","id":"1","version":)"}) {
    EXPECT_NE(out.find(part), std::string::npos) << part << "\n" << out.substr(0, 3'000);
  }
}

TEST_F(QdrantCliTest, NamedSparseAndMultiVectorsArrive) {
  const CliResult result = Run("import qdrant-local qdrant --collection mixed -n mixed --data store");
  ASSERT_EQ(result.code, 0) << result.output;
  ASSERT_EQ(Run("export -n mixed --data store -o out.jsonl").code, 0);
  const std::string out = ReadFile("out.jsonl");
  for (const char* part : {R"("words":{"indices":[3,7,70000],"values":[0.25,0.5,1.5]})", R"("image":[1,2,3])",
                           R"("tokens":[[0.1,0.2],[0.3,0.4],[0.5,0.6]])", R"("sound":[0.5,-0.5])"}) {
    EXPECT_NE(out.find(part), std::string::npos) << part << "\n" << out;
  }
}

TEST_F(QdrantCliTest, DryRunsCountAndWriteNothing) {
  const CliResult dry = Run("import qdrant-local qdrant --collection many --dry-run");
  EXPECT_EQ(dry.code, 0) << dry.output;
  EXPECT_TRUE(Has(dry, "would write 20 memories")) << dry.output;
  const CliResult which = Run("import qdrant-local qdrant -n notes --data store");
  EXPECT_EQ(which.code, 1);
  EXPECT_TRUE(Has(which, "name one by --collection: empty, many, mixed, notes")) << which.output;
  EXPECT_FALSE(std::filesystem::exists(Path("store")));
}

TEST_F(QdrantCliTest, AnArchiveOfACollectionBringsTheSame) {
  ASSERT_EQ(Run("import qdrant-local qdrant --collection mixed --archive one").code, 0);
  const CliResult imported = Run("import archive one -n copy --data store");
  ASSERT_EQ(imported.code, 0) << imported.output;
  ASSERT_EQ(Run("import qdrant-local qdrant --collection mixed -n mixed --data store").code, 0);
  const auto without_times = [&](const std::string& ns) {
    EXPECT_EQ(Run("export -n " + ns + " --data store --archive " + ns).code, 0);
    std::string memories = ReadFile(ns + "/memories.jsonl");
    return memories.size();
  };
  EXPECT_EQ(without_times("copy"), without_times("mixed"));
}

TEST_F(QdrantCliTest, ALimitedRunGoesOnWhereItStopped) {
  const std::string import = "import qdrant-local qdrant --collection many -n many --data store --batch 3 ";
  const CliResult part = Run(import + "--limit 8");
  ASSERT_EQ(part.code, 0) << part.output;
  EXPECT_TRUE(Has(part, "8 points read; 8 memories (8 created")) << part.output;
  const CliResult rest = Run(import);
  ASSERT_EQ(rest.code, 0) << rest.output;
  EXPECT_TRUE(Has(rest, "read after those of an earlier run; 12 memories (12 created")) << rest.output;
}

}  // namespace
}  // namespace engram

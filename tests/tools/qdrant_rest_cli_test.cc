// engram import qdrant and import mem0 from a server, run as users run them, against a stub.
#include <atomic>
#include <csignal>
#include <filesystem>
#include <sstream>

#include <fmt/format.h>

#include "tests/tools/cli_run.h"
#include "tests/tools/qdrant_stub.h"
#include "tools/import/qdrant_local_store.h"

namespace engram {
namespace {

bool Has(const CliResult& result, const std::string& text) { return result.output.find(text) != std::string::npos; }

const std::string kFixtures = std::string(ENGRAM_SOURCE_DIR) + "/tests/fixtures/";
constexpr const char* kCosine4 = R"({"vectors":{"size":4,"distance":"Cosine"}})";

class QdrantRestCliTest : public CliTest {
 protected:
  static void PutNumbered(QdrantStub& stub, int points) {
    stub.AddCollection("notes", kCosine4);
    for (int i = 1; i <= points; ++i) {
      stub.Put("notes", std::to_string(i), "[0.5,0.5,0.5,0.5]", fmt::format(R"({{"text":"note {}"}})", i));
    }
  }
};

TEST_F(QdrantRestCliTest, PointsBecomeMemoriesAndAgainOnlyWhatChanged) {
  QdrantStub stub("the-secret");
  PutNumbered(stub, 9);
  const std::string import = "import qdrant " + stub.url() + " --api-key the-secret --page 4 -n notes --data store";
  const CliResult first = Run(import);
  ASSERT_EQ(first.code, 0) << first.output;
  EXPECT_TRUE(Has(first, "9 memories (9 created")) << first.output;
  EXPECT_FALSE(Has(first, "the-secret")) << first.output;
  for (const std::string& request : stub.Requests()) {
    EXPECT_TRUE(request.starts_with("GET ") || request.ends_with("/scroll") || request.ends_with("/count") ||
                request.ends_with("/points"))
        << request << " may write";
  }
  stub.Put("notes", "3", "[0.5,0.5,0.5,0.5]", R"({"text":"changed"})");
  stub.Put("notes", "10", "[0.5,0.5,0.5,0.5]", R"({"text":"new"})");
  const CliResult again = Run(import);
  ASSERT_EQ(again.code, 0) << again.output;
  EXPECT_TRUE(Has(again, "10 memories (1 created, 1 updated, 8 unchanged)")) << again.output;
  ASSERT_EQ(Run("export -n notes --data store -o out.jsonl").code, 0);
  const std::string out = ReadFile("out.jsonl");
  for (const char* part : {R"("default":{"type":"dense","dimensions":4,"metric":"cosine")", R"("text":"changed")",
                           R"("source":{"system":"qdrant","id":"10")"}) {
    EXPECT_NE(out.find(part), std::string::npos) << part << "\n" << out;
  }
}

TEST_F(QdrantRestCliTest, AnInterruptedImportGoesOnWhereItStopped) {
  QdrantStub stub;
  PutNumbered(stub, 20);
  // From the third page on there is no such thing as this server.
  auto pages = std::make_shared<std::atomic<int>>(0);
  stub.SetHook([pages](const StubRequest& request) -> std::optional<StubReply> {
    if (!request.target.ends_with("/scroll") || pages->fetch_add(1) < 2) return std::nullopt;
    return StubReply{404, R"({"status":{"error":"Not found: it went away"}})", "", std::string::npos};
  });
  const std::string import = "import qdrant " + stub.url() + " -n notes --data store --page 4 --batch 3";
  const CliResult part = Run(import);
  EXPECT_EQ(part.code, 1);
  EXPECT_TRUE(Has(part, "it went away")) << part.output;
  EXPECT_TRUE(Has(part, "run this again when that is mended")) << part.output;
  stub.SetHook(nullptr);
  const CliResult rest = Run(import);
  ASSERT_EQ(rest.code, 0) << rest.output;
  EXPECT_TRUE(Has(rest, "after those of an earlier run; 14 memories (14 created")) << rest.output;
  const CliResult again = Run(import);
  EXPECT_TRUE(Has(again, "(0 created, 0 updated, 20 unchanged)")) << again.output;
}

TEST_F(QdrantRestCliTest, AKilledImportGoesOnWhereItsLastCommitEnded) {
  QdrantStub stub;
  PutNumbered(stub, 20);
  auto pages = std::make_shared<std::atomic<int>>(0);
  auto held = std::make_shared<std::atomic<int>>(0);
  stub.SetHook([=](const StubRequest& request) -> std::optional<StubReply> {
    if (!request.target.ends_with("/scroll") || pages->fetch_add(1) < 2) return std::nullopt;
    *held = 1;
    held->notify_all();
    held->wait(1);
    return std::nullopt;
  });
  const std::string import = "import qdrant " + stub.url() + " -n notes --data store --page 4 --batch 4";
  CliProcess process(folder_, import, Path("out"));
  held->wait(0);  // the third page is asked for, so the first is committed
  process.Signal(SIGKILL);
  EXPECT_EQ(process.Wait(), -1);
  stub.SetHook(nullptr);
  *held = 2;
  held->notify_all();
  const CliResult rest = Run(import);
  ASSERT_EQ(rest.code, 0) << rest.output;
  EXPECT_TRUE(Has(rest, "read after those of an earlier run")) << rest.output;
  const CliResult again = Run(import);
  EXPECT_TRUE(Has(again, "(0 created, 0 updated, 20 unchanged)")) << again.output;
}

TEST_F(QdrantRestCliTest, BatchesOfEverySizeTakeAll) {
  for (const int points : {0, 1, 99, 100, 101}) {
    QdrantStub stub;
    PutNumbered(stub, points);
    const CliResult result = Run(fmt::format("import qdrant {} -n n{} --data store --page 100", stub.url(), points));
    EXPECT_EQ(result.code, 0) << result.output;
    EXPECT_TRUE(Has(result, fmt::format("{0} memories ({0} created", points))) << result.output;
  }
}

TEST_F(QdrantRestCliTest, WhatCantBeTakenIsRejectedWithItsPlace) {
  QdrantStub stub;
  PutNumbered(stub, 3);
  stub.Put("notes", "4", "[1,2]", R"({"text":"two dimensions"})");
  stub.Put("notes", "5", R"("x")", R"({"text":"no vector"})");
  stub.Put("notes", "6", "null", R"({"text":"none"})");
  const CliResult result = Run("import qdrant " + stub.url() + " -n notes --data store --rejects bad.jsonl");
  EXPECT_EQ(result.code, 1);
  EXPECT_TRUE(Has(result, "4 memories (4 created")) << result.output;
  EXPECT_TRUE(Has(result, "2 rejected")) << result.output;
  const std::string rejects = ReadFile("bad.jsonl");
  EXPECT_NE(rejects.find("point 4"), std::string::npos) << rejects;
  EXPECT_NE(rejects.find("point 5"), std::string::npos) << rejects;
}

TEST_F(QdrantRestCliTest, ADryRunCountsAndTheArchiveKeeps) {
  QdrantStub stub;
  PutNumbered(stub, 5);
  stub.AddCollection("other", kCosine4);
  const CliResult which = Run("import qdrant " + stub.url() + " --dry-run");
  EXPECT_EQ(which.code, 1);
  EXPECT_TRUE(Has(which, "name one by --collection: notes, other")) << which.output;
  const CliResult dry = Run("import qdrant " + stub.url() + " --collection notes --dry-run");
  EXPECT_EQ(dry.code, 0) << dry.output;
  EXPECT_TRUE(Has(dry, "would write 5 memories")) << dry.output;
  const CliResult made = Run("import qdrant " + stub.url() + " --collection notes --archive one");
  EXPECT_EQ(made.code, 0) << made.output;
  EXPECT_TRUE(Has(made, "made one: 5 memories")) << made.output;
}

TEST_F(QdrantRestCliTest, Mem0OnAServerIsWhatMem0InAFolderIs) {
  const std::string mem0 = kFixtures + "mem0_2.2.1";
  std::filesystem::copy(mem0, Path("mem0"), std::filesystem::copy_options::recursive);
  auto local = OpenQdrantLocalStore(Path("mem0/qdrant"), false);
  ASSERT_TRUE(local.ok());
  QdrantStub stub;
  for (const std::string& name : (*local)->Collections()) {
    stub.Copy(name, R"({"vectors":{"size":8,"distance":"Cosine"}})", (*local)->OpenCollection(name)->get());
  }
  const CliResult served =
      Run("import mem0 --history mem0/history.db --vectors " + stub.url() + " -n served --data store");
  ASSERT_EQ(served.code, 0) << served.output;
  EXPECT_TRUE(Has(served, "6 memories (6 created, 0 updated, 0 unchanged), 3 edges, 2 nodes")) << served.output;
  EXPECT_TRUE(Has(served, "1 deleted memories with 3 events")) << served.output;
  // Memories without the number that says whether one has changed: it is over another spelling.
  const auto memories = [&](const std::string& ns) {
    EXPECT_EQ(Run("export -n " + ns + " --data store -o " + ns + ".jsonl").code, 0);
    std::istringstream lines(ReadFile(ns + ".jsonl"));
    std::string all;
    for (std::string line; std::getline(lines, line);) {
      const size_t source = line.find("\"system\":\"mem0\"");
      if (source == std::string::npos) continue;
      const size_t version = line.find("\"version\":", source);
      line.erase(version, line.find('}', version) - version);
      const size_t hash = line.rfind(",\"hash\":");  // of all that, with the number
      all += line.substr(0, hash) + "\n";
    }
    return all;
  };
  ASSERT_EQ(Run("import mem0 --history mem0/history.db --vectors mem0/qdrant -n folder --data store").code, 0);
  EXPECT_EQ(memories("served"), memories("folder"));
  EXPECT_NE(memories("served"), "");
}

}  // namespace
}  // namespace engram

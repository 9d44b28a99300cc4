// engram import jsonl and engram export, run as users run them.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <thread>

#include "tests/tools/cli_run.h"

namespace engram {
namespace {

using ImportCliTest = CliTest;

constexpr const char* kImport = "import jsonl in.jsonl --namespace notes --data store ";

std::string Lines(int from, int to) {
  std::string out;
  for (int i = from; i <= to; ++i) {
    out += R"({"id":"m)" + std::to_string(i) + R"(","text":"text )" + std::to_string(i) + "\"}\n";
  }
  return out;
}

bool Has(const CliResult& result, const std::string& text) { return result.output.find(text) != std::string::npos; }

TEST_F(ImportCliTest, WhatIsExportedIsTheSameWhenImported) {
  WriteFile(
      "in.jsonl",
      "{\"id\":\"a\",\"text\":\"Ünï\\u0000code\",\"vector\":[0.25,-1.5],\"metadata\":{\"i\":1,\"d\":1.0,\"n\":null},"
      "\"user_id\":\"ann\",\"importance\":0.5,\"event_time\":\"2025-03-01T00:00:00Z\"}\n"
      "{\"id\":7,\"fields\":{\"title\":\"seven\"}}\n"
      "{\"node\":{\"id\":\"person:ann\",\"name\":\"Ann\"}}\n"
      "{\"edge\":{\"source\":\"person:ann\",\"type\":\"likes\",\"target\":\"a\",\"weight\":0.5}}\n");
  const CliResult imported = Run(kImport);
  ASSERT_EQ(imported.code, 0) << imported.output;
  ASSERT_EQ(Run("export --namespace notes --data store --out one.jsonl").code, 0);
  const CliResult again = Run("import jsonl one.jsonl --namespace copy --data store");
  ASSERT_EQ(again.code, 0) << again.output;
  ASSERT_EQ(Run("export --namespace copy --data store --out two.jsonl").code, 0);
  EXPECT_EQ(ReadFile("one.jsonl"), ReadFile("two.jsonl"));
  EXPECT_EQ(Digest("notes"), Digest("copy"));
  EXPECT_NE(ReadFile("one.jsonl").find("person:ann"), std::string::npos);
}

// A namespace with something of everything; "at" is long past, "end" far off.
std::string Everything() {
  return R"({"namespace":{"text":{"analyzer":"english","k1":1.5,"b":0.5},"history":{"versions":3},"on_expiry":"hide",)"
         R"("vectors":{"image":{"dimensions":2,"metric":"l2","model":"clip"}},"metadata":{"owner":"ann"}}}
{"id":"archived","text":"old","state":"archived","user_id":"ann","source":{"system":"crm","id":"7","version":9}}
{"id":"paused","text":"wait","state":"paused","vectors":{"image":[0.5,1.0]}}
{"id":"renews","text":"ttl","ttl_seconds":86400,"expires_at":"2099-01-01T00:00:00Z","created_at":"2025-01-01T00:00:00Z",)"
         R"("refresh_ttl_on_read":true,)"
         R"("access_count":4,"last_accessed_at":"2025-01-05T00:00:00Z"}
{"id":"rated","text":"good","pinned":true,"importance":0.25,"feedback":{"used":3.5,"helpful":2.0,"harmful":1.0}}
{"id":"lived","text":"third life","version":6,"created_at":"2025-01-03T00:00:00Z","updated_at":"2025-01-04T00:00:00Z",)"
         R"("metadata":{"n":6},"history":[)"
         R"({"version":1,"event":"add","time":"2025-01-01T00:00:00Z","memory":{"text":"first","vector":[1.0,2.0]}},)"
         R"({"version":2,"event":"delete","time":"2025-01-02T00:00:00Z"},)"
         R"({"version":5,"event":"add","time":"2025-01-03T00:00:00Z","memory":{"text":"second","metadata":{"n":5}}}]}
{"id":"hidden","text":"over","expires_at":"2025-01-02T00:00:00Z","user_id":"bob"}
{"id":"said","text":"hello","run_id":"talk","user_id":"ann"}
{"id":"said too","text":"hello","run_id":"over","user_id":"ann"}
{"run":{"run_id":"talk","user_id":"ann","metadata":{"mood":"good"},"ttl_seconds":3600,)"
         R"("created_at":"2025-01-01T00:00:00Z","last_activity":"2025-01-02T00:00:00Z","expires_at":"2099-01-01T00:00:00Z"}}
{"run":{"run_id":"over","user_id":"ann","ttl_seconds":60,"expires_at":"2025-01-02T00:00:00Z"}}
{"run":{"run_id":"silent"}}
{"node":{"id":"person:ann","name":"Ann","kind":"person","aliases":["A"],"metadata":{"x":1},)"
         R"("created_at":"2025-01-01T00:00:00Z","updated_at":"2025-01-02T00:00:00Z"}}
{"node":{"id":"nobody's","implicit":true}}
{"edge":{"source":"person:ann","type":"likes","target":"hidden","recorded_at":"2025-01-01T00:00:00Z","weight":0.5}}
{"edge":{"id":"e2","source":"new","type":"is","target":"said","memory_id":"hidden","recorded_at":"2025-01-01T00:00:00Z",)"
         R"("valid_from":"2024-01-01T00:00:00Z","metadata":{"why":"because"}}}
)";
}

TEST_F(ImportCliTest, EverythingThatANamespaceHoldsComesBack) {
  WriteFile("in.jsonl", Everything());
  const CliResult imported = Run(kImport);
  ASSERT_EQ(imported.code, 0) << imported.output;
  EXPECT_TRUE(Has(imported, "8 memories (8 created")) << imported.output;
  const CliResult exported = Run("export --namespace notes --data store --out one.jsonl");
  ASSERT_EQ(exported.code, 0) << exported.output;
  EXPECT_TRUE(Has(exported, "8 memories, 3 former versions, 3 nodes, 3 runs, 2 edges")) << exported.output;
  const CliResult again = Run("import jsonl one.jsonl --namespace copy --data store");
  ASSERT_EQ(again.code, 0) << again.output;
  ASSERT_EQ(Run("export --namespace copy --data store --out two.jsonl").code, 0);
  const std::string one = ReadFile("one.jsonl");
  EXPECT_EQ(one, ReadFile("two.jsonl"));
  EXPECT_EQ(Digest("notes"), Digest("copy"));
  EXPECT_EQ(Digest("notes", "nodes"), Digest("copy", "nodes"));
  for (const char* part :
       {R"("analyzer":"english")", R"("state":"archived")", R"("state":"paused")", R"("ttl_seconds":86400)",
        R"("access_count":4)", R"("last_accessed_at":"2025-01-05)", R"("used":3.5)", R"("event":"delete")",
        R"("text":"first","vector":[1,2])", R"("id":"hidden")", R"("metadata":{"mood":"good"})",
        R"("expires_at":"2025-01-02T00:00:00Z")", R"("implicit":true)", R"("recorded_at":"2025-01-01T00:00:00Z")",
        R"("target":"hidden")", R"("memory_id":"hidden")", R"("last_activity":"2025-01-02)"}) {
    EXPECT_NE(one.find(part), std::string::npos) << part << "\n" << one;
  }
}

TEST_F(ImportCliTest, ANamespaceThatIsThereKeepsItsConfigurationAndItIsSaid) {
  WriteFile("in.jsonl", Lines(1, 1));
  ASSERT_EQ(Run(kImport).code, 0);
  WriteFile("config.jsonl", "{\"namespace\":{\"text\":{\"analyzer\":\"simple\"},\"aliases\":[\"n\"]}}\n" + Lines(2, 2));
  const CliResult kept = Run("import jsonl config.jsonl --namespace notes --data store --no-backup");
  EXPECT_EQ(kept.code, 0) << kept.output;
  EXPECT_TRUE(Has(kept, "keeps its own configuration")) << kept.output;
  const CliResult made = Run("import jsonl config.jsonl --namespace other --data store");
  EXPECT_EQ(made.code, 0) << made.output;
  EXPECT_TRUE(Has(made, "alias \"n\" was not taken over")) << made.output;
  ASSERT_EQ(Run("export -n other --data store -o out.jsonl").code, 0);
  EXPECT_NE(ReadFile("out.jsonl").find("\"simple\""), std::string::npos);
}

TEST_F(ImportCliTest, AnExportThatFailsLeavesNoHalfFile) {
  WriteFile("out.jsonl", "what was there");
  EXPECT_EQ(Run("export --namespace nowhere --data store --out out.jsonl").code, 1);
  WriteFile("in.jsonl", Lines(1, 3));
  ASSERT_EQ(Run(kImport).code, 0);
  EXPECT_EQ(Run("export --namespace nowhere --data store --out out.jsonl").code, 1);
  EXPECT_EQ(ReadFile("out.jsonl"), "what was there");
  const CliResult full = Run("export --namespace notes --data store --out /dev/full");
  EXPECT_EQ(full.code, 1);
  ASSERT_EQ(Run("export --namespace notes --data store --out out.jsonl").code, 0);
  EXPECT_FALSE(std::filesystem::exists(Path("out.jsonl.part")));
  const std::string out = ReadFile("out.jsonl");
  EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 4);
}

TEST_F(ImportCliTest, ABadLineIsNamedAndTheRunGoesOnOnceItIsCorrected) {
  WriteFile("in.jsonl", Lines(1, 150) + "{\"text\":}\n" + Lines(152, 160));
  const CliResult stopped = Run(kImport);
  EXPECT_EQ(stopped.code, 1);
  EXPECT_TRUE(Has(stopped, "line 151: ")) << stopped.output;
  EXPECT_TRUE(Has(stopped, "150 created")) << stopped.output;
  WriteFile("in.jsonl", Lines(1, 160));
  const CliResult corrected = Run(kImport);
  EXPECT_EQ(corrected.code, 0) << corrected.output;
  EXPECT_TRUE(Has(corrected, "10 lines read after those of an earlier run; 10 memories (10 created"))
      << corrected.output;
}

TEST_F(ImportCliTest, RejectsAreKeptWithTheirReasonAndTheCodeSaysSo) {
  WriteFile("in.jsonl",
            Lines(1, 3) + "nonsense\n{\"id\":\"bad\",\"importance\":7}\n{\"id\":\"odd\",\"colour\":1}\n" + Lines(4, 5));
  const CliResult result = Run(std::string(kImport) + "--rejects bad.jsonl");
  EXPECT_EQ(result.code, 1);
  EXPECT_TRUE(Has(result, "5 created")) << result.output;
  EXPECT_TRUE(Has(result, "3 rejected")) << result.output;
  const std::string rejects = ReadFile("bad.jsonl");
  for (const char* part : {"line 4", "nonsense", "line 5", "importance", "line 6", "colour"}) {
    EXPECT_NE(rejects.find(part), std::string::npos) << rejects;
  }
}

TEST_F(ImportCliTest, DryRunsWriteNothing) {
  WriteFile("in.jsonl", Lines(1, 5) + "nonsense\n");
  const CliResult dry = Run(std::string(kImport) + "--dry-run");
  EXPECT_EQ(dry.code, 1);
  EXPECT_TRUE(Has(dry, "would write 5 memories")) << dry.output;
  EXPECT_TRUE(Has(dry, "line 6: ")) << dry.output;
  EXPECT_FALSE(std::filesystem::exists(Path("store")));
}

TEST_F(ImportCliTest, BatchesOfEverySizeTakeEveryLine) {
  for (const int lines : {0, 1, 99, 100, 101, 200}) {
    WriteFile("in.jsonl", Lines(1, lines));
    const std::string ns = "n" + std::to_string(lines);
    const CliResult result = Run("import jsonl in.jsonl --data store --namespace " + ns);
    EXPECT_EQ(result.code, 0) << result.output;
    EXPECT_TRUE(Has(result, std::to_string(lines) + " created")) << result.output;
  }
}

TEST_F(ImportCliTest, TheLaterLineOfAnIdWins) {
  WriteFile("in.jsonl", "{\"id\":\"a\",\"text\":\"old\"}\n{\"id\":\"a\",\"text\":\"new\"}\n");
  ASSERT_EQ(Run(kImport).code, 0);
  ASSERT_EQ(Run("export --namespace notes --data store --out out.jsonl").code, 0);
  EXPECT_NE(ReadFile("out.jsonl").find("\"new\""), std::string::npos);
}

TEST_F(ImportCliTest, AKilledImportGoesOnWithoutLossOrRepetition) {
  constexpr int kLines = 3'000;
  // Lines without ids would become other memories if any were taken twice.
  std::string lines;
  for (int i = 0; i < kLines; ++i) lines += "{\"text\":\"text " + std::to_string(i) + "\"}\n";
  WriteFile("in.jsonl", lines);
  const std::string command = std::string(kImport) + "--batch 5";
  for (int kill_after_us : {20'000, 80'000, 200'000}) {
    CliProcess import(folder_, command, Path("output"));
    const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(kill_after_us);
    while (import.Running() && std::chrono::steady_clock::now() < until) std::this_thread::yield();
    import.Signal(SIGKILL);
    import.Wait();
  }
  const CliResult last = Run(command);
  ASSERT_EQ(last.code, 0) << last.output;
  ASSERT_EQ(Run("export --namespace notes --data store --out out.jsonl").code, 0);
  const std::string out = ReadFile("out.jsonl");
  EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), kLines + 1);  // the configuration comes first
}

TEST_F(ImportCliTest, NobodyListeningIsSaidWithWhatToDo) {
  WriteFile("in.jsonl", Lines(1, 1));
  const CliResult result = Run("import jsonl in.jsonl --namespace notes --server http://127.0.0.1:1");
  EXPECT_EQ(result.code, 1);
  EXPECT_TRUE(Has(result, "is `engram serve` running there?")) << result.output;
}

TEST_F(ImportCliTest, SearchAndStatsShowIt) {
  WriteFile("in.jsonl", Lines(1, 3));
  ASSERT_EQ(Run(kImport).code, 0);
  const CliResult found = Run("search \"text 2\" --namespace notes --data store --top-k 1 --explain");
  EXPECT_EQ(found.code, 0) << found.output;
  EXPECT_TRUE(Has(found, "m2")) << found.output;
  EXPECT_TRUE(Has(found, "rank 1")) << found.output;
  EXPECT_TRUE(Has(Run("search nothing --namespace notes --data store"), "nothing found"));
  EXPECT_EQ(Run("search x --namespace notes --data store --filter '{'").code, 2);
  EXPECT_EQ(Run("search x --namespace nowhere --data store").code, 1);
}

}  // namespace
}  // namespace engram

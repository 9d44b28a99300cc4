// An import in mode newer into a server that others write to at the same time: the newest write of each id stays, and
// nothing that was deleted comes back. 2,000 ids; 100,000 with ENGRAM_LONG=1.
#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "client/cpp/client.h"
#include "tests/served/server_process.h"
#include "tests/tools/cli_run.h"
#include "tests/tools/sqlite_file.h"

namespace engram {
namespace {

constexpr int kWriters = 2;

struct Live {
  std::string text;  // of the last write; empty after a delete
  bool any = false;  // since the test began
};

struct Counts {
  uint64_t writes = 0;
  uint64_t deletes = 0;
};

class LiveImportTest : public CliTest {
 protected:
  void SetUp() override {
    CliTest::SetUp();
    ids_ = std::getenv("ENGRAM_LONG") != nullptr ? 100'000 : 2'000;
    live_.resize(static_cast<size_t>(ids_));
    std::string sql = "CREATE TABLE notes(id TEXT PRIMARY KEY, body TEXT);BEGIN;";
    for (int i = 0; i < ids_; ++i) sql += fmt::format("INSERT INTO notes VALUES('n{}','source one {}');", i, i);
    ExecuteSql(Path("notes.db"), sql + "COMMIT;");
    WriteFile("map.json", R"({"table":"notes","id":"id","text":"body"})");
    auto server = ServerProcess::Start(ENGRAM_BINARY, Path("store"), folder_);
    ASSERT_TRUE(server.ok()) << server.status().ToString();
    server_ = *std::move(server);
    ClientOptions options;
    options.port = server_->port();
    auto client = Client::Connect(options);
    ASSERT_TRUE(client.ok()) << client.status().ToString();
    client_ = *std::move(client);
    ASSERT_TRUE(client_->PutNamespace("notes", v1::NamespaceConfig()).ok());
  }

  // Writes and deletes among the writer's own ids until it is stopped, in no order.
  void WriteOn(int writer, uint64_t seed, const std::atomic<bool>& stop, Counts* counts) {
    std::mt19937_64 random(seed + static_cast<uint64_t>(writer));
    while (!stop) {
      const auto id = static_cast<int>(random() % static_cast<uint64_t>(ids_ / kWriters)) * kWriters + writer;
      Live& live = live_[static_cast<size_t>(id)];
      const std::string name = fmt::format("n{}", id);
      if (random() % 3 == 0) {
        const auto deleted = client_->DeleteMemory("notes", name);
        if (!deleted.ok()) {
          ASSERT_EQ(deleted.status().code(), StatusCode::kNotFound) << deleted.status().ToString();
          continue;
        }
        live = {"", true};
        ++counts->deletes;
      } else {
        live = {fmt::format("live {} {}", id, random()), true};
        v1::WriteRequest request;
        request.add_memories()->set_id(name);
        request.mutable_memories(0)->set_text(live.text);
        const auto written = client_->Write("notes", request);
        ASSERT_TRUE(written.ok()) << written.status().ToString();
        ++counts->writes;
      }
    }
  }

  // The import, beside the writers.
  void ImportUnderWrites(uint64_t seed) {
    std::atomic<bool> stop = false;
    std::vector<Counts> counts(kWriters);
    std::vector<std::thread> writers;
    for (int i = 0; i < kWriters; ++i) {
      writers.emplace_back([&, i] { WriteOn(i, seed, stop, &counts[static_cast<size_t>(i)]); });
    }
    const CliResult imported =
        Run(fmt::format("import sqlite notes.db --map map.json -n notes --no-backup --batch 50 --server "
                        "http://127.0.0.1:{}",
                        server_->port()));
    stop = true;
    for (std::thread& writer : writers) writer.join();
    ASSERT_EQ(imported.code, 0) << imported.output;
    for (const Counts& one : counts) {
      counts_.writes += one.writes;
      counts_.deletes += one.deletes;
    }
  }

  // Of each id: the newest of what was written; of those that nobody wrote live, what the source says.
  void Check(const std::function<std::string(int)>& source) {
    uint64_t live = 0;
    uint64_t deleted = 0;
    uint64_t imported = 0;
    uint64_t wrong = 0;
    constexpr int kPage = 100;
    for (int begin = 0; begin < ids_; begin += kPage) {
      v1::GetRequest request;
      for (int i = begin; i < std::min(ids_, begin + kPage); ++i) request.add_ids(fmt::format("n{}", i));
      const auto reply = client_->GetMemories("notes", request);
      ASSERT_TRUE(reply.ok()) << reply.status().ToString();
      std::map<std::string, std::string> texts;
      for (const v1::Memory& memory : reply->memories()) texts[memory.id()] = memory.text();
      for (int i = begin; i < std::min(ids_, begin + kPage); ++i) {
        const Live& last = live_[static_cast<size_t>(i)];
        const std::string wanted = last.any ? last.text : source(i);
        const auto found = texts.find(fmt::format("n{}", i));
        const std::string there = found == texts.end() ? "" : found->second;
        ++(!last.any ? imported : last.text.empty() ? deleted : live);
        if (there == wanted) continue;
        if (wrong++ < 5) ADD_FAILURE() << "n" << i << " is \"" << there << "\", not \"" << wanted << "\"";
      }
    }
    fmt::print(
        "{} ids under {} live writes and {} deletes: {} as the source says, {} as written live, {} deleted; {} wrong\n",
        ids_, counts_.writes, counts_.deletes, imported, live, deleted, wrong);
    EXPECT_EQ(wrong, 0U);
    EXPECT_GT(imported, 0U);
    EXPECT_GT(live, 0U);
    EXPECT_GT(deleted, 0U);
  }

  int ids_ = 0;
  std::vector<Live> live_;
  Counts counts_;
  std::unique_ptr<ServerProcess> server_;
  std::unique_ptr<Client> client_;
};

TEST_F(LiveImportTest, TheNewestWriteOfEachIdStaysAndNothingDeletedComesBack) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE(fmt::format("seed {}", seed));
  ImportUnderWrites(seed);
  if (HasFatalFailure()) return;
  Check([](int i) { return fmt::format("source one {}", i); });
  // Now the source has changed: what it says anew meets what it said before, edited and deleted meanwhile.
  ExecuteSql(Path("notes.db"), "UPDATE notes SET body = replace(body, 'one', 'two')");
  ImportUnderWrites(seed + 100);
  if (HasFatalFailure()) return;
  Check([](int i) { return fmt::format("source two {}", i); });
}

}  // namespace
}  // namespace engram

// Prints what cycles of deletes and upserts do to recall, memory and disk: in each half of the memories are deleted and
// written again with other contents, and three in ten are overwritten. A fresh server with the last contents beside.
//
//   ./dev bench churn -- --rows 20000 --cycles 20 --json churn.json
//
// The server is the real program; the namespace keeps no history. Recall@10 is that of the default vector search beside
// the exact one, both over HTTP, at rest after every cycle.
#include <algorithm>
#include <filesystem>
#include <numeric>
#include <random>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "bench/quality/machine.h"
#include "bench/retrieval/run_options.h"
#include "bench/retrieval/searcher.h"

namespace engram::bench {
namespace {

struct Options : RunOptions {
  size_t queries = 500;
  size_t cycles = 20;
};

double FolderMegabytes(const std::string& folder) {
  uintmax_t bytes = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    std::error_code gone;  // a file may go while we look
    if (const auto size = entry.is_regular_file(gone) ? entry.file_size(gone) : 0; !gone) bytes += size;
  }
  return static_cast<double>(bytes) / 1e6;
}

// Which content of the set every id has. The set has two contents for every id, so that nothing is written twice.
class Contents {
 public:
  Contents(const MemorySet& set, size_t ids, uint64_t seed) : set_(set), random_(seed), of_id_(ids) {
    std::iota(of_id_.begin(), of_id_.end(), size_t{0});
    for (size_t content = ids; content < set.rows(); ++content) free_.push_back(content);
  }

  size_t ids() const { return of_id_.size(); }

  // Some of the ids, each once.
  std::vector<size_t> Pick(size_t count) {
    std::vector<size_t> ids(of_id_.size());
    std::iota(ids.begin(), ids.end(), size_t{0});
    std::shuffle(ids.begin(), ids.end(), random_);
    ids.resize(count);
    return ids;
  }

  void Replace(size_t id) { std::swap(of_id_[id], free_[random_() % free_.size()]); }

  v1::Memory Make(size_t id) const {
    v1::Memory memory = set_.Make(of_id_[id]);
    memory.set_id(fmt::format("{}", id));
    return memory;
  }

 private:
  const MemorySet& set_;
  std::mt19937_64 random_;
  std::vector<size_t> of_id_;
  std::vector<size_t> free_;
};

// Calls `send(begin, end)` for stretches of the ids, and again while the server sends it away.
void InBatches(size_t count, size_t batch, const std::function<Status(size_t, size_t)>& send) {
  for (size_t begin = 0; begin < count; begin += batch) {
    for (Status status = RateLimited("not yet"); !status.ok();) {
      status = send(begin, std::min(begin + batch, count));
      if (status.ok()) continue;
      if (status.code() != StatusCode::kRateLimited) Die(status.ToString());
      std::this_thread::sleep_for(std::chrono::seconds(status.retry_after_seconds().value_or(1)));
    }
  }
}

CallOptions Buffered() {
  CallOptions call;
  call.buffered = true;
  return call;
}

void WriteThem(Client& client, const Contents& contents, const std::vector<size_t>& ids, size_t batch) {
  InBatches(ids.size(), batch, [&](size_t begin, size_t end) {
    v1::WriteRequest request;
    for (size_t i = begin; i < end; ++i) *request.add_memories() = contents.Make(ids[i]);
    return client.Write(kNamespace, request, Buffered()).status();
  });
}

void DeleteThem(Client& client, const std::vector<size_t>& ids, size_t batch) {
  InBatches(ids.size(), batch, [&](size_t begin, size_t end) {
    v1::DeleteRequest request;
    for (size_t i = begin; i < end; ++i) request.add_ids(fmt::format("{}", ids[i]));
    return client.DeleteMemories(kNamespace, request, Buffered()).status();
  });
}

void Prepare(Client& client) {
  v1::NamespaceConfig config;
  config.mutable_history()->set_keep("none");
  OrDie(client.PutNamespace(kNamespace, config).status());
}

void AddRow(Cell name, const MeasuredServer& server, const MemorySet& set, const RunOptions& options, Table* table) {
  if (!server.WaitUntilAtRest(std::chrono::seconds(options.rest_max))) Die("the server did not come to rest");
  table->rows.push_back({std::move(name),
                         {RecallOverHttp(server, set), 4},
                         {static_cast<double>(server.process().anonymous_bytes) / 1e6, 1},
                         {FolderMegabytes(server.data() + "/segments"), 1},
                         {FolderMegabytes(server.data()), 1}});
}

int Main(const Options& options) {
  const MemorySet set(options.seed, 2 * options.rows, options.queries, options.dimensions);
  Contents contents(set, options.rows, options.seed);
  Tables tables(quality::DescribeMachine(),
                fmt::format("{} memories of {} dimensions and 20 words; in a cycle half are deleted and written again "
                            "with other contents, and 30 % are overwritten; {} queries",
                            options.rows, options.dimensions, options.queries));
  Table table{"At rest after each cycle", {"cycle", "recall@10", "anonymous MB", "segments MB", "data folder MB"}, {}};
  {
    const MeasuredServer server = StartServer(options);
    const auto client = server.MakeClient();
    Prepare(*client);
    WriteThem(*client, contents, contents.Pick(contents.ids()), options.load.batch);
    AddRow("loaded", server, set, options, &table);
    for (size_t cycle = 1; cycle <= options.cycles; ++cycle) {
      const std::vector<size_t> gone = contents.Pick(contents.ids() / 2);
      DeleteThem(*client, gone, options.load.batch);
      for (const size_t id : gone) contents.Replace(id);
      WriteThem(*client, contents, gone, options.load.batch);
      const std::vector<size_t> overwritten = contents.Pick(contents.ids() * 3 / 10);
      for (const size_t id : overwritten) contents.Replace(id);
      WriteThem(*client, contents, overwritten, options.load.batch);
      AddRow(cycle, server, set, options, &table);
    }
  }
  RunOptions fresh_options = options;
  fresh_options.folder.clear();
  const MeasuredServer fresh = StartServer(fresh_options);
  const auto client = fresh.MakeClient();
  Prepare(*client);
  WriteThem(*client, contents, contents.Pick(contents.ids()), options.load.batch);
  AddRow("a fresh server, the same contents", fresh, set, options, &table);
  tables.Add(std::move(table));
  Finish(options, tables, fresh.Complaints());
  return 0;
}

}  // namespace
}  // namespace engram::bench

int main(int argc, char** argv) {
  engram::bench::Options options;
  options.rows = 20'000;
  CLI::App app("What cycles of deletes and upserts do to recall, memory and disk");
  AddRunOptions(app, &options);
  app.add_option("--cycles", options.cycles);
  app.add_option("--queries", options.queries);
  CLI11_PARSE(app, argc, argv);
  return engram::bench::Main(options);
}

// What does it cost to merge a vector segment that has a graph with parts that have none, its graph copied and all
// built from nothing? Do cycles of deletes and upserts keep recall, memory and disk flat?
//
//   ./dev bench merge -- --rows 100000 --dimensions 384
//
// Prints what it found as Markdown; --json FILE keeps it.
#include <algorithm>
#include <ctime>
#include <filesystem>
#include <numeric>
#include <random>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/file.h"
#include "bench/quality/machine.h"
#include "bench/retrieval/tables.h"
#include "bench/retrieval/vector_data.h"
#include "index/vector/vector_index.h"

namespace engram::bench {
namespace {

constexpr size_t kNearest = 10;
constexpr uint32_t kShownEf[] = {32, 64};

struct Options {
  size_t rows = 100'000;
  size_t flat_parts = 4;
  std::vector<double> flat_shares = {0.2, 1.0};
  std::vector<double> dead_shares = {0.0, 0.1};
  size_t dimensions = 384;
  size_t queries = 500;
  size_t threads = 1;
  size_t rounds = 1;
  size_t cycles = 20;
  size_t cycle_rows = 10'000;
  size_t cycle_merges = 5;
  double deleted_share = 0.5;
  double added_share = 0.5;
  uint64_t seed = 1;
  std::string json;
};

template <class T>
T Need(Result<T> result) {
  if (result.ok()) return std::move(*result);
  fmt::print(stderr, "merge: {}\n", result.status().ToString());
  std::exit(1);
}

class Folder {
 public:
  Folder() {
    path_ = (std::filesystem::temp_directory_path() / "engram-merge-XXXXXX").string();
    if (mkdtemp(path_.data()) == nullptr) Need<int>(Unavailable("can't make " + path_));
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string NextFile() { return fmt::format("{}/{}", path_, ++files_); }

 private:
  std::string path_;
  size_t files_ = 0;
};

// Rows of the set, a slot each, that are added and removed, and the index of them.
class Churned {
 public:
  Churned(const VectorSet& set, const Options& options)
      : set_(set), options_(options), index_(static_cast<uint32_t>(set.rows.dimensions()), Metric::kCosine) {}

  size_t live() const { return live_.size(); }
  const VectorIndex& index() const { return index_; }

  // The first rows of the set, as they were sealed. REQUIRES: nothing was added yet.
  void Attach(const std::shared_ptr<const VectorSegment>& segment) {
    index_.Attach(segment);
    for (; next_ < segment->rows(); ++next_) live_.push_back(next_);
  }

  void Add(size_t n) {
    for (size_t i = 0; i < n; ++i, ++next_) {
      index_.Add(Slot(next_), set_.rows.Row(next_));
      live_.push_back(next_);
    }
    index_.Freeze();
  }

  void Remove(size_t n) {
    for (size_t i = 0; i < n; ++i) {
      std::swap(live_[random_() % live_.size()], live_.back());
      index_.Remove(Slot(live_.back()));
      live_.pop_back();
    }
  }

  struct Merged {
    std::shared_ptr<const VectorSegment> segment;
    double seconds = 0;  // of all threads on the processor
    uint64_t file_bytes = 0;
  };
  // One segment with a graph of all parts, which stay as they are.
  Merged Merge(bool copy_graph) {
    SealOptions seal;
    seal.graph = true;
    seal.copy_graph = copy_graph;
    seal.threads = options_.threads;
    const std::string path = folder_.NextFile();
    Merged merged;
    const std::clock_t begin = std::clock();
    merged.segment = Need(VectorIndex::Seal(Parts(), FileSystem::Posix(), path, seal));
    merged.seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
    merged.file_bytes = Need(FileSystem::Posix().FileSize(path));
    // The open file outlives its name.
    std::filesystem::remove(path);
    return merged;
  }
  void Replace(const Merged& merged) { index_.Replace(Parts(), merged.segment); }

  // Of the nearest by exact scores, in a segment alone.
  double Recall(const VectorSegment& segment, uint32_t ef) const {
    VectorIndex alone(index_.dimensions(), index_.metric());
    alone.Attach(std::shared_ptr<const VectorSegment>(&segment, [](const VectorSegment*) {}));
    SlotSet all;
    segment.AddSlotsTo(&all);
    const VectorView view = alone.View();
    size_t found = 0;
    for (size_t query = 0; query < set_.queries.rows(); ++query) {
      const auto exact = view.Top(set_.queries.Row(query), all, kNearest, {.exact = true});
      for (const ScoredSlot& hit : view.Top(set_.queries.Row(query), all, kNearest, {.ef = ef})) {
        found += hit.score >= exact.back().score ? 1 : 0;
      }
    }
    return static_cast<double>(found) / static_cast<double>(kNearest * set_.queries.rows());
  }

 private:
  std::vector<VectorHandle> Parts() const {
    std::vector<VectorHandle> handles;
    for (const VectorPartStatus& part : index_.Parts()) handles.push_back(part.handle);
    return handles;
  }

  const VectorSet& set_;
  const Options& options_;
  VectorIndex index_;
  Folder folder_;
  std::mt19937_64 random_{7};
  std::vector<uint32_t> live_;
  uint32_t next_ = 0;
};

size_t ShareOf(size_t n, double share) { return static_cast<size_t>(std::llround(static_cast<double>(n) * share)); }

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return (values[(values.size() - 1) / 2] + values[values.size() / 2]) / 2;
}

void MeasureMerges(const Options& options, Tables* tables) {
  Table table{
      fmt::format("A segment of {} rows with a graph is merged with {} flat parts", options.rows, options.flat_parts),
      {"dead in it", "rows added", "copied, s", "built, s", "built : copied"},
      {}};
  for (const uint32_t ef : kShownEf) {
    table.columns.push_back(fmt::format("recall@10 at ef {}, copied", ef));
    table.columns.emplace_back("built");
  }
  const size_t added_max =
      ShareOf(options.rows, *std::max_element(options.flat_shares.begin(), options.flat_shares.end()));
  const VectorSet set = MixtureVectors(options.seed, options.rows + added_max, options.queries, options.dimensions);
  Churned first(set, options);
  first.Add(options.rows);
  const Churned::Merged base = first.Merge(false);
  for (const double dead : options.dead_shares) {
    for (const double share : options.flat_shares) {
      Churned churned(set, options);
      churned.Attach(base.segment);
      churned.Remove(ShareOf(options.rows, dead));
      const size_t added = ShareOf(options.rows, share);
      for (size_t part = 0; part < options.flat_parts; ++part) {
        churned.Add(added * (part + 1) / options.flat_parts - added * part / options.flat_parts);
      }
      Churned::Merged copied;
      Churned::Merged built;
      std::vector<double> copied_seconds;
      std::vector<double> built_seconds;
      for (size_t round = 0; round < options.rounds; ++round) {
        for (const bool copy : {true, false, false, true}) {
          Churned::Merged& merged = copy ? copied : built;
          merged = churned.Merge(copy);
          (copy ? copied_seconds : built_seconds).push_back(merged.seconds);
        }
      }
      copied.seconds = Median(copied_seconds);
      built.seconds = Median(built_seconds);
      std::vector<Cell> line = {
          {dead, 2}, added, {copied.seconds, 1}, {built.seconds, 1}, {built.seconds / copied.seconds, 2}};
      for (const uint32_t ef : kShownEf) {
        line.emplace_back(churned.Recall(*copied.segment, ef), 4);
        line.emplace_back(churned.Recall(*built.segment, ef), 4);
      }
      table.rows.push_back(std::move(line));
    }
  }
  tables->Add(std::move(table));
}

void MeasureCycles(const Options& options, Tables* tables) {
  Table table{
      fmt::format("{:.0f} % of {} rows deleted and {:.0f} % added in each cycle, in {} merges",
                  100 * options.deleted_share, options.cycle_rows, 100 * options.added_share, options.cycle_merges),
      {"cycle", "rows", "merges, s", "bytes of memory a row", "bytes on disk a row", "ef chosen"},
      {}};
  for (const uint32_t ef : kShownEf) {
    table.columns.push_back(fmt::format("recall@10 at ef {}", ef));
    table.columns.emplace_back("built from nothing");
  }
  const size_t added = ShareOf(options.cycle_rows, options.added_share);
  const VectorSet set =
      MixtureVectors(options.seed, options.cycle_rows + options.cycles * added, options.queries, options.dimensions);
  Churned churned(set, options);
  churned.Add(options.cycle_rows);
  churned.Replace(churned.Merge(true));
  for (size_t cycle = 1; cycle <= options.cycles; ++cycle) {
    Churned::Merged merged;
    double seconds = 0;
    const size_t deleted = ShareOf(churned.live(), options.deleted_share);
    for (size_t i = 0; i < options.cycle_merges; ++i) {
      churned.Remove(deleted * (i + 1) / options.cycle_merges - deleted * i / options.cycle_merges);
      churned.Add(added * (i + 1) / options.cycle_merges - added * i / options.cycle_merges);
      merged = churned.Merge(true);
      churned.Replace(merged);
      seconds += merged.seconds;
    }
    const Churned::Merged built = churned.Merge(false);
    const auto rows = static_cast<double>(churned.live());
    std::vector<Cell> line = {cycle,
                              churned.live(),
                              {seconds, 1},
                              static_cast<double>(churned.index().MemoryBytes()) / rows,
                              static_cast<double>(merged.file_bytes) / rows,
                              size_t{merged.segment->report().ef}};
    for (const uint32_t ef : kShownEf) {
      line.emplace_back(churned.Recall(*merged.segment, ef), 4);
      line.emplace_back(churned.Recall(*built.segment, ef), 4);
    }
    table.rows.push_back(std::move(line));
  }
  tables->Add(std::move(table));
}

int Main(const Options& options) {
  Tables tables(quality::DescribeMachine(),
                fmt::format("MixtureVectors, {} dimensions, {} queries, cosine; seconds on the processor, {} thread{}",
                            options.dimensions, options.queries, options.threads, options.threads == 1 ? "" : "s"));
  if (options.rows > 0) MeasureMerges(options, &tables);
  if (options.cycles > 0) MeasureCycles(options, &tables);
  if (!options.json.empty() && !tables.WriteJson(options.json)) Need<int>(Unavailable("can't write " + options.json));
  return 0;
}

}  // namespace
}  // namespace engram::bench

int main(int argc, char** argv) {
  engram::bench::Options options;
  CLI::App app("What merging vector segments costs, graphs copied and built; what cycles of deletes and upserts leave");
  app.add_option("--rows", options.rows, "of the segment whose graph is copied; 0 leaves its table out");
  app.add_option("--flat-parts", options.flat_parts, "that are merged with it")->check(CLI::PositiveNumber);
  app.add_option("--flat-shares", options.flat_shares, "their rows, as shares of its rows; a line for each")
      ->delimiter(',');
  app.add_option("--dead-shares", options.dead_shares, "of its rows; a line for each")->delimiter(',');
  app.add_option("--dimensions", options.dimensions);
  app.add_option("--queries", options.queries);
  app.add_option("--threads", options.threads, "that build");
  app.add_option("--rounds", options.rounds, "of copied, built, built, copied")->check(CLI::PositiveNumber);
  app.add_option("--cycles", options.cycles, "of deletes and upserts; 0 leaves their table out");
  app.add_option("--cycle-rows", options.cycle_rows, "that they begin with");
  app.add_option("--cycle-merges", options.cycle_merges, "in each cycle")->check(CLI::PositiveNumber);
  app.add_option("--deleted-share", options.deleted_share, "of the living rows, in each cycle");
  app.add_option("--added-share", options.added_share, "of the rows they begin with, in each cycle");
  app.add_option("--seed", options.seed);
  app.add_option("--json", options.json, "where the figures are kept");
  CLI11_PARSE(app, argc, argv);
  return engram::bench::Main(options);
}

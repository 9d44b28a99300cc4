// Recall and speed of a sealed vector segment beside other engines in the same process and the same run:
//
//   ./dev bench vector -- --vectors 200000 --dimensions 768
//   ./dev bench vector -- --vectors 1000000 --folder DIR --peers hnswlib,usearch-i8-rescored
//   ./dev bench vector -- --file vectors.f32 --dimensions 384 --queries 500
//
// Peers come one after the other, so that at most one is in memory: each is built or loaded, measured in rounds A B B A
// with ours, and dropped. Prints what it found as Markdown; --json FILE keeps it.
#include <cstdio>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "bench/retrieval/vector_curves.h"
#include "bench/retrieval/vector_filters.h"
#include "bench/retrieval/vector_folder.h"
#include "bench/retrieval/vector_memory.h"
#include "bench/retrieval/vector_peer.h"
#include "bench/retrieval/vector_report.h"
#include "bench/retrieval/vector_sealed.h"

namespace engram::bench {
namespace {

struct Options {
  DataOptions data;
  PeerBuild build{128, 2};
  FilterOptions filters;
  size_t rounds = 3;
  std::string peers = kAllPeers;
  bool without_filters = false;
  bool build_only = false;
  std::string folder;
  std::string json;
};

class VectorBench {
 public:
  explicit VectorBench(const Options& options)
      : options_(options),
        peers_(ChoosePeers(options.peers)),
        folder_(options.folder, options.data),
        set_(folder_.Load()),
        sealed_(set_, folder_, options.build) {
    Describe();
  }

  void Run() {
    if (options_.build_only) {
      for (const PeerChoice& choice : peers_) Hold(choice);
      peer_.reset();
    } else {
      MeasureAll();
    }
    figures_.peak_bytes = static_cast<double>(PeakBytes());
    PrintMarkdown(figures_);
    if (!options_.json.empty() && !WriteJson(figures_, options_.json)) {
      fmt::print(stderr, "vector: can't write {}\n", options_.json);
      std::exit(1);
    }
  }

 private:
  void Describe() {
    const VectorSegment& segment = sealed_.segment();
    const auto rows = static_cast<double>(segment.rows());
    figures_.machine = DescribeMachine();
    figures_.data = set_.name;
    figures_.rows = set_.rows.rows();
    figures_.dimensions = set_.rows.dimensions();
    figures_.queries = set_.queries.rows();
    figures_.rounds = options_.rounds;
    figures_.ef_construction = options_.build.ef_construction;
    figures_.sealed_recall = segment.report().graph_recall;
    figures_.sealed_ef = segment.report().ef;
    figures_.codes_suffice = segment.report().codes_suffice;
    figures_.builds.push_back({"engram", "", sealed_.cost(), static_cast<double>(segment.AnonymousBytes()) / rows,
                               static_cast<double>(segment.MappedBytes()) / rows});
  }

  void MeasureAll() {
    exact_ = folder_.Exact("exact", [&] { return ExactNearest(set_, kNearest, {}); });
    for (const PeerChoice& choice : peers_) {
      Hold(choice);
      MeasureBeside(choice);
    }
    peer_.reset();
    if (peers_.empty()) {
      CurveRuns alone = Ours();
      for (size_t round = 0; round < options_.rounds; ++round) alone.Measure();
      of_engram_.push_back(alone.Points());
    }
    figures_.curves.insert(figures_.curves.begin(), {"engram", "", MedianOf(of_engram_)});
    if (options_.without_filters) return;
    Say("filters");
    figures_.filters = MeasureFilters(set_, folder_, sealed_, options_.filters);
  }

  // The peer's index in memory, and no other's; on huge pages if it is to be.
  void Hold(const PeerChoice& choice) {
    Say(choice.name);
    if (peer_ == nullptr || held_ != choice.index.name) {
      peer_.reset();
      LoadOrBuild(choice.index);
    }
    if (!choice.huge) return;
    const size_t moved = MoveToHugePages();
    if (moved > 0) return Say(fmt::format("{:.2f} GB are on huge pages", static_cast<double>(moved) / 1e9));
    fmt::print(stderr, "vector: {}: this kernel can't move memory onto huge pages\n", choice.name);
    std::exit(1);
  }

  void LoadOrBuild(const PeerIndex& index) {
    held_ = index.name;
    const std::string release = index.version.empty() ? "" : "-" + index.version.substr(0, index.version.find(','));
    const std::string name = fmt::format("{}{}-efc{}", index.name, release, options_.build.ef_construction);
    const size_t before = AnonymousBytes();
    BuildLine line{index.name, index.version, {}, 0, 0};
    if (const auto earlier = folder_.Earlier(name)) {
      peer_ = index.load(folder_.Path(name), set_.rows.dimensions());
      line.cost = *earlier;
    } else {
      line.cost = Timed(options_.build.threads, [&] { peer_ = index.build(set_.rows, options_.build); });
      if (folder_.keeps()) {
        peer_->Save(folder_.Path(name));
        folder_.Keep(name, line.cost);
      }
    }
    line.anonymous_bytes =
        (static_cast<double>(AnonymousBytes()) - static_cast<double>(before)) / static_cast<double>(set_.rows.rows());
    figures_.builds.push_back(line);
  }

  CurveRuns Ours() const {
    return CurveRuns(
        exact_, [this](size_t query, size_t ef) { return sealed_.Nearest(set_.queries.Row(query), nullptr, ef); },
        kNearest);
  }

  void MeasureBeside(const PeerChoice& choice) {
    CurveRuns ours = Ours();
    CurveRuns theirs(
        exact_,
        [&](size_t query, size_t ef) {
          return choice.rescored ? Rescored(query, ef) : peer_->Nearest(set_.queries.Row(query), kNearest, ef);
        },
        kNearest);
    for (size_t round = 0; round < options_.rounds; ++round) {
      ours.Measure();
      theirs.Measure();
      theirs.Measure();
      ours.Measure();
    }
    of_engram_.push_back(ours.Points());
    figures_.curves.push_back({choice.name, "engram", theirs.Points()});
    figures_.curves.push_back({"engram", choice.name, ours.Points()});
  }

  // As many candidates as engram takes, and the same arithmetic.
  Rows Rescored(size_t query, size_t ef) {
    const std::span<const float> wanted = set_.queries.Row(query);
    TopHits top(kNearest);
    for (const uint32_t row : peer_->Nearest(wanted, RescoredCount(kNearest, ef), ef)) {
      top.Offer({Slot(row), Dot(wanted.data(), set_.rows.Row(row).data(), wanted.size())});
    }
    Rows rows;
    for (const ScoredSlot& hit : std::move(top).Take()) rows.push_back(hit.slot.value);
    return rows;
  }

  // Long runs tell where they are.
  static void Say(const std::string& what) { fmt::print(stderr, "vector: {}\n", what); }

  const Options options_;
  const std::vector<PeerChoice> peers_;
  const VectorFolder folder_;
  const VectorSet set_;
  const Sealed sealed_;
  std::vector<Rows> exact_;
  std::string held_;
  std::unique_ptr<VectorPeer> peer_;
  std::vector<std::vector<CurvePoint>> of_engram_;
  VectorFigures figures_;
};

}  // namespace
}  // namespace engram::bench

int main(int argc, char** argv) {
  engram::bench::Options options;
  CLI::App app("Recall and speed of a vector segment beside other engines");
  app.option_defaults()->always_capture_default();
  app.add_option("--vectors", options.data.vectors, "how many to generate");
  app.add_option("--dimensions", options.data.dimensions);
  app.add_option("--latent", options.data.latent, "dimensions that generated vectors really have; 100 is harder");
  app.add_option("--queries", options.data.queries);
  app.add_option("--seed", options.data.seed);
  app.add_option("--file", options.data.file, "32-bit floats without a header, instead of generated ones");
  app.add_option(
      "--peers", options.peers,
      "of hnswlib, faiss-flat, faiss-sq8, usearch-f32, usearch-i8; after any of them -rescored (in fp32) and "
      "-huge (huge pages); \"\" for none");
  app.add_option("--folder", options.folder, "keeps vectors, exact answers and indexes for the next run");
  app.add_flag("--build-only", options.build_only, "builds what --folder keeps and measures no search");
  app.add_option("--rounds", options.rounds, "each A B B A")->check(CLI::PositiveNumber);
  app.add_option("--threads", options.build.threads, "that build")->check(CLI::PositiveNumber);
  app.add_option("--ef-construction", options.build.ef_construction);
  app.add_option("--filtered-queries", options.filters.queries, "for each line of the filter table");
  app.add_option("--json", options.json, "where the figures are kept");
  app.add_flag("--no-filters", options.without_filters, "without the filter table");
  app.add_flag("--every-plan", options.filters.every_plan, "the filter table by every plan, not only the planner's");
  CLI11_PARSE(app, argc, argv);
  options.filters.rounds = options.rounds;
  options.filters.seed = options.data.seed;
  engram::bench::VectorBench(options).Run();
  return 0;
}

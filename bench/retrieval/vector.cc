// Recall and speed of a sealed vector segment beside stock hnswlib in fp32, in the same process and the same run:
//
//   ./dev bench vector -- --vectors 200000 --dimensions 768
//   ./dev bench vector -- --file vectors.f32 --dimensions 384 --queries 500
//
// Prints what it found as Markdown; --json FILE keeps it.
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <random>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "bench/retrieval/hnswlib_peer.h"
#include "bench/retrieval/vector_data.h"
#include "bench/retrieval/vector_report.h"
#include "bench/retrieval/vector_runs.h"
#include "index/vector/vector_index.h"
#include "index/vector/vector_sealer.h"
#include "index/vector/vector_segment_search.h"

namespace engram::bench {
namespace {

constexpr size_t kNearest = 10;

struct Options {
  size_t vectors = 100'000;
  size_t dimensions = 768;
  size_t queries = 1'000;
  size_t filtered_queries = 200;
  size_t rounds = 3;
  size_t threads = 2;
  size_t ef_construction = 128;
  uint64_t seed = 1;
  bool peer = true;
  bool filters = true;
  bool every_plan = false;
  std::string file;
  std::string json;
};

// Of all threads on the processor.
double CpuSeconds(const std::function<void()>& work) {
  const std::clock_t begin = std::clock();
  work();
  return static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
}

[[noreturn]] void Die(const Status& status) {
  fmt::print(stderr, "vector: {}\n", status.ToString());
  std::exit(1);
}

// The segment under test, in a folder of its own.
class Sealed {
 public:
  Sealed(const VectorSet& set, const Options& options)
      : space_(static_cast<uint32_t>(set.rows.dimensions()), Metric::kCosine) {
    folder_ = (std::filesystem::temp_directory_path() / "engram-vector-XXXXXX").string();
    if (mkdtemp(folder_.data()) == nullptr) Die(Unavailable("can't make " + folder_));
    std::vector<float> prepared(set.rows.rows() * space_.stride());
    std::vector<PreparedRow> rows;
    for (uint32_t i = 0; i < set.rows.rows(); ++i) {
      space_.PrepareInto(set.rows.Row(i), prepared.data() + i * space_.stride());
      rows.push_back({Slot(i), prepared.data() + i * space_.stride()});
    }
    SealOptions seal;
    seal.graph = true;
    seal.threads = options.threads;
    seal.ef_construction = options.ef_construction;
    const std::string path = folder_ + "/segment";
    seconds_ = CpuSeconds([&] {
      const auto report = SealRows(FileSystem::Posix(), path, space_, rows, seal);
      if (!report.ok()) Die(report.status());
    });
    auto segment = VectorSegment::Open(FileSystem::Posix(), path, space_.dimensions(), Metric::kCosine);
    if (!segment.ok()) Die(segment.status());
    segment_ = *segment;
    all_.addRange(0, set.rows.rows());
  }
  Sealed(const Sealed&) = delete;
  Sealed& operator=(const Sealed&) = delete;
  ~Sealed() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  const VectorSegment& segment() const { return *segment_; }
  double seconds() const { return seconds_; }

  Rows Nearest(std::span<const float> query, const SlotSet* allowed, const SegmentSearchOptions& options) const {
    const std::vector<float> prepared = space_.Prepare(query);
    TopHits top(kNearest);
    SearchSegment(segment_->rep(), prepared.data(), allowed == nullptr ? all_ : *allowed, {}, kNearest, options, top);
    Rows rows;
    for (const ScoredSlot& hit : std::move(top).Take()) rows.push_back(hit.slot.value);
    return rows;
  }

 private:
  VectorSpace space_;
  std::string folder_;
  double seconds_ = 0;
  SlotSet all_;
  std::shared_ptr<const VectorSegment> segment_;
};

// Rounds A B B A over all ef of both; without a peer of A alone.
void MeasureCurves(const VectorSet& set, const Options& options, const Sealed& sealed, HnswlibPeer* peer,
                   const std::string& our_name, const std::string& peer_name, VectorFigures* figures) {
  const std::vector<Rows> exact = ExactNearest(set, kNearest, {});
  const std::vector<size_t> efs = {16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512};
  std::vector<std::vector<Run>> ours(efs.size());
  std::vector<std::vector<Run>> theirs(efs.size());
  const auto run_ours = [&] {
    for (size_t i = 0; i < efs.size(); ++i) {
      ours[i].push_back(Measure(exact, [&](size_t query) {
        return sealed.Nearest(set.queries.Row(query), nullptr, {false, static_cast<uint32_t>(efs[i]), {}});
      }));
    }
  };
  const auto run_theirs = [&] {
    if (peer == nullptr) return;
    for (size_t i = 0; i < efs.size(); ++i) {
      theirs[i].push_back(
          Measure(exact, [&](size_t query) { return peer->Nearest(set.queries.Row(query), kNearest, efs[i]); }));
    }
  };
  for (size_t round = 0; round < options.rounds; ++round) {
    run_ours();
    run_theirs();
    run_theirs();
    run_ours();
  }
  for (size_t i = 0; i < efs.size(); ++i) figures->curves.push_back({our_name, efs[i], Median(ours[i])});
  if (peer == nullptr) return;
  for (size_t i = 0; i < efs.size(); ++i) figures->curves.push_back({peer_name, efs[i], Median(theirs[i])});
}

enum class FilterKind { kRandom, kAround, kAway };

const char* FilterName(FilterKind kind) {
  switch (kind) {
    case FilterKind::kRandom: return "random";
    case FilterKind::kAround: return "around the query";
    case FilterKind::kAway: return "away from the query";
  }
  return "";
}

// A share of the rows at random, or of the groups: the query's own among them, or not.
SlotSet MakeFilter(const VectorSet& set, size_t query, FilterKind kind, double share, std::mt19937_64& random) {
  std::uniform_real_distribution<double> uniform;
  SlotSet allowed;
  if (kind == FilterKind::kRandom) {
    for (uint32_t row = 0; row < set.rows.rows(); ++row) {
      if (uniform(random) < share) allowed.add(row);
    }
    return allowed;
  }
  std::vector<bool> chosen(set.groups);
  for (uint32_t group = 0; group < set.groups; ++group) chosen[group] = uniform(random) < share;
  chosen[set.query_group[query]] = kind == FilterKind::kAround;
  for (uint32_t row = 0; row < set.rows.rows(); ++row) {
    if (chosen[set.row_group[row]]) allowed.add(row);
  }
  return allowed;
}

const char* PlanName(VectorPlan plan) {
  switch (plan) {
    case VectorPlan::kGather: return "gather";
    case VectorPlan::kWalk: return "walk";
    case VectorPlan::kWalkPassing: return "two-hop walk";
  }
  return "";
}

void MeasureFilters(VectorSet set, const Options& options, const Sealed& sealed, VectorFigures* figures) {
  Vectors fewer(std::min(options.filtered_queries, set.queries.rows()), set.queries.dimensions());
  for (size_t i = 0; i < fewer.rows(); ++i)
    std::copy_n(set.queries.Row(i).data(), fewer.dimensions(), fewer.Row(i).data());
  set.queries = std::move(fewer);
  for (const FilterKind kind : {FilterKind::kRandom, FilterKind::kAround, FilterKind::kAway}) {
    for (const double share : {1.0, 0.9, 0.5, 0.3, 0.1, 0.05, 0.02, 0.01, 0.001, 0.0001}) {
      std::mt19937_64 random(options.seed + 77);
      std::vector<SlotSet> allowed;
      double matches = 0;
      for (size_t query = 0; query < set.queries.rows(); ++query) {
        allowed.push_back(MakeFilter(set, query, kind, share, random));
        allowed.back().runOptimize();
        matches += static_cast<double>(allowed.back().cardinality());
      }
      matches /= static_cast<double>(allowed.size());
      const std::vector<Rows> exact = ExactNearest(set, kNearest, allowed);
      const size_t ef = std::max<size_t>(2 * sealed.segment().report().ef, RescoredCount(kNearest));
      const VectorPlan planned = ChoosePlan(sealed.segment().rep(), static_cast<size_t>(matches), ef);
      const auto measure = [&](std::optional<VectorPlan> plan, const std::string& name) {
        std::vector<Run> runs;
        for (size_t round = 0; round < options.rounds; ++round) {
          runs.push_back(Measure(exact, [&](size_t query) {
            return sealed.Nearest(set.queries.Row(query), &allowed[query], {false, 0, plan});
          }));
        }
        figures->filters.push_back({FilterName(kind), share, matches, name, Median(runs)});
      };
      measure({}, PlanName(planned));
      if (!options.every_plan) continue;
      for (const VectorPlan plan : {VectorPlan::kGather, VectorPlan::kWalk, VectorPlan::kWalkPassing}) {
        if (share <= 0.001 || (plan == VectorPlan::kWalk && share < 0.1)) continue;
        measure(plan, fmt::format("({})", PlanName(plan)));
      }
    }
  }
}

int Main(const Options& options) {
  const VectorSet set = options.file.empty()
                            ? MixtureVectors(options.seed, options.vectors, options.queries, options.dimensions)
                            : FileVectors(options.file, options.dimensions, options.queries);
  VectorFigures figures;
  figures.machine = DescribeMachine();
  figures.data = set.name;
  figures.rows = set.rows.rows();
  figures.dimensions = set.rows.dimensions();
  figures.rounds = options.rounds;
  figures.build_threads = options.threads;

  const Sealed sealed(set, options);
  const VectorSegment& segment = sealed.segment();
  const auto rows = static_cast<double>(segment.rows());
  figures.our_build_seconds = sealed.seconds();
  figures.anonymous_bytes = static_cast<double>(segment.AnonymousBytes()) / rows;
  figures.mapped_bytes = static_cast<double>(segment.MappedBytes()) / rows;
  figures.sealed_recall = segment.report().graph_recall;
  figures.sealed_ef = segment.report().ef;
  figures.codes_suffice = segment.report().codes_suffice;

  std::unique_ptr<HnswlibPeer> peer;
  if (options.peer) {
    figures.peer_build_seconds =
        CpuSeconds([&] { peer = std::make_unique<HnswlibPeer>(set.rows, options.ef_construction, options.threads); });
  }
  MeasureCurves(set, options, sealed, peer.get(), "engram", "hnswlib", &figures);
  if (peer != nullptr && peer->MoveToHugePages()) {
    MeasureCurves(set, options, sealed, peer.get(), "engram again", "hnswlib on huge pages", &figures);
  }
  peer.reset();
  if (options.filters) MeasureFilters(set, options, sealed, &figures);
  PrintMarkdown(figures);
  if (!options.json.empty() && !WriteJson(figures, options.json)) Die(Unavailable("can't write " + options.json));
  return 0;
}

}  // namespace
}  // namespace engram::bench

int main(int argc, char** argv) {
  engram::bench::Options options;
  CLI::App app("Recall and speed of a vector segment beside stock hnswlib");
  app.add_option("--vectors", options.vectors, "how many to generate");
  app.add_option("--dimensions", options.dimensions);
  app.add_option("--queries", options.queries);
  app.add_option("--filtered-queries", options.filtered_queries, "for each line of the filter table");
  app.add_option("--rounds", options.rounds, "each A B B A");
  app.add_option("--threads", options.threads, "that build");
  app.add_option("--ef-construction", options.ef_construction);
  app.add_option("--seed", options.seed);
  app.add_option("--file", options.file, "32-bit floats without a header, instead of generated ones");
  app.add_option("--json", options.json, "where the figures are kept");
  app.add_flag("!--no-peer", options.peer, "engram alone");
  app.add_flag("!--no-filters", options.filters, "without the filter table");
  app.add_flag("--every-plan", options.every_plan, "the filter table by every plan, not only the planner's");
  CLI11_PARSE(app, argc, argv);
  return engram::bench::Main(options);
}

#include "bench/retrieval/vector_filters.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <set>

#include <fmt/format.h>

#include "bench/retrieval/vector_curves.h"

namespace engram::bench {
namespace {

enum class FilterKind { kRandom, kAround, kAway };

struct Filter {
  FilterKind kind;
  double share;  // of all rows
};

const char* NameOf(FilterKind kind) {
  switch (kind) {
    case FilterKind::kRandom: return "random";
    case FilterKind::kAround: return "around the query";
    case FilterKind::kAway: return "away from the query";
  }
  return "";
}

std::string NameOf(const std::vector<Filter>& filters) {
  std::string name;
  for (const Filter& filter : filters) {
    name += fmt::format("{}{} {:g} %", name.empty() ? "" : " and ", NameOf(filter.kind), 100 * filter.share);
  }
  return name;
}

// One filter each, then two at once.
std::vector<std::vector<Filter>> AllFilters() {
  std::vector<std::vector<Filter>> all;
  for (const FilterKind kind : {FilterKind::kRandom, FilterKind::kAround, FilterKind::kAway}) {
    for (const double share : {0.5, 0.1, 0.02, 0.01, 0.001, 0.0001}) all.push_back({{kind, share}});
  }
  all.push_back({{FilterKind::kRandom, 0.5}, {FilterKind::kRandom, 0.5}});
  all.push_back({{FilterKind::kRandom, 0.2}, {FilterKind::kRandom, 0.2}});
  all.push_back({{FilterKind::kAround, 0.1}, {FilterKind::kRandom, 0.1}});
  all.push_back({{FilterKind::kAway, 0.1}, {FilterKind::kRandom, 0.1}});
  all.push_back({{FilterKind::kRandom, 0.01}, {FilterKind::kRandom, 0.01}});
  return all;
}

// A share of the rows at random, or whole groups: the query's own among them, or not. A share that is less than one
// group takes part of one.
SlotSet MakeOne(const VectorSet& set, size_t query, const Filter& filter, std::mt19937_64& random) {
  std::uniform_real_distribution<double> uniform;
  SlotSet allowed;
  const auto count = static_cast<uint32_t>(set.rows.rows());
  if (filter.kind == FilterKind::kRandom) {
    for (uint32_t row = 0; row < count; ++row) {
      if (uniform(random) < filter.share) allowed.add(row);
    }
    return allowed;
  }
  const uint32_t own = set.query_group[query];
  const double groups = filter.share * set.groups;
  std::vector<uint32_t> order;
  for (uint32_t group = 0; group < set.groups; ++group) {
    if (group != own) order.push_back(group);
  }
  std::shuffle(order.begin(), order.end(), random);
  if (filter.kind == FilterKind::kAround) order.insert(order.begin(), own);
  order.resize(std::min(order.size(), std::max<size_t>(1, static_cast<size_t>(std::lround(groups)))));
  std::vector<bool> chosen(set.groups);
  for (const uint32_t group : order) chosen[group] = true;
  for (uint32_t row = 0; row < count; ++row) {
    if (chosen[set.row_group[row]] && (groups >= 1 || uniform(random) < groups)) allowed.add(row);
  }
  return allowed;
}

const char* NameOf(VectorPlan plan) {
  switch (plan) {
    case VectorPlan::kGather: return "gather";
    case VectorPlan::kWalk: return "walk";
    case VectorPlan::kWalkPassing: return "two-hop walk";
  }
  return "";
}

VectorSet WithFewerQueries(const VectorSet& set, size_t queries) {
  Vectors fewer(std::min(queries, set.queries.rows()), set.queries.dimensions());
  for (size_t i = 0; i < fewer.rows(); ++i) {
    std::copy_n(set.queries.Row(i).data(), fewer.dimensions(), fewer.Row(i).data());
  }
  VectorSet out = set;  // rows are shared
  out.queries = std::move(fewer);
  return out;
}

class FilterBench {
 public:
  FilterBench(const VectorSet& set, const VectorFolder& folder, const Sealed& sealed, const FilterOptions& options)
      : set_(WithFewerQueries(set, options.queries)), folder_(folder), sealed_(sealed), options_(options) {}

  std::vector<FilterLine> Run() {
    MeasureWithout();
    for (const std::vector<Filter>& filters : AllFilters()) MeasureOne(filters);
    return std::move(lines_);
  }

 private:
  size_t queries() const { return set_.queries.rows(); }

  void MeasureWithout() {
    const std::vector<Rows> exact =
        folder_.Exact(fmt::format("exact-of-{}", queries()), [&] { return ExactNearest(set_, kNearest, {}); });
    CurveRuns runs(
        exact, [&](size_t query, size_t ef) { return sealed_.Nearest(set_.queries.Row(query), nullptr, ef); },
        kNearest);
    for (size_t round = 0; round < options_.rounds; ++round) runs.Measure();
    without_ = runs.Points();
  }

  void MeasureOne(const std::vector<Filter>& filters) {
    std::mt19937_64 random(options_.seed + 77);
    std::vector<std::vector<SlotSet>> parts(queries());
    std::vector<SlotSet> allowed;
    double matches = 0;
    for (size_t query = 0; query < queries(); ++query) {
      for (const Filter& filter : filters) {
        parts[query].push_back(MakeOne(set_, query, filter, random));
        parts[query].back().runOptimize();
      }
      allowed.push_back(parts[query].front());
      for (const SlotSet& part : parts[query]) allowed.back() &= part;
      matches += static_cast<double>(allowed.back().cardinality()) / static_cast<double>(queries());
    }
    std::string name = fmt::format("exact-of-{}-seed{}-{}", queries(), options_.seed, NameOf(filters));
    std::replace(name.begin(), name.end(), ' ', '_');
    const std::vector<Rows> exact = folder_.Exact(name, [&] { return ExactNearest(set_, kNearest, allowed); });
    const auto measure = [&](std::optional<VectorPlan> plan, const std::string& plan_name) {
      std::set<size_t> fewer;
      std::vector<bench::Run> runs;
      for (size_t round = 0; round < options_.rounds; ++round) {
        runs.push_back(Measure(exact, [&](size_t query) {
          const std::vector<SlotSet>& of_query = parts[query];
          Rows rows;
          if (of_query.size() == 1) {
            rows = sealed_.Nearest(set_.queries.Row(query), &of_query[0], 0, plan);
          } else {
            const SlotSet both = of_query[0] & of_query[1];
            rows = sealed_.Nearest(set_.queries.Row(query), &both, 0, plan);
          }
          if (rows.size() < exact[query].size()) fewer.insert(query);
          return rows;
        }));
      }
      const bench::Run run = Median(runs);
      const auto without = ReachRecall(without_, run.recall);
      lines_.push_back({NameOf(filters), matches, plan_name, run, fewer.size(),
                        (without ? without->point : without_.back()).run.p50_us});
    };
    const size_t ef = std::max<size_t>(sealed_.segment().report().ef, RescoredCount(kNearest));
    measure({}, NameOf(ChoosePlan(sealed_.segment().rep(), static_cast<size_t>(matches), ef)));
    if (!options_.every_plan) return;
    const double share = matches / static_cast<double>(set_.rows.rows());
    for (const VectorPlan plan : {VectorPlan::kGather, VectorPlan::kWalk, VectorPlan::kWalkPassing}) {
      if (share <= 0.001 || (plan == VectorPlan::kWalk && share < 0.1)) continue;
      measure(plan, fmt::format("({})", NameOf(plan)));
    }
  }

  const VectorSet set_;
  const VectorFolder& folder_;
  const Sealed& sealed_;
  const FilterOptions options_;
  std::vector<CurvePoint> without_;
  std::vector<FilterLine> lines_;
};

}  // namespace

std::vector<FilterLine> MeasureFilters(const VectorSet& set, const VectorFolder& folder, const Sealed& sealed,
                                       const FilterOptions& options) {
  return FilterBench(set, folder, sealed, options).Run();
}

}  // namespace engram::bench

#include "bench/retrieval/vector_sealed.h"

#include <chrono>
#include <ctime>

#include <fmt/format.h>

#include "index/vector/vector_sealer.h"

namespace engram::bench {
namespace {

[[noreturn]] void DieOf(const Status& status) {
  fmt::print(stderr, "vector: {}\n", status.ToString());
  std::exit(1);
}

}  // namespace

BuildCost Timed(size_t threads, const std::function<void()>& work) {
  const auto wall = std::chrono::steady_clock::now();
  timespec begin{};
  timespec end{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
  work();
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
  return {threads,
          static_cast<double>(end.tv_sec - begin.tv_sec) + 1e-9 * static_cast<double>(end.tv_nsec - begin.tv_nsec),
          std::chrono::duration<double>(std::chrono::steady_clock::now() - wall).count(), false};
}

Sealed::Sealed(const VectorSet& set, const VectorFolder& folder, const PeerBuild& build)
    : space_(static_cast<uint32_t>(set.rows.dimensions()), Metric::kCosine) {
  const std::string name = fmt::format("engram-efc{}", build.ef_construction);
  if (const auto earlier = folder.Earlier(name)) {
    cost_ = *earlier;
  } else {
    // Unit vectors are prepared already, where rows have no padding.
    const bool as_they_are = space_.stride() == space_.dimensions();
    std::vector<float> prepared(as_they_are ? 0 : set.rows.rows() * space_.stride());
    std::vector<PreparedRow> rows;
    for (uint32_t i = 0; i < set.rows.rows(); ++i) {
      if (!as_they_are) space_.PrepareInto(set.rows.Row(i), prepared.data() + i * space_.stride());
      rows.push_back({Slot(i), as_they_are ? set.rows.Row(i).data() : prepared.data() + i * space_.stride()});
    }
    SealOptions seal;
    seal.graph = true;
    seal.threads = build.threads;
    seal.ef_construction = build.ef_construction;
    cost_ = Timed(build.threads, [&] {
      const auto report = SealRows(FileSystem::Posix(), folder.Path(name), space_, rows, seal);
      if (!report.ok()) DieOf(report.status());
    });
    folder.Keep(name, cost_);
  }
  auto segment = VectorSegment::Open(FileSystem::Posix(), folder.Path(name), space_.dimensions(), Metric::kCosine);
  if (!segment.ok()) DieOf(segment.status());
  segment_ = *segment;
  all_.addRange(0, set.rows.rows());
}

Rows Sealed::Nearest(std::span<const float> query, const SlotSet* allowed, size_t ef,
                     std::optional<VectorPlan> plan) const {
  const std::vector<float> prepared = space_.Prepare(query);
  TopHits top(kNearest);
  SegmentSearchOptions options;
  options.ef = static_cast<uint32_t>(ef);
  options.plan = plan;
  SearchSegment(segment_->rep(), prepared.data(), allowed == nullptr ? all_ : *allowed, {}, kNearest, options, top);
  Rows rows;
  for (const ScoredSlot& hit : std::move(top).Take()) rows.push_back(hit.slot.value);
  return rows;
}

}  // namespace engram::bench

// Any bytes as a segment of vectors: refused when it is opened, or searched by every plan without reading outside of
// it.
#include <array>
#include <string>
#include <vector>

#include "base/check.h"
#include "fuzz/input.h"
#include "fuzz/segment_repair.h"
#include "index/vector/vector_segment_rep.h"
#include "index/vector/vector_segment_search.h"

namespace engram {
namespace {

constexpr uint32_t kDimensions = 8;
constexpr size_t kTop = 5;

void Search(const VectorSegment& segment, Metric metric) {
  SlotSet allowed;
  segment.AddSlotsTo(&allowed);
  const std::vector<float> query =
      VectorSpace(kDimensions, metric).Prepare(std::vector<float>{1, 0, 0.5F, 0, -1, 0, 0.25F, 0});
  std::vector<float> padded(segment.rep().space.stride());
  std::copy_n(query.begin(), std::min(query.size(), padded.size()), padded.begin());
  for (const bool exact : {true, false}) {
    for (const VectorPlan plan : {VectorPlan::kGather, VectorPlan::kWalk, VectorPlan::kWalkPassing}) {
      if (plan != VectorPlan::kGather && (exact || !segment.rep().has_graph())) continue;
      TopHits top(kTop);
      SearchSegment(segment.rep(), padded.data(), allowed, {}, kTop, {.exact = exact, .ef = 20, .plan = plan}, top);
      const std::vector<ScoredSlot> hits = std::move(top).Take();
      ENGRAM_CHECK(hits.size() <= kTop);
      for (const ScoredSlot& hit : hits) ENGRAM_CHECK(allowed.contains(hit.slot.value));
    }
  }
  (void)segment.Damage();
}

}  // namespace
}  // namespace engram

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {  // NOLINT: its name
  using namespace engram;                                                  // NOLINT: a file of one function
  ForEachReading(FuzzInput(data, size).rest(), [](const FileSystem& files, const std::string& path) {
    for (const Metric metric : {Metric::kCosine, Metric::kDot, Metric::kL2}) {
      const auto segment = VectorSegment::Open(files, path, kDimensions, metric);
      if (segment.ok()) Search(**segment, metric);
    }
  });
  return 0;
}

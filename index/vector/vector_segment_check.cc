#include "index/vector/vector_segment_check.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "index/vector/vector_index.h"
#include "index/vector/vector_segment_rep.h"

namespace engram {
namespace {

constexpr size_t kFaultsMax = 100;
// Kernels add in different orders.
constexpr double kRounding = 1e-5;
constexpr int kCodeRounding = 1;

void CheckLinks(std::span<const uint32_t> links, size_t per_node, std::string_view level,
                std::vector<GraphFault>* faults) {
  for (size_t node = 0; node * per_node < links.size() && faults->size() < kFaultsMax; ++node) {
    std::vector<uint32_t> own;
    for (const uint32_t link : links.subspan(node * per_node, per_node)) {
      if (link == kNoLink) break;
      own.push_back(link);
    }
    std::sort(own.begin(), own.end());
    const bool twice = std::adjacent_find(own.begin(), own.end()) != own.end();
    const bool itself = std::binary_search(own.begin(), own.end(), static_cast<uint32_t>(node));
    if (itself) faults->push_back({GraphFault::Kind::kBadLink, fmt::format("{}: {} is linked to itself", level, node)});
    if (twice) faults->push_back({GraphFault::Kind::kBadLink, fmt::format("{}: {} has a link twice", level, node)});
  }
}

std::vector<bool> Reach(const Graph& graph, size_t rows) {
  std::vector<bool> reached(rows);
  std::vector<uint32_t> waiting{graph.upper.empty() ? graph.entry : graph.upper.back().rows[graph.entry]};
  reached[waiting.back()] = true;
  while (!waiting.empty()) {
    const uint32_t row = waiting.back();
    waiting.pop_back();
    for (const uint32_t link : graph.Links0(row)) {
      if (link == kNoLink) break;
      if (reached[link]) continue;
      reached[link] = true;
      waiting.push_back(link);
    }
  }
  return reached;
}

}  // namespace

std::vector<GraphFault> CheckGraph(const VectorSegment& segment) {
  std::vector<GraphFault> faults;
  const auto& rep = segment.rep();
  if (!rep.has_graph()) return faults;
  CheckLinks(rep.graph->links0, kGraphLinks0, "level 0", &faults);
  for (size_t level = 0; level < rep.graph->upper.size(); ++level) {
    CheckLinks(rep.graph->upper[level].links, kGraphLinks, fmt::format("level {}", level + 1), &faults);
  }
  const std::vector<bool> reached = Reach(*rep.graph, rep.rows());
  for (size_t row = 0; row < reached.size() && faults.size() < kFaultsMax; ++row) {
    if (reached[row]) continue;
    faults.push_back({GraphFault::Kind::kUnreachable, fmt::format("slot {} is not reached", rep.slots[row])});
  }
  return faults;
}

std::optional<std::string> DifferenceFrom(const VectorSegment& segment, Slot slot, std::span<const float> vector) {
  const auto& rep = segment.rep();
  const auto row = rep.Find(slot);
  if (!row) return "there is none";
  if (vector.size() != rep.space.dimensions()) {
    return fmt::format("{} dimensions, not {}", rep.space.dimensions(), vector.size());
  }
  const float* held = rep.Row(*row);
  if (held == nullptr) return "its bytes are damaged";
  std::vector<float> wanted(rep.space.stride());
  rep.space.PrepareInto(vector, wanted.data());
  for (size_t d = 0; d < rep.space.stride(); ++d) {
    const double apart = std::fabs(double{held[d]} - double{wanted[d]});
    if (!(apart <= kRounding * std::max(1.0, std::fabs(double{wanted[d]})))) {
      return fmt::format("component {} is {}, not {}", d, held[d], wanted[d]);
    }
  }
  std::vector<int8_t> codes(rep.quantizer.code_bytes());
  const float length = rep.quantizer.Encode(wanted.data(), codes.data());
  const int8_t* held_codes = rep.codes + *row * codes.size();
  for (size_t d = 0; d < codes.size(); ++d) {
    if (std::abs(held_codes[d] - codes[d]) > kCodeRounding) {
      return fmt::format("code {} is {}, not {}", d, held_codes[d], codes[d]);
    }
  }
  const bool length_differs =
      rep.lengths != nullptr && !(std::fabs(rep.lengths[*row] - length) <= kRounding * std::max(1.0F, length));
  if (length_differs) return fmt::format("its length is {}, not {}", rep.lengths[*row], length);
  return std::nullopt;
}

Result<SelfFound> FindThemselves(const std::shared_ptr<const VectorSegment>& segment, const SlotSet& live,
                                 size_t sample) {
  const auto& rep = segment->rep();
  VectorIndex index(rep.space.dimensions(), rep.space.metric());
  index.Attach(segment);
  const VectorView view = index.View();
  SlotSet all;
  segment->AddSlotsTo(&all);
  SelfFound self;
  const size_t step = std::max<size_t>(1, rep.rows() / sample);
  for (size_t row = 0; row < rep.rows(); row += step) {
    const Slot slot(rep.slots[row]);
    if (!live.contains(slot.value)) continue;
    const float* vector = rep.Row(static_cast<uint32_t>(row));
    if (vector == nullptr) break;
    const std::span<const float> query(vector, rep.space.dimensions());
    const auto nearest = view.Top(query, all, 10);
    const double own = view.Similarity(slot, slot).value_or(0);
    // Others may be just as near, or under dot nearer.
    const bool found = std::any_of(nearest.begin(), nearest.end(),
                                   [&](const ScoredSlot& hit) { return hit.slot == slot || hit.score >= own; });
    ++self.asked;
    if (found) ++self.found;
  }
  RETURN_IF_ERROR(segment->Damage());
  return self;
}

Status CheckBytes(const VectorSegment& segment) { return segment.rep().file->CheckAll(); }

}  // namespace engram

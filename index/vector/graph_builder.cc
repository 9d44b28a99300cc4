#include "index/vector/graph_builder.h"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstring>
#include <thread>

#include <hnswlib/hnswlib.h>

#include "base/check.h"
#include "base/mutex.h"
#include "index/vector/graph_walk.h"

namespace engram {
namespace {

// The element that hnswlib keeps of a row, and how far apart two are.
class CodeSpace final : public hnswlib::SpaceInterface<float> {
 public:
  explicit CodeSpace(const CodedRows& coded) : coded_(coded) {}

  size_t get_data_size() override { return code_bytes() + (coded_.lengths == nullptr ? 0 : sizeof(float)); }
  hnswlib::DISTFUNC<float> get_dist_func() override { return Distance; }
  void* get_dist_func_param() override { return this; }

  void Fill(size_t row, char* element) const {
    std::memcpy(element, coded_.codes + row * code_bytes(), code_bytes());
    if (coded_.lengths != nullptr) std::memcpy(element + code_bytes(), coded_.lengths + row, sizeof(float));
  }

 private:
  size_t code_bytes() const { return coded_.quantizer->code_bytes(); }

  float Length(const void* element) const {
    float length = 1;
    if (coded_.lengths != nullptr) {
      std::memcpy(&length, static_cast<const char*>(element) + code_bytes(), sizeof(length));
    }
    return length;
  }

  static float Distance(const void* a, const void* b, const void* param) {
    const auto* space = static_cast<const CodeSpace*>(param);
    return space->coded_.quantizer->Distance(static_cast<const int8_t*>(a), space->Length(a),
                                             static_cast<const int8_t*>(b), space->Length(b));
  }

  CodedRows coded_;
};

// Under l2 the squared distance, which orders alike.
class FloatSpace final : public hnswlib::SpaceInterface<float> {
 public:
  explicit FloatSpace(const FloatRows& floats) : floats_(floats) {}

  size_t get_data_size() override { return floats_.space->stride() * sizeof(float); }
  hnswlib::DISTFUNC<float> get_dist_func() override { return Distance; }
  void* get_dist_func_param() override { return this; }

  void Fill(size_t row, char* element) const { std::memcpy(element, floats_.rows[row], floats_.space->stride() * 4); }

 private:
  static float Distance(const void* a, const void* b, const void* param) {
    const auto* space = static_cast<const FloatSpace*>(param)->floats_.space;
    return static_cast<float>(-space->Similarity(static_cast<const float*>(a), static_cast<const float*>(b)));
  }

  FloatRows floats_;
};

// A uniform number in (0, 1] by row: SplitMix64's mixing of the row's number.
double Uniform(uint64_t row) {
  uint64_t z = (row + 1) * 0x9E3779B97F4A7C15U;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
  z ^= z >> 31;
  return (static_cast<double>(z >> 11) + 1) * 0x1p-53;
}

int LevelOf(size_t row) { return static_cast<int>(-std::log(Uniform(row)) / std::log(double{kGraphLinks})); }

// hnswlib's graph and its choice of neighbours, with an insertion of our own around them. Its addPoint draws
// levels from one generator that no lock guards, and reads an entry point that others may be moving: here
// levels follow from the row, and the row of the highest level comes first, so that the entry never moves. The
// search for neighbours is our walk's: it asks for codes ahead of use and holds a row's lock only while it
// copies the links.
class Builder : public hnswlib::HierarchicalNSW<float> {
 public:
  Builder(hnswlib::SpaceInterface<float>* space, size_t rows, size_t ef_construction)
      : hnswlib::HierarchicalNSW<float>(space, rows, kGraphLinks, ef_construction) {
    cur_element_count = rows;  // which are freed in the end; the ones not inserted have level 0
    // Whole pages inside the block that malloc mapped for it: less time on address translation.
    constexpr uintptr_t kPage = 4096;
    const uintptr_t begin = (reinterpret_cast<uintptr_t>(data_level0_memory_) + kPage - 1) / kPage * kPage;
    const uintptr_t end = reinterpret_cast<uintptr_t>(data_level0_memory_) + rows * size_data_per_element_;
    if (begin + kPage < end) ::madvise(reinterpret_cast<void*>(begin), (end - begin) / kPage * kPage, MADV_HUGEPAGE);
  }

  template <class Space>
  void InsertFirst(const Space& space, size_t row) {
    Place(space, row);
    enterpoint_node_ = static_cast<hnswlib::tableint>(row);
    maxlevel_ = element_levels_[row];
  }

  // Thread-safe for different rows.
  template <class Space>
  void Insert(const Space& space, size_t row) {
    const auto id = static_cast<hnswlib::tableint>(row);
    // Held to the end: nobody reads its links before they are complete, level by level.
    const std::unique_lock<std::mutex> lock(link_list_locks_[id]);
    Place(space, row);
    const char* data = getDataByInternalId(id);
    const int level = element_levels_[id];
    hnswlib::tableint at = enterpoint_node_;
    for (int above = maxlevel_; above > level; --above) at = Nearest(data, at, above);
    for (int here = level; here >= 0; --here) {
      Nearby candidates = Candidates(data, at, here);
      at = mutuallyConnectNewElement(data, id, candidates, here, false);
    }
  }

  BuiltGraph Seal() const {
    const size_t rows = cur_element_count;
    BuiltGraph graph;
    graph.links0.reserve(rows * kGraphLinks0);
    for (size_t row = 0; row < rows; ++row) AppendLinks(row, 0, kGraphLinks0, {}, &graph.links0);
    std::vector<uint32_t> numbers_below;  // by row; empty where they are the rows themselves
    for (int level = 1; level <= maxlevel_; ++level) {
      BuiltGraph::Level sealed;
      std::vector<uint32_t> numbers(rows, kNoLink);
      for (size_t row = 0; row < rows; ++row) {
        if (element_levels_[row] < level) continue;
        numbers[row] = static_cast<uint32_t>(sealed.rows.size());
        sealed.rows.push_back(static_cast<uint32_t>(row));
        sealed.down.push_back(numbers_below.empty() ? static_cast<uint32_t>(row) : numbers_below[row]);
      }
      for (const uint32_t row : sealed.rows) AppendLinks(row, level, kGraphLinks, numbers, &sealed.links);
      graph.upper.push_back(std::move(sealed));
      numbers_below = std::move(numbers);
    }
    graph.entry = numbers_below.empty() ? enterpoint_node_ : numbers_below[enterpoint_node_];
    return graph;
  }

 private:
  template <class Space>
  void Place(const Space& space, size_t row) {
    const auto id = static_cast<hnswlib::tableint>(row);
    const int level = LevelOf(row);
    element_levels_[id] = level;
    std::memset(reinterpret_cast<char*>(get_linklist0(id)), 0, size_links_level0_);
    space.Fill(row, getDataByInternalId(id));
    if (level == 0) return;
    // Freed by the base class.
    linkLists_[id] = static_cast<char*>(std::calloc(static_cast<size_t>(level), size_links_per_element_));
    if (linkLists_[id] == nullptr) throw std::bad_alloc();
  }

  struct ElementScorer {
    float operator()(uint32_t row) const {
      return -builder.fstdistfunc_(data, builder.getDataByInternalId(row), builder.dist_func_param_);
    }
    void Prefetch(uint32_t row) const { PrefetchBytes(builder.getDataByInternalId(row), builder.data_size_); }

    const Builder& builder;
    const char* data;
  };

  // As mutuallyConnectNewElement takes them: the farthest on top.
  using Nearby = std::priority_queue<std::pair<float, hnswlib::tableint>,
                                     std::vector<std::pair<float, hnswlib::tableint>>, CompareByFirst>;

  // The ef_construction nearest that a search of one level from `at` finds.
  Nearby Candidates(const char* data, hnswlib::tableint at, int level) {
    VisitedRows& visited = VisitedRows::Begin(max_elements_);
    CandidatePool pool(ef_construction_);
    const ElementScorer scorer{*this, data};
    visited.Mark(at);
    pool.Offer(scorer(at), at);
    std::array<uint32_t, kGraphLinks0> fresh;
    for (uint32_t row = 0; pool.TakeNext(&row);) {
      size_t n = 0;
      {
        const std::unique_lock<std::mutex> lock(link_list_locks_[row]);
        hnswlib::linklistsizeint* list = get_linklist_at_level(row, level);
        const hnswlib::tableint* links = list + 1;
        for (size_t i = 0, count = getListCount(list); i < count; ++i) {
          if (visited.Mark(links[i])) fresh[n++] = links[i];
        }
      }
      ScoreRows(scorer, fresh.data(), n, [&](uint32_t neighbour, float score) { pool.Offer(score, neighbour); });
    }
    std::vector<std::pair<float, hnswlib::tableint>> nearest;
    for (size_t i = 0; i < pool.size(); ++i) nearest.emplace_back(-pool.ScoreAt(i), pool.RowAt(i));
    return Nearby(CompareByFirst(), std::move(nearest));
  }

  // The end of the path that always goes on to the nearest neighbour.
  hnswlib::tableint Nearest(const char* data, hnswlib::tableint at, int level) {
    float distance = fstdistfunc_(data, getDataByInternalId(at), dist_func_param_);
    for (bool moved = true; moved;) {
      moved = false;
      const std::unique_lock<std::mutex> lock(link_list_locks_[at]);
      hnswlib::linklistsizeint* list = get_linklist(at, level);
      const hnswlib::tableint* links = list + 1;
      for (size_t i = 0, n = getListCount(list); i < n; ++i) {
        const float other = fstdistfunc_(data, getDataByInternalId(links[i]), dist_func_param_);
        if (other < distance) {
          distance = other;
          at = links[i];
          moved = true;
        }
      }
    }
    return at;
  }

  void AppendLinks(size_t row, int level, size_t width, std::span<const uint32_t> numbers,
                   std::vector<uint32_t>* out) const {
    hnswlib::linklistsizeint* list = get_linklist_at_level(static_cast<hnswlib::tableint>(row), level);
    const hnswlib::tableint* links = list + 1;
    const size_t n = getListCount(list);
    ENGRAM_CHECK(n <= width);
    for (size_t i = 0; i < n; ++i) out->push_back(numbers.empty() ? links[i] : numbers[links[i]]);
    out->insert(out->end(), width - n, kNoLink);
  }
};

template <class Space>
std::optional<BuiltGraph> Build(Space& space, size_t rows, const GraphOptions& options) {
  ENGRAM_CHECK(1 <= rows && rows < size_t{1} << 31);
  Builder builder(&space, rows, options.ef_construction);
  size_t first = 0;
  for (size_t row = 0; row < rows; ++row) {
    if (LevelOf(row) > LevelOf(first)) first = row;
  }
  builder.InsertFirst(space, first);

  constexpr size_t kReportEvery = 256;
  std::atomic<size_t> next = 0;
  std::atomic<bool> stopped = false;
  Mutex progress_mutex;
  const auto work = [&] {
    for (size_t row = next++; row < rows && !stopped; row = next++) {
      if (row != first) builder.Insert(space, row);
      if (!options.progress || row % kReportEvery != 0) continue;
      const MutexLock lock(progress_mutex);
      if (!options.progress(row)) stopped = true;
    }
  };
  std::vector<std::thread> others;
  for (size_t i = 1; i < options.threads; ++i) others.emplace_back(work);
  work();
  for (std::thread& other : others) other.join();
  if (stopped) return std::nullopt;
  return builder.Seal();
}

}  // namespace

std::optional<BuiltGraph> BuildGraph(const CodedRows& coded, size_t rows, const GraphOptions& options) {
  CodeSpace space(coded);
  return Build(space, rows, options);
}

std::optional<BuiltGraph> BuildGraph(const FloatRows& floats, const GraphOptions& options) {
  FloatSpace space(floats);
  return Build(space, floats.rows.size(), options);
}

}  // namespace engram

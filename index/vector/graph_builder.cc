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
#include "index/vector/graph_copy.h"
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

int DrawLevel(size_t row, uint64_t seed) {
  return static_cast<int>(-std::log(Uniform(row + (seed << 32))) / std::log(double{kGraphLinks}));
}

// In the place of a lock where nobody else is about.
struct NoLock {
  explicit NoLock(std::mutex& /*mutex*/) {}
};
using RowLock = std::unique_lock<std::mutex>;

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

  int top_level() const { return maxlevel_; }

  // A row without links. Thread-safe for different rows.
  template <class Space>
  void Place(const Space& space, size_t row, int level) {
    const auto id = static_cast<hnswlib::tableint>(row);
    element_levels_[id] = level;
    std::memset(reinterpret_cast<char*>(get_linklist0(id)), 0, size_links_level0_);
    space.Fill(row, getDataByInternalId(id));
    if (level == 0) return;
    // Freed by the base class.
    linkLists_[id] = static_cast<char*>(std::calloc(static_cast<size_t>(level), size_links_per_element_));
    if (linkLists_[id] == nullptr) throw std::bad_alloc();
  }

  // The row that all searches start from. REQUIRES: it is placed, and of the highest level of all.
  void SetEntry(size_t row) {
    enterpoint_node_ = static_cast<hnswlib::tableint>(row);
    maxlevel_ = element_levels_[row];
  }

  // Gives a row that is placed the links it has in the copied graph, and where dead ones were lost others. Whether
  // that are half as many as before. Thread-safe for different rows.
  bool CopyLinks(const GraphCopy& copy, uint32_t row) {
    const auto distance = [this](uint32_t a, uint32_t b) { return Distance(a, b); };
    const uint32_t id = copy.NumberOf(row);
    for (int level = 0; level <= copy.LevelOf(row); ++level) {
      SetLinks(id, level, copy.Links(row, level, distance));
    }
    return 2 * getListCount(get_linklist0(id)) >= copy.LinkCount(row, 0);
  }

  // Connects a row that is placed. With RowLock thread-safe for different rows.
  template <class Lock>
  void Insert(size_t row) {
    const auto id = static_cast<hnswlib::tableint>(row);
    // Held to the end: nobody reads its links before they are complete, level by level.
    const Lock lock(link_list_locks_[id]);
    const char* data = getDataByInternalId(id);
    const int level = element_levels_[id];
    hnswlib::tableint at = enterpoint_node_;
    for (int above = maxlevel_; above > level; --above) at = Nearest<Lock>(data, at, above);
    for (int here = std::min(level, maxlevel_); here >= 0; --here) {
      Nearby candidates(CompareByFirst(), Candidates<Lock>(data, at, here));
      at = mutuallyConnectNewElement(data, id, candidates, here, false);
    }
  }

  // Connects a row on level 0 again, with what is found from another. Confined to one thread.
  void Reinsert(uint32_t row, uint32_t from) {
    std::vector<Neighbour> candidates = Candidates<NoLock>(getDataByInternalId(row), from, 0);
    std::erase_if(candidates, [&](const Neighbour& candidate) { return candidate.second == row; });
    Nearby nearby(CompareByFirst(), std::move(candidates));
    mutuallyConnectNewElement(getDataByInternalId(row), row, nearby, 0, true);
  }

  // The choice of neighbours may leave a row that no other chose. Such rows get a link from a row near by, so that all
  // can be reached from the entry on level 0, unless `go_on()` says no. Confined to one thread.
  template <class GoOn>
  void LinkUnreached(const GoOn& go_on) {
    const auto rows = static_cast<uint32_t>(cur_element_count);
    std::vector<uint32_t> from(rows, kNoLink);  // by row: which it was first reached from
    Reach(enterpoint_node_, enterpoint_node_, &from);
    for (uint32_t row = 0; row < rows; ++row) {
      if (from[row] != kNoLink) continue;
      if (!go_on()) return;
      Reach(row, LinkFromNear(row, from), &from);
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
  using Neighbour = std::pair<float, hnswlib::tableint>;
  // As mutuallyConnectNewElement takes them: the farthest on top.
  using Nearby = std::priority_queue<Neighbour, std::vector<Neighbour>, CompareByFirst>;

  struct ElementScorer {
    float operator()(uint32_t row) const {
      return -builder.fstdistfunc_(data, builder.getDataByInternalId(row), builder.dist_func_param_);
    }
    void Prefetch(uint32_t row) const { PrefetchBytes(builder.getDataByInternalId(row), builder.data_size_); }

    const Builder& builder;
    const char* data;
  };

  float Distance(uint32_t a, uint32_t b) const {
    return fstdistfunc_(getDataByInternalId(a), getDataByInternalId(b), dist_func_param_);
  }

  std::span<hnswlib::tableint> LinksOf(uint32_t row, int level) const {
    hnswlib::linklistsizeint* list = get_linklist_at_level(row, level);
    return {list + 1, getListCount(list)};
  }

  void SetLinks(uint32_t row, int level, const std::vector<uint32_t>& links) {
    hnswlib::linklistsizeint* list = get_linklist_at_level(row, level);
    std::copy(links.begin(), links.end(), list + 1);
    setListCount(list, static_cast<uint16_t>(links.size()));
  }

  // The ef_construction nearest that a search of one level from `at` finds, nearest first.
  template <class Lock>
  std::vector<Neighbour> Candidates(const char* data, hnswlib::tableint at, int level) {
    VisitedRows& visited = VisitedRows::Begin(max_elements_);
    CandidatePool pool(ef_construction_);
    const ElementScorer scorer{*this, data};
    visited.Mark(at);
    pool.Offer(scorer(at), at);
    std::array<uint32_t, kGraphLinks0> fresh;
    for (uint32_t row = 0; pool.TakeNext(&row);) {
      size_t n = 0;
      {
        const Lock lock(link_list_locks_[row]);
        for (const uint32_t link : LinksOf(row, level)) {
          if (visited.Mark(link)) fresh[n++] = link;
        }
      }
      ScoreRows(scorer, fresh.data(), n, [&](uint32_t neighbour, float score) { pool.Offer(score, neighbour); });
    }
    std::vector<Neighbour> nearest;
    nearest.reserve(pool.size());
    for (size_t i = 0; i < pool.size(); ++i) nearest.emplace_back(-pool.ScoreAt(i), pool.RowAt(i));
    return nearest;
  }

  // The end of the path that always goes on to the nearest neighbour.
  template <class Lock>
  hnswlib::tableint Nearest(const char* data, hnswlib::tableint at, int level) {
    float distance = fstdistfunc_(data, getDataByInternalId(at), dist_func_param_);
    for (bool moved = true; moved;) {
      moved = false;
      const Lock lock(link_list_locks_[at]);
      for (const uint32_t link : LinksOf(at, level)) {
        const float other = fstdistfunc_(data, getDataByInternalId(link), dist_func_param_);
        if (other < distance) {
          distance = other;
          at = link;
          moved = true;
        }
      }
    }
    return at;
  }

  // Notes of all that can be reached from `row` and was not before whence it was; of the row itself that it was
  // from `first`.
  void Reach(uint32_t row, uint32_t first, std::vector<uint32_t>* from) const {
    (*from)[row] = first;
    for (std::vector<uint32_t> waiting = {row}; !waiting.empty();) {
      const uint32_t at = waiting.back();
      waiting.pop_back();
      for (const uint32_t link : LinksOf(at, 0)) {
        if ((*from)[link] != kNoLink) continue;
        (*from)[link] = at;
        waiting.push_back(link);
      }
    }
  }

  // Links to a row from the nearest that was reached and has room. Where all near are full the link takes the place of
  // one that nothing was first reached by. Returns the row it is from.
  uint32_t LinkFromNear(uint32_t row, const std::vector<uint32_t>& from) {
    const auto near = Candidates<NoLock>(getDataByInternalId(row), enterpoint_node_, 0);
    const auto append = [&](uint32_t other) {
      const size_t n = LinksOf(other, 0).size();
      if (n == kGraphLinks0) return false;
      setListCount(get_linklist0(other), static_cast<uint16_t>(n + 1));
      LinksOf(other, 0).back() = row;
      return true;
    };
    const auto replace = [&](uint32_t other) {
      const std::span<hnswlib::tableint> links = LinksOf(other, 0);
      const auto spare = std::find_if(links.begin(), links.end(), [&](uint32_t link) { return from[link] != other; });
      if (spare == links.end()) return false;
      *spare = row;
      return true;
    };
    for (const auto& [distance, other] : near) {
      if (append(other)) return other;
    }
    for (const auto& [distance, other] : near) {
      if (replace(other)) return other;
    }
    for (uint32_t other = 0; other < from.size(); ++other) {
      if (from[other] != kNoLink && (append(other) || replace(other))) return other;
    }
    ENGRAM_CHECK(false);  // one was reached that nothing was first reached by
  }

  void AppendLinks(size_t row, int level, size_t width, std::span<const uint32_t> numbers,
                   std::vector<uint32_t>* out) const {
    const std::span<const hnswlib::tableint> links = LinksOf(static_cast<uint32_t>(row), level);
    ENGRAM_CHECK(links.size() <= width);
    for (const uint32_t link : links) out->push_back(numbers.empty() ? link : numbers[link]);
    out->insert(out->end(), width - links.size(), kNoLink);
  }
};

// Spreads work over threads until progress, whichever of them makes it, is told to stop.
class Crew {
 public:
  explicit Crew(const GraphOptions& options) : options_(options) {}

  bool stopped() const { return stopped_; }

  // Calls `work(i)` for each i below n, all of which is the whole's share between `from` and `to`.
  template <class Work>
  void ForEach(size_t n, double from, double to, const Work& work) {
    std::atomic<size_t> next = 0;
    const auto take = [&] {
      for (size_t i = next++; i < n && !stopped_; i = next++) {
        work(i);
        if (i % kReportEvery == 0) GoOn(from + (to - from) * static_cast<double>(i) / static_cast<double>(n));
      }
    };
    std::vector<std::thread> others;
    for (size_t i = 1; i < options_.threads; ++i) others.emplace_back(take);
    take();
    for (std::thread& other : others) other.join();
  }

  // Tells that so much is done; false when that's enough.
  bool GoOn(double share) {
    if (!options_.progress || stopped_) return !stopped_;
    const MutexLock lock(mutex_);
    reported_ = std::max(reported_, share);
    if (!options_.progress(reported_)) stopped_ = true;
    return !stopped_;
  }

 private:
  static constexpr size_t kReportEvery = 256;

  const GraphOptions& options_;
  std::atomic<bool> stopped_ = false;
  Mutex mutex_;
  double reported_ GUARDED_BY(mutex_) = 0;
};

// What copying a row costs of what inserting it would.
constexpr double kCopyCost = 0.06;

// The rows that are not copied.
std::vector<uint32_t> RowsBeside(const GraphBase* base, size_t rows) {
  std::vector<bool> copied(rows);
  if (base != nullptr) {
    for (const uint32_t row : base->rows) {
      if (row != kNoLink) copied[row] = true;
    }
  }
  std::vector<uint32_t> others;
  for (uint32_t row = 0; row < rows; ++row) {
    if (!copied[row]) others.push_back(row);
  }
  return others;
}

// Makes the builder's graph what lives of the base. Half done when it was stopped, as the crew says; false when so much
// is dead that no row kept half of its links.
template <class Space>
bool CopyBase(const Space& space, const GraphBase& base, double share, Crew* crew, Builder* builder) {
  const GraphCopy copy(base);
  const std::vector<uint32_t>& numbers = base.rows;
  for (uint32_t row = 0; row < numbers.size(); ++row) {
    if (copy.Lives(row)) builder->Place(space, numbers[row], copy.LevelOf(row));
  }
  std::vector<std::atomic<bool>> thinned(numbers.size());
  crew->ForEach(numbers.size(), 0, share, [&](size_t i) {
    const auto row = static_cast<uint32_t>(i);
    if (copy.Lives(row) && !builder->CopyLinks(copy, row)) thinned[row] = true;
  });
  if (crew->stopped()) return true;
  // The entry is of the highest level, and kept its links if one of them did.
  uint32_t entry = kNoLink;
  uint32_t sound = kNoLink;
  const auto higher = [&](uint32_t row, uint32_t best) {
    return best == kNoLink || copy.LevelOf(row) > copy.LevelOf(best);
  };
  for (uint32_t row = 0; row < numbers.size(); ++row) {
    if (!copy.Lives(row)) continue;
    if (higher(row, entry)) entry = row;
    if (!thinned[row] && higher(row, sound)) sound = row;
  }
  if (sound == kNoLink) return false;
  if (!higher(entry, sound)) entry = sound;
  builder->SetEntry(numbers[entry]);
  for (uint32_t row = 0; row < numbers.size(); ++row) {
    if (thinned[row] && crew->GoOn(share)) builder->Reinsert(numbers[row], numbers[sound]);
  }
  return true;
}

template <class Space>
std::optional<BuiltGraph> Build(Space& space, size_t rows, const GraphBase* base, const GraphOptions& options) {
  ENGRAM_CHECK(1 <= rows && rows < size_t{1} << 31);
  std::optional<Builder> builder(std::in_place, &space, rows, options.ef_construction);
  Crew crew(options);
  std::vector<uint32_t> inserted = RowsBeside(base, rows);
  double copied_share = 0;
  if (base != nullptr) {
    const double cost = kCopyCost * static_cast<double>(rows - inserted.size());
    copied_share = cost / (cost + static_cast<double>(inserted.size()));
    if (!CopyBase(space, *base, copied_share, &crew, &*builder)) {
      base = nullptr;
      builder.emplace(&space, rows, options.ef_construction);
      inserted = RowsBeside(nullptr, rows);
    }
    if (crew.stopped()) return std::nullopt;
  }

  // The row of the highest level of all comes before there is anybody else.
  const auto level = [&](uint32_t row) { return DrawLevel(row, options.seed); };
  const auto highest =
      std::max_element(inserted.begin(), inserted.end(), [&](uint32_t a, uint32_t b) { return level(a) < level(b); });
  if (highest != inserted.end() && (base == nullptr || level(*highest) > builder->top_level())) {
    const uint32_t row = *highest;
    builder->Place(space, row, level(row));
    if (base != nullptr) builder->Insert<NoLock>(row);
    builder->SetEntry(row);
    inserted.erase(highest);
  }
  const bool alone = options.threads <= 1;
  crew.ForEach(inserted.size(), copied_share, 1, [&](size_t i) {
    const uint32_t row = inserted[i];
    builder->Place(space, row, level(row));
    alone ? builder->Insert<NoLock>(row) : builder->Insert<RowLock>(row);
  });
  if (!crew.stopped()) builder->LinkUnreached([&] { return crew.GoOn(1); });
  if (crew.stopped()) return std::nullopt;
  return builder->Seal();
}

}  // namespace

std::optional<BuiltGraph> BuildGraph(const CodedRows& coded, size_t rows, const GraphOptions& options) {
  CodeSpace space(coded);
  return Build(space, rows, nullptr, options);
}

std::optional<BuiltGraph> BuildGraph(const FloatRows& floats, const GraphOptions& options) {
  FloatSpace space(floats);
  return Build(space, floats.rows.size(), nullptr, options);
}

std::optional<BuiltGraph> ExtendGraph(const GraphBase& base, const CodedRows& coded, size_t rows,
                                      const GraphOptions& options) {
  CodeSpace space(coded);
  return Build(space, rows, &base, options);
}

std::optional<BuiltGraph> ExtendGraph(const GraphBase& base, const FloatRows& floats, const GraphOptions& options) {
  FloatSpace space(floats);
  return Build(space, floats.rows.size(), &base, options);
}

}  // namespace engram

#include <algorithm>
#include <span>
#include <unordered_map>
#include <utility>

#include "base/check.h"
#include "graph/compact_edge.h"
#include "graph/neighbors.h"

// Edges lie in one array; a node has two lists of places in it, sorted as its rows are: by (type, other end,
// id). A change moves the tail of two lists: 4 bytes per edge behind it, so even a hub of 100,000 edges costs
// microseconds.

namespace engram {

namespace {

using Place = uint32_t;
using Visitor = std::function<bool(const Step&)>;

}  // namespace

class AdjacencyCache::Rep {
 public:
  struct Lists {
    std::vector<Place> out;
    std::vector<Place> in;
  };

  // Lists of the nodes touched stay unsorted until Sort.
  void Append(const Edge& edge) {
    const Place place = Store(edge);
    lists_[edge.source].out.push_back(place);
    lists_[edge.target].in.push_back(place);
  }

  void Sort() {
    for (auto& [node, lists] : lists_) {
      std::sort(lists.out.begin(), lists.out.end(), OutOrder());
      std::sort(lists.in.begin(), lists.in.end(), InOrder());
      lists.out.shrink_to_fit();
      lists.in.shrink_to_fit();
      list_bytes_ += (lists.out.capacity() + lists.in.capacity()) * sizeof(Place);
    }
  }

  void Insert(const Edge& edge) {
    const Place place = Store(edge);
    InsertInto(lists_[edge.source].out, place, OutOrder());
    InsertInto(lists_[edge.target].in, place, InOrder());
  }

  void Remove(const Edge& retired) {
    // A stand-in with the same order finds the place.
    Edge edge = retired;
    edge.retired.reset();
    const Place probe = Store(edge);
    const Place place = TakeFrom(retired.source, &Lists::out, probe, OutOrder());
    const Place mirrored = TakeFrom(retired.target, &Lists::in, probe, InOrder());
    ENGRAM_CHECK(place == mirrored);
    Drop(probe);
    Drop(place);
  }

  const Lists* FindLists(NodeNumber node) const {
    const auto it = lists_.find(node);
    return it == lists_.end() ? nullptr : &it->second;
  }

  const CompactEdge& EdgeAt(Place place) const { return edges_[place]; }
  const EdgePacker& packer() const { return packer_; }
  size_t edges() const { return edges_.size() - free_.size(); }

  size_t MemoryBytes() const {
    constexpr size_t kHashNodeBytes = 2 * sizeof(void*) + sizeof(NodeNumber) + sizeof(Lists);
    return edges_.capacity() * sizeof(CompactEdge) + free_.capacity() * sizeof(Place) + whole_bytes_ + list_bytes_ +
           lists_.size() * kHashNodeBytes + lists_.bucket_count() * sizeof(void*) + packer_.MemoryBytes();
  }

  // Whether `a` comes before `b`, seen from nodes whose edges lead to `a_other` and `b_other`.
  bool Before(const CompactEdge& a, NodeNumber a_other, const CompactEdge& b, NodeNumber b_other) const {
    if (a.type != b.type) return packer_.TypeOf(a) < packer_.TypeOf(b);
    if (a_other != b_other) return a_other < b_other;
    return packer_.CompareIds(a, b) < 0;
  }

 private:
  // Of one kind of list; `other` is the end that its edges lead to.
  struct Order {
    const Rep* rep;
    NodeNumber CompactEdge::*other;
    bool operator()(Place a, Place b) const {
      const CompactEdge& first = rep->edges_[a];
      const CompactEdge& second = rep->edges_[b];
      return rep->Before(first, first.*other, second, second.*other);
    }
  };
  Order OutOrder() const { return {this, &CompactEdge::target}; }
  Order InOrder() const { return {this, &CompactEdge::source}; }

  Place Store(const Edge& edge) {
    CompactEdge packed = packer_.Pack(edge);
    if (packed.whole) whole_bytes_ += MemoryBytesOf(*packed.whole);
    if (free_.empty()) {
      ENGRAM_CHECK(edges_.size() < UINT32_MAX);
      edges_.push_back(std::move(packed));
      return static_cast<Place>(edges_.size() - 1);
    }
    const Place place = free_.back();
    free_.pop_back();
    edges_[place] = std::move(packed);
    return place;
  }

  void Drop(Place place) {
    CompactEdge& edge = edges_[place];
    if (edge.whole) whole_bytes_ -= MemoryBytesOf(*edge.whole);
    packer_.Release(edge);
    edge.whole.reset();
    free_.push_back(place);
  }

  void InsertInto(std::vector<Place>& list, Place place, Order order) {
    const size_t before = list.capacity();
    list.insert(std::lower_bound(list.begin(), list.end(), place, order), place);
    list_bytes_ += (list.capacity() - before) * sizeof(Place);
  }

  // Removes what is equal to `probe` in order from one list of `node`, and the node with its last edge.
  Place TakeFrom(NodeNumber node, std::vector<Place> Lists::*which, Place probe, Order order) {
    const auto lists = lists_.find(node);
    ENGRAM_CHECK(lists != lists_.end());
    std::vector<Place>& list = lists->second.*which;
    const auto at = std::lower_bound(list.begin(), list.end(), probe, order);
    ENGRAM_CHECK(at != list.end() && !order(probe, *at));
    const Place place = *at;
    list.erase(at);
    if (list.empty()) {
      list_bytes_ -= list.capacity() * sizeof(Place);
      list = std::vector<Place>();
    }
    if (lists->second.out.empty() && lists->second.in.empty()) lists_.erase(lists);
    return place;
  }

  EdgePacker packer_;
  std::vector<CompactEdge> edges_;
  std::vector<Place> free_;
  std::unordered_map<NodeNumber, Lists> lists_;
  size_t whole_bytes_ = 0;
  size_t list_bytes_ = 0;
};

class AdjacencyCache::Source final : public NeighborSource {
 public:
  Source(const Rep& rep, WalkFilter filter, Timestamp now) : rep_(rep), filter_(std::move(filter)), now_(now) {
    std::sort(filter_.types.begin(), filter_.types.end());
    filter_.types.erase(std::unique(filter_.types.begin(), filter_.types.end()), filter_.types.end());
  }

  Status Visit(NodeNumber node, Direction direction, const Visitor& visit) const override {
    const Rep::Lists* lists = rep_.FindLists(node);
    if (!lists) return {};
    const Range out = direction == Direction::kIn ? Range{} : Range(lists->out);
    const Range in = direction == Direction::kOut ? Range{} : Range(lists->in);
    Edge scratch;
    if (filter_.types.empty()) {
      Merge(out, in, visit, &scratch);
      return {};
    }
    for (const std::string& type : filter_.types) {
      if (!Merge(OfType(out, type), OfType(in, type), visit, &scratch)) break;
    }
    return {};
  }

 private:
  using Range = std::span<const Place>;

  Range OfType(Range range, const std::string& type) const {
    const auto type_of = [this](Place place) -> const std::string& { return rep_.packer().TypeOf(rep_.EdgeAt(place)); };
    const auto begin = std::partition_point(range.begin(), range.end(), [&](Place p) { return type_of(p) < type; });
    const auto end = std::partition_point(begin, range.end(), [&](Place p) { return type_of(p) == type; });
    return {begin, end};
  }

  // In the order of rows; a self-loop, in both ranges at once, is visited as outgoing. False when `visit` had enough.
  bool Merge(Range out, Range in, const Visitor& visit, Edge* scratch) const {
    while (!out.empty() || !in.empty()) {
      const bool same = !out.empty() && !in.empty() && out.front() == in.front();
      const bool outgoing = same || in.empty() || (!out.empty() && Before(out.front(), in.front()));
      const Place place = outgoing ? out.front() : in.front();
      if (outgoing) out = out.subspan(1);
      if (same || !outgoing) in = in.subspan(1);
      if (!Take(rep_.EdgeAt(place), outgoing, visit, scratch)) return false;
    }
    return true;
  }

  bool Before(Place out, Place in) const {
    const CompactEdge& a = rep_.EdgeAt(out);
    const CompactEdge& b = rep_.EdgeAt(in);
    return rep_.Before(a, a.target, b, b.source);
  }

  bool Take(const CompactEdge& compact, bool outgoing, const Visitor& visit, Edge* scratch) const {
    if (!compact.ValidAt(now_)) return true;
    const Edge& edge = rep_.packer().Unpack(compact, scratch);
    if (filter_.accept && !filter_.accept(edge)) return true;
    return visit(Step{outgoing ? edge.target : edge.source, outgoing, edge.weight, &edge});
  }

  const Rep& rep_;
  WalkFilter filter_;
  const Timestamp now_;
};

AdjacencyCache::AdjacencyCache() : rep_(std::make_unique<Rep>()) {}
AdjacencyCache::~AdjacencyCache() = default;

Result<std::unique_ptr<AdjacencyCache>> AdjacencyCache::Build(const KvReader& reader) {
  auto cache = std::make_unique<AdjacencyCache>();
  RETURN_IF_ERROR(VisitAllEdges(reader, [&](const Edge& edge) {
    cache->rep_->Append(edge);
    return true;
  }));
  cache->rep_->Sort();
  return cache;
}

void AdjacencyCache::Apply(const EdgeChange& change) {
  if (change.retired) rep_->Remove(*change.retired);
  if (change.added) rep_->Insert(*change.added);
}

std::unique_ptr<NeighborSource> AdjacencyCache::Neighbors(WalkFilter filter, Timestamp now) const {
  return std::make_unique<Source>(*rep_, std::move(filter), now);
}

size_t AdjacencyCache::edges() const { return rep_->edges(); }
size_t AdjacencyCache::MemoryBytes() const { return rep_->MemoryBytes(); }

}  // namespace engram

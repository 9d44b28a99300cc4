#include <algorithm>
#include <span>
#include <unordered_map>
#include <utility>

#include "base/check.h"
#include "graph/compact_edge.h"
#include "graph/neighbors.h"

// Edges lie in one array; a node has two lists of links to them, sorted as its rows are: by (type, other end,
// id). A link carries what most walks ask for, so that they read a node's list from one end to the other and
// never jump to the edges. A change moves the tail of two lists: 24 bytes per link behind it, so even at a hub of
// 10,000 edges it costs microseconds.

namespace engram {
namespace {

using Place = uint32_t;
using Visitor = std::function<bool(const Step&)>;

struct Link {
  NodeNumber other;
  uint32_t type = 0;  // as in the edge
  Place place = 0;
  bool timed = false;  // the edge has bounds of validity to ask
  double weight = 0;
};

}  // namespace

class AdjacencyCache::Rep {
 public:
  struct Lists {
    std::vector<Link> out;
    std::vector<Link> in;
  };

  // Lists are out of order until Sort.
  void Append(const Edge& edge) {
    const Place place = Store(edge);
    lists_[edge.source].out.push_back(LinkTo(edge.target, place));
    lists_[edge.target].in.push_back(LinkTo(edge.source, place));
  }

  void Sort() {
    for (auto& [node, lists] : lists_) {
      for (std::vector<Link>* list : {&lists.out, &lists.in}) {
        std::sort(list->begin(), list->end(), Order());
        list->shrink_to_fit();
        list_bytes_ += list->capacity() * sizeof(Link);
      }
    }
  }

  void Insert(const Edge& edge) {
    const Place place = Store(edge);
    InsertInto(lists_[edge.source].out, LinkTo(edge.target, place));
    InsertInto(lists_[edge.target].in, LinkTo(edge.source, place));
  }

  void Remove(const Edge& retired) {
    // A stand-in with the same order finds the place.
    Edge edge = retired;
    edge.retired.reset();
    const Place probe = Store(edge);
    const Place place = TakeFrom(retired.source, &Lists::out, LinkTo(retired.target, probe));
    const Place mirrored = TakeFrom(retired.target, &Lists::in, LinkTo(retired.source, probe));
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

  // The order of rows.
  bool Before(const Link& a, const Link& b) const {
    if (a.type != b.type) return packer_.TypeAt(a.type) < packer_.TypeAt(b.type);
    if (a.other != b.other) return a.other < b.other;
    return packer_.CompareIds(edges_[a.place], edges_[b.place]) < 0;
  }

 private:
  struct InOrder {
    const Rep* rep;
    bool operator()(const Link& a, const Link& b) const { return rep->Before(a, b); }
  };
  InOrder Order() const { return {this}; }

  Link LinkTo(NodeNumber other, Place place) const {
    const CompactEdge& edge = edges_[place];
    return {other, edge.type, place, edge.timed(), edge.weight};
  }

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

  void InsertInto(std::vector<Link>& list, const Link& link) {
    const size_t before = list.capacity();
    list.insert(std::lower_bound(list.begin(), list.end(), link, Order()), link);
    list_bytes_ += (list.capacity() - before) * sizeof(Link);
  }

  // Removes what is equal to `probe` in order from one list of `node`, and the node with its last edge.
  Place TakeFrom(NodeNumber node, std::vector<Link> Lists::*which, const Link& probe) {
    const auto lists = lists_.find(node);
    ENGRAM_CHECK(lists != lists_.end());
    std::vector<Link>& list = lists->second.*which;
    const auto at = std::lower_bound(list.begin(), list.end(), probe, Order());
    ENGRAM_CHECK(at != list.end() && !Before(probe, *at));
    const Place place = at->place;
    list.erase(at);
    if (list.empty()) {
      list_bytes_ -= list.capacity() * sizeof(Link);
      list = std::vector<Link>();
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
    CachedEdge edge(rep_);
    if (filter_.types.empty()) {
      Merge(out, in, visit, &edge);
      return {};
    }
    for (const std::string& type : filter_.types) {
      if (!Merge(OfType(out, type), OfType(in, type), visit, &edge)) break;
    }
    return {};
  }

 private:
  using Range = std::span<const Link>;

  class CachedEdge final : public StepEdge {
   public:
    explicit CachedEdge(const Rep& rep) : rep_(rep) {}
    void MoveTo(Place place) { place_ = place; }
    const Edge& Get() const override { return rep_.packer().Unpack(rep_.EdgeAt(place_), &scratch_); }

   private:
    const Rep& rep_;
    Place place_ = 0;
    mutable Edge scratch_;  // keeps its strings from edge to edge
  };

  Range OfType(Range range, const std::string& type) const {
    const EdgePacker& packer = rep_.packer();
    const auto below = [&](const Link& link) { return packer.TypeAt(link.type) < type; };
    const auto equal = [&](const Link& link) { return packer.TypeAt(link.type) == type; };
    const auto begin = std::partition_point(range.begin(), range.end(), below);
    return {begin, std::partition_point(begin, range.end(), equal)};
  }

  // In the order of rows; a self-loop, in both ranges at once, is visited as outgoing. False when `visit` had enough.
  bool Merge(Range out, Range in, const Visitor& visit, CachedEdge* edge) const {
    while (!out.empty() || !in.empty()) {
      const bool same = !out.empty() && !in.empty() && out.front().place == in.front().place;
      const bool outgoing = same || in.empty() || (!out.empty() && rep_.Before(out.front(), in.front()));
      const Link& link = outgoing ? out.front() : in.front();
      if (outgoing) out = out.subspan(1);
      if (same || !outgoing) in = in.subspan(1);
      edge->MoveTo(link.place);
      if (Usable(link, *edge) && !visit(Step{link.other, outgoing, link.weight, edge})) return false;
    }
    return true;
  }

  bool Usable(const Link& link, const CachedEdge& edge) const {
    if (link.timed && !rep_.EdgeAt(link.place).ValidAt(now_)) return false;
    return !filter_.accept || filter_.accept(edge.Get());
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

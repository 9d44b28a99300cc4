#include "index/vector/vector_segment_search.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "index/vector/common_slots.h"
#include "index/vector/graph_walk.h"
#include "index/vector/slot_bits.h"

namespace engram {
namespace {

// What the plans cost, in rows that a gather scores in the same time; fitted to 200,000 vectors of 384 dimensions and
// a million of 768 with bench/retrieval/vector --every-plan. A walk pays for each candidate it keeps, and keeps 1/share
// as many as have to match. A walk over the rows that pass begins by looking for places to begin at, and looks at its
// neighbours' neighbours for each candidate, however few of them pass.
constexpr double kWalkCost = 30;
constexpr double kWalkPassingStart = 1'000;
constexpr double kWalkPassingCost = 60;
// Below this share too few of a row's neighbours' neighbours pass to lead on.
constexpr double kWalkPassingShare = 0.01;

// A filter takes away ways to a row. From here on, where it leaves a row some ten neighbours' neighbours, more
// candidates have to make up for it.
constexpr double kSparseShare = 0.08;
constexpr double kSparsePower = 1.5;
// Where matches are thinner around the query than on the whole, the nearest lie further apart.
constexpr double kThinEf = 2;
constexpr double kThinDensity = 0.75;
// Where they are elsewhere, the nearest of them lie in several places, each as far from the query as the next.
constexpr double kElsewhereEf = 16;
constexpr double kElsewhereDensity = 0.5;

// Where a walk over the rows that pass begins: at the best of a sample of them.
struct Seeds {
  size_t sample;
  size_t kept;
};
constexpr Seeds kSeeds = {256, 8};
constexpr Seeds kSeedsElsewhere = {1'024, 32};

// Which part of a segment's rows match: of all, and of those around the query.
struct Shares {
  double all = 1;
  double nearby = 1;

  bool elsewhere() const { return nearby < kElsewhereDensity * all; }
  // What a search keeps, where one without a filter keeps `ef`.
  size_t EfFor(size_t ef) const {
    if (all == 1) return ef;
    return static_cast<size_t>(Times() * static_cast<double>(ef));
  }
  // Of the rows that a walk over all of them keeps.
  double kept() const { return (all + std::max(all, nearby)) / 2; }

 private:
  double Times() const {
    if (elsewhere()) return kElsewhereEf;
    const double thin = nearby < kThinDensity * all ? kThinEf : 1;
    return thin * std::max(1.0, std::pow(kSparseShare / nearby, kSparsePower));
  }
};

struct Costs {
  // `ef` is what a search without a filter keeps.
  Costs(size_t matches, size_t ef, const Shares& shares)
      : gather(static_cast<double>(matches)), elsewhere(shares.elsewhere()) {
    const auto kept = static_cast<double>(shares.EfFor(ef));
    walk = kWalkCost * kept / shares.kept();
    if (std::max(shares.all, shares.nearby) < kWalkPassingShare) return;
    walk_passing = kWalkPassingStart + kWalkPassingCost * kept;
  }
  // Whether a walk might be cheaper than a gather, wherever the matches are: finding that out costs something, too.
  static bool MayWalk(size_t matches, size_t ef) {
    return static_cast<double>(matches) > 1.5 * (kWalkPassingStart + kWalkPassingCost * static_cast<double>(ef));
  }

  VectorPlan Cheapest() const {
    if (gather <= std::min(walk, walk_passing)) return VectorPlan::kGather;
    // A walk over all rows meets matches that are elsewhere by luck alone.
    return walk <= walk_passing && !elsewhere ? VectorPlan::kWalk : CheapestOverMatches();
  }
  VectorPlan CheapestOverMatches() const {
    return walk_passing < gather ? VectorPlan::kWalkPassing : VectorPlan::kGather;
  }

  double gather;
  bool elsewhere;
  double walk = 0;
  double walk_passing = std::numeric_limits<double>::infinity();
};

class SegmentSearch {
 public:
  SegmentSearch(const VectorSegment::Rep& segment, const float* query, const SlotSet& allowed, const RowDeaths& deaths,
                size_t k, const SegmentSearchOptions& options, TopHits& top)
      : segment_(segment),
        query_(query),
        allowed_(allowed),
        deaths_(deaths),
        k_(k),
        options_(options),
        pacer_(options.pacer != nullptr ? *options.pacer : never_),
        top_(top) {}

  void Run() {
    matches_ = segment_.CountCommon(allowed_);
    if (matches_ == 0) return;
    if (options_.exact || matches_ <= RescoredCount(k_)) {
      ForEachAllowed([&](uint32_t row) {
        Rescore(row);
        return pacer_.Spend(segment_.space.stride());
      });
      FinishRescoring();
    } else if (!segment_.report.codes_suffice) {
      RunBy(FloatScorer(segment_.space, query_, segment_.floats));
    } else {
      const CodeQuery query = segment_.quantizer.Prepare(query_);
      if (segment_.lengths == nullptr) {
        RunBy(CodeScorer<false>(query, segment_.codes, nullptr));
      } else {
        RunBy(CodeScorer<true>(query, segment_.codes, segment_.lengths));
      }
    }
  }

 private:
  template <class Scorer>
  void RunBy(const Scorer& scorer) {
    const size_t wanted = std::min(RescoredCount(k_, options_.ef), matches_);
    const size_t ef = std::max<size_t>(options_.ef > 0 ? options_.ef : segment_.report.ef, wanted);
    const bool may_walk = options_.plan ? *options_.plan != VectorPlan::kGather
                                        : matches_ == segment_.rows() || Costs::MayWalk(matches_, ef);
    if (segment_.has_graph() && may_walk && FoundByWalking(scorer, ef, wanted)) return;
    RescorePool(Gather(scorer, wanted), wanted);
  }

  // Each plan goes over to the next when the matches are elsewhere than it would look, or when it comes back short:
  // false when that is a gather.
  template <class Scorer>
  bool FoundByWalking(const Scorer& scorer, size_t ef, size_t wanted) {
    const uint32_t entry = Descend(*segment_.graph, scorer);
    Shares shares;
    if (matches_ < segment_.rows()) {
      FillBits();
      shares.all = static_cast<double>(matches_) / static_cast<double>(segment_.rows());
      shares.nearby = ShareAround(entry);
    }
    VectorPlan plan = options_.plan.value_or(Costs(matches_, ef, shares).Cheapest());
    if (plan == VectorPlan::kWalk && !shares.elsewhere()) {
      if (RescoreIfEnough(WalkAll(scorer, entry, shares.EfFor(ef), shares, wanted), wanted)) return true;
      shares.nearby = 0;
      if (!options_.plan) plan = Costs(matches_, ef, shares).CheapestOverMatches();
    }
    if (plan == VectorPlan::kGather) return false;
    return RescoreIfEnough(WalkMatches(scorer, entry, shares.EfFor(ef), shares.elsewhere() ? kSeedsElsewhere : kSeeds),
                           wanted);
  }

  void FillBits() {
    if (!std::exchange(has_bits_, true)) bits_.Fill(allowed_, Slot(first_slot()), Slot(segment_.slots.back()));
  }
  uint32_t first_slot() const { return segment_.slots.front(); }
  RowBits row_bits() const {
    return {bits_.words(), bits_.origin(), segment_.dense() ? nullptr : segment_.slots.data(), first_slot()};
  }
  bool Passes(uint32_t row) const {
    return bits_.Contains(segment_.dense() ? first_slot() + row : segment_.slots[row]) && deaths_.Alive(row);
  }

  // How many rows match near the entry, of its neighbours' neighbours, dead or alive.
  double ShareAround(uint32_t entry) const {
    const std::span<const uint32_t> nearest = segment_.graph->Links0(entry);
    for (const uint32_t row : nearest) {
      if (row == kNoLink) break;
      PrefetchLinks(*segment_.graph, row);
    }
    size_t met = 0;
    int matching = 0;
    for (const uint32_t row : nearest) {
      if (row == kNoLink) break;
      const std::span<const uint32_t> links = segment_.graph->Links0(row);
      met += static_cast<size_t>(std::find(links.begin(), links.end(), kNoLink) - links.begin());
      matching += std::popcount(PassingLinks(links.data(), row_bits()));
    }
    return met == 0 ? 1 : static_cast<double>(matching) / static_cast<double>(met);
  }

  bool everything_matches() const { return matches_ == segment_.rows() && !deaths_.any(); }

  // Until `visit(row)` returns false.
  template <class Visit>
  void ForEachAllowed(Visit visit) const {
    const auto visit_alive = [&](size_t row) {
      return !deaths_.Alive(static_cast<uint32_t>(row)) || visit(static_cast<uint32_t>(row));
    };
    if (matches_ == segment_.rows()) {
      for (size_t row = 0; row < segment_.rows(); ++row) {
        if (!visit_alive(row)) return;
      }
      return;
    }
    auto next = allowed_.begin();
    next.equalorlarger(segment_.slots.front());
    if (segment_.dense()) {
      for (; next.i.has_value && *next <= segment_.slots.back(); ++next) {
        if (!visit_alive(*next - segment_.slots.front())) return;
      }
    } else {
      ForEachCommon(segment_.slots.data(), segment_.rows(), next,
                    [&](size_t row, uint32_t) { return visit_alive(row); });
    }
  }

  // The `wanted` best of all that match.
  template <class Scorer>
  CandidatePool Gather(const Scorer& scorer, size_t wanted) {
    CandidatePool pool(wanted);
    std::array<uint32_t, 64> batch;
    size_t n = 0;
    const auto flush = [&] {
      ScoreRows(scorer, batch.data(), n, [&](uint32_t row, float score) { pool.Offer(score, row); });
      n = 0;
      return pacer_.Spend(batch.size() * segment_.space.stride());
    };
    ForEachAllowed([&](uint32_t row) {
      scorer.PrefetchFar(row);
      batch[n++] = row;
      return n < batch.size() || flush();
    });
    flush();
    return pool;
  }

  // The `wanted` best that match among what a walk over all rows meets; fewer than all when the walk saw too
  // few matches near the query to trust them.
  template <class Scorer>
  CandidatePool WalkAll(const Scorer& scorer, uint32_t entry, size_t ef, const Shares& shares, size_t wanted) const {
    VisitedRows& visited = VisitedRows::Begin(segment_.rows());
    CandidatePool pool(std::min(static_cast<size_t>(static_cast<double>(ef) / shares.kept()), segment_.rows()));
    visited.Mark(entry);
    const float entry_score = scorer(entry);
    pool.Offer(entry_score, entry);
    if (everything_matches()) {
      Walk(*segment_.graph, scorer, visited, pool, [](uint32_t, float) {});
      return pool;
    }
    CandidatePool matching(wanted);
    const auto keep = [&](uint32_t row, float score) {
      if (score > matching.Threshold() && Matches(row)) matching.Offer(score, row);
    };
    keep(entry, entry_score);
    Walk(*segment_.graph, scorer, visited, pool, keep);
    // Where the matches are elsewhere, those met are the nearest only by luck.
    size_t near = 0;
    for (size_t i = 0; i < pool.size(); ++i) near += Matches(pool.RowAt(i)) ? 1 : 0;
    return near >= ef / 2 ? std::move(matching) : CandidatePool(1);
  }

  template <class Scorer>
  CandidatePool WalkMatches(const Scorer& scorer, uint32_t entry, size_t ef, const Seeds& seeds) {
    FillBits();
    CandidatePool pool(ef);
    VisitedRows& visited = VisitedRows::Begin(segment_.rows());
    const auto passes = [&](uint32_t row) { return Passes(row); };
    if (passes(entry) && visited.Mark(entry)) pool.Offer(scorer(entry), entry);
    Seed(scorer, passes, seeds, visited, pool);
    CrossFrom(scorer, entry, passes, visited, pool);
    WalkPassing(*segment_.graph, scorer, visited, pool, row_bits(),
                [this](uint32_t row) { return deaths_.Alive(row); });
    return pool;
  }

  // Where the greedy path ends, with the neighbours of its neighbours.
  template <class Scorer, class Passes>
  void CrossFrom(const Scorer& scorer, uint32_t entry, Passes passes, VisitedRows& visited, CandidatePool& pool) const {
    const auto offer = [&](uint32_t row) {
      if (passes(row) && visited.Mark(row)) pool.Offer(scorer(row), row);
    };
    for (const uint32_t link : segment_.graph->Links0(entry)) {
      if (link == kNoLink) break;
      offer(link);
      for (const uint32_t further : segment_.graph->Links0(link)) {
        if (further == kNoLink) break;
        offer(further);
      }
    }
  }

  // The best of a sample of the matches: where matches lie apart, a walk can't come from one heap to another.
  template <class Scorer, class Passes>
  void Seed(const Scorer& scorer, Passes passes, const Seeds& seeds, VisitedRows& visited, CandidatePool& pool) const {
    CandidatePool best(seeds.kept);
    const uint32_t first = segment_.slots.front();
    const uint64_t span = uint64_t{segment_.slots.back()} - first + 1;
    std::vector<uint32_t> sample;
    for (size_t i = 0; i < seeds.sample; ++i) {
      uint32_t slot = 0;
      if (!bits_.NextFrom(first + static_cast<uint32_t>(span * i / seeds.sample), &slot)) break;
      const auto row = segment_.dense() ? std::optional<uint32_t>(slot - first) : segment_.Find(Slot(slot));
      if (row && passes(*row) && (sample.empty() || sample.back() < *row)) sample.push_back(*row);
    }
    ScoreRows(scorer, sample.data(), sample.size(), [&](uint32_t row, float score) { best.Offer(score, row); });
    for (size_t i = 0; i < best.size(); ++i) {
      if (visited.Mark(best.RowAt(i))) pool.Offer(scorer(best.RowAt(i)), best.RowAt(i));
    }
  }

  bool Matches(uint32_t row) const { return matches_ == segment_.rows() ? deaths_.Alive(row) : Passes(row); }

  // False, and nothing done, when a walk came back with fewer than wanted.
  bool RescoreIfEnough(const CandidatePool& pool, size_t wanted) {
    if (pool.size() < wanted) return false;
    RescorePool(pool, wanted);
    return true;
  }

  void RescorePool(const CandidatePool& pool, size_t wanted) {
    for (size_t i = 0; i < std::min(pool.size(), wanted); ++i) Rescore(pool.RowAt(i));
    FinishRescoring();
  }

  // One row behind: a row is scored when the next is known, its memory asked for in between.
  void Rescore(uint32_t row) {
    const float* found = segment_.Row(row);
    if (found == nullptr) return;
    PrefetchBytes(found, std::min<size_t>(segment_.space.stride() * sizeof(float), 512));
    FinishRescoring();
    waiting_ = found;
    waiting_slot_ = Slot(segment_.slots[row]);
  }
  void FinishRescoring() {
    if (waiting_ != nullptr) top_.Offer({waiting_slot_, segment_.space.Similarity(query_, waiting_)});
    waiting_ = nullptr;
  }

  // Kept for the next search, which needs as many.
  static SlotBits& BitsOfThread() {
    static thread_local SlotBits bits;
    return bits;
  }

  const VectorSegment::Rep& segment_;
  const float* query_;
  const SlotSet& allowed_;
  const RowDeaths& deaths_;
  size_t k_;
  const SegmentSearchOptions& options_;
  Pacer never_;
  Pacer& pacer_;
  TopHits& top_;
  SlotBits& bits_ = BitsOfThread();  // of the allowed slots
  bool has_bits_ = false;
  size_t matches_ = 0;  // allowed slots of the segment, dead or alive
  const float* waiting_ = nullptr;
  Slot waiting_slot_;
};

}  // namespace

VectorPlan ChoosePlan(const VectorSegment::Rep& segment, size_t matches, size_t ef) {
  if (!segment.has_graph()) return VectorPlan::kGather;
  const double share = static_cast<double>(matches) / static_cast<double>(segment.rows());
  return Costs(matches, ef, {share, share}).Cheapest();
}

void SearchSegment(const VectorSegment::Rep& segment, const float* query, const SlotSet& allowed,
                   const RowDeaths& deaths, size_t k, const SegmentSearchOptions& options, TopHits& top) {
  SegmentSearch(segment, query, allowed, deaths, k, options, top).Run();
}

}  // namespace engram

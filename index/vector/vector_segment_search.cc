#include "index/vector/vector_segment_search.h"

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

#include "index/vector/common_slots.h"
#include "index/vector/graph_walk.h"
#include "index/vector/slot_bits.h"

namespace engram {
namespace {

// What the plans cost, in rows that a gather scores in the same time; fitted to 20,000 vectors of 384 dimensions
// with bench/retrieval/vector --every-plan and held against a million of 768. A walk pays for each candidate it keeps,
// and keeps 1/share as many as have to match. A walk over the rows that pass begins by looking for places to begin at,
// then looks at its neighbours' neighbours for each candidate: at the more of them, the fewer pass.
constexpr double kWalkCost = 30;
constexpr double kWalkPassingStart = 2'000;
constexpr double kWalkPassingCost = 40;
constexpr double kCrossingCost = 4;
// Below this share too few of a row's neighbours' neighbours pass to lead on.
constexpr double kWalkPassingShare = 0.01;

// A filter takes away some of the ways to a row, which more candidates make up for: from a few times fewer matches on
// than a row has neighbours' neighbours, the more the fewer match.
constexpr double kFilteredEf = 2;
constexpr double kSparseShare = 0.04;
// Where the matches are elsewhere, the nearest of them lie in several places, each as far from the query as the next.
constexpr double kElsewhereEf = 16;
constexpr double kElsewhereShare = 0.5;  // of what would match around the query if matches were spread evenly

// Where a walk over the rows that pass begins: at the best of a sample of them.
struct Seeds {
  size_t sample;
  size_t kept;
};
constexpr Seeds kSeeds = {256, 8};
constexpr Seeds kSeedsElsewhere = {1'024, 32};

// What a search with a filter keeps, where one without keeps `ef`.
size_t EfFor(double share, size_t ef, bool elsewhere) {
  if (share == 1) return ef;
  const double times = elsewhere ? kElsewhereEf : kFilteredEf * std::max(1.0, kSparseShare / share);
  return static_cast<size_t>(times * static_cast<double>(ef));
}

struct Costs {
  // `ef` is EfFor's.
  Costs(size_t rows, size_t matches, size_t ef) : gather(static_cast<double>(matches)) {
    const double share = gather / static_cast<double>(rows);
    walk = kWalkCost * static_cast<double>(ef) / share;
    if (share < kWalkPassingShare) return;
    walk_passing = kWalkPassingStart + (kWalkPassingCost + kCrossingCost / share) * static_cast<double>(ef);
  }

  VectorPlan Cheapest() const {
    if (gather <= std::min(walk, walk_passing)) return VectorPlan::kGather;
    return walk <= walk_passing ? VectorPlan::kWalk : VectorPlan::kWalkPassing;
  }
  VectorPlan CheapestOverMatches() const {
    return walk_passing < gather ? VectorPlan::kWalkPassing : VectorPlan::kGather;
  }

  double gather;
  double walk;
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
    VectorPlan plan = VectorPlan::kGather;
    if (segment_.has_graph()) plan = options_.plan.value_or(ChoosePlan(segment_, matches_, ef));
    if (plan != VectorPlan::kGather && FoundByWalking(scorer, plan, ef, wanted)) return;
    RescorePool(Gather(scorer, wanted), wanted);
  }

  // Each plan goes over to the next when the matches are elsewhere than it would look, or when it comes back short:
  // false when that is a gather.
  template <class Scorer>
  bool FoundByWalking(const Scorer& scorer, VectorPlan plan, size_t ef, size_t wanted) {
    const uint32_t entry = Descend(*segment_.graph, scorer);
    bool elsewhere = share() < 1 && MatchesAreElsewhere(entry);
    if (plan == VectorPlan::kWalk && !elsewhere) {
      if (RescoreIfEnough(WalkAll(scorer, entry, EfFor(share(), ef, false), wanted), wanted)) return true;
      elsewhere = true;
    }
    const size_t kept = EfFor(share(), ef, elsewhere);
    if (elsewhere && !options_.plan) plan = Costs(segment_.rows(), matches_, kept).CheapestOverMatches();
    if (plan == VectorPlan::kGather) return false;
    return RescoreIfEnough(WalkMatches(scorer, entry, kept, elsewhere ? kSeedsElsewhere : kSeeds), wanted);
  }

  // Of the segment's rows, how many match.
  double share() const { return static_cast<double>(matches_) / static_cast<double>(segment_.rows()); }

  // Whether far fewer rows match near the entry, among its neighbours' neighbours, than do on the whole.
  bool MatchesAreElsewhere(uint32_t entry) const {
    const std::span<const uint32_t> nearest = segment_.graph->Links0(entry);
    for (const uint32_t row : nearest) {
      if (row == kNoLink) break;
      PrefetchLinks(*segment_.graph, row);
    }
    size_t met = 0;
    size_t matching = 0;
    for (const uint32_t row : nearest) {
      if (row == kNoLink) break;
      for (const uint32_t link : segment_.graph->Links0(row)) {
        if (link == kNoLink) break;
        ++met;
        matching += Matches(link) ? 1 : 0;
      }
    }
    return static_cast<double>(matching) < kElsewhereShare * share() * static_cast<double>(met);
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
  CandidatePool WalkAll(const Scorer& scorer, uint32_t entry, size_t ef, size_t wanted) const {
    VisitedRows& visited = VisitedRows::Begin(segment_.rows());
    CandidatePool pool(std::min(static_cast<size_t>(static_cast<double>(ef) / share()), segment_.rows()));
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
  CandidatePool WalkMatches(const Scorer& scorer, uint32_t entry, size_t ef, const Seeds& seeds) const {
    static thread_local SlotBits bits;
    const uint32_t first = segment_.slots.front();
    bits.Fill(allowed_, Slot(first), Slot(segment_.slots.back()));
    CandidatePool pool(ef);
    VisitedRows& visited = VisitedRows::Begin(segment_.rows());
    const auto walk = [&](auto slot_of) {
      const auto passes = [&](uint32_t row) { return bits.Contains(slot_of(row)) && deaths_.Alive(row); };
      if (passes(entry) && visited.Mark(entry)) pool.Offer(scorer(entry), entry);
      Seed(scorer, bits, passes, seeds, visited, pool);
      CrossFrom(scorer, entry, passes, visited, pool);
      WalkPassing(*segment_.graph, scorer, visited, pool, passes);
    };
    if (segment_.dense()) {
      walk([first](uint32_t row) { return first + row; });
    } else {
      walk([this](uint32_t row) { return segment_.slots[row]; });
    }
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
  void Seed(const Scorer& scorer, const SlotBits& bits, Passes passes, const Seeds& seeds, VisitedRows& visited,
            CandidatePool& pool) const {
    CandidatePool best(seeds.kept);
    const uint32_t first = segment_.slots.front();
    const uint64_t span = uint64_t{segment_.slots.back()} - first + 1;
    std::vector<uint32_t> sample;
    for (size_t i = 0; i < seeds.sample; ++i) {
      uint32_t slot = 0;
      if (!bits.NextFrom(first + static_cast<uint32_t>(span * i / seeds.sample), &slot)) break;
      const auto row = segment_.dense() ? std::optional<uint32_t>(slot - first) : segment_.Find(Slot(slot));
      if (row && passes(*row) && (sample.empty() || sample.back() < *row)) sample.push_back(*row);
    }
    ScoreRows(scorer, sample.data(), sample.size(), [&](uint32_t row, float score) { best.Offer(score, row); });
    for (size_t i = 0; i < best.size(); ++i) {
      if (visited.Mark(best.RowAt(i))) pool.Offer(scorer(best.RowAt(i)), best.RowAt(i));
    }
  }

  bool Matches(uint32_t row) const {
    return (matches_ == segment_.rows() || allowed_.contains(segment_.slots[row])) && deaths_.Alive(row);
  }

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

  const VectorSegment::Rep& segment_;
  const float* query_;
  const SlotSet& allowed_;
  const RowDeaths& deaths_;
  size_t k_;
  const SegmentSearchOptions& options_;
  Pacer never_;
  Pacer& pacer_;
  TopHits& top_;
  size_t matches_ = 0;  // allowed slots of the segment, dead or alive
  const float* waiting_ = nullptr;
  Slot waiting_slot_;
};

}  // namespace

VectorPlan ChoosePlan(const VectorSegment::Rep& segment, size_t matches, size_t ef) {
  if (!segment.has_graph()) return VectorPlan::kGather;
  const double share = static_cast<double>(matches) / static_cast<double>(segment.rows());
  return Costs(segment.rows(), matches, EfFor(share, ef, /*elsewhere=*/false)).Cheapest();
}

void SearchSegment(const VectorSegment::Rep& segment, const float* query, const SlotSet& allowed,
                   const RowDeaths& deaths, size_t k, const SegmentSearchOptions& options, TopHits& top) {
  SegmentSearch(segment, query, allowed, deaths, k, options, top).Run();
}

}  // namespace engram

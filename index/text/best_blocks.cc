// A query of one word: a text's score has one part, so blocks are visited by what they promise, the best first, and
// none after those that can't better the k best found (the order of Ding & Suel, 2011, for single lists). Ties show
// here: of texts that score the same only the first k are of interest, and long lists have many of them.
#include <algorithm>
#include <limits>
#include <optional>

#include "index/text/score_kernels.h"
#include "index/text/sealed_query.h"

namespace engram {
namespace {

// Consecutive blocks, or one, with the highest part among their postings at the most.
struct Stretch {
  double peak;
  uint32_t number;
};

bool BetterStretch(const Stretch& a, const Stretch& b) {
  return a.peak != b.peak ? a.peak > b.peak : a.number < b.number;
}

}  // namespace

class SealedQuery::BestBlocks {
 public:
  BestBlocks(const TextSegment& segment, uint32_t term, double weight, const Bm25Norm& norm, const SlotSet& allowed,
             Pacer* pacer, BestHits* best)
      : segment_(segment),
        postings_(segment.postings(term)),
        weight_(weight),
        norm_(norm),
        formula_{static_cast<float>(weight), static_cast<float>(norm.base()), static_cast<float>(norm.slope())},
        allowed_(allowed),
        pacer_(*pacer),
        best_(*best) {}

  void Run() {
    if (!postings_.is_long()) {
      if (postings_.block_count() > 0) ScoreBlock(0);
      return;
    }
    std::vector<Stretch> supers;
    for (uint32_t i = 0; i < postings_.super_count(); ++i) {
      postings_.ReadSuperImpacts(i, &impacts_);
      supers.push_back({ImpactsPeak(impacts_, weight_, norm_), i});
    }
    std::sort(supers.begin(), supers.end(), BetterStretch);
    for (const Stretch& super : supers) {
      if (super.peak < best_.floor() || !pacer_.Spend(kSuperBlocks)) return;
      if (Wants(super.peak, super.number * kSuperBlocks)) VisitSuper(super.number);
    }
  }

 private:
  // Whether a posting of at most this part may be among the best, in block `first` or behind it.
  bool Wants(double peak, uint32_t first) const {
    const uint32_t text = first == 0 ? 0 : postings_.block_last(first - 1) + 1;
    return best_.Wants(segment_.text_slot(std::min(text, segment_.text_count() - 1)), peak);
  }

  void VisitSuper(uint32_t super) {
    const uint32_t begin = super * kSuperBlocks;
    const uint32_t end = std::min(begin + kSuperBlocks, postings_.block_count());
    blocks_.clear();
    for (uint32_t block = begin; block < end; ++block) {
      postings_.ReadBlockImpacts(block, &impacts_);
      const double peak = ImpactsPeak(impacts_, weight_, norm_);
      if (Wants(peak, block)) blocks_.push_back({peak, block});
    }
    std::sort(blocks_.begin(), blocks_.end(), BetterStretch);
    for (const Stretch& block : blocks_) {
      if (Wants(block.peak, block.number) && !ScoreBlock(block.number)) return;
    }
  }

  // False when the pacer gives up.
  bool ScoreBlock(uint32_t number) {
    if (!pacer_.Spend(kBlockPostings)) return false;
    postings_.ReadOrdinals(number, &block_);
    postings_.ReadFrequencies(number, &block_);
    float parts[kBlockPostings];
    uint32_t kept[kBlockPostings + 16];
    const ScoreKernels& kernels = ChosenScoreKernels();
    kernels.parts(formula_, block_.ordinals, block_.frequencies, block_.size, segment_.short_lengths(), parts);
    const auto floor = static_cast<float>(best_.floor() * (1 - 0x1p-22));
    const float least = std::max(floor / (1 + 2 * kPartError), std::numeric_limits<float>::min());
    const size_t count = kernels.at_least(parts, block_.size, least, kept);
    for (size_t i = 0; i < count; ++i) {
      const uint32_t text = block_.ordinals[kept[i]];
      const double score = Bm25Part(weight_, block_.frequencies[kept[i]], norm_(segment_.text_length(text)));
      const Slot slot = segment_.text_slot(text);
      if (best_.Wants(slot, score) && allowed_.contains(slot.value)) best_.Add(slot, score);
    }
    return true;
  }

  const TextSegment& segment_;
  const SealedPostings postings_;
  const double weight_;
  const Bm25Norm& norm_;
  const PartFormula formula_;
  const SlotSet& allowed_;
  Pacer& pacer_;
  BestHits& best_;
  std::vector<Impact> impacts_;
  std::vector<Stretch> blocks_;
  PostingBlock block_;
};

// The number of the query's only clause that matches anything, where that is an optional or required word.
std::optional<size_t> SealedQuery::OnlyTerm(const QueryScoring& scoring) const {
  std::optional<size_t> only;
  for (size_t i = 0; i < clauses().size(); ++i) {
    const bool required = scoring.clauses[i].occur == TextClause::Occur::kMust;
    if (clauses()[i].lists.empty() && !required) continue;
    if (only || clauses()[i].lists.empty() || clauses()[i].kind != TextClause::Kind::kTerm ||
        scoring.clauses[i].occur == TextClause::Occur::kNot) {
      return std::nullopt;
    }
    only = i;
  }
  return only;
}

void SealedQuery::TopOfTerm(size_t clause, const QueryScoring& scoring, const SlotSet& allowed, Pacer* pacer,
                            BestHits* best) const {
  BestBlocks(part().segment(), clauses()[clause].lists[0].term, scoring.weights[clause], scoring.norm, allowed, pacer,
             best)
      .Run();
}

}  // namespace engram

// What the best k texts of a query have to reach, told by floats early; who they are, judged in double at the end.
#include <algorithm>
#include <limits>

#include "index/text/max_score.h"

namespace engram {
namespace {

// Looking for a floor costs the lookup of one posting in so many of the query's, and tells of so many clauses.
constexpr uint64_t kPostingsALookup = 1024;
constexpr size_t kPrimeClauses = 4;
constexpr uint64_t kPrimeBlocksMax = 8;
// Candidates that wait to be judged, beside k.
constexpr size_t kWaitingMax = 1024;

}  // namespace

// The k-th best score is at least that in double, as floats are off by slack_ at the most.
void SealedQuery::MaxScore::RaiseFloorTo(float score) {
  best_.RaiseFloor(static_cast<double>(score) / static_cast<double>(slack_) * (1 - 0x1p-22));
  SetNeeded();
}

void SealedQuery::MaxScore::SetNeeded() {
  const auto floor = static_cast<float>(best_.floor() * (1 - 0x1p-22));
  needed_ = std::max(floor / slack_, std::numeric_limits<float>::min());
}

// Texts with the term that promises most, best by what it and the strongest others give them, are a floor for all
// others: words that belong together stand together.
void SealedQuery::MaxScore::Prime() {
  if (required_ > 0 || !forbidden_.empty() || best_.floor() > 0) return;
  const auto promises = [&](const Clause* clause) { return clause->is_term() && clause->postings >= best_.k(); };
  const auto first = std::find_if(by_max_.rbegin(), by_max_.rend(), promises);
  if (first == by_max_.rend()) return;
  uint64_t postings = 0;
  for (const Clause* clause : by_max_) postings += clause->postings;
  const size_t others = std::min(by_max_.size() - 1, kPrimeClauses);
  const uint64_t blocks = postings / kPostingsALookup / (others + 1) / kBlockPostings;
  if (!TakeBestOf(*first, std::clamp<uint64_t>(blocks, 1, kPrimeBlocksMax))) return;

  std::vector<Clause*> applied;
  for (auto clause = by_max_.rbegin(); clause != by_max_.rend(); ++clause) {
    if (clause == first || !(*clause)->is_term()) continue;
    if (applied.size() == others) {
      // Few texts are left for all further clauses.
      std::vector<float> order(scores_.begin(), scores_.begin() + static_cast<ptrdiff_t>(count_));
      const size_t rank = std::min(2 * best_.k(), count_) - 1;
      std::nth_element(order.begin(), order.begin() + static_cast<ptrdiff_t>(rank), order.end(), std::greater<>());
      Keep(order[rank]);
    }
    if (!pacer_.Spend((*clause)->StepsOver(count_))) return;
    ApplyTerm(*clause);
    applied.push_back(*clause);
  }
  for (Clause* clause : applied) clause->cursor->Rewind();

  std::vector<float> sums;
  for (size_t i = 0; i < count_; ++i) {
    const bool is_exact = segment_.short_lengths()[texts_[i]] < TextSegment::kLongText;
    if (is_exact && allowed_.contains(segment_.text_slot(texts_[i]).value)) sums.push_back(scores_[i]);
  }
  if (sums.size() < best_.k()) return;
  const auto least = sums.begin() + static_cast<ptrdiff_t>(best_.k() - 1);
  std::nth_element(sums.begin(), least, sums.end(), std::greater<>());
  RaiseFloorTo(*least);
}

// The texts of the term's best blocks, with its parts. False when they are fewer than k.
bool SealedQuery::MaxScore::TakeBestOf(Clause* clause, size_t blocks) {
  const SealedPostings& postings = clause->cursor->postings();
  PostingBlock block;
  count_ = 0;
  for (const uint32_t number : clause->bounds[0].BestBlocks(blocks)) {
    postings.ReadOrdinals(number, &block);
    postings.ReadFrequencies(number, &block);
    std::copy_n(block.ordinals, block.size, texts_.begin() + static_cast<ptrdiff_t>(count_));
    kernels_.parts(clause->formula, block.ordinals, block.frequencies, block.size, segment_.short_lengths(),
                   scores_.data() + count_);
    count_ += block.size;
  }
  return count_ >= best_.k();
}

// Remembers the texts of the stretch that may be among the best.
void SealedQuery::MaxScore::Offer() {
  for (size_t i = 0; i < count_; ++i) {
    if (scores_[i] < needed_ || !allowed_.contains(segment_.text_slot(texts_[i]).value)) continue;
    candidates_.push_back({texts_[i], scores_[i]});
    // The score of a very long text is only a bound.
    if (segment_.short_lengths()[texts_[i]] < TextSegment::kLongText) Reach(scores_[i]);
  }
  if (candidates_.size() > best_.k() + kWaitingMax) Judge();
}

void SealedQuery::MaxScore::Reach(float score) {
  if (reached_.size() == best_.k()) {
    if (score <= reached_.front()) return;
    std::pop_heap(reached_.begin(), reached_.end(), std::greater<>());
    reached_.pop_back();
  }
  reached_.push_back(score);
  std::push_heap(reached_.begin(), reached_.end(), std::greater<>());
  if (reached_.size() == best_.k()) RaiseFloorTo(reached_.front());
}

void SealedQuery::MaxScore::Judge() {
  if (judges_.empty()) judges_ = query_.Matchers();
  std::sort(candidates_.begin(), candidates_.end(),
            [](const Candidate& a, const Candidate& b) { return a.text < b.text; });
  for (const Candidate& candidate : candidates_) {
    if (candidate.score < needed_) continue;
    if (!pacer_.Spend(kBlockPostings * clauses_.size())) return;
    const Slot slot = segment_.text_slot(candidate.text);
    const double score = query_.Judge(scoring_, candidate.text, &judges_).score;
    if (best_.Wants(slot, score)) best_.Add(slot, score);
  }
  candidates_.clear();
  SetNeeded();
}

}  // namespace engram

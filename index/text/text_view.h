// What a TextView holds: the query's clauses bound to postings, and the figures of the moment.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "index/text/bm25.h"
#include "index/text/text_index.h"
#include "index/text/text_part.h"

namespace engram {

struct BoundTerm {
  PostingSpan postings;
  uint32_t live = 0;  // n, of the live texts
};

struct BoundClause {
  TextClause::Kind kind;
  TextClause::Occur occur;
  uint32_t times;
  std::string label;
  // kTerm: one. kPhrase: its terms in order. kPrefix, kFuzzy: those it stands for. Empty: matches nothing.
  std::vector<BoundTerm> terms;
  std::vector<uint32_t> offsets;

  bool scores() const { return occur != TextClause::Occur::kNot; }
};

class TextView::Rep {
 public:
  // Under the owner's lock.
  Rep(std::shared_ptr<const TextPart> part, const Bm25Parameters& parameters, const TextQuery& query);

  const TextPart& part() const { return *part_; }
  uint32_t text_count() const { return text_count_; }
  uint64_t epoch() const { return epoch_; }
  const std::vector<BoundClause>& clauses() const { return clauses_; }
  const Bm25Norm& norm() const { return norm_; }

  // times * idf of each clause. Counted on first use, without the lock. Thread-safe.
  const std::vector<double>& weights() const;

  // The postings that all clauses together would walk.
  uint64_t posting_count() const;

 private:
  double Weight(const BoundClause& clause) const;
  uint64_t LiveTextsWithAny(const BoundClause& clause) const;

  const std::shared_ptr<const TextPart> part_;
  const TextStatistics statistics_;
  const Bm25Norm norm_;
  const uint32_t text_count_;
  const uint64_t epoch_;
  std::vector<BoundClause> clauses_;
  mutable std::once_flag weighed_;
  mutable std::vector<double> weights_;
};

}  // namespace engram

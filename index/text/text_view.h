// What a TextView holds: the query bound to every part of the index, and the figures of the moment.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "index/text/bm25.h"
#include "index/text/part.h"
#include "index/text/text_index.h"

namespace engram {

class TextView::Rep {
 public:
  // Under the owner's lock. `parts` in the order of their slots.
  Rep(const std::vector<std::shared_ptr<Part>>& parts, const Bm25Parameters& parameters, const TextQuery& query);

  const std::vector<QueryClause>& clauses() const { return clauses_; }
  const std::string& label(size_t i) const { return labels_[i]; }
  const std::vector<std::unique_ptr<const PartQuery>>& parts() const { return parts_; }
  // Weighs the clauses on first use, without the owner's lock; nothing when the pacer gave that up. Thread-safe.
  std::optional<QueryScoring> Scoring(Pacer* pacer) const EXCLUDES(mutex_);
  // The part that holds the slot, if any does.
  const PartQuery* PartOf(Slot slot) const;

 private:
  // How many live texts hold each term of a clause; empty when it matches nothing.
  using LiveCounts = std::vector<uint64_t>;

  double Weight(size_t i, Pacer* pacer) const;

  const uint64_t texts_;
  const Bm25Norm norm_;
  std::vector<QueryClause> clauses_;
  std::vector<uint32_t> times_;
  std::vector<std::string> labels_;
  std::vector<LiveCounts> live_counts_;
  std::vector<std::unique_ptr<const PartQuery>> parts_;
  mutable Mutex mutex_;
  mutable std::optional<std::vector<double>> weights_ GUARDED_BY(mutex_);  // never changed once it is there
};

}  // namespace engram

// The text index of one namespace, first form: everything in memory, appended in log order.
//
// Scores are BM25 as Lucene 9 defines it (Robertson & Zaragoza 2009, without the constant k1 + 1), with
// exact lengths and with df, N and the average length over live texts only:
//   score(q, d) = sum over clauses c of times(c) * idf(c) * tf / (tf + k1 * (1 - b + b * |d| / avg))
//   idf(c)      = ln(1 + (N - n + 0.5) / (n + 0.5))
// A phrase has the phrase's frequency as tf and the sum of its terms' idf. A prefix or fuzzy clause is one
// term whose tf is the sum over the terms it stands for (at most 128 and 64, nearest first), n the number
// of live texts with any of them. Prefix and fuzzy compare with the words of the live texts, folded but
// not stemmed: in an "english" namespace runni* finds the texts that hold "running" or, as everywhere
// there, another word of the same stem.
//
// Threads: one writer. Add, Remove and View are serialised by the owner's lock (View may share it);
// the TextView that comes back needs no lock and stays valid, unchanged, whatever the writer does.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "index/scored_slot.h"
#include "index/slot_set.h"
#include "index/text/analyzer.h"
#include "index/text/text_query.h"

namespace engram {

class TextPart;

struct Bm25Parameters {
  double k1 = 1.2;
  double b = 0.75;
  bool operator==(const Bm25Parameters&) const = default;
};

struct TextStatistics {
  uint64_t texts = 0;         // live slots with at least one term: N
  uint64_t length_total = 0;  // their terms
  uint64_t distinct_terms = 0;
};

// One clause's share of a score.
struct TermScore {
  std::string term;  // as indexed; a phrase with spaces, a prefix with '*', a fuzzy word with '~'
  double score = 0;
};

// A query bound to the index as it was at View(). Confined to one thread; copies are cheap.
class TextView {
 public:
  class Rep;
  explicit TextView(std::shared_ptr<const Rep> rep) : rep_(std::move(rep)) {}

  // The k best of `allowed` that match at least one optional or required clause and break no rule,
  // best first.
  std::vector<ScoredSlot> Top(const SlotSet& allowed, size_t k) const;

  // The exact score of each slot, 0 where nothing matches; rules (+, -) are not applied.
  // As many as `slots`, in their order. REQUIRES: the slots were live at View().
  std::vector<double> Score(const std::vector<Slot>& slots) const;

  // The slots of `allowed` that hold every +must (every word in mode kAll) and no -not.
  SlotSet Restrict(const SlotSet& allowed) const;

  // The parts of Score for one slot, in query order; they sum to it exactly.
  std::vector<TermScore> Explain(Slot slot) const;

 private:
  std::shared_ptr<const Rep> rep_;
};

class TextIndex {
 public:
  TextIndex(std::shared_ptr<const Analyzer> analyzer, Bm25Parameters parameters);
  ~TextIndex();
  TextIndex(const TextIndex&) = delete;
  TextIndex& operator=(const TextIndex&) = delete;

  // Indexes `texts` as one text with a position gap of 100 between them. REQUIRES: `slot` is above every
  // slot added before. A text without terms is remembered as absent.
  void Add(Slot slot, const std::vector<std::string_view>& texts);

  // Forgets the slot: from now on it leaves no trace in any score. Unknown slots are ignored.
  // Space comes back when more than half of what is held is dead.
  void Remove(Slot slot);

  // For views taken from now on.
  void SetParameters(Bm25Parameters parameters) { parameters_ = parameters; }

  TextView View(const TextQuery& query) const;
  TextStatistics statistics() const;
  // Every live posting: terms in byte order, the slots of each ascending. To compare two indexes with.
  void VisitPostings(const std::function<void(std::string_view term, Slot slot, uint32_t frequency)>& visit) const;
  const Analyzer& analyzer() const;
  size_t MemoryBytes() const;

 private:
  std::shared_ptr<const Analyzer> analyzer_;
  Bm25Parameters parameters_;
  std::shared_ptr<TextPart> part_;  // replaced, never changed under a view, when its dead are swept out
};

}  // namespace engram

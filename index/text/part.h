// A stretch of an index's texts: those in memory, or those of a segment. Parts hold disjoint ranges of slots,
// in ascending order, and their figures add up, so that a score never depends on how texts are split.
//
// A removal makes an epoch of the part; a text is live at epoch e when it was not removed by then.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "index/pacer.h"
#include "index/slot_set.h"
#include "index/text/best_hits.h"
#include "index/text/bm25.h"
#include "index/text/text_index.h"
#include "index/text/text_query.h"

namespace engram {

class PartQuery;
class TextSource;

// What every part needs to know of a query: its clauses, with the figures of the whole index.
struct QueryClause {
  TextClause::Kind kind;
  TextClause::Occur occur;
  std::vector<uint32_t> offsets;  // kPhrase

  bool scores() const { return occur != TextClause::Occur::kNot; }
};

struct QueryScoring {
  const std::vector<QueryClause>& clauses;
  const std::vector<double>& weights;  // times * idf of each clause
  const Bm25Norm& norm;
};

class Part : public std::enable_shared_from_this<Part> {
 public:
  static constexpr uint32_t kNoTerm = UINT32_MAX;
  using VisitWord = std::function<bool(std::string_view word, uint32_t term)>;
  using VisitNearWord = std::function<void(std::string_view word, uint32_t term, uint32_t distance)>;

  Part() = default;
  Part(const Part&) = delete;
  Part& operator=(const Part&) = delete;
  virtual ~Part() = default;

  // Under the owner's lock, exclusive. False when the slot isn't live here.
  virtual bool Remove(Slot slot) = 0;

  // Under the owner's lock, shared.
  virtual uint64_t live_texts() const = 0;
  virtual uint64_t live_length() const = 0;  // their terms
  virtual uint64_t epoch() const = 0;
  // The slots removed after `epoch`, in that order.
  virtual std::vector<Slot> RemovedSince(uint64_t epoch) const = 0;
  virtual uint32_t FindTerm(std::string_view term) const = 0;
  // How many live texts hold the term.
  virtual uint32_t TermLive(uint32_t term) const = 0;
  virtual std::string TermText(uint32_t term) const = 0;
  // The words of live texts that begin with `prefix`, by their bytes, until `visit` returns false.
  virtual void EachWordWithPrefix(std::string_view prefix, const VisitWord& visit) const = 0;
  // The words of live texts within `distance_max` edits, in no order.
  virtual void EachWordWithin(std::string_view word, uint32_t distance_max, const VisitNearWord& visit) const = 0;
  // Every term of a live text, by its bytes.
  virtual void EachTerm(const std::function<void(std::string_view text, uint32_t term)>& visit) const = 0;
  // The postings of a term whose texts are live, ascending.
  virtual void EachLivePosting(uint32_t term,
                               const std::function<void(Slot slot, uint32_t frequency)>& visit) const = 0;
  // `terms`: for each clause its terms' numbers here, kNoTerm where it is not here.
  virtual std::unique_ptr<const PartQuery> Bind(const std::vector<QueryClause>& clauses,
                                                std::vector<std::vector<uint32_t>> terms) const = 0;
  virtual size_t MemoryBytes() const = 0;

  // Without a lock, once nothing is added any more: the texts that were live at `epoch`. Keeps the part.
  virtual std::unique_ptr<TextSource> Source(uint64_t epoch) const = 0;
};

// A query bound to one part as it was at that moment; keeps the part. Thread-safe, needs no lock.
class PartQuery {
 public:
  virtual ~PartQuery() = default;

  // The last slot that may be here.
  virtual Slot last_slot() const = 0;
  // Calls that walk postings count them by `pacer`; what they answer is worth nothing once it has given up.
  //
  // How many live texts match clause `i`, a prefix or fuzzy one.
  virtual uint64_t LiveMatches(size_t i, Pacer* pacer) const = 0;
  // Offers the best texts of `allowed`, whose slots were live at that moment.
  virtual void Top(const QueryScoring& scoring, const SlotSet& allowed, Pacer* pacer, BestHits* best) const = 0;
  // Adds to scores[j] the parts of slots[j], in the order of the clauses. REQUIRES: slots ascend.
  virtual void Score(const QueryScoring& scoring, const std::vector<Slot>& slots, Pacer* pacer,
                     double* scores) const = 0;
  // How often clause `i` stands in the text of `slot`, 0 for not at all, and the text's length.
  struct Occurrence {
    uint32_t frequency = 0;
    uint32_t length = 0;
  };
  virtual Occurrence Find(size_t i, Slot slot) const = 0;
  // The slots, live or not, that match clause `i`.
  virtual SlotSet Matches(size_t i, Pacer* pacer) const = 0;
};

}  // namespace engram

// The text index of one namespace: a fresh part in memory, appended in log order, and parts that get no more
// texts, frozen in memory or sealed in files. Answers are the same, to the last bit, however the texts are split.
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
// Threads: one writer. All calls on a TextIndex are serialised by the owner's lock (const ones may share it);
// the TextView that comes back needs no lock and stays valid, unchanged, whatever the writer does.
//
// Sealing, in a thread of the owner's:
//   under the lock      handle = index.Freeze()
//   without it          SealTexts(files, path, analyzer, {handle}, position), then TextSegment::Open
//   under the lock      index.Replace({handle}, segment)
// Merging is the same with several neighbours among Parts(). What is removed meanwhile is applied by Replace.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/ids.h"
#include "base/status.h"
#include "index/scored_slot.h"
#include "index/slot_set.h"
#include "index/text/analyzer.h"
#include "index/text/text_query.h"

namespace engram {

class Part;
class TextPart;
class TextSegment;

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

  // Asked several times in a millisecond of work; true ends the call, whose answer is then worth nothing.
  using GiveUp = std::function<bool()>;

  // The k best of `allowed` that match at least one optional or required clause and break no rule,
  // best first.
  std::vector<ScoredSlot> Top(const SlotSet& allowed, size_t k, const GiveUp& give_up = {}) const;

  // The exact score of each slot, 0 where nothing matches; rules (+, -) are not applied.
  // As many as `slots`, in their order. REQUIRES: the slots were live at View().
  std::vector<double> Score(const std::vector<Slot>& slots, const GiveUp& give_up = {}) const;

  // The slots of `allowed` that hold every +must (every word in mode kAll) and no -not.
  SlotSet Restrict(const SlotSet& allowed, const GiveUp& give_up = {}) const;

  // For tests, of the several ways to an answer.
  const Rep& rep() const { return *rep_; }

  // The parts of Score for one slot, in query order; they sum to it exactly.
  std::vector<TermScore> Explain(Slot slot) const;

 private:
  std::shared_ptr<const Rep> rep_;
};

// A part that gets no more texts, as it was at some moment. Copies are cheap and keep it; needs no lock.
class TextPartHandle {
 public:
  bool sealed() const { return segment_ != nullptr; }
  // Null for one in memory.
  const std::shared_ptr<const TextSegment>& segment() const { return segment_; }
  uint64_t live_texts() const { return live_texts_; }
  // Removed since it was frozen or sealed. A merge leaves them behind.
  uint64_t dead_texts() const { return dead_texts_; }

 private:
  friend class TextIndex;
  friend Result<uint64_t> SealTexts(FileSystem& files, const std::string& path, const Analyzer& analyzer,
                                    const std::vector<TextPartHandle>& handles, Position position);

  explicit TextPartHandle(std::shared_ptr<const Part> part);

  std::shared_ptr<const Part> part_;
  std::shared_ptr<const TextSegment> segment_;
  uint64_t epoch_ = 0;
  uint64_t live_texts_ = 0;
  uint64_t dead_texts_ = 0;
};

// Writes the live texts of neighbouring parts as one segment, complete up to `position`; its size in bytes, or 0,
// and no file, when none of them lives. Corruption when a sealed part is damaged; otherwise errors of the disk.
Result<uint64_t> SealTexts(FileSystem& files, const std::string& path, const Analyzer& analyzer,
                           const std::vector<TextPartHandle>& handles, Position position);

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
  // The space of a text in a frozen or sealed part comes back when the part is sealed or merged anew. In the
  // fresh part it comes back when more than half of what it holds is dead: at once, which takes some 40 ms for a
  // million words.
  void Remove(Slot slot);

  // Texts added from now on go to a new part. Empty when there is nothing fresh.
  std::optional<TextPartHandle> Freeze();
  // The frozen and sealed parts as they are now, in the order of their slots.
  std::vector<TextPartHandle> Parts() const;
  // Puts one part in the place of those that it was written from, and removes from it what was removed from them
  // since. A null one stands for no live text at all. REQUIRES: the handles are this index's, neighbours, in
  // order and not replaced yet.
  void Replace(const std::vector<TextPartHandle>& handles, std::shared_ptr<const TextSegment> segment);
  // Opening: a segment, less what was removed from it later. REQUIRES: its slots are above all held.
  void Attach(std::shared_ptr<const TextSegment> segment, const SlotSet& removed);

  // For views taken from now on.
  void SetParameters(Bm25Parameters parameters) { parameters_ = parameters; }

  TextView View(const TextQuery& query) const;
  // With several parts it walks their dictionaries to count distinct terms: some milliseconds.
  TextStatistics statistics() const;
  // Every live posting: terms in byte order, the slots of each ascending. To compare two indexes with.
  void VisitPostings(const std::function<void(std::string_view term, Slot slot, uint32_t frequency)>& visit) const;
  const Analyzer& analyzer() const;
  // Resident bytes; segments are mapped and not among them.
  size_t MemoryBytes() const;

 private:
  std::shared_ptr<const Analyzer> analyzer_;
  Bm25Parameters parameters_;
  std::vector<std::shared_ptr<Part>> parts_;  // in the order of their slots; the last one is fresh_
  std::shared_ptr<TextPart> fresh_;           // replaced, never changed under a view, when its dead are swept out
};

}  // namespace engram

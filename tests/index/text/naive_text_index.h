// What TextIndex promises, written down word for word and slowly: every answer is computed from the token
// lists of the live texts.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "index/scored_slot.h"
#include "index/slot_set.h"
#include "index/text/analyzer.h"
#include "index/text/text_index.h"

namespace engram {

using NaiveTexts = std::map<uint32_t, std::vector<Token>>;  // by slot

TextStatistics NaiveStatistics(const NaiveTexts& texts);

// A query over texts that stay as they are while it lives.
class NaiveQuery {
 public:
  NaiveQuery(const NaiveTexts& texts, const Bm25Parameters& parameters, const TextQuery& query);

  std::vector<ScoredSlot> Top(const SlotSet& allowed, size_t k) const;
  double Score(uint32_t slot) const;
  SlotSet Restrict(const SlotSet& allowed) const;

 private:
  struct Clause {
    TextClause written;
    std::vector<std::string> terms;  // what a prefix or fuzzy word stands for
    double idf = 0;
  };

  std::vector<std::string> TermsOf(const TextClause& clause) const;
  double Idf(const std::vector<std::string>& any_of) const;
  double Frequency(const Clause& clause, uint32_t slot) const;

  const NaiveTexts& texts_;
  Bm25Parameters parameters_;
  double average_length_;
  std::vector<Clause> clauses_;
};

class NaiveTextIndex {
 public:
  explicit NaiveTextIndex(std::shared_ptr<const Analyzer> analyzer) : analyzer_(std::move(analyzer)) {}

  void Add(uint32_t slot, const std::vector<std::string_view>& texts);
  void Remove(uint32_t slot) { texts_.erase(slot); }
  const NaiveTexts& texts() const { return texts_; }

 private:
  std::shared_ptr<const Analyzer> analyzer_;
  NaiveTexts texts_;
};

}  // namespace engram

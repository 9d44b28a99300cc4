// Searches by looking at every memory: literal BM25 and nearest neighbours in double.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/search.h"
#include "tests/engine/model/twin_state.h"

namespace engram::model {

// The words of a query with their operators; written out as text for the engine.
struct NaiveQuery {
  struct Word {
    std::string text;
    TextClause::Occur occur = TextClause::Occur::kShould;
    bool prefix = false;
  };
  std::vector<Word> words;
  std::string Text() const;
};

struct NaiveHits {
  std::map<std::string, double> scores;  // of every candidate
  double doubt = 0;                      // how far a score may be off (single-precision distances, normalised)
};

class NaiveSearch {
 public:
  NaiveSearch(const TwinState& state, Timestamp now, const Filter* filter);

  // Memories that have a term of the query, break no rule of it and pass the filter.
  NaiveHits Text(const NaiveQuery& query);
  NaiveHits Vector(const std::string& space, const DenseVector& query);
  // The default fusion of both; nothing when it hangs on the last bits of a distance.
  std::optional<NaiveHits> Hybrid(const NaiveQuery& words, const std::string& space, const DenseVector& vector);

 private:
  struct Document {
    const TwinMemory* memory = nullptr;
    std::map<std::string, double> frequencies;
    double length = 0;
    bool allowed = false;  // active enough, and passes the filter
  };
  // What one clause of a query looks for.
  struct Clause {
    std::vector<std::string> terms;
    TextClause::Occur occur = TextClause::Occur::kShould;
    double times = 1;
  };

  std::vector<Clause> Clauses(const NaiveQuery& query) const;
  static double Frequency(const Clause& clause, const Document& document);
  std::map<std::string, double> Bm25(const std::vector<Clause>& clauses) const;  // of every memory, 0 too
  static bool KeepsRules(const std::vector<Clause>& clauses, const Document& document);

  const TwinState& state_;
  std::shared_ptr<const Analyzer> analyzer_;
  std::map<std::string, Document> documents_;  // every visible memory, whatever its state
};

}  // namespace engram::model

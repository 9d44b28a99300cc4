#include "index/vector/recall_sample.h"

#include <algorithm>

#include "index/vector/graph_walk.h"
#include "index/vector/top_hits.h"
#include "index/vector/vector_segment_search.h"

namespace engram {
namespace {

constexpr size_t kNearest = 10;
constexpr size_t kQueriesMin = 32;
constexpr size_t kQueriesMax = 128;
constexpr size_t kScoresWanted = 8'000'000;

// Rows that need not stand in one array.
class PointedScorer {
 public:
  PointedScorer(const FloatRows& floats, const float* query) : floats_(floats), query_(query) {}
  float operator()(uint32_t row) const {
    return static_cast<float>(floats_.space->Similarity(query_, floats_.rows[row]));
  }
  void Prefetch(uint32_t row) const { PrefetchBytes(floats_.rows[row], 256); }

 private:
  const FloatRows& floats_;
  const float* query_;
};

template <class Scorer>
CandidatePool WalkFromEntry(const Graph& graph, const Scorer& scorer, size_t rows, size_t ef) {
  VisitedRows& visited = VisitedRows::Begin(rows);
  CandidatePool pool(ef);
  const uint32_t entry = Descend(graph, scorer);
  visited.Mark(entry);
  pool.Offer(scorer(entry), entry);
  Walk(graph, scorer, visited, pool, [](uint32_t, float) {});
  return pool;
}

template <class Scorer>
CandidatePool ScanAll(const Scorer& scorer, size_t rows, size_t wanted) {
  CandidatePool pool(wanted);
  for (uint32_t row = 0; row < rows; ++row) pool.Offer(scorer(row), row);
  return pool;
}

// Calls `use(scorer)` with the scorer of a row as a query.
template <class Use>
auto WithScorer(const CodedRows& coded, const float* query, Use use) {
  const CodeQuery prepared = coded.quantizer->Prepare(query);
  if (coded.lengths == nullptr) return use(CodeScorer<false>(prepared, coded.codes, nullptr));
  return use(CodeScorer<true>(prepared, coded.codes, coded.lengths));
}

}  // namespace

RecallSample::RecallSample(const VectorSpace& space, std::span<const float* const> rows) : space_(space), rows_(rows) {
  const size_t wanted = std::clamp(kScoresWanted / rows.size(), kQueriesMin, kQueriesMax);
  const size_t n = std::min(wanted, rows.size());
  std::vector<TopHits> nearest(n, TopHits(kNearest));
  for (size_t i = 0; i < n; ++i) queries_.push_back({static_cast<uint32_t>(i * rows.size() / n), 0, 0});
  // Row by row, so that each is fetched once for all queries. A row is no neighbour of itself.
  for (uint32_t row = 0; row < rows.size(); ++row) {
    for (size_t i = 0; i < n; ++i) {
      if (queries_[i].row == row) continue;
      nearest[i].Offer({Slot(row), space.Similarity(rows[queries_[i].row], rows[row])});
    }
  }
  for (size_t i = 0; i < n; ++i) {
    const std::vector<ScoredSlot> hits = std::move(nearest[i]).Take();
    queries_[i].wanted = hits.size();
    queries_[i].threshold = hits.empty() ? 0 : hits.back().score;
  }
}

// Rows as near as the last of the nearest are as good as it, so that duplicates don't count as lost.
template <class Pool>
double RecallSample::Share(const Query& query, const Pool& pool) const {
  if (query.wanted == 0) return 1;
  size_t found = 0;
  const size_t scored = std::min(pool.size(), RescoredCount(kNearest));
  for (size_t i = 0; i < scored; ++i) {
    const uint32_t row = pool.RowAt(i);
    if (row != query.row && space_.Similarity(rows_[query.row], rows_[row]) >= query.threshold) ++found;
  }
  return static_cast<double>(std::min(found, query.wanted)) / static_cast<double>(query.wanted);
}

double RecallSample::OfCodes(const CodedRows& coded) const {
  double sum = 0;
  for (const Query& query : queries_) {
    const CandidatePool pool = WithScorer(coded, rows_[query.row], [&](const auto& scorer) {
      return ScanAll(scorer, rows_.size(), RescoredCount(kNearest));
    });
    sum += Share(query, pool);
  }
  return sum / static_cast<double>(queries_.size());
}

double RecallSample::OfGraph(const Graph& graph, const CodedRows& coded, size_t ef) const {
  double sum = 0;
  for (const Query& query : queries_) {
    sum += Share(query, WithScorer(coded, rows_[query.row],
                                   [&](const auto& scorer) { return WalkFromEntry(graph, scorer, rows_.size(), ef); }));
  }
  return sum / static_cast<double>(queries_.size());
}

double RecallSample::OfGraph(const Graph& graph, const FloatRows& floats, size_t ef) const {
  double sum = 0;
  for (const Query& query : queries_) {
    sum += Share(query, WalkFromEntry(graph, PointedScorer(floats, rows_[query.row]), rows_.size(), ef));
  }
  return sum / static_cast<double>(queries_.size());
}

}  // namespace engram

#include "engine/search/fusion/fuse.h"

#include "base/check.h"
#include "engine/search/fusion/mem0.h"
#include "engine/search/fusion/opensearch.h"
#include "engine/search/fusion/qdrant_dbsf.h"
#include "engine/search/fusion/reciprocal_rank.h"
#include "engine/search/fusion/relative.h"
#include "engine/search/fusion/zscore.h"

namespace engram::search {
namespace {

bool IsOpensearch(FusionMethod method) {
  return method == FusionMethod::kOpensearchMinmax || method == FusionMethod::kOpensearchL2 ||
         method == FusionMethod::kOpensearchZscore;
}

// Methods whose weights are scaled to sum 1.
bool IsMean(FusionMethod method) {
  return method == FusionMethod::kRelative || method == FusionMethod::kZscore || IsOpensearch(method);
}

Scores OpensearchScores(const LegColumn& column) {
  Scores scores = column.scores;
  if (column.type != LegType::kVector) return scores;
  for (auto& score : scores) {
    if (score) score = OpensearchVectorScore(column.metric, *score);
  }
  return scores;
}

std::vector<double> ByRank(const LegColumn& column, double (*share)(uint32_t rank, double k), double k) {
  std::vector<double> normalized(column.ranks.size(), 0.0);
  for (size_t i = 0; i < normalized.size(); ++i) {
    if (column.ranks[i]) normalized[i] = share(*column.ranks[i], k);
  }
  return normalized;
}

std::vector<double> NormalizeMem0(const LegColumn& column) {
  std::vector<double> normalized(column.scores.size(), 0.0);
  const auto range = RangeOf(column.scores);
  const double high = range ? range->high : 0;
  for (size_t i = 0; i < normalized.size(); ++i) {
    if (!column.scores[i]) continue;
    const double score = *column.scores[i];
    switch (column.type) {
      case LegType::kText: normalized[i] = Mem0TextScore(column.query_terms, score); break;
      case LegType::kVector: normalized[i] = Mem0VectorScore(column.metric, score); break;
      case LegType::kGraph: normalized[i] = high > 0 ? score / high : 0.0; break;
    }
  }
  return normalized;
}

std::vector<double> Normalize(FusionMethod method, std::optional<double> k, const LegColumn& column) {
  switch (method) {
    case FusionMethod::kRelative: return NormalizeRelative(column.scores);
    case FusionMethod::kZscore: return NormalizeZscore(column.scores);
    case FusionMethod::kRrf: return ByRank(column, RrfShare, k.value_or(kRrfK));
    case FusionMethod::kQdrantRrf:
      return ByRank(
          column, [](uint32_t rank, double with_k) { return QdrantRrfShare(rank, 1, with_k); },
          k.value_or(kQdrantRrfK));
    case FusionMethod::kQdrantDbsf: return NormalizeQdrantDbsf(column.scores);
    case FusionMethod::kOpensearchMinmax: return NormalizeOpensearchMinmax(OpensearchScores(column));
    case FusionMethod::kOpensearchL2: return NormalizeOpensearchL2(OpensearchScores(column));
    case FusionMethod::kOpensearchZscore: return NormalizeOpensearchZscore(OpensearchScores(column));
    case FusionMethod::kMem0: return NormalizeMem0(column);
  }
  return std::vector<double>(column.scores.size(), 0.0);
}

double Mem0Share(LegType type) { return type == LegType::kGraph ? kMem0GraphShare : 1.0; }

double Mem0Divisor(const std::vector<LegColumn>& columns) {
  double divisor = 0;
  for (const LegColumn& column : columns) {
    if (RangeOf(column.scores)) divisor += Mem0Share(column.type);
  }
  return divisor > 0 ? divisor : 1;
}

double WeightSum(const std::vector<LegColumn>& columns) {
  double sum = 0;
  for (const LegColumn& column : columns) sum += column.weight;
  return sum;
}

// What a leg's normalised scores are multiplied with.
double Factor(FusionMethod method, const std::vector<LegColumn>& columns, const LegColumn& column) {
  if (IsMean(method)) return column.weight / WeightSum(columns);
  if (method == FusionMethod::kMem0) return Mem0Share(column.type) / Mem0Divisor(columns);
  return column.weight;
}

LegShare ShareOf(FusionMethod method, std::optional<double> k, const std::vector<LegColumn>& columns,
                 const LegColumn& column) {
  LegShare share{Normalize(method, k, column), {}};
  share.contributions.resize(share.normalized.size());
  const double factor = Factor(method, columns, column);
  for (size_t i = 0; i < share.normalized.size(); ++i) {
    const bool weighted_rank = method == FusionMethod::kQdrantRrf && column.ranks[i];
    share.contributions[i] = weighted_rank ? QdrantRrfShare(*column.ranks[i], column.weight, k.value_or(kQdrantRrfK))
                                           : factor * share.normalized[i];
  }
  return share;
}

}  // namespace

bool ScoresUnion(FusionMethod method) {
  return method == FusionMethod::kRelative || method == FusionMethod::kZscore || method == FusionMethod::kMem0;
}

double DefaultWeight(FusionMethod method, LegType type) {
  if (method != FusionMethod::kRelative && method != FusionMethod::kZscore) return 1;
  switch (type) {
    case LegType::kText: return 0.4;
    case LegType::kVector: return 0.6;
    case LegType::kGraph: return 0.2;
  }
  return 1;
}

Fused Fuse(FusionMethod method, std::optional<double> k, const std::vector<LegColumn>& columns) {
  ENGRAM_CHECK(!columns.empty() && WeightSum(columns) > 0);
  Fused fused;
  fused.scores.assign(columns[0].scores.size(), 0.0);
  for (const LegColumn& column : columns) {
    fused.legs.push_back(ShareOf(method, k, columns, column));
    const std::vector<double>& contributions = fused.legs.back().contributions;
    for (size_t i = 0; i < contributions.size(); ++i) fused.scores[i] += contributions[i];
  }
  return fused;
}

}  // namespace engram::search

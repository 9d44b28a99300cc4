// Measures, on a sample of rows asked for as queries, what codes and a graph lose; private to index/vector.
#pragma once

#include <span>
#include <vector>

#include "index/vector/graph.h"
#include "index/vector/graph_builder.h"

namespace engram {

// Confined to one thread.
class RecallSample {
 public:
  // Scans all rows once, in fp32. REQUIRES: at least one row; they outlive the sample.
  RecallSample(const VectorSpace& space, std::span<const float* const> rows);

  // The mean share of the exact nearest that are among the candidates that would be scored exactly: of a scan
  // over codes, and of a walk.
  double OfCodes(const CodedRows& coded) const;
  double OfGraph(const Graph& graph, const CodedRows& coded, size_t ef) const;
  double OfGraph(const Graph& graph, const FloatRows& floats, size_t ef) const;

 private:
  struct Query {
    uint32_t row;
    size_t wanted;     // how many nearest there are to find
    double threshold;  // the similarity of the last of them
  };
  template <class Pool>
  double Share(const Query& query, const Pool& pool) const;

  VectorSpace space_;
  std::span<const float* const> rows_;
  std::vector<Query> queries_;
};

}  // namespace engram

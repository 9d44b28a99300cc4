// Searching a sealed graph; private to index/vector and its benchmarks. No locks and no allocation but the
// pool's: links and codes are asked for ahead of use, for a hop costs what its memory costs.
#pragma once

#include <array>
#include <bit>
#include <span>

#include "index/vector/candidate_pool.h"
#include "index/vector/graph.h"
#include "index/vector/passing_links.h"
#include "index/vector/row_scorers.h"
#include "index/vector/visited_rows.h"

namespace engram {

// Rows whose codes are on their way while one is scored.
constexpr size_t kPrefetchAhead = 4;

// Calls `visit(row, score)` for each of `rows`.
template <class Scorer, class Visit>
void ScoreRows(const Scorer& scorer, const uint32_t* rows, size_t n, Visit visit) {
  for (size_t i = 0; i < std::min(n, kPrefetchAhead); ++i) scorer.Prefetch(rows[i]);
  for (size_t i = 0; i < n; ++i) {
    if (i + kPrefetchAhead < n) scorer.Prefetch(rows[i + kPrefetchAhead]);
    visit(rows[i], scorer(rows[i]));
  }
}

// The row on level 0 where the greedy path through the upper levels ends.
template <class Scorer>
uint32_t Descend(const Graph& graph, const Scorer& scorer) {
  uint32_t node = graph.entry;
  for (size_t level = graph.upper.size(); level-- > 0;) {
    const GraphLevel& here = graph.upper[level];
    float best = scorer(here.rows[node]);
    for (bool moved = true; moved;) {
      moved = false;
      const std::span<const uint32_t> links = here.links.subspan(node * kGraphLinks, kGraphLinks);
      for (const uint32_t link : links) {
        if (link == kNoLink) break;
        scorer.Prefetch(here.rows[link]);
      }
      for (const uint32_t link : links) {
        if (link == kNoLink) break;
        const float score = scorer(here.rows[link]);
        if (score > best) {
          best = score;
          node = link;
          moved = true;
        }
      }
    }
    node = here.down[node];
  }
  return node;
}

inline void PrefetchLinks(const Graph& graph, uint32_t row) {
  PrefetchBytes(graph.links0.data() + row * kGraphLinks0, kGraphLinks0 * sizeof(uint32_t));
}

// Best-first search of level 0 from what is in the pool, which must be marked: ends when the pool's rows are
// all expanded. Calls `met(row, score)` for every row it scores.
template <class Scorer, class Met>
void Walk(const Graph& graph, const Scorer& scorer, VisitedRows& visited, CandidatePool& pool, Met met) {
  std::array<uint32_t, kGraphLinks0> fresh;
  for (uint32_t row = 0; pool.TakeNext(&row);) {
    const std::span<const uint32_t> links = graph.Links0(row);
    for (const uint32_t link : links) {
      if (link == kNoLink) break;
      visited.Prefetch(link);
    }
    size_t n = 0;
    for (const uint32_t link : links) {
      if (link == kNoLink) break;
      if (visited.Mark(link)) fresh[n++] = link;
    }
    ScoreRows(scorer, fresh.data(), n, [&](uint32_t neighbour, float score) {
      met(neighbour, score);
      pool.Offer(score, neighbour);
    });
    if (const uint32_t next = pool.PeekNext(); next != CandidatePool::kNone) PrefetchLinks(graph, next);
  }
}

// The same over the rows that pass alone. A neighbour that doesn't pass is a bridge: its own neighbours that
// pass count as the row's (ACORN-1: Patel et al., arXiv 2403.04871), until the row has as many as an unfiltered
// one would (so where most neighbours pass, few bridges are crossed; cf. NaviX, arXiv 2506.23397). `alive(row)` is
// asked of rows that pass.
template <class Scorer, class Alive>
void WalkPassing(const Graph& graph, const Scorer& scorer, VisitedRows& visited, CandidatePool& pool,
                 const RowBits& bits, Alive alive) {
  std::array<uint32_t, 2 * kGraphLinks0> fresh;
  std::array<uint32_t, kGraphLinks0> bridges;
  size_t n = 0;
  const auto take = [&](std::span<const uint32_t> links, uint32_t passing) {
    for (; passing != 0; passing &= passing - 1) {
      const uint32_t link = links[static_cast<size_t>(std::countr_zero(passing))];
      if (alive(link) && visited.Mark(link)) fresh[n++] = link;
    }
  };
  for (uint32_t row = 0; pool.TakeNext(&row);) {
    const std::span<const uint32_t> links = graph.Links0(row);
    const uint32_t passing = PassingLinks(links.data(), bits);
    n = 0;
    size_t bridge_count = 0;
    for (size_t i = 0; i < links.size() && links[i] != kNoLink; ++i) {
      if ((passing >> i & 1) != 0) continue;
      PrefetchLinks(graph, links[i]);
      bridges[bridge_count++] = links[i];
    }
    take(links, passing);
    for (size_t i = 0; i < bridge_count && n < kGraphLinks0; ++i) {
      // Crossed once, whole: whoever comes to it later finds nothing new behind it.
      if (!visited.Mark(bridges[i])) continue;
      const std::span<const uint32_t> further = graph.Links0(bridges[i]);
      take(further, PassingLinks(further.data(), bits));
    }
    ScoreRows(scorer, fresh.data(), n, [&](uint32_t neighbour, float score) { pool.Offer(score, neighbour); });
    if (const uint32_t next = pool.PeekNext(); next != CandidatePool::kNone) PrefetchLinks(graph, next);
  }
}

}  // namespace engram

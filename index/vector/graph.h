// A sealed navigable small-world graph as flat arrays (Malkov and Yashunin, "Efficient and robust approximate
// nearest neighbor search using Hierarchical Navigable Small World graphs", arXiv 1603.09320); private to
// index/vector and its benchmarks.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace engram {

constexpr size_t kGraphLinks = 16;                // M: links of a node on upper levels
constexpr size_t kGraphLinks0 = 2 * kGraphLinks;  // and on level 0
constexpr uint32_t kNoLink = UINT32_MAX;          // fills what a node has fewer

// A level above 0. Its nodes are numbered from 0 in row order; links are such numbers.
struct GraphLevel {
  std::span<const uint32_t> down;   // by node: its number one level below (its row, on level 1)
  std::span<const uint32_t> rows;   // by node
  std::span<const uint32_t> links;  // kGraphLinks by node
};

// Views of arrays that somebody else holds. Thread-safe.
struct Graph {
  std::span<const uint32_t> links0;  // kGraphLinks0 by row
  std::vector<GraphLevel> upper;     // level 1 first
  uint32_t entry = 0;                // a node of the top level; its row when there are no upper levels

  std::span<const uint32_t> Links0(uint32_t row) const { return links0.subspan(row * kGraphLinks0, kGraphLinks0); }
};

// The arrays themselves, as a builder makes them.
struct BuiltGraph {
  struct Level {
    std::vector<uint32_t> down;
    std::vector<uint32_t> rows;
    std::vector<uint32_t> links;
  };
  std::vector<uint32_t> links0;
  std::vector<Level> upper;
  uint32_t entry = 0;

  Graph View() const {
    Graph graph{links0, {}, entry};
    for (const Level& level : upper) graph.upper.push_back({level.down, level.rows, level.links});
    return graph;
  }
};

// Whether every number in it names a row or node that is there, and every node stands on one of its row: what a
// reader asks before it follows links from a file.
bool GraphIsSound(const Graph& graph, size_t rows);

}  // namespace engram

// Small random graphs: few nodes, types and times, so that everything collides.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "base/kv.h"
#include "graph/edge.h"
#include "graph/edge_store.h"

namespace engram {

// `fallback` unless ENGRAM_TEST_SEED is set.
uint64_t TestSeed(uint64_t fallback);

class RandomEdges {
 public:
  RandomEdges(uint64_t seed, uint32_t nodes) : random_(seed), nodes_(nodes) {}

  uint32_t Below(uint32_t bound) { return static_cast<uint32_t>(random_() % bound); }
  bool OneIn(uint32_t n) { return Below(n) == 0; }
  NodeNumber Node() { return NodeNumber(Below(nodes_)); }
  // Default ids and free ones, some with zero bytes and some that are prefixes of others.
  std::string Id();
  std::string Type();
  Timestamp Time() { return Timestamp{static_cast<int64_t>(Below(60)) - 10}; }
  Edge Next(Timestamp recorded);

 private:
  std::mt19937_64 random_;
  uint32_t nodes_;
};

// An edge with weight 1 whose id names its parts.
Edge MakeEdge(uint32_t source, uint32_t target, double weight = 1, std::string type = "knows");
// Writes edges into a fresh map.
MemoryKv StoreOf(const std::vector<Edge>& edges);

}  // namespace engram

#include "random_edges.h"

#include <cstdlib>

#include <gtest/gtest.h>

namespace engram {

uint64_t TestSeed(uint64_t fallback) {
  const char* seed = std::getenv("ENGRAM_TEST_SEED");
  return seed ? std::strtoull(seed, nullptr, 10) : fallback;
}

std::string RandomEdges::Id() {
  const uint32_t n = Below(40);
  if (n < 20) return DefaultEdgeId({}, std::to_string(n), "t", "x");
  if (n < 30) return std::string(n - 19, 'a');
  return std::string("z\0z", 3).substr(0, 1 + n % 3) + std::to_string(n / 3);
}

std::string RandomEdges::Type() {
  const std::string types[] = {"likes", "like", "knows", std::string("like\0s", 6), ""};
  return types[Below(5)];
}

Edge RandomEdges::Next(Timestamp recorded) {
  Edge edge;
  edge.id = Id();
  edge.source = Node();
  edge.target = Node();
  edge.type = Type();
  edge.weight = Below(5) / 2.0;
  if (OneIn(4)) edge.metadata["note"] = Value(std::string(OneIn(2) ? 5 : 2000, 'n'));
  if (OneIn(3)) edge.scopes.user_id = "user" + std::to_string(Below(3));
  if (OneIn(3)) edge.memory = Node();
  if (OneIn(4)) edge.valid_from = Time();
  if (OneIn(4)) edge.valid_to = Time();
  edge.recorded = recorded;
  return edge;
}

Edge MakeEdge(uint32_t source, uint32_t target, double weight, std::string type) {
  Edge edge;
  edge.id = std::to_string(source) + "-" + type + "-" + std::to_string(target);
  edge.source = NodeNumber(source);
  edge.target = NodeNumber(target);
  edge.type = std::move(type);
  edge.weight = weight;
  return edge;
}

MemoryKv StoreOf(const std::vector<Edge>& edges) {
  MemoryKv kv;
  for (const Edge& edge : edges) EXPECT_TRUE(PutEdge(kv, edge, kv).ok());
  return kv;
}

}  // namespace engram

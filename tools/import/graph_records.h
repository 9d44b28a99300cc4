// Nodes, runs and edges of a source beside those of the store.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/status.h"
#include "client/cpp/client.h"
#include "tools/import/source.h"

namespace engram {

struct GraphDifference {
  std::string place;
  std::string kind;  // "node", "run" or "edge"
  std::string id;
  bool there = false;
  std::string what;  // for a person
};

// Takes records and compares them by what a user says of them: times, degrees and counts aside. A run whose time is
// over is not told by the API; then it counts as missing. Confined to one thread.
class GraphRecords {
 public:
  GraphRecords(Client& client, std::string ns) : client_(client), ns_(std::move(ns)) {}

  // REQUIRES: a node, a run or an edge.
  void Add(SourceRecord record);
  bool full() const { return records_.size() >= 100; }
  // Of those added since the last call; those that agree are counted.
  Result<std::vector<GraphDifference>> Compare();
  // How many agreed since this was asked last.
  uint64_t TakeMatched() { return std::exchange(matched_, 0); }

 private:
  Result<std::string> CompareNode(const v1::Node& wanted, bool* there);
  Result<std::string> CompareRun(const v1::Run& wanted, bool* there);
  // The store's edges of records_: one call for those of one source.
  Status ReadEdges();
  std::string CompareEdge(const v1::Edge& wanted, const std::string& id, bool* there) const;

  Client& client_;
  const std::string ns_;
  std::vector<SourceRecord> records_;
  std::map<std::string, v1::Edge> edges_;  // by id
  uint64_t matched_ = 0;
};

// Edges of a source that have ended, beside those of the store. Holds the id of each. Confined to one thread.
class EndedEdges {
 public:
  void Add(const v1::Edge& edge);
  // The ids of those that the store does not have as they are; counts them in `result`, matched or missing. Lists every
  // edge of the namespace that has ended, if any was added.
  Result<std::vector<std::string>> Missing(Client& client, const std::string& ns, v1::ImportVerification* result);

 private:
  std::unordered_map<uint64_t, std::string> ids_;  // by the hash of what a user says of it, its number and its end
};

}  // namespace engram

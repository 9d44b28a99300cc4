// Nodes, runs and edges of a source beside those of the store.
#pragma once

#include <string>
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
  Result<std::string> CompareEdge(const v1::Edge& wanted, const std::string& id, bool* there);

  Client& client_;
  const std::string ns_;
  std::vector<SourceRecord> records_;
  uint64_t matched_ = 0;
};

}  // namespace engram

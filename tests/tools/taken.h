// What a source has given, by kind.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tools/import/source.h"

namespace engram {

struct Taken {
  std::map<std::string, v1::Memory> memories;
  std::map<std::string, v1::Memory> tombstones;
  std::vector<v1::Node> nodes;
  std::vector<v1::Edge> edges;
  std::vector<std::string> problems;  // "place: message"
  v1::NamespaceConfig config;
  std::vector<std::string> order;  // places
};

inline void Take(const SourceRecord& record, Taken* taken) {
  taken->order.push_back(record.place);
  if (!record.problem.ok()) {
    taken->problems.push_back(record.place + ": " + std::string(record.problem.message()));
    return;
  }
  if (const auto* memory = std::get_if<v1::Memory>(&record.item)) taken->memories[memory->id()] = *memory;
  if (const auto* gone = std::get_if<Tombstone>(&record.item)) taken->tombstones[gone->memory.id()] = gone->memory;
  if (const auto* node = std::get_if<v1::Node>(&record.item)) taken->nodes.push_back(*node);
  if (const auto* edge = std::get_if<v1::Edge>(&record.item)) taken->edges.push_back(*edge);
  if (const auto* config = std::get_if<v1::NamespaceConfig>(&record.item)) taken->config = *config;
}

// To the end, without an error of the source itself.
inline Taken TakeAll(ImportSource* source) {
  Taken taken;
  SourceRecord record;
  while (true) {
    auto more = source->Next(&record);
    EXPECT_TRUE(more.ok()) << more.status().ToString();
    if (!more.ok() || !*more) return taken;
    Take(record, &taken);
  }
}

}  // namespace engram

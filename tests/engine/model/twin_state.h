// One namespace as plainly as it can be said: maps and lists, copied before every mutation.
//
// Memories are shared between copies and cloned when they change, so a copy costs pointers.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/engine.h"

namespace engram::model {

struct TwinVersion {
  Version version;
  HistoryEvent::Kind kind = HistoryEvent::Kind::kAdd;
  Timestamp time;
  Version of;  // the version it shows: itself, or the one it ended
  Content content;
  Attributes attributes;
};

struct TwinMemory {
  bool live = false;
  Version version;
  uint64_t node = 0;  // in the order ids were first seen
  Content content;
  Attributes attributes;
  StateRecord state;
  std::optional<uint64_t> source_version;
  std::optional<uint32_t> run;
  std::pair<uint64_t, uint32_t> joined;  // which mutation put it into its run, at which place
  std::vector<std::shared_ptr<const TwinVersion>> history;
};

struct TwinEdge {
  Edge edge;  // node numbers unset
  std::string source;
  std::string target;
  std::string memory;
  bool operator==(const TwinEdge&) const = default;
};

struct TwinNode {
  Node node;
  uint64_t number = 0;
  bool implicit = false;
};

struct TwinRun {
  Scopes scopes;
  Value::Object metadata;
  std::optional<uint64_t> ttl_seconds;
  Timestamp created_at;
  Timestamp last_activity;
  std::optional<Timestamp> expires_at;
  bool deleted = false;
};

struct TwinState {
  bool exists = false;
  NamespaceConfig config;
  std::map<std::string, std::shared_ptr<const TwinMemory>> memories;  // tombstones too
  std::map<std::string, TwinNode> nodes;                              // named entities
  std::map<std::string, std::shared_ptr<const TwinEdge>> edges;       // current ones, by id
  std::multimap<std::string, std::shared_ptr<const TwinEdge>> retired;
  std::map<uint32_t, TwinRun> runs;
  std::map<Scopes, uint32_t> run_names;
  uint32_t next_run = 0;
  uint64_t next_node = 0;
  uint64_t mutations = 0;

  const TwinMemory* Find(const std::string& id) const {
    const auto at = memories.find(id);
    return at == memories.end() ? nullptr : at->second.get();
  }
  bool IsDue(const TwinMemory& memory, Timestamp now) const {
    if (memory.state.expires_at && *memory.state.expires_at <= now) return true;
    if (!memory.run) return false;
    const auto run = runs.find(*memory.run);
    return run != runs.end() && run->second.expires_at && *run->second.expires_at <= now;
  }
  // What a read at `now` may see.
  bool IsVisible(const TwinMemory& memory, Timestamp now) const { return memory.live && !IsDue(memory, now); }
  // What is due but not swept has its edges still.
  bool IsVisible(const TwinEdge& edge, Timestamp now) const {
    const auto expired = [&](const std::string& id) {
      const TwinMemory* memory = Find(id);
      return memory && memory->live && IsDue(*memory, now);
    };
    return !expired(edge.source) && !expired(edge.target) && !expired(edge.memory);
  }
};

}  // namespace engram::model

// What one search reads: a namespace as it is, or as it was.
#pragma once

#include <functional>
#include <optional>

#include "base/clock.h"
#include "base/kv.h"
#include "base/status.h"
#include "engine/namespace_index.h"
#include "graph/neighbors.h"

namespace engram::search {

// Confined to one search.
struct SearchSource {
  NamespaceIndex* index = nullptr;
  const KvReader* rows = nullptr;
  const Filter* filter = nullptr;  // null when the index holds nothing but what passes it
  bool include_inactive = false;   // the index holds no state but the wanted ones
  bool past = false;               // as of `now`, when memories may have been there that are deleted since
  Timestamp now;                   // ages count up to here
  // Runs a walk over the edges that hold at `now`.
  std::function<Status(const WalkFilter&, const std::function<Status(const NeighborSource&)>&)> walk;
  const Clock* clock = nullptr;
  std::function<Status()> check_deadline;
  // For those who only end early: whoever asked them then asks check_deadline, which goes on failing. Refers to this.
  std::function<bool()> give_up() const {
    return [this] { return !check_deadline().ok(); };
  }
};

}  // namespace engram::search

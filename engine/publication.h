// What a committed mutation changed, told to the in-memory indexes of its namespace right after the commit
// and before the reply. The write path fills it while it applies; index/ types only see plain parts.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "base/timestamp.h"
#include "engine/config.h"
#include "engine/memory.h"
#include "engine/tenant.h"
#include "graph/edge_store.h"

namespace engram {

// Orders the memories of a run: (event_time, position, place in the batch).
struct RunOrder {
  Timestamp event_time;
  Position position;
  uint32_t place = 0;
  auto operator<=>(const RunOrder&) const = default;
};

// What the index keeps of a live memory besides its text, vectors and fields.
struct IndexedRow {
  Slot slot;
  NodeNumber node;
  std::string id;
  Version version;
  std::optional<uint32_t> run;  // run number
  RunOrder order;
};

// A new slot is live: a new memory, or new content of one (then `replaces` is its old slot).
struct ContentAdded {
  IndexedRow row;
  std::optional<Slot> replaces;
  std::shared_ptr<const Content> content;  // null while loading what segments hold
  Attributes attributes;
  StateRecord state;
};

// Attributes alone changed; the slot stays. `row` is the whole new row.
struct AttributesChanged {
  IndexedRow row;
  Attributes attributes;
  StateRecord state;
};

// Only the state record changed.
struct StateChanged {
  NodeNumber node;
  Slot slot;
  StateRecord state;
};

struct SlotRemoved {
  Slot slot;
  NodeNumber node = {};  // whose life ended; means nothing where new content takes the slot's place
};

// A run's expiry moved (nothing: it never expires), or the run is gone.
struct RunChanged {
  uint32_t run = 0;
  std::optional<Timestamp> expires_at;
  bool removed = false;
};

struct EdgesChanged {
  EdgeChange change;
};
// Edge rows were erased: the adjacency cache is built anew at the next walk.
struct EdgesErased {};

// bm25 parameters, read_only or other settings; never the analyzer.
struct ConfigChanged {
  NamespaceConfig config;
};
// The namespace is gone: unlink its index.
struct NamespaceDropped {};

using IndexEvent = std::variant<ContentAdded, AttributesChanged, StateChanged, SlotRemoved, RunChanged, EdgesChanged,
                                EdgesErased, ConfigChanged, NamespaceDropped>;

struct Publication {
  TenantId tenant;
  NamespaceId namespace_id;
  Position position;  // the namespace's position after the mutation
  Timestamp log_time;
  std::vector<IndexEvent> events;         // in the order they happened
  std::vector<TenantEvent> tenants = {};  // of the system's directory, which has no index
};

}  // namespace engram

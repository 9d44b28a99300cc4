// The change log of a namespace: one row per mutation, with references to the rows it made, never their content.
// It is what an index replays to catch up, and the seam to a replicated log.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "engine/publication.h"

namespace engram {

// Never renumber.
enum class LoggedKind : uint8_t {
  kContentAdded = 1,
  kAttributesChanged = 2,
  kStateChanged = 3,
  kSlotRemoved = 4,  // in older logs, without the node
  kRunChanged = 5,
  kEdgesChanged = 6,
  kEdgesErased = 7,
  kConfigChanged = 8,
  kMemoryRemoved = 9,
};

struct LoggedEvent {
  LoggedKind kind = LoggedKind::kMemoryRemoved;
  NodeNumber node;               // kContentAdded, kAttributesChanged, kStateChanged, kMemoryRemoved
  Slot slot;                     // the same and kSlotRemoved
  Version version;               // kContentAdded, kAttributesChanged; kEdgesChanged: added, 0 if none
  std::optional<Slot> replaces;  // kContentAdded
  uint32_t run = 0;              // kRunChanged
  std::string edge_id;           // kEdgesChanged
  bool operator==(const LoggedEvent&) const = default;
};

struct LogRow {
  Timestamp log_time;
  std::vector<LoggedEvent> events;
};

std::string EncodeLogRow(Timestamp log_time, const std::vector<IndexEvent>& events);
Result<LogRow> DecodeLogRow(std::string_view bytes);

}  // namespace engram

// The former versions that a source gives of a memory beside those that the store tells.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "engram/v1/memory.pb.h"

namespace engram {

// The first way in which two histories differ, in this order.
enum class HistoryVerdict : uint8_t { kEqual, kMissing, kExtra, kKind, kTime, kText };

struct HistoryComparison {
  HistoryVerdict verdict = HistoryVerdict::kEqual;
  uint64_t equal_events = 0;
  std::vector<std::string> differences;  // "history[2].time: … in the source, … in the store"
};

inline constexpr size_t kHistoryUntrimmed = std::numeric_limits<size_t>::max();

// Event by event, oldest first: its kind, its time, the text before and after it. `former`: the store's events, without
// the current version's. `keep`: how many former versions the namespace keeps; what it has trimmed is not missed. A
// version that an earlier run brought as the current one has the time that the source told then: that is not compared.
HistoryComparison CompareHistory(const v1::Memory& wanted, const std::vector<v1::HistoryEvent>& former, size_t keep);

}  // namespace engram

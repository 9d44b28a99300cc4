// Strong numbers: a Slot can't be passed where a NodeNumber is meant.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace engram {

// An integer with a meaning. Ordered, hashable, no arithmetic: say `Next()` or take `.value`.
template <class Tag, class Int>
struct StrongInt {
  Int value = 0;

  constexpr StrongInt() = default;
  constexpr explicit StrongInt(Int v) : value(v) {}
  constexpr auto operator<=>(const StrongInt&) const = default;
  constexpr StrongInt Next() const { return StrongInt(static_cast<Int>(value + 1)); }
};

// Numbers inside the store; docs/architecture.md has the words.
using ShardId = StrongInt<struct ShardIdTag, uint16_t>;
using TenantId = StrongInt<struct TenantIdTag, uint32_t>;
using NamespaceId = StrongInt<struct NamespaceIdTag, uint32_t>;
// A content inside its namespace; never reused. Text and vector indexes speak slots.
using Slot = StrongInt<struct SlotTag, uint32_t>;
// An id (memory or named entity) inside its namespace, stable for life. Edges speak node numbers.
using NodeNumber = StrongInt<struct NodeNumberTag, uint32_t>;
// The number of a mutation in its namespace's own log; 0 is "before the first".
using Position = StrongInt<struct PositionTag, uint64_t>;
// The number of a memory's or an edge's version, counted from 1.
using Version = StrongInt<struct VersionTag, uint64_t>;

}  // namespace engram

template <class Tag, class Int>
struct std::hash<engram::StrongInt<Tag, Int>> {
  size_t operator()(engram::StrongInt<Tag, Int> id) const noexcept { return std::hash<Int>()(id.value); }
};

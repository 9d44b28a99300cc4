// What concurrent clients saw of registers, and whether one order of all of it explains that: linearizability, for
// registers whose writes all have versions of their own (Gibbons and Korach, "Testing Shared Memories", SIAM J. Comput.
// 1997: with distinct values the check is a matter of sorting).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace engram {

// One call; times are ticks of one clock that all clients share.
struct RegisterCall {
  uint64_t begin = 0;
  uint64_t end = 0;
  uint64_t version = 0;  // read, or made by a write; 0: there is none
  // Of a write that was accepted: what the register had to be at.
  std::optional<uint64_t> replaced;
};

// Of one register that begins at version 0. Says the first contradiction; nothing when there is an order.
std::optional<std::string> FindContradiction(std::vector<RegisterCall> calls);

}  // namespace engram

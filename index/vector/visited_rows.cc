#include "index/vector/visited_rows.h"

#include <cstring>

namespace engram {

VisitedRows& VisitedRows::Begin(size_t rows) {
  static thread_local VisitedRows visited;
  if (visited.memory_.size() < rows * sizeof(uint16_t)) {
    visited.memory_ = HugeMemory(rows * sizeof(uint16_t));
    visited.tag_ = 0;
  }
  if (++visited.tag_ == 0) {
    std::memset(visited.memory_.data(), 0, visited.memory_.size());
    visited.tag_ = 1;
  }
  return visited;
}

}  // namespace engram

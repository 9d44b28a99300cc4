// What one request may ask for. All of it is configuration and shown by /v1/status; what the formats themselves
// bound (filter depth, dimensions of an index) is a constant of its module.
#pragma once

#include <cstdint>

namespace engram {

struct RequestLimits {
  uint32_t batch_items = 1'000;             // memories, edges, nodes and deletes of one batch together; ids of one call
  uint64_t text_bytes = uint64_t{1} << 20;  // of `text` and of each field
  uint32_t label_bytes = 1'024;             // of role, kind, type, names, aliases and each part of `source`
  uint32_t dimensions = 4'096;              // dense and each row of multi; entries of sparse
  uint32_t multi_rows = 1'024;
  uint64_t ttl_seconds = 3'155'760'000;  // 100 years

  uint32_t page_items = 1'000;  // of lists; 100 when not asked
  uint32_t top_k = 1'000;
  uint32_t offset = 10'000;
  uint32_t candidates = 20'000;  // of one leg
  uint32_t legs = 16;
  uint32_t searches = 100;  // of one search:batch
  uint32_t seeds = 100;     // of a graph leg or a walk
  uint32_t context_window = 100;
  uint32_t group_size = 100;
  uint32_t ef = 100'000;
};

}  // namespace engram

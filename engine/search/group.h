// The best few hits of each value of a field.
#pragma once

#include <cstddef>
#include <vector>

#include "base/value.h"

namespace engram::search {

struct GroupOptions {
  size_t group_size = 1;
  size_t offset = 0;  // in groups
  size_t groups_max = 0;
};

// `order` is candidates, best first; `values` is by candidate, null where the field is missing: such a candidate is
// a group of its own. Groups stand in the order of their first member, members together in the order they came in.
std::vector<size_t> GroupHits(const std::vector<size_t>& order, const std::vector<Value>& values,
                              const GroupOptions& options);

}  // namespace engram::search

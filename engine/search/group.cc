#include "engine/search/group.h"

#include <map>

#include "index/attribute/attribute_index.h"

namespace engram::search {
namespace {

struct ValueOrder {
  bool operator()(const Value* a, const Value* b) const { return CompareForSort(*a, *b) < 0; }
};

}  // namespace

std::vector<size_t> GroupHits(const std::vector<size_t>& order, const std::vector<Value>& values,
                              const GroupOptions& options) {
  std::vector<std::vector<size_t>> groups;
  std::map<const Value*, size_t, ValueOrder> known;
  for (const size_t candidate : order) {
    const Value& value = values[candidate];
    size_t group = groups.size();
    if (!value.is_null()) group = known.emplace(&value, groups.size()).first->second;
    if (group == groups.size()) groups.emplace_back();
    if (groups[group].size() < options.group_size) groups[group].push_back(candidate);
  }
  std::vector<size_t> page;
  for (size_t i = options.offset; i < groups.size() && i < options.offset + options.groups_max; ++i) {
    page.insert(page.end(), groups[i].begin(), groups[i].end());
  }
  return page;
}

}  // namespace engram::search

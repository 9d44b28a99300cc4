#include "tests/engine/model/naive_reads.h"

#include <algorithm>

#include "index/attribute/attribute_index.h"

namespace engram::model {
namespace {

Value FieldOf(const TwinState& state, const std::string& id, const std::string& field) {
  const TwinMemory& memory = *state.Find(id);
  for (auto& [name, value] : FilterFields(id, memory.attributes, memory.state)) {
    if (name == field) return value;
  }
  return {};
}

bool IsScalar(const Value& value) {
  return !value.is_null() && value.kind() != Value::Kind::kList && value.kind() != Value::Kind::kObject;
}

Value SortValue(const Value& value) {
  if (IsScalar(value)) return value;
  Value least;
  if (value.kind() != Value::Kind::kList) return least;
  for (const Value& element : value.as_list()) {
    if (IsScalar(element) && (least.is_null() || CompareForSort(element, least) < 0)) least = element;
  }
  return least;
}

bool OfTypes(const TwinEdge& edge, const std::vector<std::string>& types) {
  return types.empty() || std::find(types.begin(), types.end(), edge.edge.type) != types.end();
}

bool PassesFilter(const TwinEdge& edge, const std::optional<Filter>& filter) {
  return !filter || Matches(*filter, EdgeFields({edge.edge, edge.source, edge.target, edge.memory}));
}

}  // namespace

std::vector<std::string> NaiveMatches(const TwinState& state, Timestamp now, const Filter* filter, bool any_state) {
  any_state = any_state || (filter && filter->Mentions("state"));
  std::vector<std::string> ids;
  for (const auto& [id, memory] : state.memories) {
    if (!state.IsVisible(*memory, now)) continue;
    if (!any_state && memory->attributes.state != MemoryState::kActive) continue;
    if (filter && !Matches(*filter, FilterFields(id, memory->attributes, memory->state))) continue;
    ids.push_back(id);
  }
  return ids;
}

std::vector<std::string> NaiveAbsentMatches(const TwinState& state, Timestamp now, const Filter& filter) {
  std::vector<std::string> ids;
  for (const auto& [id, memory] : state.memories) {
    if (state.IsVisible(*memory, now)) continue;
    const bool trimmed = !memory->live && memory->history.size() < 2;
    if (trimmed || !Matches(filter, FilterFields(id, memory->attributes, memory->state))) continue;
    ids.push_back(id);
  }
  return ids;
}

std::vector<std::string> NaiveOrder(const TwinState& state, std::vector<std::string> ids, const std::string& order_by,
                                    bool descending) {
  std::map<std::string, Value> values;
  for (const std::string& id : ids) values[id] = SortValue(FieldOf(state, id, order_by));
  std::sort(ids.begin(), ids.end(), [&](const std::string& a, const std::string& b) {
    if (order_by == "id") return descending ? IdLess(b, a) : IdLess(a, b);
    const Value& x = values.at(a);
    const Value& y = values.at(b);
    if (x.is_null() != y.is_null()) return y.is_null();
    const auto place = x.is_null() ? std::strong_ordering::equal : CompareForSort(x, y);
    if (place != 0) return descending ? place > 0 : place < 0;
    return IdLess(a, b);
  });
  return ids;
}

std::string FacetKey(const Value& value) {
  if (value.kind() == Value::Kind::kString) return "s" + value.as_string();  // DebugString cuts long ones
  if (value.kind() == Value::Kind::kInt) return DebugString(Value(static_cast<double>(value.as_int())));
  return DebugString(value);
}

std::map<std::string, uint64_t> NaiveFacet(const TwinState& state, const std::vector<std::string>& ids,
                                           const std::string& field) {
  std::map<std::string, uint64_t> counts;
  for (const std::string& id : ids) {
    const Value value = FieldOf(state, id, field);
    Value::List elements = {value};
    if (value.kind() == Value::Kind::kList) elements = value.as_list();
    std::vector<Value> seen;
    for (const Value& element : elements) {
      if (!IsScalar(element)) continue;
      const auto same = [&](const Value& other) { return CompareForSort(other, element) == 0; };
      if (std::any_of(seen.begin(), seen.end(), same)) continue;
      seen.push_back(element);
      ++counts[FacetKey(element)];
    }
  }
  return counts;
}

NaiveExpansion NaiveExpand(const TwinState& state, const WalkRequest& request, Timestamp now) {
  NaiveExpansion expansion;
  for (const std::string& seed : request.seeds) expansion.nodes[seed] = 0;
  for (uint32_t hop = 0; hop < request.hops; ++hop) {
    std::map<std::string, uint32_t> reached;
    for (const auto& [id, edge] : state.edges) {
      if (!OfTypes(*edge, request.types) || !PassesFilter(*edge, request.filter)) continue;
      if (!ValidAt(edge->edge, now) || !state.IsVisible(*edge, now)) continue;
      const auto from = [&](const std::string& node, const std::string& other) {
        const auto at = expansion.nodes.find(node);
        if (at == expansion.nodes.end() || at->second != hop) return;
        expansion.edges.insert(id);
        reached.emplace(other, hop + 1);
      };
      if (request.direction != Direction::kIn) from(edge->source, edge->target);
      if (request.direction != Direction::kOut) from(edge->target, edge->source);
    }
    expansion.nodes.merge(reached);
  }
  return expansion;
}

std::optional<double> NaivePathCost(const TwinState& state, const WalkRequest& request, Timestamp now) {
  std::map<std::string, double> costs = {{request.seeds[0], 0}};
  for (uint32_t hop = 0; hop < request.hops; ++hop) {
    std::map<std::string, double> next = costs;
    for (const auto& [id, edge] : state.edges) {
      if (!ValidAt(edge->edge, now) || !state.IsVisible(*edge, now)) continue;
      const auto step = [&](const std::string& from, const std::string& to) {
        const auto at = costs.find(from);
        if (at == costs.end()) return;
        const double cost = at->second + 1 / edge->edge.weight;
        const auto [known, is_new] = next.emplace(to, cost);
        if (!is_new) known->second = std::min(known->second, cost);
      };
      if (request.direction != Direction::kIn) step(edge->source, edge->target);
      if (request.direction != Direction::kOut) step(edge->target, edge->source);
    }
    costs = std::move(next);
  }
  const auto at = costs.find(request.target);
  return at == costs.end() ? std::nullopt : std::optional<double>(at->second);
}

std::set<std::string> NaiveEdges(const TwinState& state, const EdgeListQuery& query, Timestamp now) {
  std::set<std::string> ids;
  for (const auto& [id, edge] : state.edges) {
    if (!state.IsVisible(*edge, now)) continue;
    if (!OfTypes(*edge, query.types) || !PassesFilter(*edge, query.filter)) continue;
    const bool leaves = query.direction != Direction::kIn && edge->source == query.node_id;
    const bool enters = query.direction != Direction::kOut && edge->target == query.node_id;
    if (query.node_id.empty() || leaves || enters) ids.insert(id);
  }
  return ids;
}

}  // namespace engram::model

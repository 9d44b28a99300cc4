// Short ways to say events, filters and sets of slots in tests of indexes.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/namespace_index.h"
#include "engine/publication.h"

namespace engram {

inline constexpr Timestamp kNow = Timestamp::FromSeconds(1'000);

inline Timestamp At(int64_t seconds) { return Timestamp::FromSeconds(seconds); }

inline ContentAdded Added(uint32_t slot, const std::string& text, const std::string& id = "") {
  ContentAdded added;
  added.row.slot = Slot(slot);
  added.row.node = NodeNumber(slot);
  added.row.id = id.empty() ? "m" + std::to_string(slot) : id;
  added.row.version = Version(1);
  added.row.order = {At(slot), Position(slot), 0};
  Content content;
  content.text = text;
  added.content = std::make_shared<const Content>(std::move(content));
  added.attributes.created_at = At(slot);
  return added;
}

inline ContentAdded WithVector(ContentAdded added, DenseVector vector) {
  Content content = *added.content;
  content.vectors["default"] = std::move(vector);
  added.content = std::make_shared<const Content>(std::move(content));
  return added;
}

inline ContentAdded InRun(ContentAdded added, uint32_t run) {
  added.row.run = run;
  added.attributes.scopes.run_id = "run" + std::to_string(run);
  return added;
}

inline ContentAdded Expiring(ContentAdded added, Timestamp time) {
  added.state.expires_at = time;
  return added;
}

inline Filter Condition(const std::string& field, Filter::Op op, Value operand) {
  Filter filter;
  filter.kind = Filter::Kind::kCondition;
  filter.field = field;
  filter.op = op;
  filter.operand = std::move(operand);
  return filter;
}

inline Filter Equals(const std::string& field, Value value) {
  return Condition(field, Filter::Op::kEq, std::move(value));
}

inline std::vector<uint32_t> Numbers(const SlotSet& slots) {
  std::vector<uint32_t> numbers;
  for (const uint32_t slot : slots) numbers.push_back(slot);
  return numbers;
}

inline std::vector<uint32_t> Numbers(const std::vector<ScoredSlot>& hits) {
  std::vector<uint32_t> numbers;
  for (const ScoredSlot& hit : hits) numbers.push_back(hit.slot.value);
  return numbers;
}

}  // namespace engram

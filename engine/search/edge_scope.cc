#include "engine/search/edge_scope.h"

#include <algorithm>
#include <string_view>

namespace engram::search {
namespace {

std::string Scopes::*ScopeMember(std::string_view field) {
  if (field == "user_id") return &Scopes::user_id;
  if (field == "agent_id") return &Scopes::agent_id;
  if (field == "run_id") return &Scopes::run_id;
  if (field == "app_id") return &Scopes::app_id;
  if (field == "actor_id") return &Scopes::actor_id;
  return nullptr;
}

}  // namespace

EdgeScope::Condition EdgeScope::MakeCondition(std::string Scopes::*scope, const Filter& filter) {
  Condition condition{scope, {}, false};
  const auto add = [&](const Value& value) {
    if (value.is_null()) condition.or_missing = true;
    if (value.kind() == Value::Kind::kString) condition.values.push_back(value.as_string());
  };
  if (filter.op == Filter::Op::kEq) {
    add(filter.operand);
  } else {
    for (const Value& value : filter.operand.as_list()) add(value);
  }
  return condition;
}

void EdgeScope::Require(const Filter& filter) {
  if (filter.kind == Filter::Kind::kAnd) {
    for (const Filter& child : filter.children) Require(child);
    return;
  }
  if (filter.kind != Filter::Kind::kCondition) return;
  if (filter.op != Filter::Op::kEq && filter.op != Filter::Op::kIn) return;
  const auto scope = ScopeMember(filter.field);
  if (scope != nullptr) conditions_.push_back(MakeCondition(scope, filter));
}

bool EdgeScope::Passes(const Edge& edge) const {
  return std::all_of(conditions_.begin(), conditions_.end(), [&](const Condition& condition) {
    const std::string& scope = edge.scopes.*condition.scope;
    if (scope.empty()) return condition.or_missing;
    return std::find(condition.values.begin(), condition.values.end(), scope) != condition.values.end();
  });
}

}  // namespace engram::search

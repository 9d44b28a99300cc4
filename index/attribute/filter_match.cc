#include <algorithm>

#include "base/check.h"
#include "index/attribute/condition.h"
#include "index/attribute/filter.h"
#include "index/attribute/string_match.h"

namespace engram {
namespace {

using Op = Filter::Op;
using Kind = Value::Kind;

bool BothStrings(const Value& a, const Value& b) { return a.kind() == Kind::kString && b.kind() == Kind::kString; }

bool OrderFits(Op op, std::strong_ordering order) {
  switch (op) {
    case Op::kGt: return order > 0;
    case Op::kGte: return order >= 0;
    case Op::kLt: return order < 0;
    case Op::kLte: return order <= 0;
    default: return false;
  }
}

bool InList(const Value& value, const Value& list) {
  return std::any_of(list.as_list().begin(), list.as_list().end(),
                     [&](const Value& item) { return ScalarEquals(value, item); });
}

bool ValueHolds(const Filter& condition, const Value& value) {
  const bool is_list = value.kind() == Kind::kList;
  if (condition.op == Op::kSize) {
    if (is_list) return SizeHolds(condition.operand, value.as_list().size());
    return value.kind() == Kind::kString && SizeHolds(condition.operand, CodePoints(value.as_string()));
  }
  if (!is_list) return ScalarHolds(condition, value, false);
  return std::any_of(value.as_list().begin(), value.as_list().end(),
                     [&](const Value& item) { return ScalarHolds(condition, item, true); });
}

const Value* Find(const AttributeFields& fields, std::string_view path) {
  for (const auto& [name, value] : fields) {
    if (name == path) return value.is_null() ? nullptr : &value;
  }
  return nullptr;
}

bool AnyBelow(const AttributeFields& fields, std::string_view path) {
  return std::any_of(fields.begin(), fields.end(), [&](const auto& field) {
    const std::string& name = field.first;
    return !field.second.is_null() && name.size() > path.size() && name[path.size()] == '.' && name.starts_with(path);
  });
}

bool ConditionHolds(const Filter& condition, const AttributeFields& fields) {
  const Value* value = Find(fields, condition.field);
  const bool present = value || AnyBelow(fields, condition.field);
  if (!present) return HoldsWhenMissing(condition);
  if (condition.op == Op::kExists || condition.op == Op::kIsNull) return HoldsWheneverPresent(condition);
  return value && ValueHolds(condition, *value);
}

}  // namespace

bool ScalarEquals(const Value& a, const Value& b) {
  if (a.is_number() && b.is_number()) return CompareNumbers(a, b) == 0;
  if (BothStrings(a, b)) return a.as_string() == b.as_string();
  return a.kind() == Kind::kBool && b.kind() == Kind::kBool && a.as_bool() == b.as_bool();
}

bool ScalarHolds(const Filter& condition, const Value& value, bool in_list) {
  const Value& operand = condition.operand;
  switch (condition.op) {
    case Op::kEq: return ScalarEquals(value, operand);
    case Op::kIn: return InList(value, operand);
    case Op::kGt:
    case Op::kGte:
    case Op::kLt:
    case Op::kLte: return OrderHolds(condition.op, value, operand);
    case Op::kPrefix: return value.kind() == Kind::kString && value.as_string().starts_with(operand.as_string());
    case Op::kContains:
      if (in_list) return ScalarEquals(value, operand);
      return BothStrings(value, operand) && Contains(value.as_string(), operand.as_string());
    case Op::kIcontains: {
      if (!BothStrings(value, operand)) return false;
      const std::string text = FoldCase(value.as_string());
      const std::string part = FoldCase(operand.as_string());
      return in_list ? text == part : Contains(text, part);
    }
    case Op::kExists:
    case Op::kIsNull:
    case Op::kSize: break;
  }
  ENGRAM_CHECK(false);
}

bool OrderHolds(Op op, const Value& value, const Value& operand) {
  if (value.is_number() && operand.is_number()) return OrderFits(op, CompareNumbers(value, operand));
  return BothStrings(value, operand) && OrderFits(op, value.as_string() <=> operand.as_string());
}

bool SizeHolds(const Value& operand, uint64_t size) {
  const Value number(size);
  if (operand.is_number()) return CompareNumbers(number, operand) == 0;
  return std::all_of(operand.as_object().begin(), operand.as_object().end(), [&](const auto& bound) {
    const std::strong_ordering order = CompareNumbers(number, bound.second);
    if (bound.first == "eq") return order == 0;
    if (bound.first == "ne") return order != 0;
    if (bound.first == "gt") return order > 0;
    if (bound.first == "gte") return order >= 0;
    if (bound.first == "lt") return order < 0;
    ENGRAM_CHECK(bound.first == "lte");
    return order <= 0;
  });
}

bool HoldsWhenMissing(const Filter& condition) {
  const Value& operand = condition.operand;
  switch (condition.op) {
    case Op::kEq: return operand.is_null();
    case Op::kIn:
      return std::any_of(operand.as_list().begin(), operand.as_list().end(),
                         [](const Value& item) { return item.is_null(); });
    case Op::kExists: return !operand.as_bool();
    case Op::kIsNull: return operand.as_bool();
    default: return false;
  }
}

bool HoldsWheneverPresent(const Filter& condition) {
  if (condition.op == Op::kExists) return condition.operand.as_bool();
  return condition.op == Op::kIsNull && !condition.operand.as_bool();
}

bool Matches(const Filter& filter, const AttributeFields& fields) {
  const auto holds = [&](const Filter& child) { return Matches(child, fields); };
  switch (filter.kind) {
    case Filter::Kind::kAnd: return std::all_of(filter.children.begin(), filter.children.end(), holds);
    case Filter::Kind::kOr: return std::any_of(filter.children.begin(), filter.children.end(), holds);
    case Filter::Kind::kNot: return !holds(filter.children.front());
    case Filter::Kind::kCondition: return ConditionHolds(filter, fields);
  }
  ENGRAM_CHECK(false);
}

}  // namespace engram

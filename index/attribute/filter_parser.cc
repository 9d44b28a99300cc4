// filter    := { (field: condition | "and": [filter…] | "or": [filter…] | "not": filter)… }
// condition := scalar | { operator: operand… }
#include <array>
#include <optional>

#include <fmt/format.h>

#include "base/timestamp.h"
#include "index/attribute/filter.h"

namespace engram {
namespace {

using Kind = Value::Kind;
using Op = Filter::Op;

constexpr std::string_view kFieldNames =
    "user_id, agent_id, run_id, app_id, actor_id, kind, role, state, source.system, source.id, source.version, "
    "source.batch, created_at, updated_at, event_time, expires_at, importance, pinned, id and metadata.<path>";
constexpr std::string_view kOperatorNames =
    "eq, ne, in, nin, gt, gte, lt, lte, exists, is_null, contains, icontains, prefix and size";

// Times and ids among the fields of memories and of edges.
bool IsTime(std::string_view field) { return IsTimeField(field) || field == "valid_from" || field == "valid_to"; }
bool IsId(std::string_view field) {
  return field == "id" || field == "source" || field == "target" || field == "memory_id";
}

// What the caller wrote, cut at a character's end when it is long.
std::string Shown(std::string_view text) {
  constexpr size_t kShownMax = 100;
  if (text.size() <= kShownMax) return std::string(text);
  size_t end = kShownMax;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return std::string(text.substr(0, end)) + "…";
}

Filter Group(Filter::Kind kind, std::vector<Filter> children) {
  Filter filter;
  filter.kind = kind;
  filter.children = std::move(children);
  return filter;
}

// One child needs no AND around it.
Filter AllOf(std::vector<Filter> children) {
  if (children.size() == 1) return std::move(children.front());
  return Group(Filter::Kind::kAnd, std::move(children));
}

Filter Not(Filter child) {
  std::vector<Filter> children;
  children.push_back(std::move(child));
  return Group(Filter::Kind::kNot, std::move(children));
}

Filter Condition(std::string_view field, Op op, Value operand) {
  Filter filter;
  filter.kind = Filter::Kind::kCondition;
  filter.field = CanonicalField(field);
  filter.op = op;
  filter.operand = std::move(operand);
  return filter;
}

Status UnknownField(std::string_view name, std::string_view names) {
  std::string message = fmt::format("unknown field \"{}\": a filter may name {}", Shown(name), names);
  const bool like_a_key = !name.empty() && name.front() != '$' && !name.starts_with("source.") && name != "metadata";
  if (like_a_key) message += fmt::format("; did you mean \"metadata.{}\"?", Shown(name));
  return InvalidArgument(std::move(message));
}

Status WrongOperand(std::string_view op, std::string_view wants, const Value& got) {
  return InvalidArgument(fmt::format("\"{}\" needs {}, not {}", op, wants, DebugString(got)));
}

// An operand of eq or in; null means "missing".
Result<Value> EqualityOperand(std::string_view field, std::string_view op, const Value& operand) {
  switch (operand.kind()) {
    case Kind::kNull: return Value();
    case Kind::kList:
      return InvalidArgument(fmt::format(
          "\"{}\" compares with one value, not a list: use \"in\" for any of several values, or \"contains\" for an "
          "element of a list",
          op));
    case Kind::kObject: return WrongOperand(op, "a bool, number, string or null", operand);
    default: break;
  }
  if (IsTime(field)) {
    if (operand.kind() != Kind::kString) return WrongOperand(op, "an RFC 3339 time on this field", operand);
    ASSIGN_OR_RETURN(const Timestamp time, ParseRfc3339(operand.as_string()));
    return Value(time.micros);
  }
  if (IsId(field) && operand.kind() == Kind::kInt) return Value(std::to_string(operand.as_int()));
  if (IsId(field) && operand.kind() == Kind::kUint) return Value(std::to_string(operand.as_uint()));
  return operand;
}

Result<Filter> ParseEq(std::string_view field, std::string_view op, const Value& operand) {
  Result<Value> value = EqualityOperand(field, op, operand);
  if (!value.ok()) return std::move(value).status();
  return Condition(field, Op::kEq, std::move(*value));
}

Result<Filter> ParseIn(std::string_view field, std::string_view op, const Value& operand) {
  if (operand.kind() != Kind::kList) return WrongOperand(op, "a list of values", operand);
  Value::List values;
  for (size_t i = 0; i < operand.as_list().size(); ++i) {
    Result<Value> value = EqualityOperand(field, op, operand.as_list()[i]);
    if (!value.ok()) return std::move(value).status().Under(fmt::format("[{}]", i));
    values.push_back(std::move(*value));
  }
  return Condition(field, Op::kIn, std::move(values));
}

Result<Filter> ParseOrder(std::string_view field, std::string_view name, Op op, const Value& operand) {
  const bool orderable = operand.is_number() || operand.kind() == Kind::kString;
  if (!orderable) {
    return WrongOperand(name, IsTime(field) ? "an RFC 3339 time" : "a number or a string", operand);
  }
  Result<Value> value = EqualityOperand(field, name, operand);
  if (!value.ok()) return std::move(value).status();
  return Condition(field, op, std::move(*value));
}

Result<Filter> ParsePresence(std::string_view field, std::string_view name, Op op, const Value& operand) {
  if (operand.kind() != Kind::kBool) return WrongOperand(name, "true or false", operand);
  return Condition(field, op, operand);
}

Result<Filter> ParseText(std::string_view field, std::string_view name, Op op, const Value& operand) {
  if (IsTime(field)) return InvalidArgument(fmt::format("\"{}\" can't be asked of a time", name));
  const bool scalar = operand.kind() == Kind::kBool || operand.is_number();
  const bool fits = operand.kind() == Kind::kString || (op == Op::kContains && scalar);
  if (!fits) return WrongOperand(name, op == Op::kContains ? "a bool, number or string" : "a string", operand);
  return Condition(field, op, operand);
}

Result<Filter> ParseSize(std::string_view field, const Value& operand) {
  if (IsTime(field)) return InvalidArgument("\"size\" can't be asked of a time");
  if (operand.is_number()) return Condition(field, Op::kSize, operand);
  if (operand.kind() != Kind::kObject || operand.as_object().empty()) {
    return WrongOperand("size", "a number, or an object of eq, ne, gt, gte, lt and lte", operand);
  }
  std::vector<Filter> conditions;
  for (const auto& [name, bound] : operand.as_object()) {
    constexpr std::array<std::string_view, 6> kBounds = {"eq", "ne", "gt", "gte", "lt", "lte"};
    if (std::find(kBounds.begin(), kBounds.end(), name) == kBounds.end()) {
      return InvalidArgument(
                 fmt::format("unknown operator \"{}\": size takes eq, ne, gt, gte, lt and lte", Shown(name)))
          .At(Shown(name));
    }
    if (!bound.is_number()) return WrongOperand(name, "a number", bound).At(name);
    if (name == "ne") {
      conditions.push_back(Not(Condition(field, Op::kSize, bound)));
    } else {
      conditions.push_back(Condition(field, Op::kSize, Value::Object{{name, bound}}));
    }
  }
  return AllOf(std::move(conditions));
}

Result<Filter> ParseOperator(std::string_view field, std::string_view name, const Value& operand) {
  if (name == "eq") return ParseEq(field, name, operand);
  if (name == "in") return ParseIn(field, name, operand);
  if (name == "ne") {
    ASSIGN_OR_RETURN(Filter equal, ParseEq(field, name, operand));
    return Not(std::move(equal));
  }
  if (name == "nin") {
    ASSIGN_OR_RETURN(Filter in, ParseIn(field, name, operand));
    return Not(std::move(in));
  }
  if (name == "gt") return ParseOrder(field, name, Op::kGt, operand);
  if (name == "gte") return ParseOrder(field, name, Op::kGte, operand);
  if (name == "lt") return ParseOrder(field, name, Op::kLt, operand);
  if (name == "lte") return ParseOrder(field, name, Op::kLte, operand);
  if (name == "exists") return ParsePresence(field, name, Op::kExists, operand);
  if (name == "is_null") return ParsePresence(field, name, Op::kIsNull, operand);
  if (name == "contains") return ParseText(field, name, Op::kContains, operand);
  if (name == "icontains") return ParseText(field, name, Op::kIcontains, operand);
  if (name == "prefix") return ParseText(field, name, Op::kPrefix, operand);
  if (name == "size") return ParseSize(field, operand);
  return InvalidArgument(fmt::format("unknown operator \"{}\": a condition takes {}", Shown(name), kOperatorNames));
}

// Counts conditions over the whole tree.
class FilterParser {
 public:
  explicit FilterParser(const FilterFieldSet& fields) : fields_(fields) {}

  Result<Filter> Parse(const Value& filter, size_t level) {
    if (level > kFilterDepthMax) {
      return InvalidArgument(fmt::format("the filter is nested deeper than {} levels", kFilterDepthMax));
    }
    if (filter.kind() != Kind::kObject) {
      return InvalidArgument(fmt::format("a filter is an object, not {}", DebugString(filter)));
    }
    std::vector<Filter> parts;
    for (const auto& [key, value] : filter.as_object()) {
      Result<Filter> part = ParseKey(key, value, level);
      if (!part.ok()) return std::move(part).status().Under(Shown(key));
      parts.push_back(std::move(*part));
    }
    return AllOf(std::move(parts));
  }

 private:
  Result<Filter> ParseKey(const std::string& key, const Value& value, size_t level) {
    if (key == "and") return ParseList(Filter::Kind::kAnd, value, level);
    if (key == "or") return ParseList(Filter::Kind::kOr, value, level);
    if (key == "not") {
      ASSIGN_OR_RETURN(Filter child, Parse(value, level + 1));
      return Not(std::move(child));
    }
    if (!fields_.holds(key)) return UnknownField(key, fields_.names);
    return ParseField(key, value);
  }

  Result<Filter> ParseList(Filter::Kind kind, const Value& list, size_t level) {
    if (list.kind() != Kind::kList) {
      return InvalidArgument(fmt::format("\"and\" and \"or\" take a list of filters, not {}", DebugString(list)));
    }
    std::vector<Filter> children;
    for (size_t i = 0; i < list.as_list().size(); ++i) {
      Result<Filter> child = Parse(list.as_list()[i], level + 1);
      if (!child.ok()) return std::move(child).status().Under(fmt::format("[{}]", i));
      children.push_back(std::move(*child));
    }
    return Group(kind, std::move(children));
  }

  Result<Filter> ParseField(std::string_view field, const Value& value) {
    if (value.kind() != Kind::kObject) {
      RETURN_IF_ERROR(CountCondition());
      return ParseEq(field, "eq", value);
    }
    if (value.as_object().empty()) {
      return InvalidArgument(fmt::format("the condition names no operator: it takes {}", kOperatorNames));
    }
    std::vector<Filter> conditions;
    for (const auto& [name, operand] : value.as_object()) {
      const Status counted = CountCondition();
      Result<Filter> condition = counted.ok() ? ParseOperator(field, name, operand) : Result<Filter>(counted);
      if (!condition.ok()) return std::move(condition).status().Under(Shown(name));
      conditions.push_back(std::move(*condition));
    }
    return AllOf(std::move(conditions));
  }

  Status CountCondition() {
    if (++conditions_ <= kFilterConditionsMax) return Status::Ok();
    return InvalidArgument(fmt::format("the filter has more than {} conditions", kFilterConditionsMax));
  }

  const FilterFieldSet& fields_;
  size_t conditions_ = 0;
};

}  // namespace

Result<Filter> ParseFilter(const Value& filter) { return ParseFilter(filter, {IsFilterField, kFieldNames}); }

Result<Filter> ParseFilter(const Value& filter, const FilterFieldSet& fields) {
  Result<Filter> parsed = FilterParser(fields).Parse(filter, 1);
  if (!parsed.ok()) return std::move(parsed).status().Under("filter");
  return parsed;
}

}  // namespace engram

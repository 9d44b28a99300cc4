// Random filters, written as the API gets them.
#include <array>

#include "base/check.h"
#include "tests/engine/model/generator.h"

namespace engram::model {
namespace {

constexpr std::array<const char*, 18> kFields = {
    "user_id",        "run_id",        "agent_id",        "kind",         "role",       "state",  "source.system",
    "source.version", "created_at",    "event_time",      "expires_at",   "importance", "pinned", "metadata.n",
    "metadata.topic", "metadata.tags", "metadata.deep.x", "metadata.long"};

Value One(const std::string& key, Value value) { return Value(Value::Object{{key, std::move(value)}}); }

}  // namespace

std::string Generator::RandomField() {
  if (OneIn(12)) return "metadata.deep.y\\.z";
  if (OneIn(12)) return "id";
  return kFields[Pick(kFields.size())];
}

Filter Generator::Parsed(const Value& value) {
  auto filter = ParseFilter(value);
  ENGRAM_CHECK(filter.ok());
  return std::move(*filter);
}

Value Generator::RandomCondition(const std::string& field, Timestamp now) {
  if (OneIn(8)) return One("exists", Value(OneIn(2)));
  if (OneIn(12)) return Value();
  if (field.ends_with("_at") || field == "event_time") {
    constexpr std::array<const char*, 5> kOps = {"gt", "gte", "lt", "lte", "eq"};
    return One(kOps[Pick(kOps.size())], Value(FormatRfc3339(now.PlusSeconds(int64_t{Pick(400)} - 300))));
  }
  if (field == "id") return OneIn(2) ? Value(RandomId()) : One("in", Value(Value::List{RandomId(), RandomId()}));
  if (field == "pinned") return Value(OneIn(2));
  if (field == "importance") return One(OneIn(2) ? "gte" : "lt", Value(Pick(11) / 10.0));
  if (field == "source.version") return One(OneIn(2) ? "gte" : "eq", Value(int64_t{Pick(20)}));
  if (field == "user_id") return Value(OneIn(2) ? "ann" : "bob");
  if (field == "run_id") return Value("r" + std::to_string(Pick(3)));
  if (field == "agent_id") return Value("helper");
  if (field == "kind") return OneIn(2) ? Value("fact") : One("ne", Value("event"));
  if (field == "role") return Value("user");
  if (field == "state") return OneIn(2) ? Value("archived") : One("in", Value(Value::List{"active", "paused"}));
  if (field == "source.system") return One("prefix", Value("cr"));
  if (field == "metadata.long") return One(OneIn(2) ? "prefix" : "contains", Value(std::string(20, 'a')));
  switch (Pick(8)) {
    case 0: return One("gte", Value(int64_t{Pick(10)}));
    case 1: return One("lt", Value(0.5 + Pick(10)));
    case 2: return One("ne", RandomScalar());
    case 3: return One("in", Value(Value::List{RandomScalar(), RandomScalar(), Value(RandomWord())}));
    case 4: return One("nin", Value(Value::List{RandomScalar(), Value(RandomWord())}));
    case 5: return One("contains", Value(RandomWord().substr(0, 3)));
    case 6: return One("prefix", Value(RandomWord().substr(0, 2)));
    default: return OneIn(2) ? Value(RandomWord()) : RandomScalar();
  }
}

Value Generator::RandomFilterValue(Timestamp now, int depth) {
  const uint32_t what = depth == 0 ? 9 : Pick(10);
  if (what == 0) return Value(Value::Object());
  if (what == 1) return One("not", RandomFilterValue(now, depth - 1));
  if (what <= 4) {
    Value::List parts;
    for (uint32_t n = 1 + Pick(3); n > 0; --n) parts.push_back(RandomFilterValue(now, depth - 1));
    return One(what == 2 ? "and" : "or", Value(std::move(parts)));
  }
  Value::Object conditions;
  for (uint32_t n = 1 + Pick(2); n > 0; --n) {
    const std::string field = RandomField();
    conditions[field] = RandomCondition(field, now);
  }
  return Value(std::move(conditions));
}

Filter Generator::RandomEdgeFilter() {
  Value condition;
  switch (Pick(5)) {
    case 0: condition = One("type", Value("likes")); break;
    case 1: condition = One("source", Value(RandomEnd())); break;
    case 2: condition = One("weight", One("gte", Value(int64_t{Pick(5)}))); break;
    case 3: condition = One("user_id", Value("ann")); break;
    default: condition = One("metadata.n", One("exists", Value(true))); break;
  }
  auto filter = ParseEdgeFilter(condition);
  ENGRAM_CHECK(filter.ok());
  return std::move(*filter);
}

}  // namespace engram::model

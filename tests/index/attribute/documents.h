// Random memories and filters over few paths and values, so that they meet; the odd cases of each kind
// are all among them.
#pragma once

#include <limits>
#include <random>
#include <string>
#include <vector>

#include "base/timestamp.h"
#include "index/attribute/attribute_index.h"

namespace engram {

class RandomDocuments {
 public:
  RandomDocuments(uint64_t seed, bool long_texts) : random_(seed), long_texts_(long_texts) {}

  size_t Below(size_t n) { return random_() % n; }
  bool OneIn(size_t n) { return Below(n) == 0; }

  Value Scalar() {
    switch (Below(3)) {
      case 0: return OneIn(2);
      case 1: return Number();
      default: return Text();
    }
  }

  Value Number() {
    static const std::vector<Value> kNumbers = {0,
                                                1,
                                                1.0,
                                                -0.0,
                                                -1,
                                                2,
                                                2.5,
                                                -2.5,
                                                int64_t{1} << 53,
                                                (int64_t{1} << 53) + 1,
                                                0x1p53,
                                                0x1p63,
                                                -0x1p63,
                                                0x1p64,
                                                1e300,
                                                -1e300,
                                                uint64_t{1} << 63,
                                                UINT64_MAX,
                                                INT64_MAX,
                                                INT64_MIN,
                                                std::numeric_limits<double>::infinity(),
                                                -std::numeric_limits<double>::infinity(),
                                                std::numeric_limits<double>::quiet_NaN(),
                                                5e-324};
    return OneIn(3) ? Value(static_cast<int64_t>(Below(40))) : kNumbers[Below(kNumbers.size())];
  }

  std::string Text() {
    static const std::vector<std::string> kTexts = {"",    "a",    "A",        "ab", "aB",  "abc", "b",
                                                    "tea", "Tea",  "tEA time", "é",  "É",   "éa",  "z",
                                                    "ß",   "\xff", "日本",     "1",  "true"};
    if (!long_texts_ || !OneIn(5)) return kTexts[Below(kTexts.size())];
    // Around the limit of what is indexed as it is.
    static const size_t kLengths[] = {255, 256, 257, 300};
    return (OneIn(2) ? "tea" : "A") + std::string(kLengths[Below(4)] - 3, OneIn(2) ? 'a' : 'b') + (OneIn(2) ? "x" : "");
  }

  std::string Unique() { return Text() + std::to_string(Below(3000)); }

  Value ListValue() {
    Value::List list(Below(5));
    for (Value& item : list) {
      item = OneIn(8) ? Value() : OneIn(10) ? Value(Value::List{Scalar()}) : Scalar();
    }
    return list;
  }

  AttributeFields Fields() {
    AttributeFields fields;
    if (!OneIn(4)) fields.emplace_back("user_id", "user" + std::to_string(Below(5)));
    if (!OneIn(3)) fields.emplace_back("created_at", static_cast<int64_t>(Below(2000)) * 1'000'000);
    if (OneIn(2)) fields.emplace_back("pinned", OneIn(2));
    if (OneIn(2)) fields.emplace_back("importance", static_cast<double>(Below(11)) / 10);
    Value::Object metadata;
    if (!OneIn(3)) metadata["a"] = OneIn(3) ? ListValue() : Scalar();
    if (!OneIn(3)) metadata["t"] = OneIn(4) ? ListValue() : Value(Text());
    if (OneIn(2)) metadata["n"] = Number();
    // Nearly one value a memory: what is cheaper to probe than to unite.
    if (!OneIn(3)) metadata["u"] = OneIn(4) ? Value(Value::List{Unique(), Unique()}) : Value(Unique());
    if (OneIn(2))
      metadata["o"] = Value::Object{{"x", OneIn(3) ? Value() : Scalar()}, {"y", OneIn(2) ? Value() : Scalar()}};
    if (OneIn(3)) metadata["dot.ted"] = Scalar();
    if (OneIn(9)) metadata["a\\b"] = Scalar();
    FlattenMetadata(metadata, &fields);
    return fields;
  }

  // A filter as the API would get it.
  Value FilterJson(size_t depth) {
    if (depth == 0 || OneIn(3)) return Value::Object{ConditionJson()};
    Value::Object filter;
    if (OneIn(2)) filter["and"] = FilterList(depth);
    if (OneIn(2)) filter["or"] = FilterList(depth);
    if (OneIn(2)) filter["not"] = FilterJson(depth - 1);
    if (OneIn(3)) filter.insert(ConditionJson());
    return filter;
  }

 private:
  Value FilterList(size_t depth) {
    Value::List list(Below(4));
    for (Value& filter : list) filter = FilterJson(depth - 1);
    return list;
  }

  std::pair<const std::string, Value> ConditionJson() {
    static const std::vector<std::string> kFields = {
        "metadata.a",   "metadata.a",   "metadata.t",         "metadata.t",       "metadata.n",    "metadata.o",
        "metadata.o.x", "metadata.o.y", "metadata.dot\\.ted", "metadata.dot.ted", "metadata.a\\b", "metadata.gone",
        "metadata.u",   "metadata.u",   "metadata.u",         "user_id",          "pinned",        "importance"};
    if (OneIn(6)) return {"created_at", TimeCondition()};
    const std::string& field = kFields[Below(kFields.size())];
    if (OneIn(4)) return {field, OneIn(6) ? Value() : Operand(field)};
    Value::Object operators;
    for (size_t i = 1 + Below(2); i > 0; --i) operators.insert(Operator(field));
    if (OneIn(5)) {  // a window, open or empty
      const bool numbers = OneIn(2);
      operators[OneIn(2) ? "gt" : "gte"] = numbers ? Number() : Value(Text());
      operators[OneIn(2) ? "lt" : "lte"] = numbers ? Number() : Value(Text());
    }
    return {field, std::move(operators)};
  }

  Value Operand(const std::string& field) {
    return field == "user_id" ? Value("user" + std::to_string(Below(6))) : Scalar();
  }

  std::string Time() {
    const size_t second = Below(2000);
    return FormatRfc3339(Timestamp::FromSeconds(static_cast<int64_t>(second)));
  }

  Value TimeCondition() {
    static const char* const kOrders[] = {"gt", "gte", "lt", "lte", "eq", "ne"};
    Value::Object operators = {{kOrders[Below(6)], Time()}};
    if (OneIn(3)) operators["in"] = Value::List{Time(), Value(), Time()};
    if (OneIn(5)) operators["exists"] = OneIn(2);
    return operators;
  }

  std::pair<const std::string, Value> Operator(const std::string& field) {
    static const char* const kOrders[] = {"gt", "gte", "lt", "lte"};
    switch (Below(10)) {
      case 0: return {"eq", OneIn(5) ? Value() : Operand(field)};
      case 1: return {"ne", OneIn(5) ? Value() : Operand(field)};
      case 2:
      case 3: {
        Value::List list(Below(4));
        for (Value& item : list) item = OneIn(6) ? Value() : Operand(field);
        return {OneIn(2) ? "in" : "nin", std::move(list)};
      }
      case 4: return {kOrders[Below(4)], OneIn(2) ? Number() : Value(Text())};
      case 5: return {OneIn(2) ? "exists" : "is_null", OneIn(2)};
      case 6: return {"contains", OneIn(3) ? Scalar() : Value(Text())};
      case 7: return {"icontains", Text()};
      case 8: return {"prefix", Text()};
      default: return {"size", Size()};
    }
  }

  Value Size() {
    static const char* const kBounds[] = {"eq", "ne", "gt", "gte", "lt", "lte"};
    if (OneIn(3)) return static_cast<int64_t>(Below(5));
    return Value::Object{{kBounds[Below(6)], OneIn(9) ? Number() : Value(static_cast<int64_t>(Below(5)))}};
  }

  std::mt19937_64 random_;
  bool long_texts_;
};

}  // namespace engram

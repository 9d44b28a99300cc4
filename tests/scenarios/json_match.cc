#include "tests/scenarios/json_match.h"

#include <cmath>

#include <fmt/format.h>

#include "api/json.h"
#include "engram/v1/memory.pb.h"
#include "server/handlers/convert_value.h"
#include "server/position_token.h"

namespace engram {
namespace {

double AsDouble(const Value& number) {
  if (number.kind() == Value::Kind::kInt) return static_cast<double>(number.as_int());
  if (number.kind() == Value::Kind::kUint) return static_cast<double>(number.as_uint());
  return number.as_double();
}

bool SameNumber(const Value& a, const Value& b) {
  return std::abs(AsDouble(a) - AsDouble(b)) <= 1e-6 * std::max(1.0, std::abs(AsDouble(a)));
}

class Matcher {
 public:
  explicit Matcher(Captures* captures) : captures_(captures) {}

  void Match(const std::string& path, const Value& expected, const Value* got) {
    if (expected.kind() == Value::Kind::kString && expected.as_string().starts_with('$')) {
      return MatchPattern(path, expected.as_string(), got);
    }
    if (got == nullptr) return Differ(path, expected, got);
    if (expected.kind() == Value::Kind::kObject && got->kind() == Value::Kind::kObject) {
      return MatchObject(path, expected.as_object(), got->as_object());
    }
    if (expected.kind() == Value::Kind::kList && got->kind() == Value::Kind::kList) {
      return MatchList(path, expected, *got);
    }
    const bool same = expected.is_number() && got->is_number() ? SameNumber(expected, *got) : expected == *got;
    if (!same) Differ(path, expected, got);
  }

  std::vector<std::string> differences;

 private:
  void MatchObject(const std::string& path, const Value::Object& expected, const Value::Object& got) {
    for (const auto& [key, member] : expected) {
      const auto found = got.find(key);
      Match(fmt::format("{}.{}", path, key), member, found == got.end() ? nullptr : &found->second);
    }
  }

  void MatchList(const std::string& path, const Value& expected, const Value& got) {
    if (expected.as_list().size() != got.as_list().size()) return Differ(path, expected, &got);
    for (size_t i = 0; i < expected.as_list().size(); ++i) {
      Match(fmt::format("{}[{}]", path, i), expected.as_list()[i], &got.as_list()[i]);
    }
  }

  void MatchPattern(const std::string& path, const std::string& pattern, const Value* got) {
    if (pattern == "$absent") {
      if (got != nullptr) Differ(path, Value(pattern), got);
      return;
    }
    if (got == nullptr) return Differ(path, Value(pattern), got);
    const bool is_string = got->kind() == Value::Kind::kString;
    bool matches = false;
    if (pattern == "$any") {
      matches = true;
    } else if (pattern == "$string") {
      matches = is_string && !got->as_string().empty();
    } else if (pattern == "$number") {
      matches = got->is_number();
    } else if (pattern == "$position") {
      matches = is_string && DecodePosition(got->as_string()).ok();
    } else if (pattern.starts_with("$contains:")) {
      matches = is_string && got->as_string().find(pattern.substr(10)) != std::string::npos;
    } else if (pattern.starts_with("$capture:")) {
      matches = is_string || got->is_number();
      if (matches) (*captures_)[pattern.substr(9)] = is_string ? got->as_string() : DebugString(*got);
    }
    if (!matches) Differ(path, Value(pattern), got);
  }

  void Differ(const std::string& path, const Value& expected, const Value* got) {
    differences.push_back(fmt::format("{}: expected {}, got {}", path.empty() ? "." : path, DebugString(expected),
                                      got == nullptr ? "nothing" : DebugString(*got)));
  }

  Captures* captures_;
};

}  // namespace

std::vector<std::string> Differences(const Value& expected, const Value& got, Captures* captures) {
  Matcher matcher(captures);
  matcher.Match("", expected, &got);
  return std::move(matcher.differences);
}

Result<Value> ParseJsonValue(const std::string& json) {
  // A filter is any JSON value.
  v1::CountRequest holder;
  RETURN_IF_ERROR(ParseJson("{\"filter\":" + json + "}", &holder));
  return ToValue(holder.filter());
}

}  // namespace engram

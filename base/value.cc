#include "base/value.h"

#include <bit>
#include <cmath>

#include <fmt/format.h>

#include "base/check.h"

namespace engram {
namespace {

// `d` against an integer in [-2^63, 2^64), exactly.
template <class Int>
std::strong_ordering CompareDoubleWithInt(double d, Int i) {
  if (std::isnan(d)) return std::strong_ordering::greater;
  constexpr double kLow = std::is_signed_v<Int> ? -0x1p63 : 0;
  constexpr double kHigh = std::is_signed_v<Int> ? 0x1p63 : 0x1p64;
  if (d < kLow) return std::strong_ordering::less;
  if (d >= kHigh) return std::strong_ordering::greater;
  const double whole = std::floor(d);
  const Int whole_int = static_cast<Int>(whole);
  if (whole_int != i) return whole_int <=> i;
  return d > whole ? std::strong_ordering::greater : std::strong_ordering::equal;
}

std::strong_ordering CompareDoubles(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) <=> std::isnan(b);
  if (a < b) return std::strong_ordering::less;
  return a > b ? std::strong_ordering::greater : std::strong_ordering::equal;
}

std::strong_ordering Reverse(std::strong_ordering order) { return 0 <=> order; }

void AppendDebug(const Value& value, std::string* out, size_t limit) {
  if (out->size() > limit) return;
  switch (value.kind()) {
    case Value::Kind::kNull: *out += "null"; return;
    case Value::Kind::kBool: *out += value.as_bool() ? "true" : "false"; return;
    case Value::Kind::kInt: *out += std::to_string(value.as_int()); return;
    case Value::Kind::kUint: *out += std::to_string(value.as_uint()); return;
    case Value::Kind::kDouble: *out += fmt::format("{}", value.as_double()); return;
    case Value::Kind::kString: *out += '"' + value.as_string() + '"'; return;
    case Value::Kind::kList: {
      *out += '[';
      for (const char* comma = ""; const Value& item : value.as_list()) {
        *out += comma;
        comma = ", ";
        AppendDebug(item, out, limit);
      }
      *out += ']';
      return;
    }
    case Value::Kind::kObject: {
      *out += '{';
      for (const char* comma = ""; const auto& [key, item] : value.as_object()) {
        *out += comma + ('"' + key + "\": ");
        comma = ", ";
        AppendDebug(item, out, limit);
      }
      *out += '}';
      return;
    }
  }
}

}  // namespace

Value::Value(uint64_t v) {
  if (v <= static_cast<uint64_t>(INT64_MAX)) {
    data_ = static_cast<int64_t>(v);
  } else {
    data_ = v;
  }
}

bool operator==(const Value& a, const Value& b) {
  if (a.kind() != b.kind()) return false;
  if (a.kind() == Value::Kind::kDouble) {
    return std::bit_cast<uint64_t>(a.as_double()) == std::bit_cast<uint64_t>(b.as_double());
  }
  return a.data_ == b.data_;
}

std::strong_ordering CompareNumbers(const Value& a, const Value& b) {
  ENGRAM_CHECK(a.is_number() && b.is_number());
  using Kind = Value::Kind;
  if (a.kind() == Kind::kDouble) {
    if (b.kind() == Kind::kDouble) return CompareDoubles(a.as_double(), b.as_double());
    return b.kind() == Kind::kInt ? CompareDoubleWithInt(a.as_double(), b.as_int())
                                  : CompareDoubleWithInt(a.as_double(), b.as_uint());
  }
  if (b.kind() == Kind::kDouble) return Reverse(CompareNumbers(b, a));
  if (a.kind() == b.kind()) return a.kind() == Kind::kInt ? a.as_int() <=> b.as_int() : a.as_uint() <=> b.as_uint();
  // A kUint is always above INT64_MAX (see the constructor).
  return a.kind() == Kind::kInt ? std::strong_ordering::less : std::strong_ordering::greater;
}

std::string DebugString(const Value& value) {
  constexpr size_t kLimit = 100;
  std::string out;
  AppendDebug(value, &out, kLimit);
  if (out.size() > kLimit) out = out.substr(0, kLimit) + "…";
  return out;
}

}  // namespace engram

// A typed metadata value: what was stored as 1 comes back as 1, what was 1.0 as 1.0.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace engram {

class Value {
 public:
  using List = std::vector<Value>;
  using Object = std::map<std::string, Value, std::less<>>;

  // Never renumber: the canonical encoding (engine/canonical.h) stores them.
  enum class Kind : uint8_t {
    kNull = 0,
    kBool = 1,
    kInt = 2,
    kUint = 3,
    kDouble = 4,
    kString = 5,
    kList = 6,
    kObject = 7
  };

  Value() = default;                                    // null
  Value(bool v) : data_(v) {}                           // NOLINT: implicit, so that literals read well
  Value(int v) : data_(int64_t{v}) {}                   // NOLINT
  Value(int64_t v) : data_(v) {}                        // NOLINT
  Value(uint64_t v);                                    // NOLINT: an int64 where it fits: one form per number
  Value(double v) : data_(v) {}                         // NOLINT
  Value(std::string v) : data_(std::move(v)) {}         // NOLINT
  Value(std::string_view v) : data_(std::string(v)) {}  // NOLINT
  Value(const char* v) : data_(std::string(v)) {}       // NOLINT
  Value(List v) : data_(std::move(v)) {}                // NOLINT
  Value(Object v) : data_(std::move(v)) {}              // NOLINT

  Kind kind() const { return static_cast<Kind>(data_.index()); }
  bool is_null() const { return kind() == Kind::kNull; }
  bool is_number() const { return kind() == Kind::kInt || kind() == Kind::kUint || kind() == Kind::kDouble; }

  // REQUIRES: the kind matches.
  bool as_bool() const { return std::get<bool>(data_); }
  int64_t as_int() const { return std::get<int64_t>(data_); }
  uint64_t as_uint() const { return std::get<uint64_t>(data_); }
  double as_double() const { return std::get<double>(data_); }
  const std::string& as_string() const { return std::get<std::string>(data_); }
  const List& as_list() const { return std::get<List>(data_); }
  const Object& as_object() const { return std::get<Object>(data_); }
  List& as_list() { return std::get<List>(data_); }
  Object& as_object() { return std::get<Object>(data_); }

  // Same kind and same content; doubles by bits, so NaN equals itself and -0.0 differs from 0.0.
  friend bool operator==(const Value& a, const Value& b);

 private:
  std::variant<std::monostate, bool, int64_t, uint64_t, double, std::string, List, Object> data_;
};

// The order of two numbers by exact value whatever their kinds (2^53+1 is above 2^53 as a double).
// NaN orders after everything and equals itself. REQUIRES: both are numbers.
std::strong_ordering CompareNumbers(const Value& a, const Value& b);

// For messages and logs: JSON-like, cut at 100 characters.
std::string DebugString(const Value& value);

}  // namespace engram

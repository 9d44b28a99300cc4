#include "base/value.h"

#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include <gtest/gtest.h>

#include "base/testing/test_seed.h"

namespace engram {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

// x86's long double has a 64-bit mantissa: it holds every int64, uint64 and double exactly.
static_assert(std::numeric_limits<long double>::digits >= 64);

long double Exact(const Value& v) {
  switch (v.kind()) {
    case Value::Kind::kInt: return static_cast<long double>(v.as_int());
    case Value::Kind::kUint: return static_cast<long double>(v.as_uint());
    default: return static_cast<long double>(v.as_double());
  }
}

// Integers and doubles that are close to each other, around the places where doubles lose integers.
Value RandomNumber(std::mt19937_64& random) {
  const int shift = static_cast<int>(random() % 65);
  const uint64_t base = shift == 64 ? UINT64_MAX : uint64_t{1} << shift;
  const uint64_t n = base + random() % 5 - 2;
  switch (random() % 5) {
    case 0: return static_cast<int64_t>(n);
    case 1: return static_cast<double>(n) * (random() % 2 == 0 ? 1 : -1);
    case 2: return std::nextafter(static_cast<double>(n), random() % 2 == 0 ? kInf : -kInf);
    case 3: return static_cast<double>(static_cast<int64_t>(n)) + 0.5;
    default: return n;
  }
}

TEST(ValueTest, NumbersCompareByExactValueWhateverTheirKinds) {
  const uint64_t seed = TestSeed();
  SCOPED_TRACE(SeedTrace(seed));
  std::mt19937_64 random(seed);
  for (int i = 0; i < 100'000; ++i) {
    const Value a = RandomNumber(random);
    const Value b = RandomNumber(random);
    const auto order = CompareNumbers(a, b);
    ASSERT_EQ(order < 0, Exact(a) < Exact(b)) << DebugString(a) << " " << DebugString(b);
    ASSERT_EQ(order == 0, Exact(a) == Exact(b)) << DebugString(a) << " " << DebugString(b);
    ASSERT_EQ(CompareNumbers(b, a), 0 <=> order);
  }
}

TEST(ValueTest, NumbersThatADoubleCantTellApartStayApart) {
  const Value above(int64_t{(int64_t{1} << 53) + 1});
  const Value rounded(static_cast<double>(int64_t{1} << 53));
  EXPECT_TRUE(CompareNumbers(above, rounded) > 0);
  EXPECT_TRUE(CompareNumbers(uint64_t{UINT64_MAX}, 0x1p64) < 0);
  EXPECT_TRUE(CompareNumbers(int64_t{INT64_MIN}, -0x1p63) == 0);
  EXPECT_TRUE(CompareNumbers(int64_t{INT64_MAX}, 0x1p63) < 0);
}

TEST(ValueTest, NanOrdersAfterEverythingAndEqualsItself) {
  for (const Value& v : {Value(kInf), Value(int64_t{INT64_MAX}), Value(uint64_t{UINT64_MAX}), Value(0.0)}) {
    EXPECT_TRUE(CompareNumbers(kNan, v) > 0);
    EXPECT_TRUE(CompareNumbers(v, kNan) < 0);
  }
  EXPECT_TRUE(CompareNumbers(kNan, -kNan) == 0);
}

TEST(ValueTest, AnUnsignedNumberThatFitsIsAnInt) {
  EXPECT_EQ(Value(uint64_t{7}), Value(int64_t{7}));
  EXPECT_EQ(Value(uint64_t{7}).kind(), Value::Kind::kInt);
  EXPECT_EQ(Value(uint64_t{INT64_MAX}).kind(), Value::Kind::kInt);
  EXPECT_EQ(Value(uint64_t{INT64_MAX} + 1).kind(), Value::Kind::kUint);
}

TEST(ValueTest, EqualityKeepsKindsAndBitsApart) {
  EXPECT_NE(Value(1), Value(1.0));
  EXPECT_NE(Value(0.0), Value(-0.0));
  EXPECT_EQ(Value(kNan), Value(kNan));
  EXPECT_NE(Value(), Value(false));
  EXPECT_NE(Value("1"), Value(1));
  EXPECT_EQ(Value(Value::List{1, "a"}), Value(Value::List{1, "a"}));
  EXPECT_NE(Value(Value::List{1, "a"}), Value(Value::List{"a", 1}));
  EXPECT_EQ(Value(Value::Object{{"a", 1}, {"b", {}}}), Value(Value::Object{{"b", {}}, {"a", 1}}));
}

TEST(ValueTest, DebugStringsAreReadableAndShort) {
  const Value value(Value::Object{{"a", Value::List{1, 1.5, true, Value()}}, {"b", "x"}});
  EXPECT_EQ(DebugString(value), R"({"a": [1, 1.5, true, null], "b": "x"})");
  EXPECT_EQ(DebugString(Value(std::string(500, 'x'))).substr(90), "xxxxxxxxxx…");
  EXPECT_LT(DebugString(Value(Value::List(1'000'000, 1))).size(), 120u);
}

}  // namespace
}  // namespace engram

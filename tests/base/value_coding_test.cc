#include "base/value_coding.h"

#include <bit>
#include <cstdlib>
#include <limits>
#include <random>
#include <string>

#include <gtest/gtest.h>

namespace engram {
namespace {

std::string Encoded(const Value& value) {
  std::string bytes;
  AppendValue(&bytes, value);
  return bytes;
}

class RandomValues {
 public:
  explicit RandomValues(uint64_t seed) : random_(seed) {}

  Value Next(uint32_t depth) {
    switch (random_() % (depth > 0 ? 8 : 6)) {
      case 0: return Value();
      case 1: return Value(random_() % 2 == 0);
      case 2: return Value(static_cast<int64_t>(random_() >> random_() % 64));
      case 3: return Value(random_());
      case 4: return Value(std::bit_cast<double>(random_()));
      case 5: return Value(Text());
      case 6: return Value(List(depth));
      default: return Value(Object(depth));
    }
  }

  Value::Object Object(uint32_t depth) {
    Value::Object object;
    for (uint64_t i = random_() % 5; i > 0; --i) object[Text()] = Next(depth - 1);
    return object;
  }

 private:
  std::string Text() {
    std::string text(random_() % 4, '\0');
    for (char& c : text) c = static_cast<char>(random_());
    return text;
  }

  Value::List List(uint32_t depth) {
    Value::List list;
    for (uint64_t i = random_() % 5; i > 0; --i) list.push_back(Next(depth - 1));
    return list;
  }

  std::mt19937_64 random_;
};

uint64_t Seed() {
  const char* seed = std::getenv("ENGRAM_TEST_SEED");
  return seed ? std::strtoull(seed, nullptr, 10) : 20'260'101;
}

TEST(ValueCodingTest, EveryValueComesBackAndStopsWhereItEnds) {
  SCOPED_TRACE("ENGRAM_TEST_SEED=" + std::to_string(Seed()));
  RandomValues random(Seed());
  for (int i = 0; i < 2'000; ++i) {
    const Value value = random.Next(4);
    const std::string bytes = Encoded(value) + "rest";
    ByteReader in(bytes);
    Value read;
    ASSERT_TRUE(ReadValue(&in, &read)) << DebugString(value);
    EXPECT_EQ(read, value);
    EXPECT_EQ(in.rest(), "rest");
  }
}

TEST(ValueCodingTest, DamagedBytesAreRefusedOrAreTheBytesOfAnotherValue) {
  SCOPED_TRACE("ENGRAM_TEST_SEED=" + std::to_string(Seed()));
  RandomValues random(Seed());
  std::mt19937_64 damage(Seed());
  for (int i = 0; i < 5'000; ++i) {
    std::string bytes = Encoded(random.Next(3));
    bytes[damage() % bytes.size()] = static_cast<char>(damage());
    ByteReader in(bytes);
    Value value;
    if (!ReadValue(&in, &value)) continue;
    const std::string read = bytes.substr(0, bytes.size() - in.rest().size());
    // A number may have been read from a longer form of itself.
    const std::string written = Encoded(value);
    EXPECT_TRUE(written == read || written.size() < read.size());
  }
}

TEST(ValueCodingTest, EveryCutIsNoticed) {
  Value::Object object;
  object["list"] = Value::List{1, -1.5, "text", true, Value()};
  object["uint"] = std::numeric_limits<uint64_t>::max();
  const std::string bytes = Encoded(object);
  for (size_t n = 0; n < bytes.size(); ++n) {
    ByteReader in(std::string_view(bytes).substr(0, n));
    Value value;
    EXPECT_FALSE(ReadValue(&in, &value)) << n;
    EXPECT_FALSE(in.ok());
  }
}

TEST(ValueCodingTest, BytesAreFixedForAllTime) {
  Value::Object object;
  object["a"] = -1;
  object["b"] = Value::List{true, 1.0};
  constexpr char kExpected[] =
      "\x07\x02\x01"
      "a\x02\x01\x01"
      "b\x06\x02\x01\x01\x04\0\0\0\0\0\0\xf0\x3f";
  EXPECT_EQ(Encoded(object), std::string(kExpected, sizeof kExpected - 1));
}

TEST(ValueCodingTest, NumbersOfDifferentKindsAreDifferentBytes) {
  EXPECT_NE(Encoded(1), Encoded(1.0));
  EXPECT_NE(Encoded(0.0), Encoded(-0.0));
  EXPECT_EQ(Encoded(uint64_t{7}), Encoded(int64_t{7})) << "one form per number";
}

TEST(ValueCodingTest, SecondFormsAreRefused) {
  const std::string second_forms[] = {
      std::string("\x01\x02", 2),  // a bool of 2
      std::string("\x03\x07", 2),  // 7 as an unsigned number
      std::string("\x08", 1),      // no such kind
      std::string("\x07\x02\x01"
                  "b\x00\x01"
                  "a\x00",
                  8),  // keys out of order
      std::string("\x07\x02\x01"
                  "a\x00\x01"
                  "a\x00",
                  8),                          // a key twice
      std::string("\x06\xff\xff\xff\x7f", 5),  // more items than bytes
  };
  for (const std::string& bytes : second_forms) {
    ByteReader in(bytes);
    Value value;
    EXPECT_FALSE(ReadValue(&in, &value)) << testing::PrintToString(bytes);
  }
}

Value Nested(uint32_t depth) {
  Value value = 1;
  for (uint32_t i = 0; i < depth; ++i) value = i % 2 ? Value(Value::Object{{"k", value}}) : Value(Value::List{value});
  return value;
}

TEST(ValueCodingTest, DepthIsBoundedWhenWritingAndWhenReading) {
  EXPECT_EQ(ValueDepth(Value(1)), 0u);
  EXPECT_EQ(ValueDepth(Value::Object{}), 1u);
  EXPECT_EQ(ValueDepth(Nested(kValueDepthMax)), kValueDepthMax);
  EXPECT_GT(ValueDepth(Nested(kValueDepthMax + 9)), kValueDepthMax);

  const std::string deepest = Encoded(Nested(kValueDepthMax));
  ByteReader in(deepest);
  Value value;
  EXPECT_TRUE(ReadValue(&in, &value));
  const std::string deeper = std::string("\x06\x01", 2) + deepest;
  ByteReader in_deeper(deeper);
  EXPECT_FALSE(ReadValue(&in_deeper, &value));
}

TEST(ValueCodingDeathTest, WritingTooDeepAValueIsOurBug) {
  EXPECT_DEATH(Encoded(Nested(kValueDepthMax + 1)), "kValueDepthMax");
}

TEST(ValueCodingTest, AnObjectIsItsValueWithoutTheKind) {
  const Value::Object object = RandomValues(Seed()).Object(3);
  std::string bytes;
  AppendObject(&bytes, object);
  EXPECT_EQ(std::string(1, static_cast<char>(Value::Kind::kObject)) + bytes, Encoded(object));
  ByteReader in(bytes);
  Value::Object read;
  ASSERT_TRUE(ReadObject(&in, &read));
  EXPECT_EQ(Value(read), Value(object));
  EXPECT_TRUE(in.empty());
}

}  // namespace
}  // namespace engram

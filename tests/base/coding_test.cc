#include "base/coding.h"

#include <cmath>
#include <functional>
#include <limits>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "base/testing/test_seed.h"

namespace engram {
namespace {

constexpr int kRounds = 20'000;
constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

template <class T>
std::string Key(void (*append)(std::string*, T), std::type_identity_t<T> v) {
  std::string key;
  append(&key, v);
  return key;
}

// Numbers that sit near the borders of their type as often as in the middle.
class Numbers {
 public:
  explicit Numbers(uint64_t seed) : random_(seed) {}

  uint64_t Next() {
    const uint64_t v = random_() >> (random_() % 64);
    return random_() % 2 == 0 ? v : ~v;
  }
  double NextDouble() {
    const auto v = std::bit_cast<double>(Next());
    return std::isnan(v) ? 0.0 : v;
  }
  // Short strings over few bytes, so that prefixes and zero bytes are common.
  std::string NextString() {
    static constexpr char kBytes[] = {'\0', '\x01', 'a', 'b', '\xfe', '\xff'};
    std::string v(random_() % 5, ' ');
    for (char& c : v) c = kBytes[random_() % sizeof kBytes];
    return v;
  }
  std::mt19937_64& random() { return random_; }

 private:
  std::mt19937_64 random_;
};

TEST(CodingTest, KeyBytesOfIntegersCompareLikeTheIntegers) {
  const uint64_t seed = TestSeed();
  SCOPED_TRACE(SeedTrace(seed));
  Numbers numbers(seed);
  for (int i = 0; i < kRounds; ++i) {
    const uint64_t a = numbers.Next();
    const uint64_t b = numbers.Next();
    ASSERT_EQ(a <=> b, Key(AppendKey64, a) <=> Key(AppendKey64, b)) << a << " " << b;
    const auto sa = static_cast<int64_t>(a);
    const auto sb = static_cast<int64_t>(b);
    ASSERT_EQ(sa <=> sb, Key(AppendKeySigned64, sa) <=> Key(AppendKeySigned64, sb)) << sa << " " << sb;
    const auto wa = static_cast<uint32_t>(a);
    const auto wb = static_cast<uint32_t>(b);
    ASSERT_EQ(wa <=> wb, Key(AppendKey32, wa) <=> Key(AppendKey32, wb)) << wa << " " << wb;
    const auto ha = static_cast<uint16_t>(a);
    const auto hb = static_cast<uint16_t>(b);
    ASSERT_EQ(ha <=> hb, Key(AppendKey16, ha) <=> Key(AppendKey16, hb)) << ha << " " << hb;
  }
}

TEST(CodingTest, KeyBytesOfDoublesCompareLikeTheDoubles) {
  const uint64_t seed = TestSeed();
  SCOPED_TRACE(SeedTrace(seed));
  Numbers numbers(seed);
  for (int i = 0; i < kRounds; ++i) {
    const double a = numbers.NextDouble();
    const double b = numbers.NextDouble();
    ASSERT_EQ(a < b, Key(AppendKeyDouble, a) < Key(AppendKeyDouble, b)) << a << " " << b;
    ASSERT_EQ(a == b, Key(AppendKeyDouble, a) == Key(AppendKeyDouble, b)) << a << " " << b;
  }
}

TEST(CodingTest, ZeroHasOneKeyAndNanSortsLast) {
  EXPECT_EQ(Key(AppendKeyDouble, -0.0), Key(AppendKeyDouble, 0.0));
  EXPECT_GT(Key(AppendKeyDouble, kNan), Key(AppendKeyDouble, kInf));
  EXPECT_EQ(Key(AppendKeyDouble, -kNan), Key(AppendKeyDouble, kNan));
  EXPECT_LT(Key(AppendKeyDouble, -kInf), Key(AppendKeyDouble, std::numeric_limits<double>::lowest()));
}

TEST(CodingTest, KeyStringsCompareLikeTheStringsWhateverFollows) {
  const uint64_t seed = TestSeed();
  SCOPED_TRACE(SeedTrace(seed));
  Numbers numbers(seed);
  for (int i = 0; i < kRounds; ++i) {
    const std::string a = numbers.NextString();
    const std::string b = numbers.NextString();
    std::string key_a = Key(AppendKeyString, a);
    std::string key_b = Key(AppendKeyString, b);
    ASSERT_EQ(a == b, key_a == key_b);
    if (a == b) continue;
    key_a += numbers.NextString();
    key_b += numbers.NextString();
    ASSERT_EQ(a < b, key_a < key_b) << testing::PrintToString(a) << " " << testing::PrintToString(b);
  }
}

TEST(CodingTest, KeyPartsComeBackAsTheyWere) {
  const uint64_t seed = TestSeed();
  SCOPED_TRACE(SeedTrace(seed));
  Numbers numbers(seed);
  for (int i = 0; i < kRounds; ++i) {
    const uint64_t n = numbers.Next();
    const double d = numbers.NextDouble();
    const std::string s = numbers.NextString();
    std::string key;
    AppendKey16(&key, static_cast<uint16_t>(n));
    AppendKeyString(&key, s);
    AppendKey32(&key, static_cast<uint32_t>(n));
    AppendKeyDouble(&key, d);
    AppendKeySigned64(&key, static_cast<int64_t>(n));
    AppendKey64(&key, n);
    ByteReader reader(key);
    EXPECT_EQ(reader.Key16(), static_cast<uint16_t>(n));
    EXPECT_EQ(reader.KeyString(), s);
    EXPECT_EQ(reader.Key32(), static_cast<uint32_t>(n));
    EXPECT_EQ(reader.KeyDouble(), d);
    EXPECT_EQ(reader.KeySigned64(), static_cast<int64_t>(n));
    EXPECT_EQ(reader.Key64(), n);
    ASSERT_TRUE(reader.Finish("key").ok());
  }
}

TEST(CodingTest, ValuePartsComeBackAsTheyWere) {
  const uint64_t seed = TestSeed();
  SCOPED_TRACE(SeedTrace(seed));
  Numbers numbers(seed);
  for (int i = 0; i < kRounds; ++i) {
    const uint64_t n = numbers.Next();
    const auto bits = std::bit_cast<double>(n);
    const std::string s = numbers.NextString();
    std::string out;
    AppendVarint(&out, n);
    AppendSignedVarint(&out, static_cast<int64_t>(n));
    AppendString(&out, s);
    AppendFixed32(&out, static_cast<uint32_t>(n));
    AppendDouble(&out, bits);
    AppendFixed64(&out, n);
    ByteReader reader(out);
    EXPECT_EQ(reader.Varint(), n);
    EXPECT_EQ(reader.SignedVarint(), static_cast<int64_t>(n));
    EXPECT_EQ(reader.String(), s);
    EXPECT_EQ(reader.Fixed32(), static_cast<uint32_t>(n));
    EXPECT_EQ(std::bit_cast<uint64_t>(reader.Double()), n);  // also NaNs, bit for bit
    EXPECT_EQ(reader.Fixed64(), n);
    ASSERT_TRUE(reader.Finish("value").ok());
  }
}

TEST(CodingTest, FloatsAreACountAndTheirBytes) {
  const std::vector<float> floats = {1.5f, -0.0f, 3e38f};
  std::string out;
  AppendFloats(&out, floats.data(), floats.size());
  ByteReader reader(out);
  ASSERT_EQ(reader.Count(sizeof(float)), floats.size());
  const std::string_view bytes = reader.Bytes(floats.size() * sizeof(float));
  EXPECT_EQ(std::memcmp(bytes.data(), floats.data(), bytes.size()), 0);
  EXPECT_TRUE(reader.Finish("floats").ok());
}

TEST(CodingTest, SmallVarintsAreOneByte) {
  std::string out;
  AppendVarint(&out, 127);
  AppendSignedVarint(&out, -64);
  EXPECT_EQ(out.size(), 2u);
  AppendVarint(&out, UINT64_MAX);
  EXPECT_EQ(out.size(), 12u);
}

TEST(CodingTest, AVarintOfMoreThan64BitsFails) {
  for (const std::string& bytes :
       {std::string(9, '\xff') + '\x02', std::string(10, '\x80') + '\x00', std::string(20, '\xff')}) {
    ByteReader reader(bytes);
    EXPECT_EQ(reader.Varint(), 0u);
    EXPECT_FALSE(reader.ok());
  }
}

TEST(CodingTest, AVarintLongerThanItNeedsToBeFails) {
  for (const std::string_view bytes : {std::string_view("\x80\0", 2), std::string_view("\x9b\x80\0", 3)}) {
    ByteReader reader(bytes);
    EXPECT_EQ(reader.Varint(), 0u);
    EXPECT_FALSE(reader.ok());
  }
}

TEST(CodingTest, AKeyStringWithAForeignEscapeFails) {
  ByteReader reader(std::string_view("a\0\x02", 3));
  EXPECT_EQ(reader.KeyString(), "");
  EXPECT_FALSE(reader.ok());
}

TEST(CodingTest, ACountThatTheRestCantHoldFails) {
  std::string out;
  AppendVarint(&out, uint64_t{1} << 62);
  out += "1234";
  ByteReader reader(out);
  EXPECT_EQ(reader.Count(8), 0u);
  EXPECT_FALSE(reader.ok());
}

TEST(CodingTest, AfterAFailureEveryReadFailsAndGivesZeros) {
  ByteReader reader("abc");
  reader.Fixed64();
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.Byte(), 0);
  EXPECT_EQ(reader.String(), "");
  EXPECT_EQ(reader.KeyString(), "");
  EXPECT_EQ(reader.Varint(), 0u);
  EXPECT_EQ(reader.Finish("row").code(), StatusCode::kCorruption);
}

TEST(CodingTest, BytesLeftOverAreCorruption) {
  ByteReader reader("ab");
  reader.Byte();
  EXPECT_EQ(reader.Finish("row").message(), "row: bytes left over");
}

// Every read on random bytes: either it fails or it takes bytes that are there. The input is an exact
// allocation, so that AddressSanitizer sees one byte too many.
TEST(CodingTest, MalformedInputNeverReadsPastTheEnd) {
  const uint64_t seed = TestSeed();
  SCOPED_TRACE(SeedTrace(seed));
  std::mt19937_64 random(seed);
  const std::vector<std::function<void(ByteReader&)>> reads = {
      [](ByteReader& r) { r.Byte(); },         [](ByteReader& r) { r.Key16(); },
      [](ByteReader& r) { r.Key32(); },        [](ByteReader& r) { r.Key64(); },
      [](ByteReader& r) { r.KeySigned64(); },  [](ByteReader& r) { r.KeyDouble(); },
      [](ByteReader& r) { r.KeyString(); },    [](ByteReader& r) { r.Fixed32(); },
      [](ByteReader& r) { r.Fixed64(); },      [](ByteReader& r) { r.Double(); },
      [](ByteReader& r) { r.Varint(); },       [](ByteReader& r) { r.SignedVarint(); },
      [](ByteReader& r) { (void)r.String(); }, [](ByteReader& r) { r.Count(3); },
      [](ByteReader& r) { (void)r.Bytes(5); },
  };
  for (int i = 0; i < kRounds; ++i) {
    std::vector<char> input(random() % 24);
    for (char& c : input) c = static_cast<char>(random() % 3 == 0 ? random() : random() % 4);
    ByteReader reader(std::string_view(input.data(), input.size()));
    for (int j = 0; j < 8; ++j) {
      const size_t left = reader.rest().size();
      reads[random() % reads.size()](reader);
      ASSERT_LE(reader.rest().size(), left);
      ASSERT_TRUE(reader.ok() || reader.empty());
    }
  }
}

}  // namespace
}  // namespace engram

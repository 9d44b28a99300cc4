// Bytes of any kind against the readers that meet foreign bytes first: decoders of records and of times; and the codec
// of keys, whose bytes must compare as what they stand for.
// What is read must be written back as something that is read as the same.
#include <cmath>
#include <compare>

#include "base/check.h"
#include "base/coding.h"
#include "base/timestamp.h"
#include "base/value_coding.h"
#include "fuzz/input.h"

namespace engram {
namespace {

void ReadTime(std::string_view text) {
  const auto time = ParseRfc3339(text);
  if (!time.ok()) return;
  const auto again = ParseRfc3339(FormatRfc3339(*time));
  // An offset may push the years 0001 and 9999 over the edge of what can be written.
  if (again.ok()) ENGRAM_CHECK(*again == *time);
}

void ReadRecord(std::string_view bytes) {
  ByteReader reader(bytes);
  while (reader.ok() && !reader.empty()) {
    switch (reader.Byte() % 8) {
      case 0: reader.Varint(); break;
      case 1: (void)reader.String(); break;
      case 2: (void)reader.KeyString(); break;
      case 3: reader.KeyDouble(); break;
      case 4: reader.SignedVarint(); break;
      case 5: (void)reader.Bytes(reader.Count(4)); break;
      case 6: reader.Fixed32(); break;
      default: reader.Key16(); break;
    }
  }
  ENGRAM_CHECK(reader.empty());
}

// The encoding is canonical: whatever is accepted is written back byte for byte.
void ReadOneValue(std::string_view bytes) {
  ByteReader reader(bytes);
  Value value;
  if (!ReadValue(&reader, &value)) return;
  std::string again;
  AppendValue(&again, value);
  ENGRAM_CHECK(again == bytes.substr(0, bytes.size() - reader.rest().size()));
}

template <class T, class Append, class Read>
void CheckOrder(const T& a, const T& b, Append append, Read read) {
  std::string key_a;
  std::string key_b;
  append(&key_a, a);
  append(&key_b, b);
  ENGRAM_CHECK((key_a <=> key_b) == std::weak_order(a, b));
  ByteReader reader(key_a);
  ENGRAM_CHECK(read(reader) == a && reader.ok() && reader.empty());
}

// One string is never the beginning of another's key, whatever stands behind either.
void CheckStrings(const std::string& a, const std::string& b) {
  CheckOrder(a, b, AppendKeyString, [](ByteReader& reader) { return reader.KeyString(); });
  std::string key_a;
  std::string key_b;
  AppendKeyString(&key_a, a);
  AppendKeyString(&key_b, b);
  ENGRAM_CHECK(a == b || (!key_a.starts_with(key_b) && !key_b.starts_with(key_a)));
}

void CheckKeys(std::string_view bytes) {
  const size_t half = bytes.size() / 2;
  CheckStrings(std::string(bytes.substr(0, half)), std::string(bytes.substr(half)));
  ByteReader reader(bytes);
  const uint64_t a = reader.Fixed64();
  const uint64_t b = reader.Fixed64();
  CheckOrder(a, b, AppendKey64, [](ByteReader& in) { return in.Key64(); });
  CheckOrder(static_cast<uint32_t>(a), static_cast<uint32_t>(b), AppendKey32,
             [](ByteReader& in) { return in.Key32(); });
  CheckOrder(static_cast<uint16_t>(a), static_cast<uint16_t>(b), AppendKey16,
             [](ByteReader& in) { return in.Key16(); });
  CheckOrder(static_cast<int64_t>(a), static_cast<int64_t>(b), AppendKeySigned64,
             [](ByteReader& in) { return in.KeySigned64(); });
  const auto x = std::bit_cast<double>(a);
  const auto y = std::bit_cast<double>(b);
  if (std::isnan(x) || std::isnan(y)) return;
  const auto append = [](std::string* key, double number) { AppendKeyDouble(key, number); };
  CheckOrder(x == 0 ? 0.0 : x, y == 0 ? 0.0 : y, append, [](ByteReader& in) { return in.KeyDouble(); });
}

}  // namespace
}  // namespace engram

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {  // NOLINT: its name
  const std::string_view bytes = engram::FuzzInput(data, size).rest();
  engram::ReadTime(bytes);
  engram::ReadRecord(bytes);
  engram::ReadOneValue(bytes);
  engram::CheckKeys(bytes);
  return 0;
}

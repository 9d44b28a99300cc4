// Bytes of keys and values.
//
// Key parts are order-preserving: comparing the bytes compares the values, so a prefix scan lists in
// order. Value parts are little-endian and compact. Every value record starts with a format byte that
// its own file documents.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "base/status.h"

namespace engram {

// --- Key parts: big-endian, order-preserving.
void AppendKey16(std::string* key, uint16_t v);
void AppendKey32(std::string* key, uint32_t v);
void AppendKey64(std::string* key, uint64_t v);
// Signed: the sign bit is flipped, so negative numbers sort first.
void AppendKeySigned64(std::string* key, int64_t v);
// IEEE total order on the values; -0.0 sorts as 0.0, NaN after +Inf.
void AppendKeyDouble(std::string* key, double v);
// Any bytes, self-delimiting: 0x00 becomes 0x00 0xFF, and 0x00 0x01 ends it. "a" sorts before "ab".
void AppendKeyString(std::string* key, std::string_view v);

// --- Value parts.
void AppendFixed32(std::string* out, uint32_t v);
void AppendFixed64(std::string* out, uint64_t v);
void AppendDouble(std::string* out, double v);
void AppendVarint(std::string* out, uint64_t v);                // LEB128
void AppendSignedVarint(std::string* out, int64_t v);           // zigzag
void AppendString(std::string* out, std::string_view v);        // varint length, bytes
void AppendFloats(std::string* out, const float* v, size_t n);  // varint count, little-endian bytes

// Reads what the functions above wrote. After the first failure every further read fails and returns
// zeros, so a decoder may read a whole record and ask `ok()` once. Never reads past the end.
// Views point into the input.
class ByteReader {
 public:
  explicit ByteReader(std::string_view in) : in_(in) {}

  uint8_t Byte();
  uint16_t Key16();
  uint32_t Key32();
  uint64_t Key64();
  int64_t KeySigned64();
  double KeyDouble();
  std::string KeyString();

  uint32_t Fixed32();
  uint64_t Fixed64();
  double Double();
  uint64_t Varint();
  int64_t SignedVarint();
  std::string_view String();
  // A count announced for `element_bytes_min` bytes each: fails when the rest can't hold that many.
  size_t Count(size_t element_bytes_min);
  std::string_view Bytes(size_t n);

  bool ok() const { return ok_; }
  bool empty() const { return in_.empty(); }
  std::string_view rest() const { return in_; }
  void Fail() {
    ok_ = false;
    in_ = {};
  }
  // OK when everything was read and nothing is left over; otherwise Corruption naming `what`.
  Status Finish(std::string_view what) const;

 private:
  template <class T>
  T BigEndian();
  std::string_view in_;
  bool ok_ = true;
};

}  // namespace engram

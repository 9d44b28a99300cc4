// Varints of a trusted or untrusted stretch of bytes, inline for the loops that read millions of them.
#pragma once

#include <cstdint>
#include <string_view>

namespace engram {

// LEB128 of at most 32 bits, as base/coding.h writes them. Never reads past the end; after the first failure
// `ok` is false and every number 0.
class VarintReader {
 public:
  explicit VarintReader(std::string_view in) : at_(in.data()), end_(in.data() + in.size()) {}

  uint32_t Next() {
    if (at_ != end_ && static_cast<signed char>(*at_) >= 0) return static_cast<unsigned char>(*at_++);
    return NextLong();
  }
  uint8_t Byte() {
    if (at_ != end_) return static_cast<unsigned char>(*at_++);
    Fail();
    return 0;
  }

  bool ok() const { return ok_; }
  const char* at() const { return at_; }
  std::string_view rest() const { return {at_, static_cast<size_t>(end_ - at_)}; }

 private:
  uint32_t NextLong() {
    uint64_t number = 0;
    for (int shift = 0; shift < 35 && at_ != end_; shift += 7) {
      const auto byte = static_cast<unsigned char>(*at_++);
      number |= uint64_t{byte & 0x7Fu} << shift;
      if (byte < 0x80) {
        if (number > UINT32_MAX) break;
        return static_cast<uint32_t>(number);
      }
    }
    Fail();
    return 0;
  }
  void Fail() {
    ok_ = false;
    at_ = end_;
  }

  const char* at_;
  const char* end_;
  bool ok_ = true;
};

}  // namespace engram

// XXH3 (https://github.com/Cyan4973/xxHash): fast, stable over machines and versions, not
// cryptographic. Digests and content hashes are 128 bits of it over the canonical encoding.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace engram {

struct Hash128 {
  uint64_t high = 0;
  uint64_t low = 0;

  constexpr auto operator<=>(const Hash128&) const = default;
  // Sums modulo 2^128: an order-free digest of a set that can be kept up to date row by row.
  Hash128& operator+=(const Hash128& other);
  Hash128& operator-=(const Hash128& other);
  // 32 lower-case hexadecimal digits, high half first.
  std::string ToHex() const;
};

Hash128 HashBytes128(std::string_view bytes);
uint64_t HashBytes64(std::string_view bytes);

}  // namespace engram

// uuid := unix_ms:48 | 0111 | high:12 | 10 | low:62
#include "server/uuid.h"

#include <sys/random.h>

#include <cstddef>

#include "base/check.h"

namespace engram {
namespace {

constexpr uint32_t kHighMax = (1u << 12) - 1;
constexpr uint64_t kLowMax = (uint64_t{1} << 62) - 1;

uint64_t Random64() {
  uint64_t bits = 0;
  // Up to 256 bytes never come short once the system's source is seeded.
  ENGRAM_CHECK(getrandom(&bits, sizeof(bits), 0) == static_cast<ssize_t>(sizeof(bits)));
  return bits;
}

void AppendHex(std::string* out, uint64_t value, int digits) {
  for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) *out += "0123456789abcdef"[(value >> shift) & 15];
}

}  // namespace

std::string UuidSource::Next() {
  const uint64_t random = Random64();
  const uint64_t now = static_cast<uint64_t>(clock_.Now().micros) / 1000;
  uint64_t millis = 0;
  uint64_t low = 0;
  uint32_t high = 0;
  {
    MutexLock lock(mutex_);
    if (now > millis_) {
      millis_ = now;
      // The top bit starts at 0 to leave room for counting.
      high_ = static_cast<uint32_t>(Random64() & (kHighMax >> 1));
      low_ = random & kLowMax;
    } else {
      low_ += 1 + (random >> 32);  // a step that tells nobody how many ids were made
      if (low_ > kLowMax) {
        low_ &= kLowMax;
        if (++high_ > kHighMax) {
          high_ = 0;
          ++millis_;
        }
      }
    }
    millis = millis_;
    high = high_;
    low = low_;
  }
  std::string id;
  id.reserve(36);
  AppendHex(&id, millis >> 16, 8);
  id += '-';
  AppendHex(&id, millis & 0xFFFF, 4);
  id += "-7";
  AppendHex(&id, high, 3);
  id += '-';
  AppendHex(&id, 0x8000 | (low >> 48), 4);
  id += '-';
  AppendHex(&id, low & ((uint64_t{1} << 48) - 1), 12);
  return id;
}

}  // namespace engram

// A moment in microseconds since 1970-01-01 UTC, the resolution of the API and of every stored time.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"

namespace engram {

struct Timestamp {
  int64_t micros = 0;

  constexpr auto operator<=>(const Timestamp&) const = default;
  static constexpr Timestamp FromSeconds(int64_t s) { return {s * 1'000'000}; }
  static constexpr Timestamp Max() { return {INT64_MAX}; }
  // Saturates instead of wrapping.
  Timestamp PlusSeconds(int64_t seconds) const;
};

// "2026-01-02T03:04:05.678901Z"; the fraction is left out when zero and has 3 or 6 digits otherwise.
std::string FormatRfc3339(Timestamp time);

// Accepts an RFC 3339 date-time with any offset, years 0001 to 9999; further fraction digits than
// six are cut. Anything else is InvalidArgument.
Result<Timestamp> ParseRfc3339(std::string_view text);

}  // namespace engram

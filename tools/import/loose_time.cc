#include "tools/import/loose_time.h"

#include <charconv>
#include <cmath>
#include <string>

#include <fmt/format.h>

namespace engram {
namespace {

constexpr int64_t kSecondsEnd = 100'000'000'000;
constexpr int64_t kMillisEnd = kSecondsEnd * 1'000;
constexpr int64_t kMicrosEnd = kMillisEnd * 1'000;

constexpr std::string_view kBlank = " \t\r\n";

std::string_view Trim(std::string_view text) {
  const size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

template <class Number>
bool ReadWhole(std::string_view text, Number* number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return error == std::errc() && end == text.data() + text.size();
}

bool HasZone(std::string_view time) {
  return time.ends_with('Z') || time.ends_with('z') || time.find_last_of("+-") != std::string_view::npos;
}

// "+0200" and "+02" as "+02:00".
std::string SpellZone(std::string_view time) {
  const size_t sign = time.find_last_of("+-");
  if (sign == std::string_view::npos) return std::string(time);
  std::string zone(time.substr(sign + 1));
  if (zone.size() == 2) zone += ":00";
  if (zone.size() == 4 && zone.find(':') == std::string::npos) zone.insert(2, ":");
  return std::string(time.substr(0, sign + 1)) + zone;
}

// RFC 3339 of what lacks a T, seconds or a zone; anything stranger stays strange and is refused by the parser.
std::string Complete(std::string_view text) {
  constexpr size_t kDate = 10;    // "2025-03-01"
  constexpr size_t kMinutes = 5;  // "12:30"
  std::string date(text.substr(0, kDate));
  if (text.size() <= kDate) return date + "T00:00:00Z";
  if (text[kDate] != ' ' && text[kDate] != 'T' && text[kDate] != 't') return std::string(text);
  std::string time(Trim(text.substr(kDate + 1)));
  if (const size_t space = time.rfind(' '); space != std::string::npos) time.erase(space, 1);  // "12:30:05 +02:00"
  if (time.size() == kMinutes || (time.size() > kMinutes && time[kMinutes] != ':')) time.insert(kMinutes, ":00");
  return date + "T" + (HasZone(time) ? SpellZone(time) : time + "Z");
}

}  // namespace

Timestamp FromEpochNumber(int64_t number) {
  const int64_t size = number < 0 ? -(number + 1) : number;
  if (size < kSecondsEnd) return {number * 1'000'000};
  if (size < kMillisEnd) return {number * 1'000};
  if (size < kMicrosEnd) return {number};
  return {number / 1'000};
}

Result<Timestamp> FromEpochNumber(double number) {
  constexpr double kInt64 = 9.2e18;
  if (!std::isfinite(number) || std::abs(number) > kInt64) {
    return InvalidArgument(fmt::format("{} is no time", number));
  }
  if (std::abs(number) < static_cast<double>(kSecondsEnd)) return Timestamp{std::llround(number * 1e6)};
  return FromEpochNumber(static_cast<int64_t>(std::llround(number)));
}

google::protobuf::Timestamp ToProtoTime(Timestamp time) {
  constexpr int64_t kMicros = 1'000'000;
  google::protobuf::Timestamp out;
  int64_t seconds = time.micros / kMicros;
  int64_t micros = time.micros % kMicros;
  if (micros < 0) {
    --seconds;
    micros += kMicros;
  }
  out.set_seconds(seconds);
  out.set_nanos(static_cast<int32_t>(micros * 1'000));
  return out;
}

Result<Timestamp> ParseLooseTime(std::string_view text) {
  text = Trim(text);
  int64_t whole = 0;
  if (ReadWhole(text, &whole)) return FromEpochNumber(whole);
  double number = 0;
  if (ReadWhole(text, &number)) return FromEpochNumber(number);
  auto time = ParseRfc3339(Complete(text));
  if (time.ok()) return time;
  constexpr size_t kShown = 64;
  return InvalidArgument(
      fmt::format("\"{}\" is no time: expected 2025-03-01T12:30:05Z or seconds since 1970", text.substr(0, kShown)));
}

}  // namespace engram

#include "base/timestamp.h"

#include <chrono>

#include <fmt/format.h>

namespace engram {
namespace {

using std::chrono::day;
using std::chrono::month;
using std::chrono::sys_days;
using std::chrono::year;
using std::chrono::year_month_day;

constexpr int64_t kMicrosPerSecond = 1'000'000;
constexpr int64_t kSecondsPerDay = 86'400;

// Exactly `n` digits at the front of `text`, which is then advanced; -1 when they are not there.
int TakeDigits(std::string_view* text, size_t n) {
  if (text->size() < n) return -1;
  int v = 0;
  for (size_t i = 0; i < n; ++i) {
    const char c = (*text)[i];
    if (c < '0' || c > '9') return -1;
    v = v * 10 + (c - '0');
  }
  text->remove_prefix(n);
  return v;
}

bool Take(std::string_view* text, std::string_view any_of) {
  if (text->empty() || any_of.find(text->front()) == std::string_view::npos) return false;
  text->remove_prefix(1);
  return true;
}

Status NotATime(std::string_view text) {
  return InvalidArgument(
      fmt::format("\"{}\" is not an RFC 3339 time such as 2026-01-02T03:04:05Z", text.substr(0, 64)));
}

}  // namespace

Timestamp Timestamp::PlusSeconds(int64_t seconds) const {
  int64_t delta;
  int64_t sum;
  if (__builtin_mul_overflow(seconds, kMicrosPerSecond, &delta) || __builtin_add_overflow(micros, delta, &sum)) {
    return {seconds > 0 ? INT64_MAX : INT64_MIN};
  }
  return {sum};
}

std::string FormatRfc3339(Timestamp time) {
  int64_t seconds = time.micros / kMicrosPerSecond;
  int64_t fraction = time.micros % kMicrosPerSecond;
  if (fraction < 0) {
    fraction += kMicrosPerSecond;
    --seconds;
  }
  int64_t days = seconds / kSecondsPerDay;
  int64_t of_day = seconds % kSecondsPerDay;
  if (of_day < 0) {
    of_day += kSecondsPerDay;
    --days;
  }
  const year_month_day date{sys_days{std::chrono::days{days}}};
  std::string out = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), of_day / 3600,
                                of_day / 60 % 60, of_day % 60);
  if (fraction != 0) {
    out += fraction % 1000 == 0 ? fmt::format(".{:03}", fraction / 1000) : fmt::format(".{:06}", fraction);
  }
  return out + "Z";
}

Result<Timestamp> ParseRfc3339(std::string_view text) {
  std::string_view rest = text;
  const int y = TakeDigits(&rest, 4);
  if (y < 1 || !Take(&rest, "-")) return NotATime(text);
  const int mo = TakeDigits(&rest, 2);
  if (mo < 0 || !Take(&rest, "-")) return NotATime(text);
  const int d = TakeDigits(&rest, 2);
  if (d < 0 || !Take(&rest, "Tt ")) return NotATime(text);
  const int h = TakeDigits(&rest, 2);
  if (h < 0 || h > 23 || !Take(&rest, ":")) return NotATime(text);
  const int mi = TakeDigits(&rest, 2);
  if (mi < 0 || mi > 59 || !Take(&rest, ":")) return NotATime(text);
  const int s = TakeDigits(&rest, 2);
  if (s < 0 || s > 60) return NotATime(text);
  int64_t fraction = 0;
  if (Take(&rest, ".")) {
    int64_t unit = kMicrosPerSecond / 10;
    size_t digits = 0;
    for (; !rest.empty() && rest.front() >= '0' && rest.front() <= '9'; rest.remove_prefix(1), ++digits, unit /= 10) {
      fraction += (rest.front() - '0') * unit;
    }
    if (digits == 0) return NotATime(text);
  }
  int64_t offset_seconds = 0;
  if (!Take(&rest, "Zz")) {
    if (rest.empty() || (rest.front() != '+' && rest.front() != '-')) return NotATime(text);
    const int sign = rest.front() == '-' ? -1 : 1;
    rest.remove_prefix(1);
    const int oh = TakeDigits(&rest, 2);
    if (oh < 0 || oh > 23 || !Take(&rest, ":")) return NotATime(text);
    const int om = TakeDigits(&rest, 2);
    if (om < 0 || om > 59) return NotATime(text);
    offset_seconds = sign * (oh * 3600 + om * 60);
  }
  const year_month_day date{year{y}, month{static_cast<unsigned>(mo)}, day{static_cast<unsigned>(d)}};
  if (!rest.empty() || !date.ok()) return NotATime(text);
  const int64_t days = sys_days{date}.time_since_epoch().count();
  const int64_t seconds = days * kSecondsPerDay + h * 3600 + mi * 60 + s - offset_seconds;
  return Timestamp{seconds * kMicrosPerSecond + fraction};
}

}  // namespace engram

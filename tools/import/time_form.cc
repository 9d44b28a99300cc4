#include "tools/import/time_form.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "tools/import/loose_time.h"

namespace engram {
namespace {

constexpr int64_t kSecond = 1'000'000;
constexpr int64_t kMinute = 60 * kSecond;
constexpr int64_t kDay = 86'400 * kSecond;
constexpr size_t kDateChars = 10;     // "2025-03-01"
constexpr size_t kMinutesChars = 16;  // "2025-03-01 12:30"
constexpr size_t kSecondsChars = 19;

int64_t CutDown(int64_t micros, int64_t step) {
  const int64_t rest = ((micros % step) + step) % step;
  return micros - rest;
}

// "+02:00", "-0800", "+02"; zero for anything else, "Z" included.
int64_t OffsetOf(std::string_view zone) {
  if (zone.empty() || (zone[0] != '+' && zone[0] != '-')) return 0;
  std::string digits;
  for (const char c : zone.substr(1)) {
    if (c >= '0' && c <= '9') digits += c;
  }
  if (digits.size() == 2) digits += "00";
  int hhmm = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), hhmm);
  const int64_t offset = (hhmm / 100 * 60 + hhmm % 100) * kMinute;
  return zone[0] == '-' ? -offset : offset;
}

}  // namespace

TimeForm TimeForm::Of(int64_t number) {
  // As FromEpochNumber tells the units apart.
  const auto as_seconds = FromEpochNumber(number);
  TimeForm form;
  form.kind_ = Kind::kInteger;
  if (as_seconds.micros == number * kSecond) {
    form.step_micros_ = kSecond;
  } else if (as_seconds.micros == number * 1'000) {
    form.step_micros_ = 1'000;
  } else {
    form.nanos_ = as_seconds.micros != number;
  }
  return form;
}

TimeForm TimeForm::Of(double number) {
  const auto read = FromEpochNumber(number);
  TimeForm form;
  const bool seconds = read.ok() && std::llround(number * 1e6) == read->micros;
  if (!seconds && read.ok()) {
    form = Of(static_cast<int64_t>(std::llround(number)));
    form.whole_ = true;
  }
  form.kind_ = Kind::kReal;
  return form;
}

TimeForm TimeForm::Of(std::string_view text) {
  TimeForm form;
  if (!ParseLooseTime(text).ok()) return form;
  int64_t whole = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), whole);
  if (read.ec == std::errc() && read.ptr == text.data() + text.size()) {
    form = Of(whole);
    form.kind_ = Kind::kTextNumber;
    return form;
  }
  const bool date_first = text.size() >= kDateChars && text[4] == '-' && text[7] == '-';
  if (!date_first) return form;
  form.zone_.clear();
  if (text.size() == kDateChars) {
    form.separator_ = 0;
    form.fraction_digits_ = 0;
    form.step_micros_ = kDay;
    return form;
  }
  form.separator_ = text[kDateChars];
  size_t at = kSecondsChars;
  form.seconds_ = text.size() >= kSecondsChars && text[kMinutesChars] == ':';
  if (!form.seconds_) at = kMinutesChars;
  form.fraction_digits_ = 0;
  if (at < text.size() && text[at] == '.') {
    size_t end = at + 1;
    while (end < text.size() && text[end] >= '0' && text[end] <= '9') ++end;
    form.fraction_digits_ = static_cast<int>(std::min<size_t>(end - at - 1, 6));
    at = end;
  }
  form.zone_ = at < text.size() ? text.substr(at) : "";
  form.offset_micros_ = OffsetOf(form.zone_.substr(std::min(form.zone_.find_first_not_of(' '), form.zone_.size())));
  form.step_micros_ = form.seconds_ ? kSecond : kMinute;
  for (int i = 0; i < form.fraction_digits_; ++i) form.step_micros_ /= 10;
  return form;
}

WrittenTime TimeForm::Write(Timestamp time) const {
  if (kind_ == Kind::kReal && !whole_) return static_cast<double>(time.micros) / 1e6;
  if (kind_ != Kind::kText) {
    const int64_t cut = CutDown(time.micros, step_micros_);
    const int64_t number = nanos_ ? cut * 1'000 : cut / step_micros_;
    if (kind_ == Kind::kInteger) return number;
    if (kind_ == Kind::kReal) return static_cast<double>(number);
    return std::to_string(number);
  }
  const int64_t local = CutDown(time.micros + offset_micros_, step_micros_);
  // "2025-03-01T12:30:05.123456Z": the fraction is put together here.
  const int64_t fraction = local - CutDown(local, kSecond);
  const std::string utc = FormatRfc3339({local - fraction});
  if (separator_ == 0) return utc.substr(0, kDateChars);
  std::string out = utc.substr(0, kDateChars) + separator_;
  out += seconds_ ? utc.substr(kDateChars + 1, 8) : utc.substr(kDateChars + 1, 5);
  if (fraction_digits_ > 0 && fraction > 0) {
    out += "." + fmt::format("{:06}", fraction).substr(0, static_cast<size_t>(fraction_digits_));
  }
  return out + zone_;
}

TimeForm TimeForm::Finer(const TimeForm& other) const { return other.step_micros_ < step_micros_ ? other : *this; }

}  // namespace engram

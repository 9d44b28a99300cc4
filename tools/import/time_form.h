// How a source writes its times down, learnt from those it has (import/loose_time.h reads them): numbers since 1970 in
// some unit, or text with or without a T, a fraction and a zone.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/timestamp.h"

namespace engram {

using WrittenTime = std::variant<int64_t, double, std::string>;

class TimeForm {
 public:
  // RFC 3339 in UTC, to the microsecond.
  TimeForm() = default;
  static TimeForm Of(int64_t number);
  static TimeForm Of(double number);
  // What is no time gives the form that nothing is known of.
  static TimeForm Of(std::string_view text);

  // What is finer than the form is cut off, towards the past.
  WrittenTime Write(Timestamp time) const;

  // This form, or `other` where it keeps more of a time: of several times the finest tells what all may hold.
  TimeForm Finer(const TimeForm& other) const;

 private:
  enum class Kind : uint8_t { kText, kTextNumber, kInteger, kReal };

  Kind kind_ = Kind::kText;
  int64_t step_micros_ = 1;  // of what it can tell; nanoseconds: 1, with nanos_
  bool nanos_ = false;
  bool whole_ = false;         // a real number in a finer unit than seconds
  char separator_ = 'T';       // 0: the day alone
  int fraction_digits_ = 6;    // of text; 0: none
  bool seconds_ = true;        // of text
  std::string zone_ = "Z";     // as it stands there
  int64_t offset_micros_ = 0;  // of the zone
};

}  // namespace engram

#include "api/json_syntax.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include <fmt/format.h>

namespace engram {
namespace {

Status ErrorAt(size_t offset, std::string_view what) {
  return InvalidArgument(fmt::format("broken JSON at byte {}: {}", offset, what))
      .With("offset", std::to_string(offset));
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Four hexadecimal digits at the front of `text`; -1 when they are not there.
int HexUnit(std::string_view text) {
  if (text.size() < 4) return -1;
  uint16_t unit = 0;
  const auto end = std::from_chars(text.data(), text.data() + 4, unit, 16);
  return end.ptr == text.data() + 4 ? unit : -1;
}

bool IsHighSurrogate(int unit) { return unit >= 0xd800 && unit <= 0xdbff; }
bool IsLowSurrogate(int unit) { return unit >= 0xdc00 && unit <= 0xdfff; }
// REQUIRES: a whole "\\uXXXX" stands at `at`. True when a second half follows it.
bool IsPaired(std::string_view json, size_t at) {
  return json.substr(at + 6, 2) == "\\u" && IsLowSurrogate(HexUnit(json.substr(at + 8)));
}

// The length of the UTF-8 sequence at the front of `text`; 0 when it is none.
size_t Utf8Length(std::string_view text) {
  const auto byte = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const auto continues = [&](size_t i) { return (byte(i) & 0xc0) == 0x80; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return continues(1) ? 2 : 0;
  if ((first & 0xf0) == 0xe0) {
    if (!continues(1) || !continues(2)) return 0;
    const bool overlong = first == 0xe0 && byte(1) < 0xa0;
    const bool surrogate = first == 0xed && byte(1) >= 0xa0;
    return overlong || surrogate ? 0 : 3;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    if (!continues(1) || !continues(2) || !continues(3)) return 0;
    const bool overlong = first == 0xf0 && byte(1) < 0x90;
    const bool too_high = first == 0xf4 && byte(1) >= 0x90;
    return overlong || too_high ? 0 : 4;
  }
  return 0;
}

// Reads a document token by token with a stack of its own, so that depth costs no machine stack.
class SyntaxScanner {
 public:
  explicit SyntaxScanner(std::string_view json) : json_(json) {}

  Status Scan() {
    RETURN_IF_ERROR(ScanValueStart());
    while (!open_.empty()) RETURN_IF_ERROR(ScanAfterValue());
    SkipSpace();
    if (at_ < json_.size()) return ErrorAt(at_, "more text after the end");
    return InvalidArgument("broken JSON");
  }

 private:
  char Peek() const { return at_ < json_.size() ? json_[at_] : '\0'; }
  bool AtEnd() const { return at_ >= json_.size(); }
  void SkipSpace() {
    while (!AtEnd() && std::memchr(" \t\r\n", json_[at_], 4) != nullptr) ++at_;
  }

  Status Expected(std::string_view what) const {
    return ErrorAt(at_,
                   AtEnd() ? fmt::format("the text ends where {} should be", what) : fmt::format("expected {}", what));
  }

  // A whole scalar, an empty container, or the start of a container up to its first scalar.
  Status ScanValueStart() {
    for (;;) {
      SkipSpace();
      const char c = Peek();
      if (c == '"') return ScanString();
      if (c == '-' || IsDigit(c)) return ScanNumber();
      if (c == 't') return ScanWord("true");
      if (c == 'f') return ScanWord("false");
      if (c == 'n') return ScanWord("null");
      if (c != '{' && c != '[') return Expected("a value");
      ++at_;
      SkipSpace();
      if (Peek() == (c == '{' ? '}' : ']')) {
        ++at_;
        return Status::Ok();
      }
      open_.push_back(c);
      if (c == '{') RETURN_IF_ERROR(ScanKey());
    }
  }

  Status ScanAfterValue() {
    SkipSpace();
    const bool object = open_.back() == '{';
    if (Peek() == (object ? '}' : ']')) {
      ++at_;
      open_.pop_back();
      return Status::Ok();
    }
    if (Peek() != ',') return Expected(object ? "',' or '}'" : "',' or ']'");
    ++at_;
    if (object) RETURN_IF_ERROR(ScanKey());
    return ScanValueStart();
  }

  Status ScanKey() {
    SkipSpace();
    if (Peek() != '"') return Expected("a key in double quotes");
    RETURN_IF_ERROR(ScanString());
    SkipSpace();
    if (Peek() != ':') return Expected("':'");
    ++at_;
    return Status::Ok();
  }

  Status ScanWord(std::string_view word) {
    if (json_.substr(at_, word.size()) != word) return ErrorAt(at_, "expected a value");
    at_ += word.size();
    return Status::Ok();
  }

  Status ScanString() {
    const size_t start = at_++;
    for (;;) {
      if (AtEnd()) return ErrorAt(start, "this string does not end");
      const char c = json_[at_];
      if (c == '"') break;
      if (static_cast<unsigned char>(c) < 0x20) return ErrorAt(at_, "a control character in a string must be escaped");
      if (c == '\\') {
        RETURN_IF_ERROR(ScanEscape());
        continue;
      }
      const size_t length = Utf8Length(json_.substr(at_));
      if (length == 0) return ErrorAt(at_, "not valid UTF-8");
      at_ += length;
    }
    ++at_;
    return Status::Ok();
  }

  Status ScanEscape() {
    const char kind = at_ + 1 < json_.size() ? json_[at_ + 1] : '\0';
    if (kind != 'u') {
      if (kind == '\0' || std::strchr("\"\\/bfnrt", kind) == nullptr) return ErrorAt(at_, "unknown escape");
      at_ += 2;
      return Status::Ok();
    }
    const int unit = HexUnit(json_.substr(at_ + 2));
    if (unit < 0) return ErrorAt(at_, "\\u needs four hexadecimal digits");
    if (IsLowSurrogate(unit) || (IsHighSurrogate(unit) && !IsPaired(json_, at_)))
      return ErrorAt(at_, "a lone surrogate");
    at_ += IsHighSurrogate(unit) ? 12 : 6;
    return Status::Ok();
  }

  Status ScanNumber() {
    const size_t start = at_;
    if (Peek() == '-') ++at_;
    if (!IsDigit(Peek())) return Expected("a digit");
    const bool leading_zero = Peek() == '0';
    ScanDigits();
    if (leading_zero && at_ - start > (json_[start] == '-' ? 2U : 1U))
      return ErrorAt(start, "a number has no leading zero");
    bool integer = true;
    if (Peek() == '.') {
      integer = false;
      ++at_;
      if (!IsDigit(Peek())) return Expected("a digit");
      ScanDigits();
    }
    if (Peek() == 'e' || Peek() == 'E') {
      integer = false;
      ++at_;
      if (Peek() == '+' || Peek() == '-') ++at_;
      if (!IsDigit(Peek())) return Expected("a digit");
      ScanDigits();
    }
    return CheckRange(start, integer);
  }

  void ScanDigits() {
    while (IsDigit(Peek())) ++at_;
  }

  Status CheckRange(size_t start, bool integer) const {
    const char* first = json_.data() + start;
    const char* last = json_.data() + at_;
    if (!integer) {
      double number = 0;
      // Underflow to zero is no mistake, but from_chars calls both ends out of range.
      const bool in_range = std::from_chars(first, last, number).ec == std::errc();
      const bool tiny = !in_range && std::string_view(first, last).find("e-") != std::string_view::npos;
      return in_range || tiny ? Status::Ok() : ErrorAt(start, "this number is beyond the range of a double");
    }
    int64_t negative = 0;
    uint64_t positive = 0;
    const bool fits = *first == '-' ? std::from_chars(first, last, negative).ec == std::errc()
                                    : std::from_chars(first, last, positive).ec == std::errc();
    return fits ? Status::Ok() : ErrorAt(start, "this integer does not fit 64 bits");
  }

  std::string_view json_;
  size_t at_ = 0;
  std::vector<char> open_;
};

}  // namespace

Status ExplainJsonError(std::string_view json) { return SyntaxScanner(json).Scan(); }

Status CheckSurrogates(std::string_view json) {
  size_t at = 0;
  while ((at = json.find('\\', at)) != std::string_view::npos) {
    const int unit = at + 1 < json.size() && json[at + 1] == 'u' ? HexUnit(json.substr(at + 2)) : 0;
    if (IsLowSurrogate(unit) || (IsHighSurrogate(unit) && !IsPaired(json, at))) return ErrorAt(at, "a lone surrogate");
    at += IsHighSurrogate(unit) ? 12 : 2;
  }
  return Status::Ok();
}

}  // namespace engram

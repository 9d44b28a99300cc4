#include "index/text/folding.h"

#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>
#include <unicode/stringpiece.h>
#include <unicode/uchar.h>
#include <unicode/uscript.h>

#include "base/check.h"
#include "index/text/utf8.h"

namespace engram {
namespace {

using icu::Normalizer2;

// ICU hands out singletons; they only fail to load when its data is missing from the build.
const Normalizer2& Loaded(const Normalizer2* (*get)(UErrorCode&)) {
  UErrorCode error = U_ZERO_ERROR;
  const Normalizer2* normalizer = get(error);
  ENGRAM_CHECK(U_SUCCESS(error));
  return *normalizer;
}

const Normalizer2& CaseFolder() {
  static const Normalizer2& folder =
      Loaded([](UErrorCode& error) { return Normalizer2::getNFKCCasefoldInstance(error); });
  return folder;
}

const Normalizer2& Decomposer() {
  static const Normalizer2& decomposer = Loaded([](UErrorCode& error) { return Normalizer2::getNFDInstance(error); });
  return decomposer;
}

const Normalizer2& Composer() {
  static const Normalizer2& composer = Loaded([](UErrorCode& error) { return Normalizer2::getNFCInstance(error); });
  return composer;
}

std::string Normalized(const Normalizer2& normalizer, std::string_view text) {
  std::string out;
  icu::StringByteSink<std::string> sink(&out, static_cast<int32_t>(text.size()));
  UErrorCode error = U_ZERO_ERROR;
  normalizer.normalizeUTF8(0, icu::StringPiece(text.data(), static_cast<int32_t>(text.size())), sink, nullptr, error);
  ENGRAM_CHECK(U_SUCCESS(error));
  return out;
}

bool IsApostrophe(char32_t c) { return c == U'\u2018' || c == U'\u2019' || c == U'\u02BC'; }

std::string WithPlainApostrophes(const std::string& text) {
  if (text.find('\xE2') == std::string::npos && text.find('\xCA') == std::string::npos) return text;
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const char32_t c = DecodeUtf8(text, &at);
    AppendUtf8(IsApostrophe(c) ? U'\'' : c, &out);
  }
  return out;
}

char32_t TurkishCase(char32_t c) { return c == U'I' ? U'\u0131' : c == U'\u0130' ? U'i' : c; }

// Letters that Unicode does not decompose but people type without their stroke.
std::string_view PlainSpelling(char32_t c) {
  switch (c) {
    case U'\u00E6': return "ae";  // æ
    case U'\u0153': return "oe";  // œ
    case U'\u00F8': return "o";   // ø
    case U'\u0142': return "l";   // ł
    case U'\u0111': return "d";   // đ
    case U'\u00F0': return "d";   // ð
    case U'\u00FE': return "th";  // þ
    case U'\u0127': return "h";   // ħ
    case U'\u0167': return "t";   // ŧ
    case U'\u0131': return "i";   // ı
    default: return {};
  }
}

bool IsHebrewPoint(char32_t c) { return c >= 0x0591 && c <= 0x05C7 && c != 0x05BE; }
bool IsArabicVowelSign(char32_t c) { return (c >= 0x064B && c <= 0x0652) || c == 0x0670; }
constexpr char32_t kTatweel = 0x0640;

bool LosesItsMarks(char32_t base) {
  UErrorCode error = U_ZERO_ERROR;
  switch (uscript_getScript(static_cast<UChar32>(base), &error)) {
    case USCRIPT_LATIN:
    case USCRIPT_GREEK:
    case USCRIPT_CYRILLIC: return true;
    default: return false;
  }
}

bool IsMark(char32_t c) { return u_charType(static_cast<UChar32>(c)) == U_NON_SPACING_MARK; }

}  // namespace

std::string FoldCase(std::string_view text, CaseRules rules) {
  std::string valid;
  valid.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    char32_t c = DecodeUtf8(text, &at);
    if (rules == CaseRules::kTurkish) c = TurkishCase(c);
    AppendUtf8(c, &valid);
  }
  return WithPlainApostrophes(Normalized(CaseFolder(), valid));
}

std::string FoldAccents(std::string_view folded) {
  if (IsAscii(folded)) return std::string(folded);
  const std::string decomposed = Normalized(Decomposer(), folded);
  std::string plain;
  plain.reserve(decomposed.size());
  bool drop_marks = false;
  for (size_t at = 0; at < decomposed.size();) {
    const char32_t c = DecodeUtf8(decomposed, &at);
    if (c < 0x80) {
      plain.push_back(static_cast<char>(c));
      drop_marks = true;
      continue;
    }
    if (c == kTatweel || IsArabicVowelSign(c) || IsHebrewPoint(c)) continue;
    if (IsMark(c)) {
      if (!drop_marks) AppendUtf8(c, &plain);
      continue;
    }
    drop_marks = LosesItsMarks(c);
    if (const std::string_view spelling = PlainSpelling(c); !spelling.empty()) {
      plain.append(spelling);
    } else {
      AppendUtf8(c, &plain);
    }
  }
  return IsAscii(std::string_view(plain)) ? plain : Normalized(Composer(), plain);
}

void LowerAscii(std::string* text) {
  for (char& c : *text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  }
}

}  // namespace engram

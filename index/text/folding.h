// Making spellings of one word equal: case, compatibility forms, accents. Thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace engram {

enum class CaseRules : uint8_t {
  kRoot,
  kTurkish,  // I folds to dotless i, capital dotted I to i
};

// NFKC_Casefold (https://www.unicode.org/reports/tr44/#NFKC_Casefold), and every apostrophe becomes '.
std::string FoldCase(std::string_view text, CaseRules rules = CaseRules::kRoot);

// Drops what a hurried writer leaves out: marks over Latin, Greek and Cyrillic letters, Hebrew points,
// Arabic vowel signs and stretching; and spells letters with a stroke or a ligature plainly (ø o, æ ae).
// Marks of other scripts are vowels (Devanagari, Thai) or change the sound (Kana) and stay.
// REQUIRES: `folded` comes from FoldCase.
std::string FoldAccents(std::string_view folded);

// Lower-cases ASCII letters in place. REQUIRES: `text` is ASCII.
void LowerAscii(std::string* text);

}  // namespace engram

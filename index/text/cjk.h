// Chinese and Japanese characters: written without spaces, so indexed as overlapping pairs.
// Hangul is not among them: Korean writes spaces, its words stay whole.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace engram {

// Han, Hiragana, Katakana and the long vowel sign, letters and numbers only.
bool IsCjk(char32_t character);

// One written character with the marks that belong to it, as bytes [begin, end).
struct CjkCharacter {
  uint32_t begin;
  uint32_t end;
};

// The run of such characters that begins at `begin`, where one stands; returns where it ends.
size_t CjkRun(std::string_view text, size_t begin, std::vector<CjkCharacter>* run);

}  // namespace engram

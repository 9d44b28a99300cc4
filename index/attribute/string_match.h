// What the operators on text mean. Strings are UTF-8; a byte that isn't stands for itself. Thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace engram {

// Unicode's simple case folding (CaseFolding.txt, status C and S), code point by code point.
std::string FoldCase(std::string_view text);

uint64_t CodePoints(std::string_view text);

inline bool Contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

}  // namespace engram

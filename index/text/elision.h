// Words that lose a vowel before the next: l'homme, dell'arte, l'home.
#pragma once

#include <cstddef>
#include <string_view>

namespace engram {

// How many bytes of `folded` are such an article or pronoun with its apostrophe; 0 in most words and in
// every language but French, Italian and Catalan (named as their Snowball algorithms).
size_t ElisionBytes(std::string_view language, std::string_view folded);

}  // namespace engram

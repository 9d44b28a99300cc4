#include "index/text/elision.h"

#include <algorithm>
#include <array>

namespace engram {
namespace {

using std::string_view;

constexpr auto kFrench =
    std::to_array<string_view>({"c", "d", "j", "jusqu", "l", "lorsqu", "m", "n", "puisqu", "qu", "quoiqu", "s", "t"});
constexpr auto kItalian =
    std::to_array<string_view>({"agl", "all", "c",    "coll", "d", "dagl", "dall", "degl", "dell", "gl",
                                "l",   "m",   "negl", "nell", "s", "sugl", "sull", "t",    "un",   "v"});
constexpr auto kCatalan = std::to_array<string_view>({"d", "l", "m", "n", "s", "t"});

template <size_t kSize>
bool Contains(const std::array<string_view, kSize>& list, string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

bool IsElided(string_view language, string_view beginning) {
  if (language == "french") return Contains(kFrench, beginning);
  if (language == "italian") return Contains(kItalian, beginning);
  if (language == "catalan") return Contains(kCatalan, beginning);
  return false;
}

}  // namespace

size_t ElisionBytes(string_view language, string_view folded) {
  const size_t apostrophe = folded.find('\'');
  if (apostrophe == string_view::npos || apostrophe + 1 == folded.size()) return 0;
  return IsElided(language, folded.substr(0, apostrophe)) ? apostrophe + 1 : 0;
}

}  // namespace engram

// UTF-8 as the Unicode standard defines it (table 3-7: no overlong forms, no surrogates, at most U+10FFFF).
#pragma once

#include <string_view>

namespace engram {

bool IsUtf8(std::string_view text);

}  // namespace engram

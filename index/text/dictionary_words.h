// Words of the scripts that write none: Thai, Lao, Khmer, Burmese. ICU's dictionaries find them.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace engram {

// Whether `character` belongs to such a script.
bool NeedsDictionary(char32_t character);

// The end of the run of such characters at `begin`.
size_t DictionaryRunEnd(std::string_view text, size_t begin);

// The word ends inside `run`, ascending, the last one run.size(). Thread-safe.
std::vector<uint32_t> DictionaryWordEnds(std::string_view run);

}  // namespace engram

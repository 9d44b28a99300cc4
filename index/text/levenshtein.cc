#include "index/text/levenshtein.h"

#include <algorithm>
#include <limits>

#include "index/text/utf8.h"

namespace engram {

EditRows::EditRows(std::u32string pattern, uint32_t limit)
    : pattern_(std::move(pattern)), limit_(limit), rows_(pattern_.size() + 1) {
  for (uint32_t j = 0; j < rows_.size(); ++j) rows_[j] = j;
}

void EditRows::Push(char32_t character) {
  const size_t width = pattern_.size() + 1;
  const size_t i = length() + 1;
  characters_.push_back(character);
  rows_.resize(std::max(rows_.size(), (i + 1) * width));
  uint32_t* row = rows_.data() + i * width;
  const uint32_t* above = row - width;
  row[0] = static_cast<uint32_t>(i);
  for (size_t j = 1; j < width; ++j) {
    const uint32_t replace = above[j - 1] + (pattern_[j - 1] == character ? 0 : 1);
    row[j] = std::min({replace, above[j] + 1, row[j - 1] + 1});
    const bool swapped =
        i > 1 && j > 1 && pattern_[j - 1] == characters_[i - 2] && pattern_[j - 2] == characters_[i - 1];
    if (swapped) row[j] = std::min(row[j], (above - width)[j - 2] + 1);
  }
}

bool EditRows::CanMatch() const {
  // A row's least value never falls from here on: a swap, which reaches back over one row, costs one and
  // the row between is at most one above the row it starts from.
  const uint32_t* row = Row(length());
  return *std::min_element(row, row + pattern_.size() + 1) <= limit_;
}

uint32_t EditDistance(std::string_view a, std::string_view b) {
  EditRows rows(DecodeAll(a), std::numeric_limits<uint32_t>::max());
  for (size_t at = 0; at < b.size();) rows.Push(DecodeUtf8(b, &at));
  return rows.Distance();
}

uint32_t DefaultFuzzyDistance(std::string_view word) {
  const size_t characters = DecodeAll(word).size();
  return characters < 3 ? 0 : characters <= 5 ? 1 : 2;
}

}  // namespace engram

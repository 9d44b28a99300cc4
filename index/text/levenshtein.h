// Edit distance with transpositions of neighbours (Damerau 1964) in its "optimal string alignment" form:
// insert, delete, replace a character or swap two adjacent ones, no piece edited twice.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace engram {

// The distance from one pattern to words given character by character. A stack of rows: words with a
// common beginning share its rows, and a beginning from which no end can come near is seen at once.
class EditRows {
 public:
  EditRows(std::u32string pattern, uint32_t limit);

  // Forgets all but the first `length` characters. REQUIRES: length <= this->length().
  void Truncate(size_t length) { characters_.resize(length); }
  void Push(char32_t character);
  size_t length() const { return characters_.size(); }

  // Whether some word that begins with the characters pushed is within the limit.
  bool CanMatch() const;
  // The distance to exactly the characters pushed; above the limit it is only known to be above it.
  uint32_t Distance() const { return Row(length())[pattern_.size()]; }
  uint32_t limit() const { return limit_; }

 private:
  const uint32_t* Row(size_t i) const { return rows_.data() + i * (pattern_.size() + 1); }

  std::u32string pattern_;
  uint32_t limit_;
  std::u32string characters_;
  std::vector<uint32_t> rows_;
};

uint32_t EditDistance(std::string_view a, std::string_view b);

// How far a fuzzy word may be from its like when the query does not say: 1 edit for 3 to 5 characters,
// 2 for more, none for fewer.
uint32_t DefaultFuzzyDistance(std::string_view word);

}  // namespace engram

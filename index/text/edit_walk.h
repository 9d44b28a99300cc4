// Distances from one pattern to many words, quick when words come in order. Confined to one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "index/text/levenshtein.h"

namespace engram {

// Feeds words to EditRows, reusing the rows of what two words in a row begin with.
class EditWalk {
 public:
  EditWalk(std::string_view pattern, uint32_t limit);

  // The word's distance, or more than the limit. Then `dead_bytes()` says which beginning of it rules
  // out every other word with that beginning, 0 for none.
  uint32_t Distance(std::string_view word);
  size_t dead_bytes() const { return dead_bytes_; }

 private:
  EditRows rows_;
  std::string previous_;
  std::vector<size_t> ends_;  // byte ends of the characters in rows_
  size_t dead_bytes_ = 0;
};

// How many bytes both begin with.
size_t CommonBytes(std::string_view a, std::string_view b);

}  // namespace engram

#include "index/text/edit_walk.h"

#include <algorithm>
#include <cstddef>

#include "index/text/utf8.h"

namespace engram {

size_t CommonBytes(std::string_view a, std::string_view b) {
  const size_t size = std::min(a.size(), b.size());
  return static_cast<size_t>(std::mismatch(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(size), b.begin()).first -
                             a.begin());
}

EditWalk::EditWalk(std::string_view pattern, uint32_t limit) : rows_(DecodeAll(pattern), limit) {}

uint32_t EditWalk::Distance(std::string_view word) {
  const size_t common = CommonBytes(word, previous_);
  size_t kept = 0;
  while (kept < ends_.size() && ends_[kept] <= common) ++kept;
  ends_.resize(kept);
  rows_.Truncate(kept);
  previous_ = word;
  dead_bytes_ = 0;
  for (size_t at = kept == 0 ? 0 : ends_.back(); at < word.size();) {
    rows_.Push(DecodeUtf8(word, &at));
    ends_.push_back(at);
    if (rows_.CanMatch()) continue;
    dead_bytes_ = at;
    return rows_.limit() + 1;
  }
  return rows_.Distance();
}

}  // namespace engram

// Memory that is handed out in order and given back all at once. One writer; what was handed out never
// moves, so readers of it need no lock.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace engram {

class Arena {
 public:
  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // REQUIRES: `alignment` is a power of two, at most that of max_align_t.
  void* Allocate(size_t bytes, size_t alignment) {
    size_t padding = (alignment - (used_ & (alignment - 1))) & (alignment - 1);
    if (blocks_.empty() || used_ + padding + bytes > block_bytes_) {
      AddBlock(bytes);
      padding = 0;
    }
    used_ += padding + bytes;
    return blocks_.back().get() + used_ - bytes;
  }

  const char* Copy(std::string_view text) {
    char* copy = static_cast<char*>(Allocate(text.size(), 1));
    std::memcpy(copy, text.data(), text.size());
    return copy;
  }

  size_t MemoryBytes() const { return total_bytes_; }

 private:
  static constexpr size_t kBlockBytesMin = 512;
  static constexpr size_t kBlockBytesMax = 256 * 1024;

  // As much as all blocks so far, so that a small index stays small and a large one has few blocks.
  void AddBlock(size_t bytes) {
    block_bytes_ = std::max(bytes, std::clamp(total_bytes_, kBlockBytesMin, kBlockBytesMax));
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(block_bytes_));
    total_bytes_ += block_bytes_;
    used_ = 0;
  }

  std::vector<std::unique_ptr<char[]>> blocks_;
  size_t block_bytes_ = 0;
  size_t used_ = 0;
  size_t total_bytes_ = 0;
};

}  // namespace engram

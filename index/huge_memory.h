// A block of anonymous memory on huge pages: random reads of a large array miss the TLB otherwise, which can
// cost a third of their time and more.
#pragma once

#include <cstddef>
#include <string_view>
#include <utility>

namespace engram {

// Starts at a page of its own, zeroed. The kernel gives huge pages where it can; nothing depends on it.
// Movable; moved-from is empty. What is read from several threads must not be written meanwhile.
class HugeMemory {
 public:
  HugeMemory() = default;
  explicit HugeMemory(size_t size);  // the process ends when there is no memory, as with operator new
  HugeMemory(HugeMemory&& other) noexcept
      : begin_(std::exchange(other.begin_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  HugeMemory& operator=(HugeMemory&& other) noexcept {
    std::swap(begin_, other.begin_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~HugeMemory();

  char* data() { return begin_; }
  const char* data() const { return begin_; }
  size_t size() const { return size_; }
  std::string_view bytes() const { return {begin_, size_}; }
  // What it takes from the system: whole pages, huge ones when there is at least one.
  size_t MemoryBytes() const;

 private:
  char* begin_ = nullptr;
  size_t size_ = 0;
};

}  // namespace engram

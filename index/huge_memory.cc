#include "index/huge_memory.h"

#include <sys/mman.h>

#include <cstdint>
#include <new>

namespace engram {
namespace {

constexpr size_t kHugePage = size_t{2} << 20;
constexpr size_t kPage = 4096;

size_t RoundUp(size_t size, size_t unit) { return (size + unit - 1) / unit * unit; }

// A huge page must be filled half at least before it is worth taking whole.
size_t Extent(size_t size) { return size >= kHugePage / 2 ? RoundUp(size, kHugePage) : RoundUp(size, kPage); }

}  // namespace

HugeMemory::HugeMemory(size_t size) : size_(size) {
  if (size == 0) return;
  const size_t extent = Extent(size);
  const size_t slack = extent >= kHugePage ? kHugePage : 0;
  void* mapped = ::mmap(nullptr, extent + slack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) throw std::bad_alloc();
  begin_ = static_cast<char*>(mapped);
  if (slack == 0) return;
  // The kernel aligns to small pages only: what stands before and after whole huge pages is given back.
  const size_t before = RoundUp(reinterpret_cast<uintptr_t>(mapped), kHugePage) - reinterpret_cast<uintptr_t>(mapped);
  if (before > 0) ::munmap(begin_, before);
  if (slack > before) ::munmap(begin_ + before + extent, slack - before);
  begin_ += before;
  ::madvise(begin_, extent, MADV_HUGEPAGE);
}

HugeMemory::~HugeMemory() {
  if (begin_ != nullptr) ::munmap(begin_, Extent(size_));
}

size_t HugeMemory::MemoryBytes() const { return size_ == 0 ? 0 : Extent(size_); }

}  // namespace engram

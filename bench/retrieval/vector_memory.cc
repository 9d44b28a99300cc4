#include "bench/retrieval/vector_memory.h"

#include <malloc.h>
#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

namespace engram::bench {
namespace {

// The figure in kB after `name:` in a file of /proc/self.
size_t KilobytesOf(const char* file, const std::string& name) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(name + ":")) return std::strtoull(line.c_str() + name.size() + 1, nullptr, 10);
  }
  return 0;
}

}  // namespace

size_t AnonymousBytes() {
  ::malloc_trim(0);
  return KilobytesOf("/proc/self/status", "RssAnon") * 1024;
}

size_t PeakBytes() { return KilobytesOf("/proc/self/status", "VmHWM") * 1024; }

size_t MoveToHugePages() {
  constexpr int kMadvCollapse = 25;  // since Linux 6.1, not in Debian 12's headers
  constexpr uintptr_t kHugePage = uintptr_t{2} << 20;
  ::malloc_trim(0);
  bool moved = false;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    std::istringstream fields(line);
    uintptr_t begin = 0;
    uintptr_t end = 0;
    char dash = 0;
    std::string access;
    std::string offset;
    std::string device;
    uint64_t inode = 0;
    std::string name;
    fields >> std::hex >> begin >> dash >> end >> access >> offset >> device >> std::dec >> inode >> name;
    if (access != "rw-p" || inode != 0 || !name.empty()) continue;
    const uintptr_t first = (begin + kHugePage - 1) / kHugePage * kHugePage;
    const uintptr_t last = end / kHugePage * kHugePage;
    // A range may hold a page that can't be moved, and is moved but for that.
    if (first < last) moved |= ::madvise(reinterpret_cast<void*>(first), last - first, kMadvCollapse) == 0;
  }
  return moved ? KilobytesOf("/proc/self/smaps_rollup", "AnonHugePages") * 1024 : 0;
}

}  // namespace engram::bench

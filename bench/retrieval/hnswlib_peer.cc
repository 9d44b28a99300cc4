#include "bench/retrieval/hnswlib_peer.h"

#include <sys/mman.h>

#include <atomic>
#include <mutex>
#include <thread>

// Names of its own: index/vector compiles the same templates for any machine, and a linker keeps one of each.
#define hnswlib hnswlib_native
#define cpuid hnswlib_native_cpuid
#define xgetbv hnswlib_native_xgetbv
#define AVXCapable HnswlibNativeAvxCapable
#define AVX512Capable HnswlibNativeAvx512Capable
#include <hnswlib/hnswlib.h>
#undef hnswlib

namespace engram::bench {

class HnswlibPeer::Rep {
 public:
  Rep(const Vectors& rows, size_t ef_construction)
      : space_(rows.dimensions()), graph_(&space_, rows.rows(), 16, ef_construction) {}

  hnswlib_native::InnerProductSpace space_;
  hnswlib_native::HierarchicalNSW<float> graph_;
};

HnswlibPeer::HnswlibPeer(const Vectors& rows, size_t ef_construction, size_t threads)
    : rep_(std::make_unique<Rep>(rows, ef_construction)) {
  std::atomic<size_t> next = 1;
  rep_->graph_.addPoint(rows.Row(0).data(), 0);
  std::vector<std::thread> workers;
  for (size_t i = 0; i < threads; ++i) {
    workers.emplace_back([&] {
      for (size_t row = next++; row < rows.rows(); row = next++) rep_->graph_.addPoint(rows.Row(row).data(), row);
    });
  }
  for (std::thread& worker : workers) worker.join();
}

HnswlibPeer::~HnswlibPeer() = default;

std::vector<uint32_t> HnswlibPeer::Nearest(std::span<const float> query, size_t k, size_t ef) {
  rep_->graph_.setEf(ef);
  auto found = rep_->graph_.searchKnn(query.data(), k);
  std::vector<uint32_t> rows(found.size());
  for (size_t i = rows.size(); i-- > 0; found.pop()) rows[i] = static_cast<uint32_t>(found.top().second);
  return rows;
}

bool HnswlibPeer::MoveToHugePages() {
  constexpr int kMadvCollapse = 25;  // since Linux 6.1, not in Debian 12's headers
  constexpr uintptr_t kHugePage = uintptr_t{2} << 20;
  const auto& graph = rep_->graph_;
  const auto begin = reinterpret_cast<uintptr_t>(graph.data_level0_memory_);
  const uintptr_t end = begin + graph.max_elements_ * graph.size_data_per_element_;
  const uintptr_t first = (begin + kHugePage - 1) / kHugePage * kHugePage;
  const uintptr_t last = end / kHugePage * kHugePage;
  if (first >= last) return false;
  ::madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);
  return ::madvise(reinterpret_cast<void*>(first), last - first, kMadvCollapse) == 0;
}

}  // namespace engram::bench

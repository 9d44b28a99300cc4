#include "bench/retrieval/hnswlib_peer.h"

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
      : space_(rows.dimensions()), graph_(&space_, rows.rows(), kPeerLinks, ef_construction) {}
  Rep(const std::string& path, size_t dimensions) : space_(dimensions), graph_(&space_, path) {}

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

HnswlibPeer::HnswlibPeer(const std::string& path, size_t dimensions) : rep_(std::make_unique<Rep>(path, dimensions)) {}

HnswlibPeer::~HnswlibPeer() = default;

Rows HnswlibPeer::Nearest(std::span<const float> query, size_t k, size_t ef) {
  rep_->graph_.setEf(ef);
  auto found = rep_->graph_.searchKnn(query.data(), k);
  Rows rows(found.size());
  for (size_t i = rows.size(); i-- > 0; found.pop()) rows[i] = static_cast<uint32_t>(found.top().second);
  return rows;
}

void HnswlibPeer::Save(const std::string& path) const { rep_->graph_.saveIndex(path); }

std::vector<PeerIndex> HnswlibIndexes() {
  return {{"hnswlib", "",
           [](const Vectors& rows, const PeerBuild& build) {
             return std::make_unique<HnswlibPeer>(rows, build.ef_construction, build.threads);
           },
           [](const std::string& path, size_t dimensions) { return std::make_unique<HnswlibPeer>(path, dimensions); }}};
}

}  // namespace engram::bench

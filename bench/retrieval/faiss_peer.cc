#include "bench/retrieval/faiss_peer.h"

#include <omp.h>

#include <faiss/IndexHNSW.h>
#include <faiss/index_io.h>
#include <fmt/format.h>

namespace engram::bench {
namespace {

constexpr int kLinks = kPeerLinks;

class FaissPeer : public VectorPeer {
 public:
  explicit FaissPeer(std::unique_ptr<faiss::IndexHNSW> index) : index_(std::move(index)) {}

  FaissPeer(std::unique_ptr<faiss::IndexHNSW> index, const Vectors& rows, const PeerBuild& build) {
    index->hnsw.efConstruction = static_cast<int>(build.ef_construction);
    omp_set_num_threads(static_cast<int>(build.threads));
    const auto count = static_cast<int64_t>(rows.rows());
    index->train(count, rows.Row(0).data());
    index->add(count, rows.Row(0).data());
    index_ = std::move(index);
  }

  Rows Nearest(std::span<const float> query, size_t k, size_t ef) override {
    omp_set_num_threads(1);
    // Not by search parameters, which 1.7.3 takes no ef from.
    index_->hnsw.efSearch = static_cast<int>(ef);
    scores_.resize(k);
    labels_.resize(k);
    index_->search(1, query.data(), static_cast<int64_t>(k), scores_.data(), labels_.data());
    Rows rows;
    for (const int64_t label : labels_) {
      if (label >= 0) rows.push_back(static_cast<uint32_t>(label));
    }
    return rows;
  }

  void Save(const std::string& path) const override { faiss::write_index(index_.get(), path.c_str()); }

 private:
  std::unique_ptr<faiss::IndexHNSW> index_;
  std::vector<float> scores_;
  std::vector<int64_t> labels_;
};

std::unique_ptr<VectorPeer> Load(const std::string& path, size_t /*dimensions*/) {
  std::unique_ptr<faiss::Index> loaded(faiss::read_index(path.c_str()));
  auto* graph = dynamic_cast<faiss::IndexHNSW*>(loaded.get());
  if (graph == nullptr) {
    fmt::print(stderr, "vector: {} holds no graph of faiss\n", path);
    std::exit(1);
  }
  static_cast<void>(loaded.release());
  return std::make_unique<FaissPeer>(std::unique_ptr<faiss::IndexHNSW>(graph));
}

}  // namespace

std::vector<PeerIndex> FaissIndexes() {
  const std::string version =
      fmt::format("{}.{}.{}, {}", FAISS_VERSION_MAJOR, FAISS_VERSION_MINOR, FAISS_VERSION_PATCH, ENGRAM_FAISS_COMPILED);

  return {{"faiss-flat", version,
           [](const Vectors& rows, const PeerBuild& build) {
             return std::make_unique<FaissPeer>(
                 std::make_unique<faiss::IndexHNSWFlat>(rows.dimensions(), kLinks, faiss::METRIC_INNER_PRODUCT), rows,
                 build);
           },
           Load},
          {"faiss-sq8", version,
           [](const Vectors& rows, const PeerBuild& build) {
             return std::make_unique<FaissPeer>(
                 std::make_unique<faiss::IndexHNSWSQ>(rows.dimensions(), faiss::ScalarQuantizer::QT_8bit, kLinks,
                                                      faiss::METRIC_INNER_PRODUCT),
                 rows, build);
           },
           Load}};
}

}  // namespace engram::bench

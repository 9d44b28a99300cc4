#include "bench/retrieval/usearch_peer.h"

#include <atomic>
#include <thread>

#include <fmt/format.h>
#include <usearch/index_dense.hpp>

namespace engram::bench {
namespace {

namespace us = unum::usearch;
using Index = us::index_dense_t;

[[noreturn]] void DieOf(us::error_t error) {
  fmt::print(stderr, "vector: usearch: {}\n", error.release());
  std::exit(1);
}

us::metric_punned_t MetricOf(size_t dimensions, us::scalar_kind_t kind) {
  return us::metric_punned_t(dimensions, us::metric_kind_t::ip_k, kind);
}

class UsearchPeer : public VectorPeer {
 public:
  UsearchPeer(const Vectors& rows, const PeerBuild& build, us::scalar_kind_t kind) {
    us::index_dense_config_t config(kPeerLinks, build.ef_construction, build.ef_construction);
    config.enable_key_lookups = false;
    auto made = Index::make(MetricOf(rows.dimensions(), kind), config, us::default_free_value<Index::vector_key_t>(),
                            us::index_limits_t(rows.rows(), build.threads));
    if (!made) DieOf(std::move(made.error));
    index_ = std::move(made.index);
    std::atomic<size_t> next = 0;
    std::vector<std::thread> workers;
    for (size_t worker = 0; worker < build.threads; ++worker) {
      workers.emplace_back([&, worker] {
        for (size_t row = next++; row < rows.rows(); row = next++) {
          auto added = index_.add(row, rows.Row(row).data(), worker);
          if (!added) DieOf(std::move(added.error));
        }
      });
    }
    for (std::thread& worker : workers) worker.join();
  }

  explicit UsearchPeer(const std::string& path) {
    auto loaded = Index::make(path.c_str());
    if (!loaded) DieOf(std::move(loaded.error));
    index_ = std::move(loaded.index);
    // What is loaded can't be searched before it is told by how many threads.
    if (!index_.try_reserve(us::index_limits_t(index_.size(), 1))) {
      fmt::print(stderr, "vector: usearch has no memory to search {}\n", path);
      std::exit(1);
    }
  }

  Rows Nearest(std::span<const float> query, size_t k, size_t ef) override {
    index_.change_expansion_search(ef);
    auto found = index_.search(query.data(), k, 0);
    if (!found) DieOf(std::move(found.error));
    Rows rows;
    for (size_t i = 0; i < found.size(); ++i) rows.push_back(static_cast<uint32_t>(found[i].member.key));
    return rows;
  }

  void Save(const std::string& path) const override {
    auto saved = index_.save(path.c_str());
    if (!saved) DieOf(std::move(saved.error));
  }

 private:
  mutable Index index_;  // saving is no const member of it
};

PeerIndex IndexOf(const std::string& name, us::scalar_kind_t kind) {
  const std::string version = fmt::format("{}.{}.{}, {} kernels", USEARCH_VERSION_MAJOR, USEARCH_VERSION_MINOR,
                                          USEARCH_VERSION_PATCH, MetricOf(64, kind).isa_name());
  return {
      name, version,
      [kind](const Vectors& rows, const PeerBuild& build) { return std::make_unique<UsearchPeer>(rows, build, kind); },
      [](const std::string& path, size_t /*dimensions*/) { return std::make_unique<UsearchPeer>(path); }};
}

}  // namespace

std::vector<PeerIndex> UsearchIndexes() {
  return {IndexOf("usearch-f32", us::scalar_kind_t::f32_k), IndexOf("usearch-i8", us::scalar_kind_t::i8_k)};
}

}  // namespace engram::bench

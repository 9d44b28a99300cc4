// What all loaded indexes weigh together, and an index with its share of that.
//
// Thread-safe. A share counts until its last holder lets go, also after the registry is gone.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "engine/namespace_index.h"

namespace engram {

class IndexBudget {
 public:
  explicit IndexBudget(uint64_t bytes_max) : bytes_max_(bytes_max) {}

  uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
  uint64_t bytes_max() const { return bytes_max_; }
  bool exceeded() const { return bytes() > bytes_max_; }

 private:
  friend class WeighedIndex;
  const uint64_t bytes_max_;
  std::atomic<uint64_t> bytes_{0};
};

class WeighedIndex {
 public:
  WeighedIndex(std::unique_ptr<NamespaceIndex> index, std::shared_ptr<IndexBudget> budget)
      : budget_(std::move(budget)), index_(std::move(index)) {}
  ~WeighedIndex() {
    index_.reset();
    budget_->bytes_.fetch_sub(bytes_.load(std::memory_order_relaxed), std::memory_order_relaxed);
  }
  WeighedIndex(const WeighedIndex&) = delete;
  WeighedIndex& operator=(const WeighedIndex&) = delete;

  NamespaceIndex& index() const { return *index_; }
  // As last weighed.
  uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

  // Gives the share back ahead of destruction: what is about to go must not make a load believe that there is no room.
  // REQUIRES: nobody else holds it.
  void GiveBack() {
    budget_->bytes_.fetch_sub(bytes_.exchange(0, std::memory_order_relaxed), std::memory_order_relaxed);
  }

  // Brings the share up to date. Takes the index's lock for a moment.
  void Weigh() {
    const uint64_t now = index_->sizes().total_bytes;
    // Unsigned wrap-around makes a negative difference come out right.
    budget_->bytes_.fetch_add(now - bytes_.exchange(now, std::memory_order_relaxed), std::memory_order_relaxed);
  }

 private:
  const std::shared_ptr<IndexBudget> budget_;
  std::unique_ptr<NamespaceIndex> index_;
  std::atomic<uint64_t> bytes_{0};
};

}  // namespace engram

// Store's twin in memory, and the smallest committer over it: decide, commit, publish.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/mutex.h"
#include "engine/apply.h"
#include "engine/index_registry.h"
#include "engine/store.h"

namespace engram {

// A snapshot shares the map; a commit copies it. For tests of a few thousand rows.
class MemoryStore final : public Store {
 public:
  std::shared_ptr<const KvReader> Snapshot() const override {
    const MutexLock lock(mutex_);
    return rows_;
  }
  std::unique_ptr<Overlay> NewOverlay() override {
    const MutexLock lock(mutex_);
    return std::make_unique<MapOverlay>(*rows_);
  }
  Status Commit(std::unique_ptr<Overlay> overlay, bool) override {
    auto rows = std::make_shared<const MemoryKv>(std::move(static_cast<MapOverlay&>(*overlay).rows));
    const MutexLock lock(mutex_);
    rows_ = std::move(rows);
    return {};
  }
  Status SyncLog() override { return {}; }
  Status CompactRange(std::string_view, std::string_view) override { return {}; }
  bool out_of_space() const override { return false; }
  uint64_t DiskBytes() const override { return 0; }
  std::vector<std::pair<std::string, double>> Gauges() const override { return {}; }

 private:
  struct MapOverlay final : Overlay {
    explicit MapOverlay(const MemoryKv& committed) : rows(committed) {}
    Result<std::optional<std::string>> Get(std::string_view key) const override { return rows.Get(key); }
    Result<std::vector<std::optional<std::string>>> MultiGet(const std::vector<std::string>& keys) const override {
      return rows.MultiGet(keys);
    }
    std::unique_ptr<KvIterator> Scan(std::string_view begin, std::string_view end) const override {
      return rows.Scan(begin, end);
    }
    void Put(std::string_view key, std::string_view value) override { rows.Put(key, value); }
    void Delete(std::string_view key) override { rows.Delete(key); }
    void SetSavePoint() override { save_points.push_back(rows); }
    void RollbackToSavePoint() override {
      rows = std::move(save_points.back());
      save_points.pop_back();
    }
    void PopSavePoint() override { save_points.pop_back(); }

    MemoryKv rows;
    std::vector<MemoryKv> save_points;
  };

  mutable Mutex mutex_;
  std::shared_ptr<const MemoryKv> rows_ GUARDED_BY(mutex_) = std::make_shared<MemoryKv>();
};

// What the committer does, one mutation at a time. Its calls come from one thread, or take turns.
class TestWriter {
 public:
  static constexpr TenantId kTenant{1};

  TestWriter(MemoryStore* store, IndexRegistry* registry) : store_(store), registry_(registry) {}

  void SetTime(Timestamp now) { now_ = now; }

  MutationResult Write(const std::string& ns, std::vector<Operation> operations) {
    Held held = Commit(ns, std::move(operations));
    Publish(held);
    return held.result;
  }

  // A mutation that is committed but not yet published or replied to.
  struct Held {
    MutationResult result;
    std::vector<Publication> publications;
  };
  Held Commit(const std::string& ns, std::vector<Operation> operations) {
    Mutation mutation;
    mutation.tenant = kTenant;
    mutation.namespace_name = ns;
    mutation.operations = std::move(operations);
    auto overlay = store_->NewOverlay();
    Held held;
    held.result = ApplyMutation(mutation, now_, ApplyOptions(), cache_, *overlay, &held.publications);
    ENGRAM_CHECK(held.result.status.ok());
    ENGRAM_CHECK(store_->Commit(std::move(overlay), false).ok());
    return held;
  }
  void Publish(const Held& held) {
    for (const Publication& publication : held.publications) registry_->Publish(publication);
  }

 private:
  MemoryStore* store_;
  IndexRegistry* registry_;
  NamespaceCache cache_;
  Timestamp now_ = Timestamp::FromSeconds(1'800'000'000);
};

}  // namespace engram

#include "engine/index_registry.h"

#include <atomic>
#include <latch>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/keys.h"
#include "engine/namespace_index.h"
#include "engine/rows.h"
#include "engine/segments/seal_queue.h"
#include "engine/segments/seal_task.h"
#include "tests/engine/memory_store.h"

namespace engram {
namespace {

using ::testing::IsEmpty;

constexpr uint64_t kPlenty = uint64_t{1} << 40;
constexpr Timestamp kLogTime = Timestamp::FromSeconds(1'800'000'000);

Operation Memory(const std::string& id, const std::string& text) {
  WriteMemory write;
  write.id = id;
  write.content.text = text;
  return write;
}

class IndexRegistryTest : public ::testing::Test {
 protected:
  explicit IndexRegistryTest(uint64_t bytes_max = kPlenty)
      : registry_(store_, bytes_max), writer_(&store_, &registry_) {}

  NamespaceId Make(const std::string& ns, int memories = 1) {
    NamespaceId id;
    for (int i = 0; i < memories; ++i) id = writer_.Write(ns, {Memory("m" + std::to_string(i), "tea")}).namespace_id;
    return id;
  }
  Result<std::shared_ptr<NamespaceIndex>> Acquire(NamespaceId ns) { return registry_.Acquire(TestWriter::kTenant, ns); }
  uint64_t Rows(NamespaceId ns) {
    auto index = Acquire(ns);
    return index.ok() ? (*index)->sizes().rows : 0;
  }

  // The index equals one built from the rows.
  void ExpectEqualsRebuilt(NamespaceId ns) {
    auto index = Acquire(ns);
    ASSERT_TRUE(index.ok());
    IndexRegistry fresh(store_, kPlenty);
    auto rebuilt = fresh.Acquire(TestWriter::kTenant, ns);
    ASSERT_TRUE(rebuilt.ok());
    EXPECT_THAT((*index)->DifferencesFrom(**rebuilt), IsEmpty());
  }

  MemoryStore store_;
  IndexRegistry registry_;
  TestWriter writer_;
};

TEST_F(IndexRegistryTest, AWriteLoadsNothing) {
  const NamespaceId ns = Make("a", 3);
  EXPECT_EQ(registry_.usage().namespaces, 0u);
  EXPECT_EQ(registry_.usage().bytes, 0u);
  EXPECT_EQ(registry_.Peek(TestWriter::kTenant, ns), nullptr);
  EXPECT_EQ(Rows(ns), 3u);
  EXPECT_EQ(registry_.usage().loads, 1u);
  EXPECT_NE(registry_.Peek(TestWriter::kTenant, ns), nullptr);
  EXPECT_GT(registry_.usage().bytes, 0u);
}

TEST_F(IndexRegistryTest, ALoadedIndexFollowsEveryWrite) {
  const NamespaceId ns = Make("a");
  EXPECT_EQ(Rows(ns), 1u);
  writer_.Write("a", {Memory("b", "coffee"), Memory("c", "milk")});
  EXPECT_EQ(Rows(ns), 3u);
  writer_.Write("a", {DeleteMemory{"b", {}, {}, false, false}});
  EXPECT_EQ(Rows(ns), 2u);
  EXPECT_EQ(registry_.usage().loads, 1u);
  ExpectEqualsRebuilt(ns);
}

TEST_F(IndexRegistryTest, AMissingNamespaceIsNotFoundAndLeavesNothing) {
  EXPECT_EQ(Acquire(NamespaceId(77)).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(Acquire(NamespaceId(77)).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(registry_.usage().namespaces, 0u);
}

TEST_F(IndexRegistryTest, ADroppedNamespaceIsGoneAndItsHoldersKeepWhatTheyHave) {
  const NamespaceId ns = Make("a");
  auto held = *Acquire(ns);
  writer_.Write("a", {DropNamespace()});
  EXPECT_EQ(Acquire(ns).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(held->sizes().rows, 1u);
  EXPECT_GT(registry_.usage().bytes, 0u);
  held.reset();
  EXPECT_EQ(registry_.usage().bytes, 0u);
}

TEST_F(IndexRegistryTest, AWriteCommittedBeforeTheLoadAndPublishedAfterItCountsOnce) {
  const NamespaceId ns = Make("a");
  const auto late = writer_.Commit("a", {Memory("b", "coffee")});
  EXPECT_EQ(Rows(ns), 2u);
  writer_.Publish(late);
  EXPECT_EQ(Rows(ns), 2u);
  ExpectEqualsRebuilt(ns);
}

TEST_F(IndexRegistryTest, AMemoryRenewedWhileAReaderBuriedItIsFoundAgain) {
  WriteMemory write = std::get<WriteMemory>(Memory("a", "tea"));
  write.state.expires_at = Timestamp{kLogTime.micros + 10};
  const NamespaceId ns = writer_.Write("a", {write}).namespace_id;
  auto index = *Acquire(ns);
  PatchMemory renew;
  renew.id = "a";
  renew.record.expires_at = Timestamp{kLogTime.micros + 1'000};
  // Decided before the memory's time, published after a search that came behind it.
  const auto late = writer_.Commit("a", {renew});
  EXPECT_TRUE(index->View({}, Timestamp{kLogTime.micros + 20})->visible->isEmpty());
  writer_.Publish(late);
  EXPECT_EQ((*Acquire(ns))->View({}, Timestamp{kLogTime.micros + 20})->visible.cardinality(), 1u);
  EXPECT_EQ(registry_.usage().loads, 2u);
}

TEST_F(IndexRegistryTest, ManyReadersShareOneLoad) {
  const NamespaceId ns = Make("a", 50);
  constexpr int kReaders = 8;
  std::latch start(kReaders);
  std::atomic<int> right{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < kReaders; ++i) {
    readers.emplace_back([&] {
      start.arrive_and_wait();
      right += Rows(ns) == 50;
    });
  }
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(right, kReaders);
  EXPECT_EQ(registry_.usage().loads, 1u);
}

// A store whose snapshots run a callback first, to meet a load half way.
class MeetingStore final : public Store {
 public:
  explicit MeetingStore(MemoryStore* store) : store_(store) {}
  std::shared_ptr<const KvReader> Snapshot() const override {
    if (before) before();
    auto snapshot = store_->Snapshot();
    if (after) after();
    return snapshot;
  }
  std::unique_ptr<Overlay> NewOverlay() override { return store_->NewOverlay(); }
  Status Commit(std::unique_ptr<Overlay> overlay, bool sync) override {
    return store_->Commit(std::move(overlay), sync);
  }
  Status SyncLog() override { return {}; }
  Status CompactRange(std::string_view, std::string_view) override { return {}; }
  bool out_of_space() const override { return false; }
  uint64_t DiskBytes() const override { return 0; }
  std::vector<std::pair<std::string, double>> Gauges() const override { return {}; }

  std::function<void()> before;
  std::function<void()> after;

 private:
  MemoryStore* store_;
};

class LoadTest : public ::testing::Test {
 protected:
  LoadTest() : meeting_(&store_), registry_(meeting_, kPlenty), writer_(&store_, &registry_) {
    ns_ = writer_.Write("a", {Memory("first", "tea")}).namespace_id;
  }
  // Once, so that the write's own snapshots don't meet it again.
  static std::function<void()> Once(std::function<void()> call) {
    return [call = std::move(call), done = std::make_shared<bool>(false)] {
      if (!std::exchange(*done, true)) call();
    };
  }
  Result<std::shared_ptr<NamespaceIndex>> Acquire() { return registry_.Acquire(TestWriter::kTenant, ns_); }

  MemoryStore store_;
  MeetingStore meeting_;
  IndexRegistry registry_;
  TestWriter writer_;
  NamespaceId ns_;
};

TEST_F(LoadTest, WritesThatMeetALoadAreInIt) {
  meeting_.before = Once([&] { writer_.Write("a", {Memory("before", "tea")}); });
  meeting_.after = Once([&] {
    writer_.Write("a", {Memory("after", "tea")});
    writer_.Write("a", {DeleteMemory{"first", {}, {}, false, false}});
  });
  auto index = Acquire();
  ASSERT_TRUE(index.ok());
  EXPECT_EQ((*index)->sizes().rows, 2u);
  IndexRegistry fresh(store_, kPlenty);
  EXPECT_THAT((*index)->DifferencesFrom(**fresh.Acquire(TestWriter::kTenant, ns_)), IsEmpty());
}

TEST_F(LoadTest, ANamespaceDroppedDuringItsLoadIsNotFound) {
  meeting_.after = Once([&] { writer_.Write("a", {DropNamespace()}); });
  EXPECT_EQ(Acquire().status().code(), StatusCode::kNotFound);
}

TEST_F(LoadTest, AQueueThatOutgrowsItsBoundStartsTheLoadAgain) {
  int snapshots = 0;
  meeting_.after = [&] {
    if (++snapshots > 1) return;
    std::vector<Operation> operations;
    for (int i = 0; i < 66; ++i) operations.push_back(Memory("big" + std::to_string(i), std::string(1 << 20, ' ')));
    writer_.Write("a", std::move(operations));
  };
  auto index = Acquire();
  ASSERT_TRUE(index.ok());
  EXPECT_EQ(snapshots, 2);
  EXPECT_EQ((*index)->sizes().rows, 67u);
}

TEST_F(LoadTest, AFailedLoadTellsItsReasonAndTheNextTriesAnew) {
  const std::string key = keys::Scope(TestWriter::kTenant, ns_) + keys::kHead;
  const auto head = *store_.Snapshot()->Get(key);
  auto overlay = store_.NewOverlay();
  overlay->Put(key, "\xff\xff");
  ASSERT_TRUE(store_.Commit(std::move(overlay), false).ok());
  EXPECT_EQ(Acquire().status().code(), StatusCode::kCorruption);
  overlay = store_.NewOverlay();
  overlay->Put(key, *head);
  ASSERT_TRUE(store_.Commit(std::move(overlay), false).ok());
  EXPECT_TRUE(Acquire().ok());
}

// What one namespace of 20 memories weighs, to speak of budgets in namespaces.
uint64_t OneIndexBytes() {
  MemoryStore store;
  IndexRegistry registry(store, kPlenty);
  TestWriter writer(&store, &registry);
  NamespaceId ns;
  for (int i = 0; i < 20; ++i) ns = writer.Write("a", {Memory("m" + std::to_string(i), "tea")}).namespace_id;
  EXPECT_TRUE(registry.Acquire(TestWriter::kTenant, ns).ok());
  return registry.usage().bytes;
}

TEST(IndexBacklogTest, WritersWaitWhileTheSealerIsFarBehind) {
  MemoryStore store;
  SealQueue queue;  // that nobody works on
  RegistrySegments segments;
  segments.queue = &queue;
  segments.limits.rows = 2;
  IndexRegistry registry(store, kPlenty, segments);
  TestWriter writer(&store, &registry);
  const NamespaceId ns = writer.Write("a", {Memory("first", "tea")}).namespace_id;
  ASSERT_TRUE(registry.Acquire(TestWriter::kTenant, ns).ok());
  for (uint64_t i = 1; i < segments.limits.behind * segments.limits.rows; ++i) {
    EXPECT_FALSE(registry.any_behind()) << i;
    writer.Write("a", {Memory(std::to_string(i), "tea")});
  }
  EXPECT_TRUE(registry.any_behind());
  const Status refused = registry.CheckBacklog(TestWriter::kTenant, ns);
  EXPECT_EQ(refused.code(), StatusCode::kRateLimited);
  EXPECT_TRUE(refused.retry_after_seconds().has_value());
  EXPECT_TRUE(registry.CheckBacklog(TestWriter::kTenant, NamespaceId(ns.value + 1)).ok());

  const auto job = queue.Pop();
  ASSERT_TRUE(job);
  EXPECT_EQ(job->ns, ns);
  EXPECT_TRUE(registry.Peek(TestWriter::kTenant, ns)->BeginSeal(segments.limits));
  EXPECT_TRUE(registry.CheckBacklog(TestWriter::kTenant, ns).ok());
  EXPECT_FALSE(registry.any_behind());
}

class BudgetTest : public IndexRegistryTest {
 protected:
  BudgetTest() : IndexRegistryTest(3 * OneIndexBytes() + OneIndexBytes() / 2) {
    for (int i = 0; i < 6; ++i) ns_.push_back(Make("ns" + std::to_string(i), 20));
  }
  bool IsLoaded(int i) const { return registry_.Peek(TestWriter::kTenant, ns_[i]) != nullptr; }

  std::vector<NamespaceId> ns_;
};

TEST_F(BudgetTest, TheLeastRecentlyUsedGoFirst) {
  for (const int i : {0, 1, 2, 0, 3}) EXPECT_EQ(Rows(ns_[i]), 20u);
  EXPECT_TRUE(IsLoaded(0));
  EXPECT_FALSE(IsLoaded(1));
  EXPECT_TRUE(IsLoaded(2));
  EXPECT_TRUE(IsLoaded(3));
  EXPECT_EQ(registry_.usage().evictions, 1u);
  EXPECT_EQ(Rows(ns_[1]), 20u);
}

TEST_F(BudgetTest, WhatIsHeldStaysAndCountsUntilItIsReleased) {
  std::vector<std::shared_ptr<NamespaceIndex>> held;
  for (const int i : {0, 1, 2}) held.push_back(*Acquire(ns_[i]));
  const Status full = Acquire(ns_[3]).status();
  EXPECT_EQ(full.code(), StatusCode::kUnavailable);
  EXPECT_TRUE(full.retry_after_seconds().has_value());
  EXPECT_TRUE(IsLoaded(0));
  held.pop_back();
  EXPECT_TRUE(Acquire(ns_[3]).ok());
  EXPECT_FALSE(IsLoaded(2));
}

TEST_F(BudgetTest, AnIndexThatGrowsMakesOthersGo) {
  for (const int i : {0, 1, 2}) EXPECT_EQ(Rows(ns_[i]), 20u);
  for (int i = 0; i < 40; ++i) writer_.Write("ns2", {Memory("more" + std::to_string(i), "tea and milk")});
  EXPECT_FALSE(IsLoaded(0));
  EXPECT_LE(registry_.usage().bytes, 4 * OneIndexBytes());
}

TEST_F(BudgetTest, EveryReplyIsSeenByTheNextReaderUnderChurn) {
  constexpr int kWriters = 2;
  constexpr int kReaders = 2;
  constexpr int kWrites = 60;
  // The committer's calls take turns; replies are what `replied` says.
  Mutex committer;
  std::vector<std::atomic<uint64_t>> replied(ns_.size());
  for (auto& rows : replied) rows = 20;
  std::atomic<bool> done{false};
  std::atomic<int> wrong{0};
  const auto check = [&](size_t i) {
    const uint64_t before = replied[i];
    auto index = Acquire(ns_[i]);
    if (index.ok()) {
      wrong += (*index)->View({}, kLogTime)->visible.cardinality() < before;
    } else {
      wrong += index.status().code() != StatusCode::kUnavailable;
    }
  };
  std::vector<std::thread> threads;
  for (int w = 0; w < kWriters; ++w) {
    threads.emplace_back([&, w] {
      for (int n = 0; n < kWrites; ++n) {
        const size_t i = static_cast<size_t>(n * 7 + w) % ns_.size();
        {
          const MutexLock lock(committer);
          writer_.Write("ns" + std::to_string(i), {Memory(std::to_string(w) + "-" + std::to_string(n), "milk")});
          ++replied[i];
        }
        check(i);
      }
    });
  }
  for (int r = 0; r < kReaders; ++r) {
    threads.emplace_back([&, r] {
      for (size_t n = static_cast<size_t>(r); !done; n += 5) check(n % ns_.size());
    });
  }
  for (int w = 0; w < kWriters; ++w) threads[w].join();
  done = true;
  for (int r = 0; r < kReaders; ++r) threads[kWriters + r].join();
  EXPECT_EQ(wrong, 0);
  EXPECT_GT(registry_.usage().evictions, 0u);
  for (const NamespaceId ns : ns_) ExpectEqualsRebuilt(ns);
}

}  // namespace
}  // namespace engram

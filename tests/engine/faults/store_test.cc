#include "engine/store.h"

#include <cstddef>

#include <gtest/gtest.h>

#include "base/testing/fault_file_system.h"

namespace engram {
namespace {

constexpr size_t kPage = 4096;
constexpr int kRows = 40;

std::string KeyOf(int i) { return "k" + std::to_string(100 + i); }

class StoreTest : public ::testing::Test {
 protected:
  std::unique_ptr<Store> Open() {
    StoreOptions options;
    options.path = "/rows";
    options.files = disk_.get();
    auto store = Store::Open(options);
    EXPECT_TRUE(store.ok()) << store.status().ToString();
    return store.ok() ? std::move(*store) : nullptr;
  }
  // Buffered commits whose records in the log have a page each: 7 bytes of frame, 12 of batch, 4 of lengths and tag.
  void WriteRows(Store& store) {
    for (int i = 0; i < kRows; ++i) {
      auto overlay = store.NewOverlay();
      overlay->Put(KeyOf(i), std::string(kPage - 23 - KeyOf(i).size(), 'x'));
      ASSERT_TRUE(store.Commit(std::move(overlay), /*sync=*/false).ok());
    }
  }
  std::string LogPath() const {
    std::string path;
    const auto names = disk_->ListDirectory("/rows");
    for (const std::string& name : *names) {
      if (name.ends_with(".log")) path = "/rows/" + name;
    }
    return path;
  }
  // What a power cut leaves when all of the log's pages but these were written.
  void LosePages(size_t from, size_t to) {
    const std::string path = LogPath();
    std::string log = *disk_->ReadFile(path);
    ASSERT_EQ(log.size(), kRows * kPage);
    std::fill(log.begin() + static_cast<ptrdiff_t>(from * kPage), log.begin() + static_cast<ptrdiff_t>(to * kPage),
              '\0');
    const auto file = std::move(disk_->OpenForWriting(path)).value();
    ASSERT_TRUE(file->Append(log).ok());
    ASSERT_TRUE(file->Sync().ok());
  }
  int RowsUpToTheFirstMissing(const Store& store) const {
    const auto snapshot = store.Snapshot();
    int rows = 0;
    while (rows < kRows && (*snapshot->Get(KeyOf(rows))).has_value()) ++rows;
    return rows;
  }
  int RowsAtAll(const Store& store) const {
    const auto snapshot = store.Snapshot();
    int rows = 0;
    for (int i = 0; i < kRows; ++i) rows += (*snapshot->Get(KeyOf(i))).has_value() ? 1 : 0;
    return rows;
  }

  std::unique_ptr<FaultFileSystem> disk_ = std::make_unique<FaultFileSystem>();
};

TEST_F(StoreTest, OfBufferedCommitsAPowerCutTakesATailAndNoneInBetween) {
  for (const auto& [from, to] : {std::pair<size_t, size_t>{3, 4}, {3, 8}, {1, 8}, {8, 16}, {5, 27}, {39, 40}}) {
    SCOPED_TRACE("pages " + std::to_string(from) + " to " + std::to_string(to));
    disk_ = std::make_unique<FaultFileSystem>();
    auto store = Open();
    ASSERT_NE(store, nullptr);
    WriteRows(*store);
    auto left = disk_->After(EndOf::kProcess, 1);
    store.reset();
    disk_ = std::move(left);
    LosePages(from, to);
    store = Open();
    ASSERT_NE(store, nullptr);
    EXPECT_EQ(RowsUpToTheFirstMissing(*store), static_cast<int>(from));
    EXPECT_EQ(RowsAtAll(*store), static_cast<int>(from)) << "rows after the gap are there";
    store.reset();
  }
}

// So no log can lack its beginning, which no later record would show.
TEST_F(StoreTest, TheFirstCommitOfALogIsSynced) {
  auto store = Open();
  ASSERT_NE(store, nullptr);
  const auto syncs_of_a_commit = [&] {
    const uint64_t before = disk_->operations(FileOperation::kSync);
    auto overlay = store->NewOverlay();
    overlay->Put("a", "b");
    EXPECT_TRUE(store->Commit(std::move(overlay), /*sync=*/false).ok());
    return disk_->operations(FileOperation::kSync) - before;
  };
  EXPECT_EQ(syncs_of_a_commit(), 1U);
  EXPECT_EQ(syncs_of_a_commit(), 0U);
  ASSERT_TRUE(store->CompactRange("", "").ok());  // rows in memory become a file, and a new log begins
  EXPECT_EQ(syncs_of_a_commit(), 1U);
  EXPECT_EQ(syncs_of_a_commit(), 0U);
  store.reset();
}

// The gap is behind it: what is written afterwards is found again.
TEST_F(StoreTest, AfterAGapItGoesOn) {
  auto store = Open();
  ASSERT_NE(store, nullptr);
  WriteRows(*store);
  auto left = disk_->After(EndOf::kProcess, 1);
  store.reset();
  disk_ = std::move(left);
  LosePages(3, 8);
  store = Open();
  auto overlay = store->NewOverlay();
  overlay->Put("later", "x");
  ASSERT_TRUE(store->Commit(std::move(overlay), /*sync=*/true).ok());
  left = disk_->After(EndOf::kPower, 1);
  store.reset();
  disk_ = std::move(left);
  store = Open();
  EXPECT_EQ(RowsAtAll(*store), 3);
  EXPECT_TRUE((*store->Snapshot()->Get("later")).has_value());
  store.reset();
}

// RocksDB has statuses of its own for it, which are no defects of ours: by what it has noticed of the disk before.
TEST_F(StoreTest, ACompactionForWhichThereMayBeNoRoomSaysSo) {
  auto store = Open();
  ASSERT_NE(store, nullptr);
  WriteRows(*store);
  store.reset();
  store = Open();
  ASSERT_NE(store, nullptr);
  disk_->SetFreeSpace(0);
  auto overlay = store->NewOverlay();
  overlay->Put("z", "elsewhere");
  EXPECT_EQ(store->Commit(std::move(overlay), /*sync=*/true).code(), StatusCode::kOutOfSpace);
  const Status compacted = store->CompactRange("k", "l");
  EXPECT_EQ(compacted.code(), StatusCode::kOutOfSpace) << compacted.ToString();
  disk_->SetFreeSpace(uint64_t{1} << 40);
  store.reset();
}

}  // namespace
}  // namespace engram

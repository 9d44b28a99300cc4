#include "engine/store.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <thread>
#include <unordered_set>

#include <fmt/format.h>
#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/options.h>
#include <rocksdb/transaction_log.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/wal_filter.h>
#include <rocksdb/write_batch.h>

#include "base/check.h"
#include "base/failpoint.h"
#include "base/file.h"
#include "base/log.h"
#include "engine/changed_rows.h"
#include "engine/read_only_store.h"
#include "engine/store_close_mark.h"
#include "engine/store_copies.h"
#include "engine/store_data_files.h"
#include "engine/store_opening.h"

namespace engram {
namespace {

rocksdb::Slice AsSlice(std::string_view v) { return {v.data(), v.size()}; }
std::string_view AsView(const rocksdb::Slice& v) { return {v.data(), v.size()}; }

// Walks keys in [begin, end) of any RocksDB iterator; bounds are checked here, whoever made it.
class BoundedIterator final : public KvIterator {
 public:
  // RocksDB is told where to stop, too: it would walk over every trace of deleted rows up to the next live one.
  BoundedIterator(rocksdb::DB* db, rocksdb::ReadOptions options, std::string begin, std::string end,
                  std::shared_ptr<const void> keep_alive)
      : keep_alive_(std::move(keep_alive)), begin_(std::move(begin)), end_(std::move(end)), bound_(end_) {
    if (!end_.empty()) options.iterate_upper_bound = &bound_;
    it_.reset(db->NewIterator(options));
    SeekToFirst();
  }

  bool Valid() const override { return it_->Valid() && key() >= begin_ && (end_.empty() || key() < end_); }
  void Next() override { it_->Next(); }
  void Prev() override { it_->Prev(); }
  void Seek(std::string_view key) override { it_->Seek(AsSlice(key < begin_ ? std::string_view(begin_) : key)); }
  void SeekToFirst() override { it_->Seek(begin_); }
  void SeekToLast() override {
    if (end_.empty()) {
      it_->SeekToLast();
    } else {
      it_->SeekForPrev(end_);
      if (it_->Valid() && key() == end_) it_->Prev();
    }
  }
  std::string_view key() const override { return AsView(it_->key()); }
  std::string_view value() const override { return AsView(it_->value()); }
  Status status() const override { return FromRocks(it_->status()); }

 private:
  std::shared_ptr<const void> keep_alive_;
  std::string begin_;
  std::string end_;
  rocksdb::Slice bound_;  // end_; outlives the iterator
  std::unique_ptr<rocksdb::Iterator> it_;
};

Result<std::optional<std::string>> GetResult(const rocksdb::Status& status, std::string&& value) {
  if (status.IsNotFound()) return std::optional<std::string>();
  if (!status.ok()) return FromRocks(status);
  return std::optional<std::string>(std::move(value));
}

class SnapshotReader final : public KvReader, public std::enable_shared_from_this<SnapshotReader> {
 public:
  explicit SnapshotReader(rocksdb::DB* db) : db_(db), snapshot_(db->GetSnapshot()) {}
  ~SnapshotReader() override { db_->ReleaseSnapshot(snapshot_); }
  SnapshotReader(const SnapshotReader&) = delete;
  SnapshotReader& operator=(const SnapshotReader&) = delete;

  Result<std::optional<std::string>> Get(std::string_view key) const override {
    std::string value;
    const rocksdb::Status status = db_->Get(Options(), AsSlice(key), &value);
    return GetResult(status, std::move(value));
  }

  Result<std::vector<std::optional<std::string>>> MultiGet(const std::vector<std::string>& keys) const override {
    std::vector<rocksdb::Slice> slices(keys.begin(), keys.end());
    std::vector<rocksdb::PinnableSlice> values(keys.size());
    std::vector<rocksdb::Status> statuses(keys.size());
    db_->MultiGet(Options(), db_->DefaultColumnFamily(), keys.size(), slices.data(), values.data(), statuses.data());
    std::vector<std::optional<std::string>> results(keys.size());
    for (size_t i = 0; i < keys.size(); ++i) {
      if (statuses[i].IsNotFound()) continue;
      if (!statuses[i].ok()) return FromRocks(statuses[i]);
      results[i].emplace(values[i].data(), values[i].size());
    }
    return results;
  }

  std::unique_ptr<KvIterator> Scan(std::string_view begin, std::string_view end) const override {
    return std::make_unique<BoundedIterator>(db_, Options(), std::string(begin), std::string(end), shared_from_this());
  }

 private:
  rocksdb::ReadOptions Options() const {
    rocksdb::ReadOptions options;
    options.snapshot = snapshot_;
    return options;
  }

  rocksdb::DB* db_;
  const rocksdb::Snapshot* snapshot_;
};

// Nobody else writes while an overlay lives, so what is below it stands still without a snapshot.
class BatchOverlay final : public Store::Overlay {
 public:
  explicit BatchOverlay(rocksdb::DB* db) : db_(db) {}

  Result<std::optional<std::string>> Get(std::string_view key) const override {
    if (const ChangedRows::Row* changed = changes_.Find(key)) return *changed;
    if (absent_.contains(key)) return std::optional<std::string>();
    std::string value;
    const rocksdb::Status status = db_->Get(rocksdb::ReadOptions(), AsSlice(key), &value);
    if (status.IsNotFound()) absent_.emplace(key);
    return GetResult(status, std::move(value));
  }

  Result<std::vector<std::optional<std::string>>> MultiGet(const std::vector<std::string>& keys) const override {
    std::vector<std::optional<std::string>> values;
    values.reserve(keys.size());
    for (const std::string& key : keys) {
      ASSIGN_OR_RETURN(auto value, Get(key));
      values.push_back(std::move(value));
    }
    return values;
  }

  std::unique_ptr<KvIterator> Scan(std::string_view begin, std::string_view end) const override {
    auto committed =
        std::make_unique<BoundedIterator>(db_, rocksdb::ReadOptions(), std::string(begin), std::string(end), nullptr);
    return changes_.Over(std::move(committed), begin, end);
  }

  void Put(std::string_view key, std::string_view value) override { changes_.Put(key, value); }
  void Delete(std::string_view key) override { changes_.Delete(key); }
  void SetSavePoint() override { changes_.SetSavePoint(); }
  void RollbackToSavePoint() override { changes_.RollbackToSavePoint(); }
  void PopSavePoint() override { changes_.PopSavePoint(); }

  // A row that many mutations of the group changed is in it once.
  rocksdb::WriteBatch MakeBatch() const {
    rocksdb::WriteBatch batch;
    for (const auto& [key, row] : changes_.rows()) Check(row ? batch.Put(key, *row) : batch.Delete(key));
    return batch;
  }

 private:
  struct KeyHash {
    using is_transparent = void;  // NOLINT(readability-identifier-naming): what the standard asks for
    size_t operator()(std::string_view key) const { return std::hash<std::string_view>()(key); }
  };
  // A batch in memory fails only when it is misused.
  static void Check(const rocksdb::Status& status) { ENGRAM_CHECK(status.ok()); }

  rocksdb::DB* db_;
  ChangedRows changes_;
  // Below, known from an earlier read: a new id is looked up more than once.
  mutable std::unordered_set<std::string, KeyHash, std::equal_to<>> absent_;
};

// How long a compaction waits for reads that began before it.
constexpr std::chrono::seconds kSnapshotWait{10};

// The last value of one key in a batch.
class OneKey final : public rocksdb::WriteBatch::Handler {
 public:
  explicit OneKey(std::string_view key) : key_(key) {}
  const std::optional<std::string>& value() const { return value_; }

  rocksdb::Status PutCF(uint32_t /*family*/, const rocksdb::Slice& key, const rocksdb::Slice& value) override {
    if (AsView(key) == key_) value_ = value.ToString();
    return rocksdb::Status::OK();
  }
  rocksdb::Status DeleteCF(uint32_t /*family*/, const rocksdb::Slice& key) override {
    if (AsView(key) == key_) value_.reset();
    return rocksdb::Status::OK();
  }
  void LogData(const rocksdb::Slice& /*blob*/) override {}

 private:
  std::string_view key_;
  std::optional<std::string> value_;
};

Status LogIsGone(uint64_t after) {
  return {StatusCode::kPositionExpired,
          fmt::format("the write-ahead log does not go back to change {} any more", after)};
}

enum class Mark : bool { kNone, kAtTheEnd };

class RocksStore final : public Store, public StoreCopies {
 public:
  RocksStore(OpenedRocks rocks, const StoreOptions& options, Mark mark)
      : rocks_(std::move(rocks)), options_(options), mark_(mark) {}
  ~RocksStore() override {
    const Status status = mark_ == Mark::kNone ? FromRocks(db()->Close()) : CloseInOrder();
    if (!status.ok()) Log(LogLevel::kWarning, "store_closed_without_mark", {{"error", status.ToString()}});
  }

  rocksdb::DB* db() const { return rocks_.db.get(); }

  std::shared_ptr<const KvReader> Snapshot() const override { return std::make_shared<SnapshotReader>(db()); }

  std::unique_ptr<Overlay> NewOverlay() override { return std::make_unique<BatchOverlay>(db()); }

  Status Commit(std::unique_ptr<Overlay> overlay, bool sync) override {
    FAILPOINT("commit.write");
    RETURN_IF_ERROR(CheckSpace());
    rocksdb::WriteOptions options;
    options.sync = sync;
    rocksdb::WriteBatch batch = static_cast<BatchOverlay*>(overlay.get())->MakeBatch();
    const rocksdb::Status status = db()->Write(options, &batch);
    if (status.IsIOError() && !status.IsNoSpace()) StopProcess("store_write_failed", status.ToString());
    if (status.IsCorruption()) {
      return Unavailable("the store is read-only, as a data file is damaged (" + status.ToString() +
                         "): stop the server, run engram verify --data DIR and restore what it names");
    }
    if (status.ok()) {
      if (rocks_.events->out_of_space) rocks_.events->out_of_space = false;
      KILLPOINT("commit.written");
      // What store_log_order.h goes by: the beginning of each log, and all logs before it, are on the disk.
      if (rocks_.events->new_log.exchange(false)) return SyncLog();
    }
    return FromRocks(status);
  }

  bool out_of_space() const override { return rocks_.events->out_of_space; }

  Status SyncLog() override {
    const rocksdb::Status status = db()->FlushWAL(/*sync=*/true);
    if (status.IsIOError()) StopProcess("store_sync_failed", status.ToString());
    return FromRocks(status);
  }

  Status CompactRange(std::string_view begin, std::string_view end) override {
    RETURN_IF_ERROR(AwaitOlderSnapshots());
    rocksdb::CompactRangeOptions options;
    options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
    const rocksdb::Slice from = AsSlice(begin);
    const rocksdb::Slice to = AsSlice(end);
    return FromRocks(db()->CompactRange(options, &from, end.empty() ? nullptr : &to));
  }

  uint64_t LastChange() const override { return db()->GetLatestSequenceNumber(); }

  Result<std::string> Identity() const override {
    std::string identity;
    const rocksdb::Status status = db()->GetDbIdentity(identity);
    if (!status.ok()) return FromRocks(status);
    return identity;
  }

  Status Checkpoint(const std::string& path) const override {
    rocksdb::Checkpoint* made = nullptr;
    rocksdb::Status status = rocksdb::Checkpoint::Create(db(), &made);
    const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
    if (status.ok()) status = checkpoint->CreateCheckpoint(path);
    return FromRocks(status);
  }

  Result<std::vector<LoggedCommit>> ReadLog(uint64_t after, uint64_t bytes_max) override {
    // What comes later may be in the log without being on the disk.
    const uint64_t synced = LastChange();
    std::vector<LoggedCommit> commits;
    if (synced <= after) return commits;
    RETURN_IF_ERROR(SyncLog());
    std::unique_ptr<rocksdb::TransactionLogIterator> it;
    const rocksdb::Status found = db()->GetUpdatesSince(after + 1, &it);
    if (found.IsNotFound() || found.IsCorruption()) return LogIsGone(after);
    if (!found.ok()) return FromRocks(found);
    uint64_t last = after;
    uint64_t bytes = 0;
    for (; it->Valid() && last < synced && bytes < bytes_max; it->Next()) {
      const rocksdb::BatchResult batch = it->GetBatch();
      LoggedCommit commit{batch.sequence, batch.sequence + batch.writeBatchPtr->Count() - 1,
                          batch.writeBatchPtr->Data()};
      if (commit.last <= after) continue;
      if (commit.first != last + 1) return LogIsGone(last);
      last = commit.last;
      bytes += commit.bytes.size();
      commits.push_back(std::move(commit));
    }
    const rocksdb::Status status = it->status();
    // TryAgain: the log's file changed under the walk.
    if (commits.empty()) return status.IsTryAgain() ? FromRocks(status) : LogIsGone(after);
    if (!status.ok() && !status.IsTryAgain()) return FromRocks(status);
    return commits;
  }

  Status Repeat(const LoggedCommit& commit) override {
    rocksdb::WriteBatch batch(commit.bytes);
    if (commit.first != LastChange() + 1 || commit.first + batch.Count() != commit.last + 1) {
      return FailedPrecondition(
          fmt::format("changes {} to {} don't follow on change {}", commit.first, commit.last, LastChange()));
    }
    return FromRocks(db()->Write(rocksdb::WriteOptions(), &batch));
  }

  uint64_t DiskBytes() const override {
    return Property("rocksdb.total-sst-files-size") + Property("rocksdb.cur-size-all-mem-tables");
  }

  std::vector<std::pair<std::string, double>> Gauges() const override {
    std::vector<std::pair<std::string, double>> gauges;
    for (const char* name :
         {"estimate-num-keys", "total-sst-files-size", "cur-size-all-mem-tables", "block-cache-usage",
          "num-running-compactions", "num-running-flushes", "estimate-pending-compaction-bytes", "is-write-stopped",
          "num-snapshots", "background-errors"}) {
      std::string gauge = std::string("rocksdb_") + name;
      for (char& c : gauge) c = c == '-' ? '_' : c;
      gauges.emplace_back(std::move(gauge), static_cast<double>(Property(std::string("rocksdb.") + name)));
    }
    return gauges;
  }

 private:
  // Asked before RocksDB finds out: 7.8 goes on with a log that has failed when it has no rows in memory yet, and the
  // next write stops the process.
  Status CheckSpace() const {
    if (options_.min_free_bytes == 0) return {};
    ASSIGN_OR_RETURN(const uint64_t free, options_.files->FreeSpace(options_.path));
    if (free >= options_.min_free_bytes) return {};
    return {StatusCode::kOutOfSpace, "the disk is full: it has " + std::to_string(free) + " bytes left"};
  }

  // A compaction keeps what a snapshot may still read, so deleted rows stay until those from before have gone.
  Status AwaitOlderSnapshots() const {
    const uint64_t now = db()->GetLatestSequenceNumber();
    const auto until = std::chrono::steady_clock::now() + kSnapshotWait;
    for (;;) {
      const uint64_t oldest = Property(rocksdb::DB::Properties::kOldestSnapshotSequence);
      if (oldest == 0 || oldest >= now) return {};
      if (std::chrono::steady_clock::now() > until) return Unavailable("a read that began before has not ended yet");
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }

  uint64_t Property(const std::string& name) const {
    uint64_t v = 0;
    return db()->GetIntProperty(name, &v) ? v : 0;
  }

  // Leaves nothing to recover, and a mark of what there is.
  Status CloseInOrder() {
    const Status flushed = FromRocks(db()->Flush(rocksdb::FlushOptions()));
    rocksdb::CancelAllBackgroundWork(db(), /*wait=*/true);
    const std::string mark = MakeCloseMark(db());
    const Status closed = FromRocks(db()->Close());
    RETURN_IF_ERROR(flushed);
    RETURN_IF_ERROR(closed);
    return WriteCloseMark(*options_.files, options_.path, mark);
  }

  const OpenedRocks rocks_;
  const StoreOptions options_;
  const Mark mark_;
};

class LookedAtStore final : public ReadOnlyStore {
 public:
  explicit LookedAtStore(OpenedRocks rocks) : rocks_(std::move(rocks)) {}
  ~LookedAtStore() override { (void)rocks_.db->Close(); }

  std::shared_ptr<const KvReader> Snapshot() const override {
    return std::make_shared<SnapshotReader>(rocks_.db.get());
  }
  std::vector<DataFile> Files() const override { return ListDataFiles(rocks_.db.get()); }
  Status CheckFile(const DataFile& file) const override { return CheckDataFile(file); }

 private:
  const OpenedRocks rocks_;
};

class LookedAtOpenStore final : public ReadOnlyStore {
 public:
  explicit LookedAtOpenStore(const RocksStore& store) : store_(store) {}

  std::shared_ptr<const KvReader> Snapshot() const override { return store_.Snapshot(); }
  std::vector<DataFile> Files() const override { return ListDataFiles(store_.db()); }
  Status CheckFile(const DataFile& file) const override {
    Status status = CheckDataFile(file);
    if (status.code() != StatusCode::kCorruption) return status;
    // Compacted away while it was read?
    const std::vector<DataFile> now = Files();
    const bool live =
        std::any_of(now.begin(), now.end(), [&](const DataFile& other) { return other.path == file.path; });
    return live ? status : Status();
  }

 private:
  const RocksStore& store_;
};

}  // namespace

std::unique_ptr<ReadOnlyStore> ReadOnlyStore::Of(const Store& store) {
  return std::make_unique<LookedAtOpenStore>(static_cast<const RocksStore&>(store));
}

Result<bool> Store::Exists(const FileSystem& files, const std::string& path) { return files.Exists(path + "/CURRENT"); }

Result<std::unique_ptr<Store>> Store::Open(const StoreOptions& options) {
  return StoreCopies::OpenKeepingLog(options, 0);
}

Result<std::unique_ptr<Store>> StoreCopies::OpenKeepingLog(const StoreOptions& options, uint64_t keep_log_bytes) {
  ASSIGN_OR_RETURN(const bool marked, HasCloseMark(*options.files, options.path));
  if (marked) {
    // Opening for writing does away with what shows that something is lost, so that is looked for before.
    ASSIGN_OR_RETURN(const OpenedRocks looked_at, OpenRocks(options, {.read_only = true}));
    RETURN_IF_ERROR(CheckCloseMark(looked_at.db.get(), *options.files, options.path));
    RETURN_IF_ERROR(FromRocks(looked_at.db->Close()));
    RETURN_IF_ERROR(RemoveCloseMark(*options.files, options.path));
  }
  ASSIGN_OR_RETURN(OpenedRocks rocks, OpenRocks(options, {.keep_log_bytes = keep_log_bytes}));
  return std::unique_ptr<Store>(std::make_unique<RocksStore>(std::move(rocks), options, Mark::kAtTheEnd));
}

Result<std::unique_ptr<Store>> StoreCopies::OpenForReading(const StoreOptions& options) {
  ASSIGN_OR_RETURN(OpenedRocks rocks, OpenRocks(options, {.read_only = true}));
  return std::unique_ptr<Store>(std::make_unique<RocksStore>(std::move(rocks), options, Mark::kNone));
}

StoreCopies& StoreCopies::Of(Store& store) { return static_cast<RocksStore&>(store); }
const StoreCopies& StoreCopies::Of(const Store& store) { return static_cast<const RocksStore&>(store); }

Result<std::optional<std::string>> StoreCopies::PutByCommit(std::string_view commit, std::string_view key) {
  const rocksdb::WriteBatch batch{std::string(commit)};
  OneKey finder(key);
  const rocksdb::Status status = batch.Iterate(&finder);
  if (!status.ok()) return FromRocks(status);
  return finder.value();
}

Result<std::unique_ptr<ReadOnlyStore>> ReadOnlyStore::Open(const std::string& path, Status* lost) {
  StoreOptions options;
  options.path = path;
  options.block_cache_bytes = uint64_t{64} << 20;
  ASSIGN_OR_RETURN(const bool marked, HasCloseMark(*options.files, path));
  auto rocks = OpenRocks(options, {.read_only = true, .log_end = LogEnd::kWhole});
  if (!rocks.ok()) {
    Status broken = std::move(rocks).status();
    rocks = OpenRocks(options, {.read_only = true});
    if (!rocks.ok()) return std::move(rocks).status();
    *lost = std::move(broken);
  }
  if (marked && lost->ok()) *lost = CheckCloseMark(rocks->db.get(), *options.files, path);
  return std::unique_ptr<ReadOnlyStore>(std::make_unique<LookedAtStore>(*std::move(rocks)));
}

}  // namespace engram

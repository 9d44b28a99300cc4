#include <cstdlib>
#include <functional>
#include <unordered_set>

#include <fmt/format.h>
#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/file_checksum.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>
#include <rocksdb/transaction_log.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/write_batch.h>

#include "base/check.h"
#include "base/file.h"
#include "base/log.h"
#include "engine/changed_rows.h"
#include "engine/read_only_store.h"
#include "engine/store_close_mark.h"
#include "engine/store_copies.h"
#include "engine/store_files.h"
#include "engine/store_read_guard.h"

namespace engram {
namespace {

rocksdb::Slice AsSlice(std::string_view v) { return {v.data(), v.size()}; }
std::string_view AsView(const rocksdb::Slice& v) { return {v.data(), v.size()}; }

Status FromRocks(const rocksdb::Status& status) {
  if (status.ok()) return {};
  const std::string text = status.ToString();
  if (status.IsNoSpace()) return {StatusCode::kOutOfSpace, "the disk is full: " + text};
  if (status.IsCorruption()) return Corruption(text);
  if (status.IsBusy() || status.IsTimedOut() || status.IsTryAgain()) return Unavailable(text);
  return Internal(text);
}

// After a failed write or sync nobody knows what the disk holds: only a restart finds out.
[[noreturn]] void StopProcess(std::string_view event, const std::string& error) {
  Log(LogLevel::kError, event, {{"error", error}});
  std::abort();
}

// A look at a store leaves no trace in its folder.
class NoInfoLog final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char* /*format*/, va_list /*arguments*/) override {}
};

// RocksDB's background threads found an error that must not be retried.
class FatalErrors final : public rocksdb::EventListener {
 public:
  void OnBackgroundError(rocksdb::BackgroundErrorReason reason, rocksdb::Status* status) override {
    if (status->IsNoSpace()) return;  // writes fail with OutOfSpace until there is room
    if (reason == rocksdb::BackgroundErrorReason::kCompaction && status->IsCorruption()) {
      // A restart would meet the same block. Reads outside of it go on, writes are refused from now on.
      Log(LogLevel::kError, "store_data_file_damaged", {{"error", status->ToString()}});
      return;
    }
    StopProcess("store_background_error", status->ToString());
  }
};

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

rocksdb::Options MakeOptions(const StoreOptions& options, uint64_t keep_log_bytes) {
  rocksdb::Options out;
  out.create_if_missing = true;
  out.env = ReadGuardEnv();
  out.listeners.push_back(std::make_shared<FatalErrors>());
  // Safety: never recycle logs, never lose a hole in the middle of the log, check what is read.
  out.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  out.recycle_log_file_num = 0;
  out.WAL_size_limit_MB = (keep_log_bytes + (1 << 20) - 1) >> 20;
  out.paranoid_checks = true;
  out.file_checksum_gen_factory = rocksdb::GetFileChecksumGenCrc32cFactory();
  out.verify_sst_unique_id_in_manifest = true;
  out.max_write_buffer_number = 2;
  // Two cores: one flush and one compaction at a time.
  out.max_background_jobs = 2;
  out.max_subcompactions = 1;
  out.write_buffer_size = options.write_buffer_bytes;
  out.bytes_per_sync = 1 << 20;
  out.max_open_files = 512;
  out.keep_log_file_num = 4;
  out.max_log_file_size = 16 << 20;
  out.compression = rocksdb::kSnappyCompression;
  out.bottommost_compression = rocksdb::kZSTD;
  out.level_compaction_dynamic_level_bytes = true;

  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(options.block_cache_bytes);
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.format_version = 5;
  table.checksum = rocksdb::kXXH3;
  out.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return out;
}

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

class RocksStore final : public Store, public StoreCopies {
 public:
  // Of a store that is open for reading only `path` is empty: it leaves no mark.
  RocksStore(std::unique_ptr<rocksdb::DB> db, std::string path) : db_(std::move(db)), path_(std::move(path)) {}
  ~RocksStore() override {
    const Status status = path_.empty() ? FromRocks(db_->Close()) : CloseInOrder();
    if (!status.ok()) Log(LogLevel::kWarning, "store_closed_without_mark", {{"error", status.ToString()}});
  }

  std::shared_ptr<const KvReader> Snapshot() const override { return std::make_shared<SnapshotReader>(db_.get()); }

  std::unique_ptr<Overlay> NewOverlay() override { return std::make_unique<BatchOverlay>(db_.get()); }

  Status Commit(std::unique_ptr<Overlay> overlay, bool sync) override {
    rocksdb::WriteOptions options;
    options.sync = sync;
    rocksdb::WriteBatch batch = static_cast<BatchOverlay*>(overlay.get())->MakeBatch();
    const rocksdb::Status status = db_->Write(options, &batch);
    if (status.IsIOError() && !status.IsNoSpace()) StopProcess("store_write_failed", status.ToString());
    if (status.IsCorruption()) {
      return Unavailable("the store is read-only, as a data file is damaged (" + status.ToString() +
                         "): stop the server, run engram verify --data DIR and restore what it names");
    }
    return FromRocks(status);
  }

  Status SyncLog() override {
    const rocksdb::Status status = db_->FlushWAL(/*sync=*/true);
    if (status.IsIOError()) StopProcess("store_sync_failed", status.ToString());
    return FromRocks(status);
  }

  Status CompactRange(std::string_view begin, std::string_view end) override {
    rocksdb::CompactRangeOptions options;
    options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
    const rocksdb::Slice from = AsSlice(begin);
    const rocksdb::Slice to = AsSlice(end);
    return FromRocks(db_->CompactRange(options, &from, end.empty() ? nullptr : &to));
  }

  uint64_t LastChange() const override { return db_->GetLatestSequenceNumber(); }

  Result<std::string> Identity() const override {
    std::string identity;
    const rocksdb::Status status = db_->GetDbIdentity(identity);
    if (!status.ok()) return FromRocks(status);
    return identity;
  }

  Status Checkpoint(const std::string& path) const override {
    rocksdb::Checkpoint* made = nullptr;
    rocksdb::Status status = rocksdb::Checkpoint::Create(db_.get(), &made);
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
    const rocksdb::Status found = db_->GetUpdatesSince(after + 1, &it);
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
    return FromRocks(db_->Write(rocksdb::WriteOptions(), &batch));
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
  uint64_t Property(const std::string& name) const {
    uint64_t v = 0;
    return db_->GetIntProperty(name, &v) ? v : 0;
  }

  // Leaves nothing to recover, and a mark of what there is.
  Status CloseInOrder() {
    const Status flushed = FromRocks(db_->Flush(rocksdb::FlushOptions()));
    rocksdb::CancelAllBackgroundWork(db_.get(), /*wait=*/true);
    const std::string mark = MakeCloseMark(db_.get());
    const Status closed = FromRocks(db_->Close());
    RETURN_IF_ERROR(flushed);
    RETURN_IF_ERROR(closed);
    return WriteCloseMark(path_, mark);
  }

  std::unique_ptr<rocksdb::DB> db_;
  const std::string path_;
};

class LookedAtStore final : public ReadOnlyStore {
 public:
  explicit LookedAtStore(std::unique_ptr<rocksdb::DB> db) : db_(std::move(db)) {}
  ~LookedAtStore() override { (void)db_->Close(); }

  std::shared_ptr<const KvReader> Snapshot() const override { return std::make_shared<SnapshotReader>(db_.get()); }
  std::vector<DataFile> Files() const override { return ListDataFiles(db_.get()); }
  Status CheckFile(const DataFile& file) const override { return CheckDataFile(file); }

 private:
  std::unique_ptr<rocksdb::DB> db_;
};

enum class LogEnd { kWhereItBreaks, kWhole };

struct RocksOpening {
  bool read_only = false;
  LogEnd log_end = LogEnd::kWhereItBreaks;
  uint64_t keep_log_bytes = 0;
};

Result<std::unique_ptr<rocksdb::DB>> OpenRocks(const StoreOptions& options, const RocksOpening& how) {
  rocksdb::DB* db = nullptr;
  rocksdb::Options rocks = MakeOptions(options, how.keep_log_bytes);
  // But for a last record that was cut off, which is what a crash leaves.
  if (how.log_end == LogEnd::kWhole) {
    rocks.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  }
  if (how.read_only) {
    rocks.create_if_missing = false;
    rocks.info_log = std::make_shared<NoInfoLog>();
  }
  const rocksdb::Status status = how.read_only ? rocksdb::DB::OpenForReadOnly(rocks, options.path, &db)
                                               : rocksdb::DB::Open(rocks, options.path, &db);
  if (status.ok()) return std::unique_ptr<rocksdb::DB>(db);
  const Status reason = FromRocks(status);
  return Status(reason.code(), "cannot open the store at " + options.path + ": " + reason.message());
}

}  // namespace

Result<bool> Store::Exists(const std::string& path) { return FileSystem::Posix().Exists(path + "/CURRENT"); }

Result<std::unique_ptr<Store>> Store::Open(const StoreOptions& options) {
  return StoreCopies::OpenKeepingLog(options, 0);
}

Result<std::unique_ptr<Store>> StoreCopies::OpenKeepingLog(const StoreOptions& options, uint64_t keep_log_bytes) {
  ASSIGN_OR_RETURN(const bool marked, HasCloseMark(options.path));
  if (marked) {
    // Opening for writing does away with what shows that something is lost, so that is looked for before.
    ASSIGN_OR_RETURN(const auto db, OpenRocks(options, {.read_only = true}));
    RETURN_IF_ERROR(CheckCloseMark(db.get(), options.path));
    RETURN_IF_ERROR(FromRocks(db->Close()));
    RETURN_IF_ERROR(RemoveCloseMark(options.path));
  }
  ASSIGN_OR_RETURN(auto db, OpenRocks(options, {.keep_log_bytes = keep_log_bytes}));
  return std::unique_ptr<Store>(std::make_unique<RocksStore>(std::move(db), options.path));
}

Result<std::unique_ptr<Store>> StoreCopies::OpenForReading(const StoreOptions& options) {
  ASSIGN_OR_RETURN(auto db, OpenRocks(options, {.read_only = true}));
  return std::unique_ptr<Store>(std::make_unique<RocksStore>(std::move(db), std::string()));
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
  ASSIGN_OR_RETURN(const bool marked, HasCloseMark(path));
  auto db = OpenRocks(options, {.read_only = true, .log_end = LogEnd::kWhole});
  if (!db.ok()) {
    Status broken = std::move(db).status();
    db = OpenRocks(options, {.read_only = true});
    if (!db.ok()) return std::move(db).status();
    *lost = std::move(broken);
  }
  if (marked && lost->ok()) *lost = CheckCloseMark(db->get(), path);
  return std::unique_ptr<ReadOnlyStore>(std::make_unique<LookedAtStore>(std::move(*db)));
}

}  // namespace engram

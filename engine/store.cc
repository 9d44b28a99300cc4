#include "engine/store.h"

#include <atomic>
#include <cstdlib>
#include <functional>
#include <unordered_set>

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/file_checksum.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>
#include <rocksdb/wal_filter.h>
#include <rocksdb/write_batch.h>

#include "base/check.h"
#include "base/failpoint.h"
#include "base/file.h"
#include "base/log.h"
#include "engine/changed_rows.h"
#include "engine/store_files.h"
#include "engine/store_log_order.h"

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

// What RocksDB's background threads do: an error of theirs must not be retried, but for a full disk, from which RocksDB
// recovers by itself.
class BackgroundEvents final : public rocksdb::EventListener {
 public:
  void OnFlushBegin(rocksdb::DB* /*db*/, const rocksdb::FlushJobInfo& /*job*/) override { KILLPOINT("flush.begin"); }
  void OnFlushCompleted(rocksdb::DB* /*db*/, const rocksdb::FlushJobInfo& /*job*/) override { KILLPOINT("flush.end"); }
  void OnCompactionBegin(rocksdb::DB* /*db*/, const rocksdb::CompactionJobInfo& /*job*/) override {
    KILLPOINT("compaction.begin");
  }
  void OnCompactionCompleted(rocksdb::DB* /*db*/, const rocksdb::CompactionJobInfo& /*job*/) override {
    KILLPOINT("compaction.end");
  }
  void OnBackgroundError(rocksdb::BackgroundErrorReason /*reason*/, rocksdb::Status* status) override {
    if (status->IsNoSpace()) {
      out_of_space_ = true;
      return;
    }
    StopProcess("store_background_error", status->ToString());
  }
  void OnErrorRecoveryEnd(const rocksdb::BackgroundErrorRecoveryInfo& info) override {
    if (info.new_bg_error.ok()) out_of_space_ = false;
  }

  // With rows in memory its log is sealed, too.
  void OnMemTableSealed(const rocksdb::MemTableInfo& /*rows*/) override { new_log_ = true; }

  bool out_of_space() const { return out_of_space_; }
  // Whether a log was begun since the last call.
  bool TakeNewLog() { return new_log_.exchange(false); }
  void NoteCommit() {
    if (out_of_space_) out_of_space_ = false;
  }

 private:
  std::atomic<bool> out_of_space_{false};
  std::atomic<bool> new_log_{true};
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

rocksdb::Options MakeOptions(const StoreOptions& options, rocksdb::Env* env,
                             std::shared_ptr<rocksdb::EventListener> events) {
  rocksdb::Options out;
  out.create_if_missing = true;
  out.env = env;
  out.listeners.push_back(std::move(events));
  // Safety: never recycle logs, never lose a hole in the middle of the log, check what is read.
  out.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  out.recycle_log_file_num = 0;
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

class RocksStore final : public Store {
 public:
  RocksStore(std::shared_ptr<rocksdb::Env> env, std::shared_ptr<BackgroundEvents> events,
             std::unique_ptr<rocksdb::WalFilter> log_order, std::unique_ptr<rocksdb::DB> db,
             const StoreOptions& options)
      : env_(std::move(env)),
        events_(std::move(events)),
        log_order_(std::move(log_order)),
        db_(std::move(db)),
        files_(*options.files),
        path_(options.path),
        min_free_bytes_(options.min_free_bytes) {}
  ~RocksStore() override { (void)db_->Close(); }

  std::shared_ptr<const KvReader> Snapshot() const override { return std::make_shared<SnapshotReader>(db_.get()); }

  std::unique_ptr<Overlay> NewOverlay() override { return std::make_unique<BatchOverlay>(db_.get()); }

  Status Commit(std::unique_ptr<Overlay> overlay, bool sync) override {
    FAILPOINT("commit.write");
    RETURN_IF_ERROR(CheckSpace());
    rocksdb::WriteOptions options;
    options.sync = sync;
    rocksdb::WriteBatch batch = static_cast<BatchOverlay*>(overlay.get())->MakeBatch();
    const rocksdb::Status status = db_->Write(options, &batch);
    if (status.IsIOError() && !status.IsNoSpace()) StopProcess("store_write_failed", status.ToString());
    if (status.ok()) {
      events_->NoteCommit();
      KILLPOINT("commit.written");
      // What store_log_order.h goes by: the beginning of each log, and all logs before it, are on the disk.
      if (events_->TakeNewLog()) return SyncLog();
    }
    return FromRocks(status);
  }

  bool out_of_space() const override { return events_->out_of_space(); }

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
    if (min_free_bytes_ == 0) return {};
    ASSIGN_OR_RETURN(const uint64_t free, files_.FreeSpace(path_));
    if (free >= min_free_bytes_) return {};
    return {StatusCode::kOutOfSpace, "the disk is full: it has " + std::to_string(free) + " bytes left"};
  }

  uint64_t Property(const std::string& name) const {
    uint64_t v = 0;
    return db_->GetIntProperty(name, &v) ? v : 0;
  }

  std::shared_ptr<rocksdb::Env> env_;
  std::shared_ptr<BackgroundEvents> events_;
  std::unique_ptr<rocksdb::WalFilter> log_order_;
  std::unique_ptr<rocksdb::DB> db_;
  const FileSystem& files_;
  const std::string path_;
  const uint64_t min_free_bytes_;
};

}  // namespace

Result<bool> Store::Exists(const FileSystem& files, const std::string& path) { return files.Exists(path + "/CURRENT"); }

Result<std::unique_ptr<Store>> Store::Open(const StoreOptions& options) {
  rocksdb::DB* db = nullptr;
  std::shared_ptr<rocksdb::Env> env = StoreEnv(*options.files);
  auto events = std::make_shared<BackgroundEvents>();
  std::unique_ptr<rocksdb::WalFilter> log_order = NewLogOrderCheck();
  rocksdb::Options opened = MakeOptions(options, env.get(), events);
  opened.wal_filter = log_order.get();
  const rocksdb::Status status = rocksdb::DB::Open(opened, options.path, &db);
  if (!status.ok()) {
    const Status reason = FromRocks(status);
    return Status(reason.code(), "cannot open the store at " + options.path + ": " + reason.message());
  }
  return std::unique_ptr<Store>(std::make_unique<RocksStore>(std::move(env), std::move(events), std::move(log_order),
                                                             std::unique_ptr<rocksdb::DB>(db), options));
}

}  // namespace engram

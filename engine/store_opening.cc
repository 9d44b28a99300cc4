#include "engine/store_opening.h"

#include <cstdlib>
#include <utility>

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/file_checksum.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>
#include <rocksdb/wal_filter.h>

#include "base/failpoint.h"
#include "base/log.h"
#include "engine/store_files.h"
#include "engine/store_log_order.h"

namespace engram {
namespace {

// None beside the data: a look at a store leaves no trace, and a log that can't be written ends nothing.
class NoInfoLog final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char* /*format*/, va_list /*arguments*/) override {}
};

// What RocksDB's background threads do. An error of theirs must not be retried, but for a full disk, from which RocksDB
// recovers by itself.
class BackgroundWork final : public rocksdb::EventListener {
 public:
  explicit BackgroundWork(std::shared_ptr<StoreEvents> events) : events_(std::move(events)) {}

  void OnFlushBegin(rocksdb::DB* /*db*/, const rocksdb::FlushJobInfo& /*job*/) override { KILLPOINT("flush.begin"); }
  void OnFlushCompleted(rocksdb::DB* /*db*/, const rocksdb::FlushJobInfo& /*job*/) override { KILLPOINT("flush.end"); }
  void OnCompactionBegin(rocksdb::DB* /*db*/, const rocksdb::CompactionJobInfo& /*job*/) override {
    KILLPOINT("compaction.begin");
  }
  void OnCompactionCompleted(rocksdb::DB* /*db*/, const rocksdb::CompactionJobInfo& /*job*/) override {
    KILLPOINT("compaction.end");
  }
  void OnBackgroundError(rocksdb::BackgroundErrorReason reason, rocksdb::Status* status) override {
    if (status->IsNoSpace()) {
      events_->out_of_space = true;
      return;
    }
    if (reason == rocksdb::BackgroundErrorReason::kCompaction && status->IsCorruption()) {
      // A restart would meet the same block. Reads outside of it go on, writes are refused from now on.
      Log(LogLevel::kError, "store_data_file_damaged", {{"error", status->ToString()}});
      return;
    }
    StopProcess("store_background_error", status->ToString());
  }
  void OnErrorRecoveryEnd(const rocksdb::BackgroundErrorRecoveryInfo& info) override {
    if (info.new_bg_error.ok()) events_->out_of_space = false;
  }
  // With rows in memory its log is sealed, too.
  void OnMemTableSealed(const rocksdb::MemTableInfo& /*rows*/) override { events_->new_log = true; }

 private:
  const std::shared_ptr<StoreEvents> events_;
};

rocksdb::Options MakeOptions(const StoreOptions& options, uint64_t keep_log_bytes, rocksdb::Env* env,
                             std::shared_ptr<rocksdb::EventListener> events) {
  rocksdb::Options out;
  out.create_if_missing = true;
  out.env = env;
  out.listeners.push_back(std::move(events));
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
  // A write of its own log that fails trips an assertion of RocksDB 7.8; what it would say of errors comes as events.
  out.info_log = std::make_shared<NoInfoLog>();
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

}  // namespace

Status FromRocks(const rocksdb::Status& status) {
  if (status.ok()) return {};
  const std::string text = status.ToString();
  // RocksDB begins no compaction whose output might not fit once there was no room for something.
  if (status.IsNoSpace() || status.IsCompactionTooLarge()) {
    return {StatusCode::kOutOfSpace, "the disk is full: " + text};
  }
  if (status.IsCorruption()) return Corruption(text);
  if (status.IsBusy() || status.IsTimedOut() || status.IsTryAgain()) return Unavailable(text);
  return Internal(text);
}

void StopProcess(std::string_view event, const std::string& error) {
  Log(LogLevel::kError, event, {{"error", error}});
  std::abort();
}

Result<OpenedRocks> OpenRocks(const StoreOptions& options, const RocksOpening& how) {
  OpenedRocks opened;
  opened.env = StoreEnv(*options.files);
  opened.events = std::make_shared<StoreEvents>();
  rocksdb::Options rocks =
      MakeOptions(options, how.keep_log_bytes, opened.env.get(), std::make_shared<BackgroundWork>(opened.events));
  if (how.log_end == LogEnd::kWhole) {
    rocks.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  } else {
    opened.log_order = NewLogOrderCheck();
    rocks.wal_filter = opened.log_order.get();
  }
  if (how.read_only) rocks.create_if_missing = false;
  rocksdb::DB* db = nullptr;
  const rocksdb::Status status = how.read_only ? rocksdb::DB::OpenForReadOnly(rocks, options.path, &db)
                                               : rocksdb::DB::Open(rocks, options.path, &db);
  opened.db.reset(db);
  if (status.ok()) return opened;
  const Status reason = FromRocks(status);
  return Status(reason.code(), "cannot open the store at " + options.path + ": " + reason.message());
}

}  // namespace engram

// Part of store.cc: RocksDB with our settings, opened.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/listener.h>
#include <rocksdb/wal_filter.h>

#include "base/status.h"
#include "engine/store.h"

namespace engram {

Status FromRocks(const rocksdb::Status& status);

// After a failed write or sync nobody knows what the disk holds: only a restart finds out.
[[noreturn]] void StopProcess(std::string_view event, const std::string& error);

// What RocksDB's background threads do. An error of theirs must not be retried, but for a full disk, from which RocksDB
// recovers by itself. Thread-safe.
class BackgroundEvents final : public rocksdb::EventListener {
 public:
  void OnFlushBegin(rocksdb::DB* db, const rocksdb::FlushJobInfo& job) override;
  void OnFlushCompleted(rocksdb::DB* db, const rocksdb::FlushJobInfo& job) override;
  void OnCompactionBegin(rocksdb::DB* db, const rocksdb::CompactionJobInfo& job) override;
  void OnCompactionCompleted(rocksdb::DB* db, const rocksdb::CompactionJobInfo& job) override;
  void OnBackgroundError(rocksdb::BackgroundErrorReason reason, rocksdb::Status* status) override;
  void OnErrorRecoveryEnd(const rocksdb::BackgroundErrorRecoveryInfo& info) override;
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

// A database with what it goes on using; it is destroyed first.
struct OpenedRocks {
  std::shared_ptr<rocksdb::Env> env;
  std::shared_ptr<BackgroundEvents> events;
  std::unique_ptr<rocksdb::WalFilter> log_order;
  std::unique_ptr<rocksdb::DB> db;
};

enum class LogEnd : uint8_t {
  kWhereItBreaks,  // what is replayed is a beginning of the log
  kWhole,          // but for a last record that was cut off, which is what a crash leaves; Corruption otherwise
};

struct RocksOpening {
  bool read_only = false;  // and leaves no trace in the folder
  LogEnd log_end = LogEnd::kWhereItBreaks;
  uint64_t keep_log_bytes = 0;  // of the log, behind what the store itself needs
};

Result<OpenedRocks> OpenRocks(const StoreOptions& options, const RocksOpening& how);

}  // namespace engram

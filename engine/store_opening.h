// Part of store.cc: RocksDB with our settings, opened.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"
#include "engine/store.h"

namespace rocksdb {
class DB;
class Env;
class EventListener;
class Status;
class WalFilter;
}  // namespace rocksdb

namespace engram {

Status FromRocks(const rocksdb::Status& status);

// After a failed write or sync nobody knows what the disk holds: only a restart finds out.
[[noreturn]] void StopProcess(std::string_view event, const std::string& error);

// What RocksDB's background threads have done. Thread-safe.
struct StoreEvents {
  std::atomic<bool> out_of_space{false};  // a commit failed for it, and none has succeeded since
  std::atomic<bool> new_log{true};        // a log was begun since this was last taken back
};

// A database with what it goes on using; it is destroyed first.
struct OpenedRocks {
  std::shared_ptr<rocksdb::Env> env;
  std::shared_ptr<StoreEvents> events;
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

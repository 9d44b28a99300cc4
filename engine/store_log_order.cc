#include "engine/store_log_order.h"

#include <optional>
#include <string>

#include <rocksdb/wal_filter.h>
#include <rocksdb/write_batch.h>

#include "base/coding.h"
#include "base/log.h"

namespace engram {
namespace {

// record := first sequence number: fixed64, rows: fixed32, … (write_batch.cc), little-endian
class LogOrderCheck final : public rocksdb::WalFilter {
 public:
  const char* Name() const override { return "EngramLogOrderCheck"; }

  WalProcessingOption LogRecordFound(unsigned long long log, const std::string& /*file*/,
                                     const rocksdb::WriteBatch& batch, rocksdb::WriteBatch* /*changed_batch*/,
                                     bool* /*changed*/) override {
    const uint64_t sequence = ByteReader(batch.Data()).Fixed64();
    if (next_ && sequence != *next_) {
      Log(LogLevel::kWarning, "store_log_has_a_gap",
          {{"log", uint64_t{log}}, {"expected", *next_}, {"found", sequence}});
      return WalProcessingOption::kStopReplay;
    }
    next_ = sequence + batch.Count();
    return WalProcessingOption::kContinueProcessing;
  }

 private:
  std::optional<uint64_t> next_;
};

}  // namespace

std::unique_ptr<rocksdb::WalFilter> NewLogOrderCheck() { return std::make_unique<LogOrderCheck>(); }

}  // namespace engram

// Where a run leaves what it can't take, and whether it may go on after that.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "base/status.h"
#include "tools/import/reject_limits.h"
#include "tools/import/rejects.h"
#include "tools/import/source.h"
#include "tools/progress.h"

namespace engram {

// Confined to one thread.
class RejectSink {
 public:
  // Without a file a dry run prints rejects, and any other run ends with the first.
  RejectSink(RejectLimits limits, bool dry_run, Progress& progress)
      : limits_(limits), dry_run_(dry_run), progress_(progress) {}
  void Open(std::unique_ptr<RejectsFile> file) { file_ = std::move(file); }

  bool ends_run() const { return file_ == nullptr && !dry_run_; }
  // That it did: the error is about the source.
  bool stopped_by_record() const { return stopped_by_record_; }

  // Of runs that this one continues.
  void AddEarlier(uint64_t rejects) { earlier_ += rejects; }
  void AddRecord() { ++records_; }
  // `why` with the place when the record ends the run; FailedPrecondition when there are more than the limits allow.
  // `where` it would have gone, when the source goes to several; may be empty.
  Status Take(const SourceRecord& record, const Status& why, const Destination& where = {});
  // Before the batch is written whose progress counts them.
  Status Flush() { return file_ ? file_->Flush() : Status(); }

 private:
  Status Count();

  const RejectLimits limits_;
  const bool dry_run_;
  Progress& progress_;
  std::unique_ptr<RejectsFile> file_;
  bool stopped_by_record_ = false;
  uint64_t earlier_ = 0;
  uint64_t records_ = 0;
  uint64_t rejected_ = 0;
};

}  // namespace engram

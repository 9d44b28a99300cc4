// An open store as the doctor looks at it, beside all traffic: each pass reads one snapshot, and no segment file that
// the snapshot names goes while the pass is at work.
#pragma once

#include "base/clock.h"
#include "base/status.h"
#include "engine/damaged_namespaces.h"
#include "engine/doctor/doctor.h"
#include "engine/engine.h"
#include "engine/log_clock.h"
#include "engine/segments/segment_folder.h"
#include "engine/store.h"

namespace engram {

// Thread-safe. A pass keeps rows that are overwritten meanwhile and segment files that are replaced on the disk, so
// passes are short: `enough` of the options ends one behind a namespace.
class LiveStore {
 public:
  // All must outlive it.
  LiveStore(const Store* store, const SegmentFolder* segments, DamagedNamespaces* damaged, LogClock* log_clock)
      : store_(store), segments_(segments), damaged_(damaged), log_clock_(log_clock) {}

  // As engram::Examine, without repairs; `now` of the options is set here.
  Status Examine(DoctorOptions options, DoctorReport* report) const;

  // Makes the namespace of a finding about its rows read-only, as a write that meets it does. What segments hold
  // wrongly follows from rows and stops no writer.
  void TakeNote(const Finding& finding);
  // How many namespaces are read-only for it.
  size_t damaged() const { return damaged_->size(); }

 private:
  const Store* store_;
  const SegmentFolder* segments_;
  DamagedNamespaces* damaged_;
  LogClock* log_clock_;
};

// Lives as long as the engine.
LiveStore& LiveStoreOf(Engine& engine);

}  // namespace engram

#include "engine/doctor/live_store.h"

#include <utility>

#include "engine/read_only_store.h"

namespace engram {

Status LiveStore::Examine(DoctorOptions options, DoctorReport* report) const {
  const auto rows = ReadOnlyStore::Of(*store_);
  options.now = log_clock_->Now();
  // Before the snapshot is taken: what it names must be there until it was looked at.
  const SegmentFolder::Hold hold(*segments_);
  return engram::Examine(*rows, *segments_, options, nullptr, nullptr, report);
}

void LiveStore::TakeNote(const Finding& finding) {
  if (finding.name.empty() || RepairWayOf(finding.kind) == RepairWay::kSegments) return;
  damaged_->Note(finding.tenant, finding.name, Corruption(ToText(finding)));
}

}  // namespace engram

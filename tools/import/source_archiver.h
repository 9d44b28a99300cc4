// From a source into an archive, without a store.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/status.h"
#include "tools/import/archive_format.h"
#include "tools/import/reject_limits.h"
#include "tools/import/source.h"
#include "tools/progress.h"

namespace engram {

struct ArchiveOptions {
  std::string folder;
  bool dry_run = false;  // read and check everything, write nothing
  std::optional<uint64_t> limit;
  std::string rejects_path;  // empty: the first record that can't be taken ends the run
  RejectLimits reject_limits;
};

struct ArchiveSummary {
  ArchiveManifest manifest;  // of a dry run: without files
  uint64_t records = 0;      // read
  uint64_t rejected = 0;
  bool stopped_by_record = false;  // the error is about the source, not about the disk
};

// Every record is checked as a server would (record_check.h). An error leaves no archive behind, and `summary` tells
// how far it came. `source` stands at its beginning.
Status ArchiveRecords(ImportSource& source, const ArchiveOptions& options, Progress& progress, ArchiveSummary* summary);

}  // namespace engram

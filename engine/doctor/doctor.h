// `engram verify`: one pass over a store, or part of it, by the checks of namespace_check.h and directory_check.h.
//
// A pass reads one snapshot and writes nothing but, where it is told to repair, rows that follow from others. It never
// deletes a primary row; what it can't put right is told (finding.h says which is which).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "engine/doctor/finding.h"
#include "engine/read_only_store.h"
#include "engine/segments/segment_folder.h"

namespace engram {

enum class DoctorDepth : uint8_t {
  kQuick,   // directories, and whether the files that manifests name are there and theirs: some milliseconds
  kSample,  // the same, and `sample` memories of each namespace
  kFull,    // every row and every byte of every file
};

struct DoctorProgress {
  uint64_t namespaces = 0;
  uint64_t memories = 0;
  uint64_t file_bytes = 0;
};

struct DoctorOptions {
  DoctorDepth depth = DoctorDepth::kFull;
  uint64_t sample = 1000;
  uint64_t seed = 1;  // of the sample
  std::optional<TenantId> tenant = {};
  std::optional<NamespaceId> ns = {};  // with `tenant`
  // Namespaces after this one (tenant, number), for a pass in pieces.
  std::optional<std::pair<TenantId, NamespaceId>> after = {};
  // What is due by then need not be indexed: the end of log time and wall clock.
  Timestamp now = {};
  // Asked every few rows; an error ends the pass with it.
  std::function<Status()> go_on = [] { return Status(); };
  std::function<void(const DoctorProgress&)> progress = [](const DoctorProgress&) {};
  // Asked behind each namespace; true ends the pass there.
  std::function<bool()> enough = [] { return false; };
};

struct DoctorReport {
  FindingList findings;
  uint64_t namespaces = 0;
  uint64_t memories = 0;
  uint64_t files = 0;
  uint64_t file_bytes = 0;
  // The last namespace that was wholly looked at; a pass that `go_on` or `enough` ended goes on behind it.
  std::optional<std::pair<TenantId, NamespaceId>> last = {};
  bool more = false;  // `enough` ended it before the last one
};

// Reads a snapshot of `store`. With `repairs` (a batch of the whole store, not committed here) derived rows are written
// anew, and namespaces with segments that are wrong lose their manifest: their files are in `discarded`, to be removed
// after the commit. Errors: those of `go_on`, and of a disk that can't be read; damage is no error.
Status Examine(const ReadOnlyStore& store, const SegmentFolder& folder, const DoctorOptions& options, KvBatch* repairs,
               std::vector<SegmentName>* discarded, DoctorReport* report);

// A data folder that nobody has open, as `engram serve --data` has it. Reads only; with `repair` it is opened for
// writing when there is something to put right. NotFound when there is no store, Unavailable when it is in use or can't
// be read. A store that can't be opened for damage is a finding.
struct FolderOptions {
  std::string data_dir;
  bool repair = false;
  std::string tenant;          // by name; empty: all
  std::string namespace_name;  // with `tenant`; empty: all
  DoctorOptions pass = {};     // `tenant`, `ns` and `now` are set here
  const Clock* clock = &Clock::Real();
};
Result<DoctorReport> ExamineFolder(const FolderOptions& options);

}  // namespace engram

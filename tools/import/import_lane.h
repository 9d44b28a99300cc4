// The way of records into one namespace: into batches, each committed together with the place in the source behind it,
// so that a run that dies anywhere (kill -9 included) goes on where its last commit ended: nothing twice, nothing left
// out.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/status.h"
#include "client/cpp/client.h"
#include "tools/import/batch.h"
#include "tools/import/reject_reasons.h"
#include "tools/import/reject_sink.h"
#include "tools/import/source.h"

namespace engram {

struct ImportOptions {
  std::string namespace_name;
  std::string import_id;  // empty: the source's own
  BatchLimits batch;
  bool dry_run = false;  // read and check everything, write nothing
  bool restart = false;  // from the beginning, whatever an earlier run has done
  // Writes only what the source says anew (import/revision.h): memories that were edited or deleted since stay so.
  // Every memory has an id and a source.version.
  bool newer = false;
  std::optional<uint64_t> limit;
  std::string rejects_path;  // empty: the first record that can't be taken ends the run
  RejectLimits reject_limits;
  std::string origin_options;  // what chooses among the source's records, for a person
  size_t sample = 0;           // so many memories are kept as they would be written (ImportSummary::sample)
  // What a namespace that is not empty is kept in before the first batch: writes all of it and returns the place.
  // Empty: FailedPrecondition instead, unless `no_backup`.
  std::function<Result<std::string>(const v1::Namespace&)> back_up;
  bool no_backup = false;
};

struct ImportSummary {
  std::string import_id;
  bool resumed = false;
  uint64_t records = 0;  // read by this run, beside a configuration
  uint64_t memories = 0;
  uint64_t created = 0;
  uint64_t updated = 0;
  uint64_t unchanged = 0;
  uint64_t settled = 0;  // of the unchanged: not sent
  uint64_t duplicates = 0;
  uint64_t gone = 0;  // taken by an earlier run and deleted from the store since
  uint64_t edges = 0;
  uint64_t nodes = 0;
  uint64_t runs = 0;
  uint64_t tombstones = 0;          // deleted memories
  uint64_t tombstone_versions = 0;  // with their ends
  uint64_t retired_edges = 0;       // that have ended
  uint64_t unrouted = 0;            // records of the source that no namespace was told for
  uint64_t rejected = 0;            // by this run
  uint64_t rejected_before = 0;     // by runs that this one continues
  std::string backup;               // made by this run
  std::vector<v1::Memory> sample;   // chosen by their ids' hashes
  bool complete = false;            // the source was read to its end
  bool stopped_by_record = false;   // the error is about the source, not about the store or the network
  std::vector<std::string> notes;   // of what was not done as the source has it, for a person
};

// Confined to one thread.
class ImportLane {
 public:
  // What lanes of one run share; all of it outlives them. A dry run needs no client: null stands for a store not made
  // yet.
  struct Shared {
    Client* client = nullptr;
    SourceDescription source;
    RejectSink* rejects = nullptr;
    bool routed = false;  // one of several
    std::string tenant;   // whose the namespace is, where the route tells tenants apart
  };

  // `options` has the import's id and the namespace.
  ImportLane(const Shared& shared, ImportOptions options);

  // With the import's row as an earlier run left it, and the cursor at the source's beginning. FailedPrecondition while
  // the import is being rolled back.
  Status Begin(std::optional<v1::ImportProgress> earlier, const std::string& start);
  // The row, unless there was none or it was rolled back.
  const std::optional<v1::ImportProgress>& earlier() const { return earlier_; }
  // This run goes on behind `cursor`, which is the row's; its counts go on, too.
  void Resume();

  // Whether Commit must come first.
  bool Refuses(const SourceRecord& record) const { return record.problem.ok() && batch_.Refuses(record); }
  // Whether there is room for another.
  bool full() const { return batch_.full(); }
  size_t bytes() const { return batch_.bytes(); }
  // REQUIRES: no configuration, and not Refuses(record). Where a record that can't be taken ends the run, what came
  // before it is committed with `cursor_before`.
  Status Add(SourceRecord record, const std::string& cursor_before);
  // The source's configuration: makes the namespace unless it is there, then that keeps its own. One that can't be made
  // is a reject.
  Status AddConfig(SourceRecord record);
  void CountRecord() { ++summary_.records; }
  void SetUnrouted(uint64_t records) { summary_.unrouted = records; }

  // Writes the batch; `cursor` stands behind all that was added. Records that the server refuses are rejected one by
  // one and the rest is written.
  Status Commit(const std::string& cursor);
  // The same at the end of the run, with the progress alone if need be. `complete`: the source was read to its end.
  Status Finish(const std::string& cursor, bool complete);

  const ImportSummary& summary() { return summary_; }

 private:
  // Before anything is written: the import's row, and what is there already in a backup.
  Status EnsureBegun();
  // Of a namespace that is not empty and no backup asked for.
  Status DemandBackup(const v1::Namespace& described) const;
  Status WriteProgress(v1::ImportProgress progress);
  v1::ImportProgress CurrentProgress() const;
  Status Reject(const SourceRecord& record, const Status& why);
  Status TakeConfig(v1::NamespaceConfig config);
  void KeepSample(const v1::Memory& memory);
  // Takes out of the batch what the store knows as well as the source (ImportOptions::newer).
  Status DropSettled();
  // What this import brought and somebody has deleted since: the source can't bring it back by changing it.
  Status FindGone(const std::map<std::string, const v1::Memory*>& stored, std::set<std::string>* gone);
  // Those of the batch that the store keeps but hides, since they have expired: one that the source has changed goes on
  // from the revision it has.
  Result<v1::ListReply> FindHidden(const std::map<std::string, const v1::Memory*>& stored);
  Status FindDeleted(const std::map<std::string, const v1::Memory*>& stored, std::set<std::string>* deleted);
  Status Flush(bool last);
  // What was written, or would be, beside memories.
  void CountOthers(const v1::WriteRequest& request);
  // Whether with this write the source is copied, so that the import waits to be verified.
  bool Copied(bool writes) const;
  // At the end: whether the row must be written though no item is.
  bool HasNews() const;
  void Count(const v1::WriteReply& reply);
  v1::ImportSource Origin() const;

  const Shared shared_;
  const ImportOptions options_;
  ImportBatch batch_;
  std::string cursor_;                         // behind everything in batch_ and before it
  std::string committed_;                      // the cursor that the store has
  std::optional<v1::ImportProgress> earlier_;  // the row as this run found it, unless it was rolled back
  bool begun_ = false;                         // the row is there
  bool wrote_ = false;                         // any item in this run
  bool told_ = false;                          // the row holds this run's end
  RejectReasons reasons_;
  std::map<uint64_t, v1::Memory> sample_;  // by their ids' hashes
  const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  ImportSummary summary_;
};

}  // namespace engram

// The import of one source into several namespaces: each record into the lane of the namespace that it is routed to
// (record_router.h). Each lane keeps its own row, cursor, counts and rejects, in its namespace, and commits its own
// batches.
//
// A run reads the source from its beginning and passes over what a lane has: up to the place that its row names.
//
//   cursor := "routed " record:decimal " " source's cursor         behind so many records, the source's cursor there
//           | "routed finished " source's cursor                   of a source that is looked at as a whole each time
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "tools/import/import_lane.h"
#include "tools/import/record_router.h"
#include "tools/import/source.h"
#include "tools/progress.h"

namespace engram {

// The source's cursor in a routed one; nothing when it is none.
std::optional<std::string> SourceCursorOf(const std::string& routed);

struct RoutedOptions {
  ImportOptions each;  // of every lane; `namespace_name` restricts the run to that one where it is not empty
  NamespaceRoute route;
  // Lets the source begin anew, knowing what Resume told it; may be empty (import_run.h).
  std::function<Status()> rewind;
};

struct RoutedSummary {
  uint64_t records = 0;  // read, beside a configuration; those that were passed over included
  uint64_t unrouted = 0;
  uint64_t others = 0;  // for namespaces that this run is not about
  std::map<std::string, ImportSummary> lanes;
  bool stopped_by_record = false;
  // The source is not what it was when the runs that this one goes on from read it: begin anew, with
  // ImportOptions::restart.
  bool source_changed = false;
  std::vector<std::string> notes;
};

// Confined to one thread.
class RoutedImporter {
 public:
  // All outlive the importer. A dry run needs no client: null stands for a store not made yet.
  RoutedImporter(Client* client, ImportSource& source, RoutedOptions options, Progress& progress);

  // An error says what stopped the run; summary() tells what was done before.
  Status Run();
  const RoutedSummary& summary() const { return summary_; }

 private:
  struct Lane {
    std::unique_ptr<ImportLane> lane;
    uint64_t pass_to = 0;  // records up to here are in the namespace already
    std::string passed;    // the source's cursor there
    bool fresh = true;     // no run has taken anything before
  };

  Status Copy();
  Status OpenKnown();
  Result<Lane*> Open(const std::string& name, std::optional<v1::ImportProgress> row);
  Status ResumeSource();
  Status OpenRejects();
  Status Take(SourceRecord record);
  Status Deliver(RecordRouter::Routed routed);
  Status Add(Lane* lane, SourceRecord record);
  // Whether the source still has at record `read_` what the lanes that end there had.
  Status CheckPassed();
  Status Commit(Lane* lane);
  // What is full, and the largest where all batches together are too large.
  Status Flush();
  Status Finish(bool complete);
  std::string Cursor() const;

  Client* const client_;
  ImportSource& source_;
  RoutedOptions options_;
  Progress& progress_;
  const SourceDescription described_;
  RejectSink rejects_;
  RecordRouter router_;
  std::map<std::string, Lane> lanes_;
  std::map<uint64_t, std::vector<Lane*>> passing_;  // by Lane::pass_to
  std::optional<SourceRecord> config_;
  std::vector<Lane*> touched_;  // by the record at hand
  size_t pending_bytes_ = 0;    // in all lanes' batches
  uint64_t read_ = 0;           // the configuration included
  // Where the source's cursor came to be what it is.
  uint64_t place_ = 0;
  std::string place_cursor_;
  RoutedSummary summary_;
};

}  // namespace engram

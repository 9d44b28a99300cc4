// The import of one source into several namespaces, of one tenant or of several: each record into the lane of the
// namespace that it is routed to (record_router.h). Each lane keeps its own row, cursor, counts and rejects, in its
// namespace, and commits its own batches, through its tenant's client.
//
// A run reads the source from its beginning and passes over what a lane has: up to the place that its row names.
//
//   cursor := "routed " record:decimal " " source's cursor         behind so many records, the source's cursor there
//           | "routed finished " source's cursor                   of a source that is looked at as a whole each time
#pragma once

#include <cstdint>
#include <functional>
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
#include "tools/tenant_clients.h"

namespace engram {

// The source's cursor in a routed one; nothing when it is none.
std::optional<std::string> SourceCursorOf(const std::string& routed);

struct RoutedOptions {
  ImportOptions each;  // of every lane, but for its namespace and how that is backed up
  RecordRoute route;
  Destination only;  // restricts the run to this tenant, this namespace, or both, where they are not empty
  std::vector<std::string> tenants;  // in which the import may have been before
  // ImportOptions::back_up of a lane; may be empty.
  std::function<Result<std::string>(const Destination& to, Client& client, const v1::Namespace& described)> back_up;
  // Lets the source begin anew, knowing what Resume told it; may be empty (import_run.h).
  std::function<Status()> rewind;
};

struct RoutedSummary {
  uint64_t records = 0;  // read, beside a configuration; those that were passed over included
  uint64_t unrouted = 0;
  uint64_t others = 0;  // for namespaces that this run is not about
  std::map<Destination, ImportSummary> lanes;
  bool stopped_by_record = false;
  // The source is not what it was when the runs that this one goes on from read it: begin anew, with
  // ImportOptions::restart.
  bool source_changed = false;
  std::vector<std::string> notes;
};

// Confined to one thread.
class RoutedImporter {
 public:
  // All outlive the importer. A dry run needs no clients: null stands for a store or a tenant not made yet.
  RoutedImporter(TenantClients& clients, ImportSource& source, RoutedOptions options, Progress& progress);

  // An error says what stopped the run; summary() tells what was done before.
  Status Run();
  const RoutedSummary& summary() const { return summary_; }

 private:
  struct Lane {
    Destination to;
    std::unique_ptr<ImportLane> lane;
    uint64_t pass_to = 0;  // records up to here are in the namespace already
    std::string passed;    // the source's cursor there
    bool fresh = true;     // no run has taken anything before
  };

  Status Copy();
  Status OpenKnown();
  Status OpenKnownOf(const std::string& tenant);
  // That the namespace this run is restricted to is no alias there.
  Status CheckName(Client& client) const;
  Result<Lane*> Open(const Destination& to, std::optional<v1::ImportProgress> row);
  bool IsWanted(const Destination& to) const;
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

  TenantClients& clients_;
  ImportSource& source_;
  RoutedOptions options_;
  Progress& progress_;
  const SourceDescription described_;
  RejectSink rejects_;
  RecordRouter router_;
  std::map<Destination, Lane> lanes_;
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

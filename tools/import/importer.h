// The import of a source into one namespace: its records, in their order, by an import lane.
#pragma once

#include <memory>
#include <string>

#include "base/status.h"
#include "tools/import/import_lane.h"
#include "tools/import/source.h"
#include "tools/progress.h"

namespace engram {

class Importer {
 public:
  // All outlive the importer. Confined to one thread. A dry run needs no client: null stands for a store not made yet.
  Importer(Client* client, ImportSource& source, ImportOptions options, Progress& progress);

  // An error says what stopped the run; summary() tells what was done before.
  Status Run();
  const ImportSummary& summary() const { return summary_; }

 private:
  Status Copy(ImportLane* lane);
  Status Prepare(ImportLane* lane);
  Status Take(ImportLane* lane, SourceRecord record);

  Client* const client_;
  ImportSource& source_;
  ImportOptions options_;
  Progress& progress_;
  RejectSink rejects_;
  std::string cursor_;  // behind everything the lane was given
  ImportSummary summary_;
};

}  // namespace engram

// The way back of a migration: what changed here goes to the place that the namespace was imported from.
//
// A record of the target is written over only where it is what this store once had of it: as it was imported (its
// fingerprint, import/revision.h), or as a version of its history. Then nothing is lost that the store does not keep.
// Anything else is a conflict: somebody has written there, too. What is there already counts as settled and is not
// touched, so that a run that was interrupted, or is repeated, ends in the same state.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/status.h"
#include "client/cpp/client.h"
#include "tools/import/push_target.h"
#include "tools/namespace_changes.h"
#include "tools/progress.h"

namespace engram {

struct PushOptions {
  std::string namespace_name;
  bool dry_run = false;
  bool overwrite = false;              // conflicts: this store is right
  std::vector<std::string> leave_out;  // names of a memory's fields that don't go back
  size_t batch = 100;                  // memories of one transaction, or of one upsert
  // Before the first write, inside its batch; may be empty.
  std::function<Status()> before_write;
};

struct PushReport {
  v1::ImportPushBack result;        // without its times and positions
  std::vector<std::string> places;  // all that is not there as it is here: "conflict, \"17\": …"
  uint64_t unmatched() const { return result.conflicts() + result.refused() + result.mismatched(); }
};

// Writes, and then reads back each record that was to be there. An error of the target or the store ends it with what
// is committed by then; a dry run writes nothing and reads nothing back.
Result<PushReport> PushBack(Client& client, NamespaceChanges& changes, PushTarget& target, const PushOptions& options,
                            Progress& progress);

// InvalidArgument for what is no field of a memory, or one that it can't be without.
Status CheckLeaveOut(const std::vector<std::string>& fields);

}  // namespace engram

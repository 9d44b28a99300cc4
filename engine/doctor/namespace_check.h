// Holds the rows of one namespace against each other, and its segment files against its rows: the invariants of
// finding.h, each a function. All read one snapshot, report what contradicts itself and go on.
//
// Confined to one thread. Memory: some bits for each node and slot of the namespace, and of one segment file at a time
// what it says of its texts.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/ids.h"
#include "base/kv.h"
#include "base/status.h"
#include "base/timestamp.h"
#include "engine/doctor/finding.h"
#include "engine/rows.h"
#include "engine/segments/segment_folder.h"
#include "index/slot_set.h"

namespace engram {

// What the checks of one namespace share.
struct NamespaceCheck {
  TenantId tenant;
  NamespaceId ns;
  const KvReader& rows;    // the namespace's
  const KvReader& system;  // the store's own
  NamespaceHead head = {};
  NamespaceCounters counters = {};
  Timestamp now = {};  // what is due by then need not be indexed
  // Asked every few rows; an error ends the check.
  std::function<Status()> go_on = {};
  FindingList* findings = nullptr;
  // Where derived rows go that have to be written anew; null: nothing is repaired.
  KvBatch* repairs = nullptr;
  KvBatch* system_repairs = nullptr;

  // As far as `CheckRows` came.
  uint64_t memories = 0;
  SlotSet nodes = {};  // that an id names
  uint64_t edges = 0;
  Hash128 edges_digest = {};

  void Add(FindingKind kind, std::string place, std::string expected, std::string found) const;
  // The same where `repairs` puts it right, if it is there.
  void AddRepaired(FindingKind kind, std::string place, std::string expected, std::string found) const;
  bool repairing() const { return repairs != nullptr; }
};

// Reads head and counters. False, and a finding, when these can't be read: there is nothing to check by.
Result<bool> BeginCheck(NamespaceCheck* check);

// All of the rows: CheckMemoryRows, CheckEdgeRows, CheckLogRows, CheckReplies, CheckRowKinds, then counters and
// digests. Errors are those of reading (a damaged data file) and of `go_on`.
Status CheckRows(NamespaceCheck* check);

// memory_rows_check.cc: ids, nodes, versions, contents, attributes, states, runs, duplicates, paths, entities, expiry;
// counters and digests of memories, entities and runs, into `recount`.
Status CheckMemoryRows(NamespaceCheck* check, NamespaceCounters* recount);
// One live memory alone: its rows and hashes (R, I1, I4).
Status CheckMemory(const NamespaceCheck& check, const std::string& id, const IdRow& row);
// edge_rows_check.cc: I9.
Status CheckEdgeRows(NamespaceCheck* check, NamespaceCounters* recount);
// log_rows_check.cc.
Status CheckLogRows(const NamespaceCheck& check);
// Stored replies of any scope that has such (base of `rows`): `I` against `J` and `j`.
Status CheckReplies(const NamespaceCheck& check);
// Every key is of a kind that the namespace knows.
Status CheckRowKinds(const NamespaceCheck& check);

// A random sample of `memories` memories, by node numbers, or all where there are no more; without counters.
Status SampleRows(NamespaceCheck* check, uint64_t memories, uint64_t seed);

// segment_check.cc: files that the manifest names, what they hold and what they lack (F, I1, I2, I3, I5, I6, I7, I13).
// `quick`: only whether they are there and are what the manifest says. True when all is well.
Result<bool> CheckSegments(const NamespaceCheck& check, const SegmentFolder& folder, bool quick);

}  // namespace engram

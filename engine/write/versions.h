// Versions of one memory as rows: making one, trimming history, ending a life, erasing every trace.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/write/transaction.h"

namespace engram {

// A memory as it is before an operation changes it.
struct CurrentMemory {
  IdRow row;
  AttributeRow attributes;
  StateRecord state;
};

// The live memory with this id; nothing when there is none or it is due: expired is absent. AlreadyExists when the id
// is a named entity's that a memory can't take over.
Result<std::optional<CurrentMemory>> FindCurrent(Transaction& tx, std::string_view id);

// Ends the life of the memory if it is due: before a new one begins, or by the sweep. True when it did.
Result<bool> EndIfDue(Transaction& tx, const std::string& id);

// The version that an operation makes.
struct NextVersion {
  std::optional<Content> content;  // absent: unchanged, the slot stays
  Attributes attributes;           // complete, times included
  StateRecord state;
  std::optional<Version> version;          // imports: REQUIRES above the id's last; otherwise the next number
  std::optional<uint64_t> source_version;  // absent: the one that the id has, so that its feed goes on
  bool follows_import = false;             // former versions came along, so this one is an update
};
// Writes rows, counters, digest, run membership, expiry and events. `before` is the live memory it replaces.
// Unprocessable when a limit of the namespace is reached.
Result<Version> PutVersion(Transaction& tx, const std::string& id, const std::optional<CurrentMemory>& before,
                           NextVersion next);

// A former version that came with an import: rows only. REQUIRES: the memory is not live, its vectors are admitted, the
// version is above the id's last.
Status PutImportedVersion(Transaction& tx, const std::string& id, HistoryEvent::Kind kind,
                          const ImportedVersion& version);
// The end of a former life, likewise.
Status PutImportedEnd(Transaction& tx, const std::string& id, const ImportedVersion& end);

// After those of a memory that is not to live: what a write in mode newer is held against, and history by policy.
Status SealTombstone(Transaction& tx, const std::string& id, std::optional<uint64_t> source_version);

// Changes the state record alone. False when nothing differs.
Result<bool> PutState(Transaction& tx, const std::string& id, const CurrentMemory& before, const StateRecord& state);

// Ends the life: hides the memory, retires its edges, keeps history by policy and a tombstone.
Status EndLife(Transaction& tx, const std::string& id, const CurrentMemory& before, HistoryEvent::Kind kind);

// Takes the versions of a memory away, so that the next one begins its history under the number it has; edges stay.
// REQUIRES: it is live, and is written again in the same mutation.
Status ForgetVersions(Transaction& tx, const std::string& id);

// Removes every row of the id, live or not: versions, edges, tombstone. False when there is nothing.
Result<bool> EraseMemory(Transaction& tx, const std::string& id);

// The number of the node with this id, or a new one. `created` tells.
Result<NodeNumber> NewNode(Transaction& tx, std::string_view id);

// `change` applied to `state` at log time.
StateRecord ChangedState(const StateRecord& state, const StateChange& change, Timestamp log_time);

}  // namespace engram

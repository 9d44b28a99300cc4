#include "engine/write/sweep.h"

#include "engine/write/runs.h"
#include "engine/write/versions.h"

namespace engram {
namespace {

using keys::Key;

// Ends one memory that is due. FindCurrent does it; under `hide` the row stays and leaves the expiry order alone.
Status SweepMemory(Transaction& tx, NodeNumber node, bool hide, std::vector<OperationResult>* results) {
  ASSIGN_OR_RETURN(const auto ids, ReadNodeIds(tx.rows(), {node}));
  if (ids[0].empty()) return {};
  ASSIGN_OR_RETURN(const auto row, FindId(tx.rows(), ids[0]));
  if (!row || !row->is_memory || !row->live) return {};
  ASSIGN_OR_RETURN(const bool expired, IsExpired(tx.rows(), *row, tx.log_time()));
  if (!expired) return {};
  if (hide) {
    ASSIGN_OR_RETURN(const auto state, ReadState(tx.rows(), node));
    if (state && state->expires_at) {
      tx.system().batch.Delete(keys::EncodeExpiry({*state->expires_at, tx.tenant(), tx.ns(), false, node.value}));
    }
    return {};
  }
  ASSIGN_OR_RETURN(const auto current, FindCurrent(tx, ids[0]));
  ENGRAM_CHECK(!current);
  results->push_back({ids[0], row->version.Next(), Outcome::kDeleted});
  return {};
}

// Ends the members of a run that is over, and the run once none is left. Under `hide` an expired run and its members
// stay; a deleted one goes.
Status SweepRun(Transaction& tx, uint32_t number, bool hide, std::vector<OperationResult>* results) {
  ASSIGN_OR_RETURN(auto run, ReadRun(tx.rows(), number));
  if (!run || !run->expires_at || *run->expires_at > tx.log_time()) return {};
  const bool keep = hide && !run->deleted;
  if (keep) {
    tx.system().batch.Delete(keys::EncodeExpiry({*run->expires_at, tx.tenant(), tx.ns(), true, number}));
    return {};
  }
  std::vector<NodeNumber> members;
  const auto it = tx.rows().ScanPrefix(Key(keys::kRunMember).AddRun(number).str());
  for (; it->Valid() && results->size() + members.size() < kSweepRowsMax; it->Next()) {
    ByteReader key(it->key().substr(5));
    members.emplace_back(key.Key32());
  }
  RETURN_IF_ERROR(it->status());
  const bool all = !it->Valid();
  for (const NodeNumber member : members) RETURN_IF_ERROR(SweepMemory(tx, member, /*hide=*/false, results));
  if (!all) return {};
  ASSIGN_OR_RETURN(run, ReadRun(tx.rows(), number));  // the members have left it
  ASSIGN_OR_RETURN(const auto by_name, FindRunNumber(tx.rows(), run->scopes));
  if (by_name && *by_name == number) tx.batch().Delete(keys::Run(run->scopes));
  RemoveRun(tx, number, *run);
  return {};
}

}  // namespace

Status ApplySweep(Transaction& tx, const SweepExpired& sweep, std::vector<OperationResult>* results) {
  const bool hide = tx.head.config.on_expiry == OnExpiry::kHide;
  for (const SweepExpired::Due& due : sweep.due) {
    if (results->size() >= kSweepRowsMax) break;
    if (due.run) {
      RETURN_IF_ERROR(SweepRun(tx, due.number, hide, results));
    } else {
      RETURN_IF_ERROR(SweepMemory(tx, NodeNumber(due.number), hide, results));
    }
  }
  return {};
}

}  // namespace engram

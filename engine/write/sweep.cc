#include "engine/write/sweep.h"

#include "engine/write/runs.h"
#include "engine/write/versions.h"

namespace engram {
namespace {

using keys::Key;

// Ends one memory that is due.
Status SweepMemory(Transaction& tx, NodeNumber node, std::vector<OperationResult>* results) {
  ASSIGN_OR_RETURN(const auto ids, ReadNodeIds(tx.rows(), {node}));
  if (ids[0].empty()) return {};
  ASSIGN_OR_RETURN(const auto row, FindId(tx.rows(), ids[0]));
  if (!row || !row->is_memory || !row->live) return {};
  ASSIGN_OR_RETURN(const bool ended, EndIfDue(tx, ids[0]));
  if (ended) results->push_back({ids[0], row->version.Next(), Outcome::kDeleted});
  return {};
}

// Ends the members of a run that is over, and the run once none is left; true when that is done.
Result<bool> SweepRun(Transaction& tx, uint32_t number, bool hide, std::vector<OperationResult>* results) {
  ASSIGN_OR_RETURN(auto run, ReadRun(tx.rows(), number));
  if (!run || !run->expires_at || *run->expires_at > tx.log_time()) return true;
  if (hide && !run->deleted) return true;
  std::vector<NodeNumber> members;
  const auto it = tx.rows().ScanPrefix(Key(keys::kRunMember).AddRun(number).str());
  for (; it->Valid() && results->size() + members.size() < kSweepRowsMax; it->Next()) {
    ByteReader key(it->key().substr(5));
    members.emplace_back(key.Key32());
  }
  RETURN_IF_ERROR(it->status());
  const bool all = !it->Valid();
  for (const NodeNumber member : members) RETURN_IF_ERROR(SweepMemory(tx, member, results));
  if (!all) return false;
  ASSIGN_OR_RETURN(run, ReadRun(tx.rows(), number));  // the members have left it
  ASSIGN_OR_RETURN(const auto by_name, FindRunNumber(tx.rows(), run->scopes));
  if (by_name && *by_name == number) tx.batch().Delete(keys::Run(run->scopes));
  RemoveRun(tx, number, *run);
  return true;
}

// A dropped namespace has nothing left to end, and under `hide` an expired memory stays: then only the expiry row goes.
Result<bool> SweepOne(Transaction& tx, const SweepExpired::Due& due, std::vector<OperationResult>* results) {
  if (tx.dropped) return true;
  const bool hide = tx.head.config.on_expiry == OnExpiry::kHide;
  if (due.run) return SweepRun(tx, due.number, hide, results);
  if (!hide) RETURN_IF_ERROR(SweepMemory(tx, NodeNumber(due.number), results));
  return true;
}

}  // namespace

Status ApplySweep(Transaction& tx, const SweepExpired& sweep, std::vector<OperationResult>* results) {
  for (const SweepExpired::Due& due : sweep.due) {
    if (results->size() >= kSweepRowsMax) break;
    if (due.time > tx.log_time()) continue;
    ASSIGN_OR_RETURN(const bool done, SweepOne(tx, due, results));
    if (done) tx.system().batch.Delete(keys::EncodeExpiry({due.time, tx.tenant(), tx.ns(), due.run, due.number}));
  }
  return {};
}

}  // namespace engram

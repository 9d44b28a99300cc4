#include "engine/write/runs.h"

#include <algorithm>

#include <fmt/format.h>

namespace engram {
namespace {

using keys::Key;

std::string ExpiryKey(const Transaction& tx, uint32_t run, Timestamp time) {
  return keys::EncodeExpiry({time, tx.tenant(), tx.ns(), true, run});
}

struct NumberedRun {
  uint32_t number = 0;
  RunRow row;
};

// The run with these scopes that is not over.
Result<std::optional<NumberedRun>> FindActiveRun(Transaction& tx, const Scopes& scopes) {
  ASSIGN_OR_RETURN(const auto number, FindRunNumber(tx.rows(), scopes));
  if (!number) return std::optional<NumberedRun>();
  ASSIGN_OR_RETURN(auto row, ReadRun(tx.rows(), *number));
  if (!row) return Corruption(fmt::format("the row of run \"{}\" is missing", scopes.run_id));
  if (row->expires_at && *row->expires_at <= tx.log_time()) return std::optional<NumberedRun>();
  return std::optional<NumberedRun>({*number, std::move(*row)});
}

NumberedRun NewRun(Transaction& tx, const Scopes& scopes) {
  NumberedRun run;
  run.number = tx.counters.next_run++;
  run.row.scopes = scopes;
  run.row.scopes.actor_id.clear();
  run.row.created_at = tx.log_time();
  ++tx.counters.runs;
  std::string number;
  AppendKey32(&number, run.number);
  tx.batch().Put(keys::Run(scopes), number);
  return run;
}

// Writes the row with its renewed expiry.
void PutRunRow(Transaction& tx, NumberedRun run) {
  const auto before = run.row.expires_at;
  run.row.last_activity = tx.log_time();
  run.row.expires_at.reset();
  if (run.row.ttl_seconds) {
    run.row.expires_at =
        tx.log_time().PlusSeconds(static_cast<int64_t>(std::min<uint64_t>(*run.row.ttl_seconds, INT64_MAX)));
  }
  if (before != run.row.expires_at) {
    if (before) tx.system().batch.Delete(ExpiryKey(tx, run.number, *before));
    if (run.row.expires_at) tx.system().batch.Put(ExpiryKey(tx, run.number, *run.row.expires_at), "");
    tx.Tell(RunChanged{run.number, run.row.expires_at, false});
  }
  tx.batch().Put(Key(keys::kRunByNumber).AddRun(run.number), EncodeRun(run.row));
}

}  // namespace

Result<uint32_t> EnterRun(Transaction& tx, const Scopes& scopes, NodeNumber member) {
  ASSIGN_OR_RETURN(auto run, FindActiveRun(tx, scopes));
  if (!run) run = NewRun(tx, scopes);
  ++run->row.memories;
  tx.batch().Put(Key(keys::kRunMember).AddRun(run->number).Add(member), "");
  PutRunRow(tx, *run);
  return run->number;
}

Status LeaveRun(Transaction& tx, uint32_t number, NodeNumber member) {
  tx.batch().Delete(Key(keys::kRunMember).AddRun(number).Add(member));
  ASSIGN_OR_RETURN(auto row, ReadRun(tx.rows(), number));
  if (!row) return {};
  if (row->memories > 0) --row->memories;
  tx.batch().Put(Key(keys::kRunByNumber).AddRun(number), EncodeRun(*row));
  return {};
}

Status RenewRun(Transaction& tx, uint32_t number) {
  ASSIGN_OR_RETURN(auto row, ReadRun(tx.rows(), number));
  if (!row) return Corruption(fmt::format("run number {} of a live memory is missing", number));
  PutRunRow(tx, {number, std::move(*row)});
  return {};
}

Result<Outcome> PutRun(Transaction& tx, const WriteRun& write) {
  if (write.metadata) RETURN_IF_ERROR(CheckDepth(*write.metadata));
  ASSIGN_OR_RETURN(auto run, FindActiveRun(tx, write.scopes));
  const Outcome outcome = run ? Outcome::kUpdated : Outcome::kCreated;
  if (!run) run = NewRun(tx, write.scopes);
  if (write.metadata) run->row.metadata = *write.metadata;
  if (write.ttl_seconds) run->row.ttl_seconds = *write.ttl_seconds;
  PutRunRow(tx, std::move(*run));
  return outcome;
}

Status EndRun(Transaction& tx, const DeleteRun& end) {
  ASSIGN_OR_RETURN(auto run, FindActiveRun(tx, end.scopes));
  if (!run) return NotFound(fmt::format("there is no run \"{}\" with these scopes", end.scopes.run_id));
  if (run->row.expires_at) tx.system().batch.Delete(ExpiryKey(tx, run->number, *run->row.expires_at));
  run->row.expires_at = tx.log_time();
  run->row.ttl_seconds.reset();
  run->row.deleted = true;
  tx.system().batch.Put(ExpiryKey(tx, run->number, tx.log_time()), "");
  tx.batch().Put(Key(keys::kRunByNumber).AddRun(run->number), EncodeRun(run->row));
  tx.batch().Delete(keys::Run(end.scopes));
  tx.Tell(RunChanged{run->number, run->row.expires_at, false});
  return {};
}

void RemoveRun(Transaction& tx, uint32_t number, const RunRow& run) {
  if (run.expires_at) tx.system().batch.Delete(ExpiryKey(tx, number, *run.expires_at));
  tx.batch().Delete(Key(keys::kRunByNumber).AddRun(number));
  --tx.counters.runs;
  tx.Tell(RunChanged{number, std::nullopt, true});
}

}  // namespace engram

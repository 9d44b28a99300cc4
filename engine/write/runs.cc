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

// Something was written to it at `now`.
void Renew(Timestamp now, RunRow* run) {
  run->last_activity = now;
  run->expires_at.reset();
  if (!run->ttl_seconds) return;
  run->expires_at = now.PlusSeconds(static_cast<int64_t>(std::min<uint64_t>(*run->ttl_seconds, INT64_MAX)));
}

// Writes the row, whose expiry was `before`.
void PutRunRow(Transaction& tx, const NumberedRun& run, const std::optional<Timestamp>& before) {
  if (before != run.row.expires_at) {
    if (before) tx.system().batch.Delete(ExpiryKey(tx, run.number, *before));
    if (run.row.expires_at) tx.system().batch.Put(ExpiryKey(tx, run.number, *run.row.expires_at), "");
    tx.Tell(RunChanged{run.number, run.row.expires_at, false});
  }
  tx.batch().Put(Key(keys::kRunByNumber).AddRun(run.number), EncodeRun(run.row));
}

void PutRenewed(Transaction& tx, NumberedRun run) {
  const auto before = run.row.expires_at;
  Renew(tx.log_time(), &run.row);
  PutRunRow(tx, run, before);
}

}  // namespace

Result<uint32_t> EnterRun(Transaction& tx, const Scopes& scopes, NodeNumber member) {
  ASSIGN_OR_RETURN(auto run, FindActiveRun(tx, scopes));
  if (!run) run = NewRun(tx, scopes);
  ++run->row.memories;
  tx.batch().Put(Key(keys::kRunMember).AddRun(run->number).Add(member), "");
  PutRenewed(tx, *run);
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
  PutRenewed(tx, {number, std::move(*row)});
  return {};
}

Result<Outcome> PutRun(Transaction& tx, const WriteRun& write) {
  if (write.metadata) RETURN_IF_ERROR(CheckDepth(*write.metadata));
  ASSIGN_OR_RETURN(auto run, FindActiveRun(tx, write.scopes));
  const Outcome outcome = run ? Outcome::kUpdated : Outcome::kCreated;
  if (!run) run = NewRun(tx, write.scopes);
  if (write.metadata) run->row.metadata = *write.metadata;
  if (write.ttl_seconds) run->row.ttl_seconds = *write.ttl_seconds;
  const auto before = run->row.expires_at;
  Renew(tx.log_time(), &run->row);
  if (write.created_at) run->row.created_at = *write.created_at;
  if (write.last_activity) run->row.last_activity = *write.last_activity;
  if (write.expires_at) run->row.expires_at = *write.expires_at;
  PutRunRow(tx, *run, before);
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

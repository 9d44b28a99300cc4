#include "server/handlers/backups.h"

#include <utility>

#include "engine/backup/backup_jobs.h"
#include "server/handlers/convert_value.h"

namespace engram {
namespace {

const char* NameOf(BackupJobState::Phase phase) {
  switch (phase) {
    case BackupJobState::Phase::kIdle: return "idle";
    case BackupJobState::Phase::kRunning: return "running";
    case BackupJobState::Phase::kDone: return "done";
    case BackupJobState::Phase::kFailed: return "failed";
    case BackupJobState::Phase::kCancelled: return "cancelled";
  }
  return "";
}

v1::BackupJob ToJob(const BackupJobState& state) {
  v1::BackupJob job;
  job.set_state(NameOf(state.phase));
  if (state.phase != BackupJobState::Phase::kIdle) FromTimestamp(state.started_at, job.mutable_started_at());
  job.set_bytes_done(state.bytes_done);
  job.set_bytes_total(state.bytes_total);
  job.set_backup(state.backup);
  job.set_error(state.error);
  return job;
}

void FromListing(const BackupListing& listing, v1::Backup* out) {
  out->set_id(listing.number);
  if (!listing.damage.ok()) {
    out->set_damage(listing.damage.message());
    return;
  }
  const BackupManifest& manifest = listing.manifest;
  FromTimestamp(manifest.created_at, out->mutable_created_at());
  FromTimestamp(manifest.log_time, out->mutable_log_time());
  out->set_position(manifest.position);
  out->set_files(manifest.files.size());
  out->set_bytes(manifest.bytes());
  out->set_namespaces(manifest.namespaces);
  out->set_memories(manifest.memories);
}

Result<BackupJobs*> JobsOf(const Service& service) {
  if (service.backups == nullptr) return FailedPrecondition("the server was started without --backup-dir");
  return service.backups;
}

}  // namespace

Result<v1::BackupJob> PostBackup(Service& service, RequestContext& context, v1::CreateBackupRequest& /*request*/) {
  ASSIGN_OR_RETURN(BackupJobs* const jobs, JobsOf(service));
  context.Audit("backup.create");
  RETURN_IF_ERROR(jobs->Start());
  return ToJob(jobs->state());
}

Result<v1::ListBackupsReply> ListBackups(Service& service, RequestContext& /*context*/, NoBody& /*request*/) {
  ASSIGN_OR_RETURN(BackupJobs* const jobs, JobsOf(service));
  v1::ListBackupsReply reply;
  *reply.mutable_job() = ToJob(jobs->state());  // before the list, which then has what is done
  ASSIGN_OR_RETURN(const auto listings, jobs->repository().List());
  for (const BackupListing& listing : listings) FromListing(listing, reply.add_backups());
  return reply;
}

Result<v1::BackupJob> CancelBackup(Service& service, RequestContext& context, NoBody& /*request*/) {
  ASSIGN_OR_RETURN(BackupJobs* const jobs, JobsOf(service));
  context.Audit("backup.cancel");
  jobs->Cancel();
  return ToJob(jobs->state());
}

Result<v1::PruneBackupsReply> PruneBackups(Service& service, RequestContext& context,
                                           v1::PruneBackupsRequest& request) {
  ASSIGN_OR_RETURN(BackupJobs* const jobs, JobsOf(service));
  context.Audit("backup.prune");
  if (request.keep() == 0) return InvalidArgument("how many backups to keep: at least 1").At("keep");
  ASSIGN_OR_RETURN(const PrunedBackups pruned, jobs->Prune(request.keep()));
  v1::PruneBackupsReply reply;
  for (const uint32_t number : pruned.backups) reply.add_removed(number);
  reply.set_files(pruned.files);
  reply.set_bytes(pruned.bytes);
  return reply;
}

}  // namespace engram

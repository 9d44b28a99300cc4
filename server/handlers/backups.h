// Backups into the folder that the server's operator chose, for the admin key. FailedPrecondition where it was started
// without one.
#pragma once

#include "engram/v1/backup.pb.h"
#include "server/handlers/call.h"

namespace engram {

// Begins one, and replies at once. AlreadyExists while one is running.
Result<v1::BackupJob> PostBackup(Service& service, RequestContext& context, v1::CreateBackupRequest& request);
// What there is, and how far the last one is.
Result<v1::ListBackupsReply> ListBackups(Service& service, RequestContext& context, NoBody& request);
Result<v1::BackupJob> CancelBackup(Service& service, RequestContext& context, NoBody& request);
// Keeps the newest so many.
Result<v1::PruneBackupsReply> PruneBackups(Service& service, RequestContext& context, v1::PruneBackupsRequest& request);

}  // namespace engram

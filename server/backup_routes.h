// The routes of backups, for the admin key. They stand beside the table of routes.h because they need no Service: all
// they have to do with is the server's own repository, whose folder its operator chose.
//
//   POST /v1/admin/backups           begins one: 409 while one is running
//   GET  /v1/admin/backups           what there is, and how far the last one is
//   POST /v1/admin/backups:cancel
//   POST /v1/admin/backups:prune     {"keep": 7}
#pragma once

#include "server/router.h"

namespace engram {

class BackupJobs;

// `jobs` outlives the router; null where the server has no folder for backups: then each answers 412.
void AddBackupRoutes(BackupJobs* jobs, Router* router);

}  // namespace engram

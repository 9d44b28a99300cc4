// What `engram serve` keeps of its store elsewhere: backups that are asked for, and the archive of the log.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "base/status.h"
#include "engine/backup/backup_jobs.h"
#include "engine/backup/log_archiver.h"
#include "engine/engine.h"
#include "server/server.h"

namespace engram {

struct KeptCopiesOptions {
  std::string backup_dir;   // empty: no backups
  std::string archive_dir;  // empty: no archive
  int64_t archive_seconds = 10;
  uint64_t archive_log_bytes = uint64_t{4} << 30;
  bool key_secret = false;

  // Of the write-ahead log, for the archive.
  uint64_t keep_log_bytes() const { return archive_dir.empty() ? 0 : archive_log_bytes; }
};

// --backup-dir, --archive-dir and what belongs to them.
void AddKeptCopiesOptions(CLI::App* serve, KeptCopiesOptions* options);

// Null what was not asked for. Both end before the engine does.
struct KeptCopies {
  std::unique_ptr<BackupJobs> backups;
  std::unique_ptr<LogArchiver> archiver;
};
Result<KeptCopies> StartKeptCopies(const KeptCopiesOptions& options, Engine& engine);

// How far the archive is behind, and what went wrong; `now` is the wall clock's.
std::vector<Gauge> ArchiveGauges(const LogArchiver& archiver, Timestamp now);

}  // namespace engram

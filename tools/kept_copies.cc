#include "tools/kept_copies.h"

#include <algorithm>

#include "engine/backup/open_engine.h"

namespace engram {

void AddKeptCopiesOptions(CLI::App* serve, KeptCopiesOptions* options) {
  serve
      ->add_option("--backup-dir", options->backup_dir,
                   "Where backups go that are asked for by POST /v1/admin/backups; made if absent")
      ->envname("ENGRAM_BACKUP_DIR")
      ->type_name("DIR")
      ->group("Copies");
  serve
      ->add_option("--archive-dir", options->archive_dir,
                   "Where everything that is written goes within seconds; made if absent")
      ->envname("ENGRAM_ARCHIVE_DIR")
      ->type_name("DIR")
      ->group("Copies");
  serve->add_option("--archive-seconds", options->archive_seconds, "How often it goes there")
      ->check(CLI::Range(1, 60))
      ->capture_default_str()
      ->group("Copies");
  serve
      ->add_option("--archive-log", options->archive_log_bytes,
                   "Bytes of the write-ahead log that wait for an archive which can't be written; beyond, it has a gap")
      ->transform(CLI::AsSizeValue(true))
      ->type_name("SIZE")
      ->default_str("4GiB")
      ->group("Copies");
  serve
      ->add_flag("--backup-key-secret", options->key_secret,
                 "Backups and archives hold the secret that API keys are hashed under, too")
      ->group("Copies");
}

Result<KeptCopies> StartKeptCopies(const KeptCopiesOptions& options, Engine& engine) {
  KeptCopies kept;
  BackupSource* source = &BackupSourceOf(engine);
  if (!options.archive_dir.empty()) {
    ArchiverOptions archive;
    archive.interval = std::chrono::seconds(options.archive_seconds);
    archive.include_key_secret = options.key_secret;
    ASSIGN_OR_RETURN(kept.archiver, LogArchiver::Open(source, options.archive_dir, archive));
    kept.archiver->Start();
  }
  if (!options.backup_dir.empty()) {
    ASSIGN_OR_RETURN(BackupRepository repository, BackupRepository::OpenOrMake(options.backup_dir));
    BackupOptions backups;
    backups.include_key_secret = options.key_secret;
    kept.backups = std::make_unique<BackupJobs>(source, std::move(repository), backups);
  }
  return kept;
}

std::vector<Gauge> ArchiveGauges(const LogArchiver& archiver, Timestamp now) {
  const ArchiverState state = archiver.state();
  const double behind = static_cast<double>(std::max<int64_t>(0, now.micros - state.complete_at.micros)) / 1e6;
  return {
      {"engram_archive_behind_seconds", "All that was written before is in the archive", behind, {}},
      {"engram_archive_position", "Number of the last change in the archive", static_cast<double>(state.archived), {}},
      {"engram_archive_gaps_total",
       "Times that the log was gone before it was archived",
       static_cast<double>(state.gaps),
       {}},
      {"engram_archive_failures",
       "Failures to archive since the last success",
       static_cast<double>(state.failures),
       {}}};
}

}  // namespace engram

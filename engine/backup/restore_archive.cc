#include "engine/backup/restore_archive.h"

#include <fmt/format.h>

#include "engine/backup/archived_log.h"
#include "engine/store_copies.h"

namespace engram {
namespace {

constexpr uint64_t kLogFileBytesMax = uint64_t{1} << 30;

bool IsBeyond(const RestoreTarget& target, uint64_t last, Timestamp time) {
  return (target.position && last > *target.position) || (target.time && time > *target.time);
}

// The newest base that is not beyond the target.
Result<BackupListing> FindBase(const BackupRepository& bases, const RestoreTarget& target) {
  ASSIGN_OR_RETURN(auto listings, bases.List());
  for (auto at = listings.rbegin(); at != listings.rend(); ++at) {
    if (!at->damage.ok()) continue;
    if (!IsBeyond(target, at->manifest.position, at->manifest.log_time)) return std::move(*at);
  }
  return FailedPrecondition(fmt::format("{} has no sound base that is as old as that", bases.path()));
}

// Repeats files of the log over a store.
class LogReplay {
 public:
  LogReplay(const FolderBeneath& folder, const RestoreTarget& target, Store* store, ArchiveRestoreReport* report)
      : folder_(folder), target_(target), store_(StoreCopies::Of(*store)), report_(*report) {}

  Status Run(const std::string& identity) {
    ASSIGN_OR_RETURN(const auto names, folder_.List("log"));
    for (const std::string& name : names) {
      const auto range = ParseArchivedFileName(name);
      if (!range || range->last <= report_.position) continue;
      if (target_.position && range->first > *target_.position) break;
      if (range->first > report_.position + 1) {
        return Corruption(
            fmt::format("the archive has a gap: log/{} does not follow on change {}", name, report_.position));
      }
      ASSIGN_OR_RETURN(const bool go_on, RunFile("log/" + name, identity));
      if (!go_on) break;
    }
    if (!target_.position || report_.position == *target_.position || beyond_) return {};
    return FailedPrecondition(
        fmt::format("the archive ends at change {}, before {}", report_.position, *target_.position));
  }

 private:
  // False once the target is reached.
  Result<bool> RunFile(const std::string& name, const std::string& identity) {
    ASSIGN_OR_RETURN(const std::string bytes, folder_.ReadAll(name, kLogFileBytesMax));
    auto log = ParseArchivedLog(bytes);
    if (!log.ok()) return Status(log.status().code(), fmt::format("{}: {}", name, log.status().message()));
    if (log->identity != identity) return Corruption(fmt::format("{} is of another store", name));
    for (const ArchivedCommit& archived : log->commits) {
      if (archived.commit.last <= report_.position) continue;
      beyond_ = IsBeyond(target_, archived.commit.last, archived.time);
      if (beyond_) return false;
      Status status = store_.Repeat(archived.commit);
      if (!status.ok()) return Status(status.code(), fmt::format("{}: {}", name, status.message()));
      report_.position = archived.commit.last;
      report_.time = archived.time;
      ++report_.commits;
    }
    return true;
  }

  const FolderBeneath& folder_;
  const RestoreTarget& target_;
  StoreCopies& store_;
  ArchiveRestoreReport& report_;
  bool beyond_ = false;
};

}  // namespace

Result<ArchiveRestoreReport> RestoreArchive(const std::string& folder, const RestoreTarget& target,
                                            const EngineOptions& options) {
  ASSIGN_OR_RETURN(const FolderBeneath opened, FolderBeneath::Open(folder));
  ASSIGN_OR_RETURN(const BackupRepository bases, BackupRepository::Open(folder + "/base"));
  ASSIGN_OR_RETURN(const BackupListing base, FindBase(bases, target));
  ArchiveRestoreReport report;
  report.base.backup = base.number;
  report.base.manifest = base.manifest;
  report.position = base.manifest.position;
  report.time = base.manifest.log_time;
  RETURN_IF_ERROR(BeginRestore(options.data_dir));
  ASSIGN_OR_RETURN(RestoredFiles restored, RestoreFiles(bases, base, options.data_dir));
  report.base.missing_segments = std::move(restored.missing_segments);
  {
    StoreOptions rows;
    rows.path = options.data_dir + "/rows";
    rows.block_cache_bytes = 8 << 20;
    ASSIGN_OR_RETURN(const auto store, Store::Open(rows));
    RETURN_IF_ERROR(LogReplay(opened, target, store.get(), &report).Run(base.manifest.identity));
    RETURN_IF_ERROR(store->SyncLog());
  }
  ASSIGN_OR_RETURN(report.base.erased_again, EraseAgainAfter(bases, options));
  RETURN_IF_ERROR(EndRestore(options.data_dir));
  return report;
}

}  // namespace engram

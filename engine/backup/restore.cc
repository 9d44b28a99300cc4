#include "engine/backup/restore.h"

#include <filesystem>
#include <system_error>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/file.h"
#include "engine/backup/backup_source.h"
#include "engine/backup/erasure_ledger.h"
#include "engine/backup/store_contents.h"
#include "engine/keys.h"
#include "engine/store_copies.h"

namespace engram {
namespace {

constexpr size_t kNamedMax = 20;  // files or differences in one message
constexpr uint32_t kPage = 100;

bool IsSegment(const BackupFile& file) { return file.path.starts_with("segments/"); }

Status RemoveTree(const std::string& path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
  return error ? Unavailable(fmt::format("can't remove {}: {}", path, error.message())) : Status();
}

// Everything that is wrong, in one message.
Status AllOf(std::string_view what, const std::vector<std::string>& problems) {
  const size_t named = std::min(problems.size(), kNamedMax);
  std::string text =
      fmt::format("{}", fmt::join(problems.begin(), problems.begin() + static_cast<ptrdiff_t>(named), "; "));
  if (named < problems.size()) text += fmt::format("; and {} more", problems.size() - named);
  return Corruption(fmt::format("{}: {}", what, text));
}

Status CopyOut(const BackupRepository& repository, const BackupFile& file, const FolderBeneath& target) {
  ASSIGN_OR_RETURN(FileBeneath copy, target.Create(file.path));
  RETURN_IF_ERROR(repository.ReadFile(file, [&](std::string_view bytes) { return copy.Append(bytes); }));
  if (file.path == kKeySecretFile) {
    std::error_code error;
    std::filesystem::permissions(fmt::format("{}/{}", target.path(), file.path),
                                 std::filesystem::perms::owner_read | std::filesystem::perms::owner_write, error);
    if (error) return Unavailable(fmt::format("can't protect {}: {}", file.path, error.message()));
  }
  return copy.Sync();
}

Result<std::string> ReadContents(const BackupRepository& repository, const BackupListing& backup) {
  for (const BackupFile& file : backup.manifest.files) {
    if (file.path != kContentsFile) continue;
    std::string contents;
    RETURN_IF_ERROR(repository.ReadFile(file, [&](std::string_view bytes) {
      contents += bytes;
      return Status();
    }));
    return contents;
  }
  return Corruption(fmt::format("backup {} does not say what it holds", backup.number));
}

Status CompareWithBackup(const BackupRepository& repository, const BackupListing& backup, const std::string& data_dir) {
  ASSIGN_OR_RETURN(const std::string expected, ReadContents(repository, backup));
  StoreOptions options;
  options.path = data_dir + "/rows";
  options.block_cache_bytes = 8 << 20;
  ASSIGN_OR_RETURN(const auto store, StoreCopies::OpenForReading(options));
  if (StoreCopies::Of(*store).LastChange() != backup.manifest.position) {
    return Corruption(fmt::format("backup {} is of position {}, what was restored from it has come to {}",
                                  backup.number, backup.manifest.position, StoreCopies::Of(*store).LastChange()));
  }
  ASSIGN_OR_RETURN(const StoreContents restored, ReadStoreContents(*store->Snapshot()));
  const auto differences = CompareContents(expected, restored.lines, kNamedMax + 1);
  if (differences.empty()) return {};
  return AllOf(fmt::format("what was restored from backup {} is not what it was", backup.number), differences);
}

Result<std::vector<std::string>> CheckTenant(Engine& engine, const TenantRecord& tenant) {
  std::vector<std::string> problems;
  std::string cursor;
  do {
    ASSIGN_OR_RETURN(const auto page, engine.ListNamespaces(tenant.id, "", kPage, cursor));
    for (const NamespaceInfo& ns : page.namespaces) {
      // Loaded, so that indexes are compared, too.
      RETURN_IF_ERROR(engine.Count({tenant.id, ns.name}, std::nullopt, {}).status());
      ASSIGN_OR_RETURN(const CheckReport report, engine.CheckNamespace({tenant.id, ns.name}));
      for (const std::string& problem : report.problems) {
        problems.push_back(fmt::format("{}/{}: {}", tenant.name, ns.name, problem));
      }
    }
    cursor = page.next_cursor;
  } while (!cursor.empty());
  return problems;
}

Result<std::vector<std::string>> CheckStore(Engine& engine) {
  std::vector<std::string> problems;
  std::string cursor;
  do {
    ASSIGN_OR_RETURN(const auto page, engine.ListTenants(kPage, cursor));
    for (const TenantInfo& tenant : page.tenants) {
      ASSIGN_OR_RETURN(const auto found, CheckTenant(engine, tenant.record));
      problems.insert(problems.end(), found.begin(), found.end());
    }
    cursor = page.next_cursor;
  } while (!cursor.empty());
  return problems;
}

}  // namespace

Status BeginRestore(const std::string& data_dir) {
  FileSystem& files = FileSystem::Posix();
  RETURN_IF_ERROR(files.CreateDirectory(data_dir));
  const std::string marker = data_dir + '/' + kRestoringFile;
  const std::string half_written = std::string(kRestoringFile) + ".tmp";  // as a crash leaves the marker
  ASSIGN_OR_RETURN(const bool unfinished, files.Exists(marker));
  ASSIGN_OR_RETURN(const auto names, files.ListDirectory(data_dir));
  for (const std::string& name : names) {
    if (name == kRestoringFile || name == half_written || name == "lost+found") continue;
    if (!unfinished) {
      return FailedPrecondition(
          fmt::format("{} is not empty ({} is there): a restore makes a new data folder", data_dir, name));
    }
    RETURN_IF_ERROR(RemoveTree(fmt::format("{}/{}", data_dir, name)));
  }
  RETURN_IF_ERROR(files.ReplaceFile(marker, "A restore is at work here, or was interrupted: run it again.\n"));
  RETURN_IF_ERROR(files.CreateDirectory(data_dir + "/rows"));
  return files.CreateDirectory(data_dir + "/segments");
}

Status EndRestore(const std::string& data_dir) {
  FileSystem& files = FileSystem::Posix();
  RETURN_IF_ERROR(files.Remove(data_dir + '/' + kRestoringFile));
  return files.SyncDirectory(data_dir);
}

Result<RestoredFiles> RestoreFiles(const BackupRepository& repository, const BackupListing& backup,
                                   const std::string& data_dir) {
  ASSIGN_OR_RETURN(const FolderBeneath target, FolderBeneath::Open(data_dir));
  RestoredFiles restored;
  std::vector<std::string> damaged;
  for (const BackupFile& file : backup.manifest.files) {
    if (file.path == kContentsFile) continue;
    const Status status = CopyOut(repository, file, target);
    if (status.ok()) continue;
    if (status.code() != StatusCode::kCorruption) return status;
    if (IsSegment(file)) {
      RETURN_IF_ERROR(target.Remove(file.path));
      restored.missing_segments.push_back(status.message());
    } else {
      damaged.push_back(status.message());
    }
  }
  if (!damaged.empty()) return AllOf(fmt::format("backup {} can't be restored", backup.number), damaged);
  RETURN_IF_ERROR(target.SyncFolder("rows"));
  RETURN_IF_ERROR(target.SyncFolder("segments"));
  RETURN_IF_ERROR(target.SyncFolder(""));
  RETURN_IF_ERROR(CompareWithBackup(repository, backup, data_dir));
  return restored;
}

Result<uint64_t> EraseAgainAfter(const BackupRepository& repository, const EngineOptions& options) {
  StoreOptions rows;
  rows.path = options.data_dir + "/rows";
  rows.block_cache_bytes = 8 << 20;
  const std::string system = keys::Scope(keys::kSystemTenant, keys::kDirectory);
  ASSIGN_OR_RETURN(const std::vector<Erasure> ledger, ReadErasureLedger(repository.folder()));
  uint64_t known = 0;
  {
    ASSIGN_OR_RETURN(const auto store, StoreCopies::OpenForReading(rows));
    ASSIGN_OR_RETURN(known, NextErasure(ScopedReader(*store->Snapshot(), system)));
  }
  if (known > ledger.size()) {
    return Corruption(fmt::format("the copy knows {} erasures, the ledger in {} only {}: it has lost some", known,
                                  repository.path(), ledger.size()));
  }
  const std::vector<Erasure> later(ledger.begin() + static_cast<ptrdiff_t>(known), ledger.end());
  if (later.empty()) return uint64_t{0};
  {
    EngineOptions opened = options;
    opened.sweep_interval = std::chrono::milliseconds(0);
    ASSIGN_OR_RETURN(const auto engine, OpenEngine(opened, {.unfinished_restore = true}));
    RETURN_IF_ERROR(BackupSourceOf(*engine).EraseAgain(later));
  }
  // The store goes on with the ledger's own numbers, so that a later backup can add to it.
  ASSIGN_OR_RETURN(const auto store, Store::Open(rows));
  ASSIGN_OR_RETURN(const auto noted, ReadErasures(ScopedReader(*store->Snapshot(), system), ledger.size(), SIZE_MAX));
  auto overlay = store->NewOverlay();
  ScopedBatch batch(*overlay, system);
  for (const Erasure& extra : noted) RemoveErasure(extra.number, batch);
  PutErasures(later, ledger.size(), batch);
  RETURN_IF_ERROR(store->Commit(std::move(overlay), /*sync=*/true));
  return later.size();
}

Result<RestoreReport> RestoreBackup(const BackupRepository& repository, std::optional<uint32_t> backup,
                                    const EngineOptions& options) {
  ASSIGN_OR_RETURN(const BackupListing listing, repository.Read(backup));
  RestoreReport report;
  report.backup = listing.number;
  report.manifest = listing.manifest;
  RETURN_IF_ERROR(BeginRestore(options.data_dir));
  ASSIGN_OR_RETURN(RestoredFiles restored, RestoreFiles(repository, listing, options.data_dir));
  report.missing_segments = std::move(restored.missing_segments);
  ASSIGN_OR_RETURN(report.erased_again, EraseAgainAfter(repository, options));
  RETURN_IF_ERROR(EndRestore(options.data_dir));
  return report;
}

Result<VerifiedBackup> VerifyFiles(const BackupRepository& repository, const BackupListing& backup) {
  VerifiedBackup verified;
  for (const BackupFile& file : backup.manifest.files) {
    const Status status = repository.ReadFile(file, [](std::string_view) { return Status(); });
    if (status.ok()) continue;
    (IsSegment(file) ? verified.missing_segments : verified.problems).push_back(status.message());
  }
  return verified;
}

Result<VerifiedBackup> VerifyByRestore(const BackupRepository& repository, const BackupListing& backup,
                                       const std::string& scratch) {
  VerifiedBackup verified;
  RETURN_IF_ERROR(BeginRestore(scratch));
  const auto restore = [&]() -> Status {
    ASSIGN_OR_RETURN(RestoredFiles restored, RestoreFiles(repository, backup, scratch));
    verified.missing_segments = std::move(restored.missing_segments);
    EngineOptions options;
    options.data_dir = scratch;
    options.create = false;
    options.sweep_interval = std::chrono::milliseconds(0);
    ASSIGN_OR_RETURN(const auto engine, OpenEngine(options, {.unfinished_restore = true}));
    ASSIGN_OR_RETURN(verified.problems, CheckStore(*engine));
    return {};
  };
  const Status status = restore();
  RETURN_IF_ERROR(RemoveTree(scratch));
  if (status.code() == StatusCode::kCorruption) {
    verified.problems.push_back(status.message());
  } else {
    RETURN_IF_ERROR(status);
  }
  return verified;
}

}  // namespace engram

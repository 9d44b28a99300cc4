#include "tools/restore_tenant.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <memory>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/file.h"
#include "base/hash.h"
#include "client/cpp/store_client.h"
#include "engine/backup/erasure_ledger.h"
#include "engine/backup/restore.h"
#include "server/key_vault.h"
#include "tools/progress.h"
#include "tools/tenant_clients.h"
#include "tools/tenant_export.h"
#include "tools/tenant_import.h"

namespace engram {
namespace {

// A server copies its ledger within some seconds.
constexpr std::chrono::seconds kLedgerWait{60};
constexpr std::chrono::milliseconds kLedgerLook{200};
constexpr const char* kSourceFile = "SOURCE";

Status RemoveScratch(const std::string& path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
  return error ? Unavailable(fmt::format("can't remove {}: {}", path, error.message())) : Status();
}

// A folder of ours that nobody else may look into: what is restored there is somebody's memories.
Status MakePrivateFolder(const std::string& path) {
  if (::mkdir(path.c_str(), S_IRWXU) == 0) return {};
  const int code = errno;
  struct stat found {};
  const bool ours = code == EEXIST && ::lstat(path.c_str(), &found) == 0 && S_ISDIR(found.st_mode) &&
                    found.st_uid == ::geteuid() && (found.st_mode & (S_IRWXG | S_IRWXO)) == 0;
  if (ours) return {};
  if (code != EEXIST) return Unavailable(fmt::format("can't make {}: {}", path, std::strerror(code)));
  return FailedPrecondition(
      fmt::format("{} is there and is not a folder that this user alone may enter: give another --scratch", path));
}

// The ledger beside the copies holds what was erased up to now, also when the store that they are of erases on.
class ErasureCatchUp {
 public:
  ErasureCatchUp(const BackupRepository& repository, const StoreChoice& target, const TenantClients& clients)
      : repository_(repository), target_(target), clients_(clients) {}

  Status Run() {
    ASSIGN_OR_RETURN(const auto backups, repository_.List());
    for (const BackupListing& backup : backups) {
      if (backup.damage.ok()) identities_.insert(backup.manifest.identity);
    }
    return target_.data_dir.empty() ? AwaitServer() : Extend();
  }

 private:
  Status Extend() {
    BackupSource& source = BackupSourceOf(*clients_.access().store->engine);
    ASSIGN_OR_RETURN(const std::string identity, source.Identity());
    if (!identities_.contains(identity)) return {};
    ASSIGN_OR_RETURN(const FileBeneath lock, repository_.Lock());
    return ExtendErasureLedger(source, repository_.folder()).status();
  }

  Status AwaitServer() {
    ASSIGN_OR_RETURN(auto transport, TransportTo(AsAdmin(target_)));
    ASSIGN_OR_RETURN(const v1::StoreInfo info, StoreClient(std::move(transport)).Describe());
    if (!identities_.contains(info.identity())) return {};
    const auto until = std::chrono::steady_clock::now() + kLedgerWait;
    while (true) {
      const auto ledger = ReadErasureLedger(repository_.folder());
      RETURN_IF_ERROR(ledger.status());
      if (ledger->size() >= info.erasures()) return {};
      if (std::chrono::steady_clock::now() > until) {
        return Unavailable(fmt::format(
            "the server has noted {} erasures, the ledger in {} only {}: is it the folder of its --backup-dir or "
            "--archive-dir?",
            info.erasures(), repository_.path(), ledger->size()));
      }
      std::this_thread::sleep_for(kLedgerLook);
    }
  }

  const BackupRepository& repository_;
  const StoreChoice& target_;
  const TenantClients& clients_;
  std::set<std::string> identities_;  // of the stores that the copies are of
};

class TenantRestorer {
 public:
  explicit TenantRestorer(const TenantRestore& choice) : choice_(choice) {
    import_.as = choice.as.empty() ? choice.tenant : choice.as;
    import_.into_existing = choice.into_existing;
  }

  Status Run() {
    TenantClients::Options options;
    options.purpose = "restore " + choice_.tenant;
    options.verbs = {"read", "write", "import", "admin"};
    ASSIGN_OR_RETURN(const auto clients, TenantClients::Open(choice_.store, IfNoStore::kCreate, options));
    ASSIGN_OR_RETURN(const BackupRepository repository,
                     BackupRepository::Open(choice_.archive.empty() ? choice_.repository : choice_.archive + "/base"));
    ASSIGN_OR_RETURN(const std::string source, SourceOf(repository));
    import_.import_id = fmt::format("restore:{:016x}", HashBytes64(source));
    RETURN_IF_ERROR(CheckTenantIsEmpty(*clients, import_));
    RETURN_IF_ERROR(ErasureCatchUp(repository, choice_.store, *clients).Run());

    // The same for the same command, so that it goes on where it was.
    const std::string where =
        choice_.scratch.empty() ? std::filesystem::temp_directory_path().string() : choice_.scratch;
    RETURN_IF_ERROR(FileSystem::Posix().CreateDirectory(where));
    scratch_ = fmt::format("{}/engram-restore-{:016x}", where,
                           HashBytes64(source + "\n" + import_.as + "\n" + StoreName(choice_.store)));
    RETURN_IF_ERROR(MakePrivateFolder(scratch_));
    auto lock = FileSystem::Posix().Lock(scratch_ + "/LOCK");
    if (!lock.ok()) return Status(lock.status().code(), fmt::format("{} is in use by another restore", scratch_));
    ASSIGN_OR_RETURN(const auto ledger, ReadErasureLedger(repository.folder()));
    ASSIGN_OR_RETURN(const TenantArchive archive,
                     TakeOut(repository, fmt::format("{}\nerasures {}\n", source, ledger.size())));
    RETURN_IF_ERROR(CheckTenantTarget(*clients, archive, Folder(), import_));
    ASSIGN_OR_RETURN(const TenantImportReport report, ImportTenant(*clients, archive, Folder(), import_));
    for (const std::string& note : report.notes) fmt::print("{}\n", note);
    fmt::print("{}: tenant {} {} tenant {}: {}\n", StoreName(choice_.store), import_.as,
               report.made ? "made of" : "filled from", choice_.tenant, report.Text());
    lock->reset();
    return RemoveScratch(scratch_);
  }

 private:
  std::string Folder() const { return scratch_ + "/tenant"; }

  // What is restored, by what can't change.
  Result<std::string> SourceOf(const BackupRepository& repository) {
    if (choice_.archive.empty()) {
      ASSIGN_OR_RETURN(const BackupListing backup, repository.Read(choice_.backup));
      number_ = backup.number;
      return fmt::format("backup {} of {} at {}, tenant {}", backup.number, backup.manifest.identity,
                         backup.manifest.position, choice_.tenant);
    }
    const RestoreTarget& target = choice_.target;
    const std::string time = target.time ? FormatRfc3339(*target.time) : "any";
    return fmt::format("archive {} to position {} and time {}, tenant {}",
                       std::filesystem::absolute(choice_.archive).lexically_normal().string(),
                       target.position ? std::to_string(*target.position) : "any", time, choice_.tenant);
  }

  // The tenant's archive, as an earlier run has left it, or made anew when there is none or more was erased since.
  Result<TenantArchive> TakeOut(const BackupRepository& repository, const std::string& source) {
    FileSystem& files = FileSystem::Posix();
    const std::string note = fmt::format("{}/{}", scratch_, kSourceFile);
    const auto noted = files.ReadFile(note);
    if (noted.ok() && *noted == source) {
      auto archive = OpenTenantArchive(Folder());
      if (archive.ok()) return archive;
    }
    for (const std::string& left : {Folder(), Folder() + ".part", Store()}) RETURN_IF_ERROR(RemoveScratch(left));
    RETURN_IF_ERROR(RestoreAll(repository));
    ASSIGN_OR_RETURN(TenantArchive archive, ExportFromScratch());
    RETURN_IF_ERROR(files.ReplaceFile(note, source));
    RETURN_IF_ERROR(RemoveScratch(Store()));
    return archive;
  }

  std::string Store() const { return scratch_ + "/store"; }

  Status RestoreAll(const BackupRepository& repository) {
    EngineOptions options;
    options.data_dir = Store();
    if (choice_.archive.empty()) {
      ASSIGN_OR_RETURN(const RestoreReport report, RestoreBackup(repository, number_, options));
      fmt::print("backup {} of {}, position {}; {} later erasures done again\n", report.backup,
                 FormatRfc3339(report.manifest.created_at), report.manifest.position, report.erased_again);
      return {};
    }
    ASSIGN_OR_RETURN(const ArchiveRestoreReport report, RestoreArchive(choice_.archive, choice_.target, options));
    fmt::print("as of {}, position {}: base {} and {} commits; {} later erasures done again\n",
               FormatRfc3339(report.time), report.position, report.base.backup, WithThousands(report.commits),
               report.base.erased_again);
    return {};
  }

  Result<TenantArchive> ExportFromScratch() {
    // Nobody shows a key here, so that any secret will do where the copy has none.
    RETURN_IF_ERROR(KeyVault(Store()).Hash("none").status());
    StoreChoice scratch;
    scratch.data_dir = Store();
    ASSIGN_OR_RETURN(const auto clients, TenantClients::Open(scratch, IfNoStore::kFail, {}));
    Engine& engine = *clients->access().store->engine;
    // What is due is due wherever it comes to.
    RETURN_IF_ERROR(engine.SweepNow());
    if (engine.DescribeTenant(choice_.tenant).status().code() == StatusCode::kNotFound) {
      return NotFound(
          fmt::format("the copy has no tenant \"{}\", or it was dropped since: what was erased does not come back",
                      choice_.tenant));
    }
    return ExportTenant(*clients, choice_.tenant, choice_.archive.empty() ? choice_.repository : choice_.archive,
                        Folder());
  }

  const TenantRestore& choice_;
  TenantImportOptions import_;
  std::optional<uint32_t> number_;
  std::string scratch_;
};

}  // namespace

Status RestoreTenant(const TenantRestore& choice) { return TenantRestorer(choice).Run(); }

}  // namespace engram

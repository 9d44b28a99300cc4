// engram restore: a new data folder out of a repository of backups, or out of an archive.
#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include <fmt/format.h>

#include "base/log.h"
#include "engine/backup/restore_archive.h"
#include "tools/backup_commands.h"
#include "tools/progress.h"
#include "tools/restore_tenant.h"
#include "tools/store_access.h"

namespace engram {
namespace {

constexpr const char* kExamples =
    "Examples:\n"
    "  engram restore --from /backups --data ./restored              the newest backup\n"
    "  engram restore --from /backups --backup 17 --data ./restored\n"
    "  engram restore --archive /archive --data ./restored           all that was archived\n"
    "  engram restore --archive /archive --to-time 2026-01-02T03:04:05Z --data ./restored\n"
    "  engram restore --from /backups --tenant acme --as acme-old --server http://127.0.0.1:7700\n"
    "                                                                one tenant, into a store that is served\n"
    "  engram restore --from /backups --tenant acme --data ./data    or into a folder that no server has open\n"
    "\n"
    "What was erased after the backup was taken is erased again before the folder can be served. A restore that was\n"
    "interrupted is run again with the same command.\n"
    "\n"
    "One tenant comes back as it was, with all its namespaces, beside all others: nothing is written over, and keys "
    "are\n"
    "made anew. It takes room for all of the backup in a scratch folder meanwhile.";

struct RestoreChoice {
  std::string repository;
  std::string archive;  // not empty: this instead
  std::string to_time;
  std::optional<uint64_t> to_position;
  uint32_t number = 0;  // 0: the newest
  StoreChoice store;    // its folder; with a tenant, any store
  std::string tenant;   // not empty: this one alone
  std::string as;
  bool into_existing = false;
  std::string scratch;

  const std::string& data_dir() const { return store.data_dir; }
};

Result<RestoreTarget> TargetOf(const RestoreChoice& choice) {
  RestoreTarget target;
  target.position = choice.to_position;
  if (!choice.to_time.empty()) {
    ASSIGN_OR_RETURN(target.time, ParseRfc3339(choice.to_time));
  }
  return target;
}

void PrintMissing(const RestoreReport& report) {
  for (const std::string& segment : report.missing_segments) {
    fmt::print("{}: its index will be built again\n", segment);
  }
}

void PrintErasures(const RestoreReport& report) {
  if (report.erased_again > 0) fmt::print("; {} later erasures done again", report.erased_again);
  fmt::print("\n");
}

Status RestoreFromArchive(const RestoreChoice& choice) {
  ASSIGN_OR_RETURN(const RestoreTarget target, TargetOf(choice));
  EngineOptions options;
  options.data_dir = choice.data_dir();
  ASSIGN_OR_RETURN(const ArchiveRestoreReport report, RestoreArchive(choice.archive, target, options));
  PrintMissing(report.base);
  fmt::print("{}: as of {}, position {}: base {} and {} commits", choice.data_dir(), FormatRfc3339(report.time),
             report.position, report.base.backup, WithThousands(report.commits));
  PrintErasures(report.base);
  return {};
}

Status RestoreFromBackup(const RestoreChoice& choice) {
  ASSIGN_OR_RETURN(const BackupRepository repository, BackupRepository::Open(choice.repository));
  EngineOptions options;
  options.data_dir = choice.data_dir();
  ASSIGN_OR_RETURN(
      const RestoreReport report,
      RestoreBackup(repository, choice.number == 0 ? std::nullopt : std::optional<uint32_t>(choice.number), options));
  PrintMissing(report);
  fmt::print("{}: backup {} of {}, position {}: {} memories in {} namespaces", choice.data_dir(), report.backup,
             FormatRfc3339(report.manifest.created_at), report.manifest.position,
             WithThousands(report.manifest.memories), WithThousands(report.manifest.namespaces));
  PrintErasures(report);
  return {};
}

Status RestoreOneTenant(const RestoreChoice& choice) {
  TenantRestore restore;
  restore.repository = choice.repository;
  if (choice.number > 0) restore.backup = choice.number;
  restore.archive = choice.archive;
  ASSIGN_OR_RETURN(restore.target, TargetOf(choice));
  restore.tenant = choice.tenant;
  restore.as = choice.as;
  restore.into_existing = choice.into_existing;
  restore.scratch = choice.scratch;
  restore.store = choice.store;
  return RestoreTenant(restore);
}

Status Restore(const RestoreChoice& choice) {
  SetLogLevel(LogLevel::kWarning);
  if (choice.repository.empty() == choice.archive.empty()) {
    return InvalidArgument("say what to restore: --from a folder of backups, or --archive");
  }
  if (!choice.tenant.empty()) return RestoreOneTenant(choice);
  return choice.archive.empty() ? RestoreFromBackup(choice) : RestoreFromArchive(choice);
}

}  // namespace

void AddRestoreCommand(CLI::App& app, ChosenCommand* chosen) {
  auto choice = std::make_shared<RestoreChoice>();
  CLI::App* command = app.add_subcommand("restore", "Make a data folder out of a backup");
  command->footer(kExamples);
  CLI::Option* from = command->add_option("--from", choice->repository, "The folder of the backups")->type_name("DIR");
  command->add_option("--backup", choice->number, "Which one; the newest otherwise")
      ->check(CLI::PositiveNumber)
      ->needs(from);
  CLI::Option* archive = command->add_option("--archive", choice->archive, "The folder of `engram serve --archive-dir`")
                             ->type_name("DIR")
                             ->excludes(from);
  CLI::Option* time = command->add_option("--to-time", choice->to_time, "The last commit before or at this time")
                          ->type_name("RFC3339")
                          ->needs(archive);
  command->add_option("--to-position", choice->to_position, "The last commit before or at this change of the store")
      ->needs(archive)
      ->excludes(time);
  AddAdminOptions(command, &choice->store);
  CLI::Option* tenant =
      command->add_option("--tenant", choice->tenant, "This tenant alone, into the store of --data or --server");
  command->add_option("--as", choice->as, "Under this name; its own otherwise")->needs(tenant)->type_name("TENANT");
  command->add_flag("--into-existing", choice->into_existing, "The tenant may have other namespaces already")
      ->needs(tenant);
  command->add_option("--scratch", choice->scratch, "Where there is room for the whole store; the system's otherwise")
      ->needs(tenant)
      ->type_name("DIR");
  command->get_option("--data")->description(
      "The new data folder, absent or empty; with --tenant, the one that gets the tenant");
  command->callback([choice, chosen] {
    *chosen = [choice] {
      if (choice->tenant.empty() && choice->data_dir().empty()) {
        fmt::print(stderr, "engram: where to? --data DIR, a new folder, or --tenant NAME into a store that is there\n");
        return ExitCode::kBadCommand;
      }
      const Status status = Restore(*choice);
      return status.ok() ? ExitCode::kOk : Fail(status);
    };
  });
}

}  // namespace engram

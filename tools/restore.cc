// engram restore: a new data folder out of a repository of backups, or out of an archive.
#include <memory>
#include <optional>
#include <string>

#include <fmt/format.h>

#include "base/log.h"
#include "engine/backup/restore_archive.h"
#include "tools/backup_commands.h"
#include "tools/progress.h"

namespace engram {
namespace {

constexpr const char* kExamples =
    "Examples:\n"
    "  engram restore --from /backups --data ./restored              the newest backup\n"
    "  engram restore --from /backups --backup 17 --data ./restored\n"
    "  engram restore --archive /archive --data ./restored           all that was archived\n"
    "  engram restore --archive /archive --to-time 2026-01-02T03:04:05Z --data ./restored\n"
    "\n"
    "What was erased after the backup was taken is erased again before the folder can be served. A restore that was\n"
    "interrupted is run again with the same command.";

struct RestoreChoice {
  std::string repository;
  std::string archive;  // not empty: this instead
  std::string to_time;
  std::optional<uint64_t> to_position;
  uint32_t number = 0;  // 0: the newest
  std::string data_dir;
};

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
  RestoreTarget target;
  target.position = choice.to_position;
  if (!choice.to_time.empty()) {
    ASSIGN_OR_RETURN(target.time, ParseRfc3339(choice.to_time));
  }
  EngineOptions options;
  options.data_dir = choice.data_dir;
  ASSIGN_OR_RETURN(const ArchiveRestoreReport report, RestoreArchive(choice.archive, target, options));
  PrintMissing(report.base);
  fmt::print("{}: as of {}, position {}: base {} and {} commits", choice.data_dir, FormatRfc3339(report.time),
             report.position, report.base.backup, WithThousands(report.commits));
  PrintErasures(report.base);
  return {};
}

Status RestoreFromBackup(const RestoreChoice& choice) {
  ASSIGN_OR_RETURN(const BackupRepository repository, BackupRepository::Open(choice.repository));
  EngineOptions options;
  options.data_dir = choice.data_dir;
  ASSIGN_OR_RETURN(
      const RestoreReport report,
      RestoreBackup(repository, choice.number == 0 ? std::nullopt : std::optional<uint32_t>(choice.number), options));
  PrintMissing(report);
  fmt::print("{}: backup {} of {}, position {}: {} memories in {} namespaces", choice.data_dir, report.backup,
             FormatRfc3339(report.manifest.created_at), report.manifest.position,
             WithThousands(report.manifest.memories), WithThousands(report.manifest.namespaces));
  PrintErasures(report);
  return {};
}

Status Restore(const RestoreChoice& choice) {
  SetLogLevel(LogLevel::kWarning);
  if (choice.repository.empty() == choice.archive.empty()) {
    return InvalidArgument("say what to restore: --from a folder of backups, or --archive");
  }
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
  command->add_option("--data", choice->data_dir, "The new data folder, absent or empty")->required()->type_name("DIR");
  command->callback([choice, chosen] {
    *chosen = [choice] {
      const Status status = Restore(*choice);
      return status.ok() ? ExitCode::kOk : Fail(status);
    };
  });
}

}  // namespace engram

// engram migrate rollback: takes back what an import brought.
#include <cstdio>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "tools/import/import_row.h"
#include "tools/import/rollback.h"
#include "tools/migrate.h"
#include "tools/progress.h"
#include "tools/store_access.h"

namespace engram {
namespace {

constexpr const char* kAbout =
    "Removes exactly what the import brought and nobody has written since: memories with their histories, nodes, runs\n"
    "and edges. What was written or deleted here since stays and is listed. What the import wrote over comes back "
    "from\n"
    "the backup that was made first (--backup DIR where it has been moved), with its versions and history. Nothing of\n"
    "the import remains that would keep it from being run again. A rollback that was interrupted goes on when it is\n"
    "repeated. Exit code 1 when something that the import replaced could not be brought back.\n"
    "\n"
    "Examples:\n"
    "  engram migrate rollback --namespace notes --import jsonl:notes.jsonl:1a2b3c4d --dry-run\n"
    "  engram migrate rollback --namespace notes --import jsonl:notes.jsonl:1a2b3c4d";

struct RollbackOptions {
  StoreChoice store;
  ChosenImport import;
  std::string backup;
  bool dry_run = false;
};

std::string N(uint64_t number) { return WithThousands(number); }

void PrintKept(const v1::ImportedItem& item) {
  const char* why = item.now() == "gone" ? "deleted here since" : "written here since";
  if (item.now() == "as_written") why = "in use or not in the backup";
  fmt::print("  {} \"{}\" stays: {}\n", item.kind(), item.id(), why);
}

ExitCode PrintPlan(const RollbackOptions& options, const v1::ImportProgress& row, Client& client) {
  const auto plan = PlanRollback(client, options.import.namespace_name, row.id(), PrintKept);
  if (!plan.ok()) return Fail(plan.status());
  const std::string from = row.backup().empty() && options.backup.empty()
                               ? std::string("there is no backup")
                               : "from " + (options.backup.empty() ? row.backup() : options.backup);
  fmt::print("import {}: would remove {}, bring back {} ({}), leave {}; {} are gone already\n", row.id(),
             N(plan->removable), N(plan->replaced), from, N(plan->kept), N(plan->gone));
  return ExitCode::kOk;
}

ExitCode RunRollback(const RollbackOptions& options) {
  auto access = OpenAccess(options.store, IfNoStore::kFail);
  if (!access.ok()) return Fail(access.status());
  Client& client = *access->client;
  auto row = GetImportRow(client, options.import.namespace_name, options.import.import_id);
  if (!row.ok()) return Fail(row.status());
  if (options.dry_run) return PrintPlan(options, *row, client);
  const std::string backup = options.backup.empty() ? row->backup() : options.backup;
  Progress progress = Progress::OnStderr("roll back " + options.import.namespace_name, "records");
  if (const Status status = RollBack(client, options.import.namespace_name, *row, backup, progress); !status.ok()) {
    progress.Clear();
    const ExitCode code = Fail(status);
    fmt::print(stderr, "        run this again when that is mended: it goes on from there\n");
    return code;
  }
  const auto left = PlanRollback(client, options.import.namespace_name, row->id(), PrintKept);
  if (!left.ok()) return Fail(left.status());
  row = GetImportRow(client, options.import.namespace_name, options.import.import_id);
  if (!row.ok()) return Fail(row.status());
  fmt::print("import {}: rolled back; {} removed, {} brought back, {} left\n", row->id(), N(row->rollback().removed()),
             N(row->rollback().restored()), N(left->kept));
  if (left->replaced == 0) return ExitCode::kOk;
  fmt::print(stderr, "engram: {} records that the import wrote over are as it left them: {}\n", N(left->replaced),
             backup.empty() ? "there was no backup" : "the backup has them not");
  return ExitCode::kFailed;
}

}  // namespace

void AddMigrateRollback(CLI::App* migrate, ChosenCommand* chosen) {
  auto options = std::make_shared<RollbackOptions>();
  CLI::App* command = migrate->add_subcommand("rollback", "Take back what an import brought");
  command->footer(kAbout);
  AddImportChoice(command, &options->import);
  AddStoreOptions(command, &options->store);
  command->add_option("--backup", options->backup, "Where the backup is, if not where the import made it")
      ->type_name("DIR");
  command->add_flag("--dry-run", options->dry_run, "Say what would go, come back and stay");
  command->callback([=] { *chosen = [=] { return RunRollback(*options); }; });
}

}  // namespace engram

// engram migrate rollback: takes back what an import brought.
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "tools/import/import_row.h"
#include "tools/import/rollback.h"
#include "tools/import_backup.h"
#include "tools/migrate.h"
#include "tools/progress.h"

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
    "  engram migrate rollback --namespace notes --import jsonl:notes.jsonl:1a2b3c4d\n"
    "  engram migrate rollback --all --import jsonl:notes.jsonl:1a2b3c4d --dry-run\n"
    "  engram migrate rollback --all --import ID --map route.json --admin-key-file admin.key     in every tenant";

struct RollbackOptions {
  ChosenImport import;
  std::string backup;
  bool dry_run = false;
};

std::string N(uint64_t number) { return WithThousands(number); }

// Before a rollback what was replaced is still to come back; after it, it could not.
void PrintLeft(const v1::ImportedItem& item, bool planned) {
  const bool kept = item.kept() || item.now() == "changed" || item.now() == "gone";
  if (planned && !kept) return;
  const char* why = item.now() == "gone" ? "deleted here since" : "written here since";
  if (item.now() == "as_written" || item.now() == "expired") why = "in use";
  if (!kept) why = "the import wrote over what was there, and that is not in the backup";
  fmt::print("  {} \"{}\" stays: {}\n", item.kind(), item.id(), why);
}

// Where what the import wrote over in this namespace is kept; empty when nowhere.
std::string BackupOf(const RollbackOptions& options, const FoundImport& one) {
  if (options.backup.empty()) return one.import.backup();
  const bool several = options.import.all || !options.import.tenants.map.empty();
  return several ? BackupFolder(options.backup, one.at) : options.backup;
}

ExitCode PrintPlan(const RollbackOptions& options, const FoundImport& one) {
  const auto plan = PlanRollback(*one.client, one.at.namespace_name, one.import.id(),
                                 [](const v1::ImportedItem& item) { PrintLeft(item, /*planned=*/true); });
  if (!plan.ok()) return Fail(plan.status());
  const std::string backup = BackupOf(options, one);
  fmt::print("import {} of {}: would remove {}{}, bring back {} ({}), leave {}; {} are gone already\n", one.import.id(),
             one.at.Text(), N(plan->removable),
             plan->expired > 0 ? fmt::format(" ({} of them expired meanwhile)", N(plan->expired)) : "",
             N(plan->replaced), backup.empty() ? "there is no backup" : "from " + backup, N(plan->kept), N(plan->gone));
  return ExitCode::kOk;
}

ExitCode RollBackOne(const RollbackOptions& options, const FoundImport& one) {
  const std::string backup = BackupOf(options, one);
  Progress progress = Progress::OnStderr("roll back " + one.at.Text(), "records");
  const auto left = RollBack(
      *one.client, one.at.namespace_name, one.import, backup,
      [&](const v1::ImportedItem& item) {
        progress.Clear();
        PrintLeft(item, /*planned=*/false);
      },
      progress);
  if (!left.ok()) {
    progress.Clear();
    const ExitCode code = Fail(left.status());
    fmt::print(stderr, "        run this again when that is mended: it goes on from there\n");
    return code;
  }
  const auto row = GetImportRow(*one.client, one.at.namespace_name, one.import.id());
  if (!row.ok()) return Fail(row.status());
  fmt::print("import {} of {}: rolled back; {} removed, {} brought back, {} left\n", row->id(), one.at.Text(),
             N(row->rollback().removed()), N(row->rollback().restored()), N(left->kept));
  if (left->replaced == 0) return ExitCode::kOk;
  std::fflush(stdout);
  fmt::print(stderr, "engram: {} records that the import wrote over are as it left them: {}\n", N(left->replaced),
             backup.empty() ? "there was no backup" : "the backup has them not");
  return ExitCode::kFailed;
}

ExitCode RunRollback(const RollbackOptions& options) {
  const std::vector<std::string> verbs = {"read", "write", "import"};
  const auto tenants = OpenTenants(options.import.tenants, "migrate rollback " + options.import.import_id, verbs);
  if (!tenants.ok()) return Fail(tenants.status());
  const auto found = FindChosen(*tenants, options.import);
  if (!found.ok()) return Fail(found.status());
  ExitCode code = ExitCode::kOk;
  for (const FoundImport& one : *found) {
    const ExitCode ended = options.dry_run ? PrintPlan(options, one) : RollBackOne(options, one);
    if (ended != ExitCode::kOk) code = ended;
  }
  return code;
}

}  // namespace

void AddMigrateRollback(CLI::App* migrate, ChosenCommand* chosen) {
  auto options = std::make_shared<RollbackOptions>();
  CLI::App* command = migrate->add_subcommand("rollback", "Take back what an import brought");
  command->footer(kAbout);
  AddImportChoice(command, &options->import);
  command->add_option("--backup", options->backup, "Where the backup is, if not where the import made it")
      ->type_name("DIR");
  command->add_flag("--dry-run", options->dry_run, "Say what would go, come back and stay");
  command->callback([=] { *chosen = [=] { return RunRollback(*options); }; });
}

}  // namespace engram

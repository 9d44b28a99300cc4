// engram migrate: what comes after an import.
#include "tools/migrate.h"

#include "tools/import_sources.h"

namespace engram {
namespace {

constexpr const char* kExamples =
    "An import is planned, backed_up (where the namespace was not empty), copying, verifying, done; or rolled_back.\n"
    "The state is a row of the namespace, written with each batch: an import that was killed goes on where it was.\n"
    "\n"
    "Examples:\n"
    "  engram import mem0 --history history.db --vectors ./qdrant --namespace memories --dry-run\n"
    "  engram import mem0 --history history.db --vectors ./qdrant --namespace memories --execute --rejects lost.jsonl\n"
    "  engram migrate verify mem0 --history history.db --vectors ./qdrant --namespace memories\n"
    "  engram migrate status\n"
    "  engram migrate report --namespace memories --import ID --markdown report.md\n"
    "  engram migrate rollback --namespace memories --import ID --dry-run\n"
    "  engram migrate push-back qdrant http://127.0.0.1:6333 --collection notes --namespace notes --dry-run";

constexpr const char* kVerifyExamples =
    "Reads the source again and every record back from the store: a hash over text, fields, vectors, scopes, "
    "metadata,\n"
    "times, expiry and state of each, both ways, and the searches for some vectors beside an exact scan. Give the "
    "same\n"
    "options as to the import. Exit code 1 if anything is missing, different, unreadable, or brought by this import "
    "and\n"
    "not in the source; what was edited, deleted or has expired in the store since is counted by itself. The import "
    "is\n"
    "done when everything matched.\n"
    "\n"
    "Examples:\n"
    "  engram migrate verify qdrant-local ./qdrant --collection notes --namespace notes\n"
    "  engram migrate verify sqlite notes.db --map notes.json --namespace notes --sample 5\n"
    "  engram migrate verify archive notes.archive --namespace copy --data ./data";

constexpr const char* kCompareExamples =
    "Like verify, but writes nothing: for a source that goes on.\n"
    "\n"
    "Examples:\n"
    "  engram migrate compare qdrant-local ./qdrant --collection notes --namespace notes\n"
    "  engram migrate compare mem0 --vectors ./qdrant --namespace memories --every 300      until it is interrupted";

}  // namespace

void AddImportChoice(CLI::App* command, ChosenImport* chosen) {
  command->add_option("--namespace,-n", chosen->namespace_name, "What it was imported into")
      ->required()
      ->type_name("NS");
  command->add_option("--import", chosen->import_id, "Which one; `engram migrate status` lists them")
      ->required()
      ->type_name("ID");
}

void AddMigrateCommand(CLI::App& app, ChosenCommand* chosen) {
  CLI::App* migrate =
      app.add_subcommand("migrate", "Verify, follow, report and roll back imports, and push back what came since");
  migrate->require_subcommand(1);
  migrate->footer(kExamples);
  CLI::App* verify = migrate->add_subcommand("verify", "Compare a source with what was imported from it");
  verify->require_subcommand(1);
  verify->footer(kVerifyExamples);
  AddSources(verify, SourceUse::kVerify, chosen);
  CLI::App* compare = migrate->add_subcommand("compare", "The same, again and again, without a trace");
  compare->require_subcommand(1);
  compare->footer(kCompareExamples);
  AddSources(compare, SourceUse::kCompare, chosen);
  AddMigrateStatus(migrate, chosen);
  AddMigrateReport(migrate, chosen);
  AddMigrateRollback(migrate, chosen);
  AddMigratePushBack(migrate, chosen);
}

}  // namespace engram

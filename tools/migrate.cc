// engram migrate: what comes after an import.
#include "tools/migrate.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "tools/import/import_row.h"
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
    "  engram migrate push-back qdrant http://127.0.0.1:6333 --collection notes --namespace notes --dry-run\n"
    "\n"
    "An import that a mapping routes to several namespaces (--map) has a row in each. `verify` and `compare` take the\n"
    "same --map, `report` and `rollback` --all, or --namespace for one of them.";

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
    "  engram migrate verify archive notes.archive --namespace copy --data ./data\n"
    "  engram migrate verify jsonl notes.jsonl --map route.json                  every namespace of a route";

constexpr const char* kCompareExamples =
    "Like verify, but writes nothing: for a source that goes on.\n"
    "\n"
    "Examples:\n"
    "  engram migrate compare qdrant-local ./qdrant --collection notes --namespace notes\n"
    "  engram migrate compare mem0 --vectors ./qdrant --namespace memories --every 300      until it is interrupted";

}  // namespace

void AddImportChoice(CLI::App* command, ChosenImport* chosen) {
  auto* where = command->add_option_group("where");
  where->add_option("--namespace,-n", chosen->namespace_name, "What it was imported into")->type_name("NS");
  where->add_flag("--all", chosen->all, "Every namespace that it went to, by a route");
  where->require_option(1);
  command->add_option("--import", chosen->import_id, "Which one; `engram migrate status` lists them")
      ->required()
      ->type_name("ID");
}

Result<std::vector<NamespaceImport>> FindChosen(Client& client, const ChosenImport& chosen) {
  std::vector<NamespaceImport> found;
  if (!chosen.all) {
    ASSIGN_OR_RETURN(v1::ImportProgress row, GetImportRow(client, chosen.namespace_name, chosen.import_id));
    found.push_back({chosen.namespace_name, std::move(row)});
    return found;
  }
  ASSIGN_OR_RETURN(const v1::ListImportsReply imports, client.ListImports());
  std::set<std::string> others;
  for (const auto& entry : imports.imports()) {
    if (entry.import().id() == chosen.import_id) {
      found.push_back({entry.namespace_(), entry.import()});
    } else {
      others.insert(entry.import().id());
    }
  }
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return a.namespace_name < b.namespace_name; });
  if (!found.empty()) return found;
  std::string known;
  for (const std::string& id : others) known += (known.empty() ? "" : ", ") + id;
  return NotFound(
      fmt::format("no namespace has an import {}; there are {}", chosen.import_id, known.empty() ? "none" : known));
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

// engram migrate: what comes after an import.
#include "tools/migrate.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "tools/import/import_row.h"
#include "tools/import/route.h"
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
    "same --map, `report` and `rollback` --all, or --namespace for one of them; where it routes to tenants, all take\n"
    "--map, and the admin key or --data.";

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

void AddTenantChoice(CLI::App* command, ChosenTenants* chosen) {
  AddAdminOptions(command, &chosen->store);
  command->add_option("--tenant", chosen->tenant, "In this tenant; needs the admin key, or --data");
  command
      ->add_option("--map", chosen->map,
                   "The import's mapping: in all tenants that it routes to; needs the admin key, or --data")
      ->type_name("FILE");
}

Result<OpenedTenants> OpenTenants(const ChosenTenants& chosen, const std::string& purpose,
                                  const std::vector<std::string>& verbs) {
  std::optional<RecordRoute> route;
  if (!chosen.map.empty()) {
    ASSIGN_OR_RETURN(route, ReadRouteFile(chosen.map));
  }
  const bool routed = route && route->tenant;
  if (!routed && chosen.tenant.empty()) {
    ASSIGN_OR_RETURN(StoreAccess access, OpenAccess(chosen.store, IfNoStore::kFail));
    return OpenedTenants{std::make_unique<TenantClients>(std::move(access)), {std::string()}};
  }
  TenantClients::Options options;
  options.purpose = purpose;
  options.verbs = verbs;
  OpenedTenants opened;
  ASSIGN_OR_RETURN(opened.clients, TenantClients::Open(chosen.store, IfNoStore::kFail, std::move(options)));
  ASSIGN_OR_RETURN(opened.names, opened.clients->Existing([&](const std::string& name) {
    return (chosen.tenant.empty() || chosen.tenant == name) && (!routed || route->tenant->MayLeadTo(name));
  }));
  if (!opened.names.empty()) return opened;
  return NotFound(chosen.tenant.empty() ? fmt::format("none of the tenants that {} routes to is there", chosen.map)
                                        : fmt::format("there is no tenant \"{}\"{}", chosen.tenant,
                                                      routed ? " that " + chosen.map + " routes to" : std::string()));
}

void AddImportChoice(CLI::App* command, ChosenImport* chosen) {
  auto* where = command->add_option_group("where");
  where->add_option("--namespace,-n", chosen->namespace_name, "What it was imported into")->type_name("NS");
  where->add_flag("--all", chosen->all, "Every namespace that it went to, by a route");
  where->require_option(1);
  command->add_option("--import", chosen->import_id, "Which one; `engram migrate status` lists them")
      ->required()
      ->type_name("ID");
  AddTenantChoice(command, &chosen->tenants);
}

Result<std::vector<FoundImport>> FindChosen(const OpenedTenants& tenants, const ChosenImport& chosen) {
  std::vector<FoundImport> found;
  if (!chosen.all && tenants.names.size() == 1) {
    ASSIGN_OR_RETURN(Client* const client, tenants.clients->For(tenants.names[0]));
    ASSIGN_OR_RETURN(v1::ImportProgress row, GetImportRow(*client, chosen.namespace_name, chosen.import_id));
    found.push_back({{tenants.names[0], chosen.namespace_name}, client, std::move(row)});
    return found;
  }
  std::set<std::string> others;
  for (const std::string& tenant : tenants.names) {
    ASSIGN_OR_RETURN(Client* const client, tenants.clients->For(tenant));
    ASSIGN_OR_RETURN(const v1::ListImportsReply imports, client->ListImports());
    for (const auto& entry : imports.imports()) {
      if (!chosen.all && entry.namespace_() != chosen.namespace_name) continue;
      if (entry.import().id() == chosen.import_id) {
        found.push_back({{tenant, entry.namespace_()}, client, entry.import()});
      } else {
        others.insert(entry.import().id());
      }
    }
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
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

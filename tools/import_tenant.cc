// engram import tenant: all of a tenant, as `engram export --tenant` took it out.
#include <cstdio>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "tools/import/import_id.h"
#include "tools/import_sources.h"
#include "tools/progress.h"
#include "tools/tenant_clients.h"
#include "tools/tenant_import.h"

namespace engram {
namespace {

constexpr const char* kExamples =
    "Reads a folder that `engram export --tenant` made: all namespaces with their configuration, aliases, memories "
    "with\n"
    "vectors and history, deleted ones, runs, nodes and edges; and the tenant's limits, where the tenant is not there\n"
    "yet. Keys are made anew. Nothing is written over; what was interrupted goes on when it is run again; in the end "
    "all\n"
    "of it is read back and compared.\n"
    "\n"
    "Examples:\n"
    "  engram import tenant acme.tenant --data ./data\n"
    "  engram import tenant acme.tenant --as acme-2 --admin-key-file admin.key";

struct TenantChoice {
  StoreChoice store;
  std::string folder;
  std::string as;
  bool into_existing = false;
};

Status Import(const TenantChoice& choice) {
  ASSIGN_OR_RETURN(const TenantArchive archive, OpenTenantArchive(choice.folder));
  TenantImportOptions options;
  options.as = choice.as.empty() ? archive.tenant : choice.as;
  options.into_existing = choice.into_existing;
  options.import_id = MakeImportId("tenant", choice.folder);
  TenantClients::Options use;
  use.purpose = "import tenant " + options.as;
  use.verbs = {"read", "write", "import", "admin"};
  ASSIGN_OR_RETURN(const auto clients, TenantClients::Open(choice.store, IfNoStore::kCreate, use));
  RETURN_IF_ERROR(CheckTenantTarget(*clients, archive, choice.folder, options));
  ASSIGN_OR_RETURN(const TenantImportReport report, ImportTenant(*clients, archive, choice.folder, options));
  for (const std::string& note : report.notes) fmt::print("{}\n", note);
  fmt::print("{}: tenant {} {} {}: {}\n", StoreName(choice.store), options.as, report.made ? "made of" : "filled from",
             choice.folder, report.Text());
  return {};
}

}  // namespace

void AddTenantImport(CLI::App* parent, ChosenCommand* chosen) {
  CLI::App* command = parent->add_subcommand("tenant", "From an archive of a tenant that engram made");
  command->footer(kExamples);
  auto choice = std::make_shared<TenantChoice>();
  command->add_option("folder", choice->folder, "The archive")->required();
  AddAdminOptions(command, &choice->store);
  command->add_option("--as", choice->as, "Under this name; its own otherwise")->type_name("TENANT");
  command->add_flag("--into-existing", choice->into_existing, "The tenant may have other namespaces already");
  command->callback([=] {
    *chosen = [=] {
      const Status status = Import(*choice);
      return status.ok() ? ExitCode::kOk : Fail(status);
    };
  });
}

}  // namespace engram

// engram export: a namespace as JSON Lines, as `engram import jsonl` reads it, or as an archive.
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "tools/command.h"
#include "tools/export_sink.h"
#include "tools/namespace_export.h"
#include "tools/progress.h"
#include "tools/store_access.h"
#include "tools/tenant_clients.h"
#include "tools/tenant_export.h"

namespace engram {
namespace {

constexpr const char* kExamples =
    "One JSON object a line: {\"namespace\":{…}} with the configuration; then memories of every state in the order of\n"
    "their ids, each with its vectors, metadata, TTL, feedback and former versions; {\"node\":{…}}, {\"run\":{…}} and\n"
    "{\"edge\":{…}}. `engram import jsonl` makes the same namespace of it. Stays behind: deleted memories, retired\n"
    "edges, progress of imports. What is written during an export may or may not be in it.\n"
    "\n"
    "--archive DIR makes a folder instead, with a hash over each record and each file; deleted memories with what "
    "their\n"
    "histories keep and edges that have ended are in it, too. `engram import archive` makes the same of it.\n"
    "\n"
    "--since POSITION writes the delta: memories that were made, written or changed in state after that position,\n"
    "which a write, an export or a push-back has told, and {\"tombstone\":{…}} for each that is gone. All of it is as\n"
    "it was at one position, which is told at the end (and by the archive's manifest): the next delta goes on there.\n"
    "The store knows what changed for as long as its log goes back, seven days unless it was told otherwise; a\n"
    "position before that is refused, and a full export is due.\n"
    "\n"
    "Examples:\n"
    "  engram export --namespace notes --out notes.jsonl\n"
    "  engram export --namespace notes --no-history --no-graph | wc -l\n"
    "  engram export --namespace notes --data ./data --out notes.jsonl          without a server\n"
    "  engram export --namespace notes --archive notes.archive\n"
    "  engram export --tenant acme --archive acme.tenant --admin-key-file admin.key      for `engram import tenant`\n"
    "  engram export --namespace notes --since POSITION --out delta.jsonl";

struct ExportOptions {
  StoreChoice store;
  std::string namespace_name;
  std::string tenant;   // not empty: all of its namespaces instead
  std::string out;      // empty: standard output
  std::string archive;  // not empty: this instead
  std::optional<std::string> since;
  ExportScope scope;
};

std::string Summary(const ExportCounts& counts, bool with_ended_edges) {
  const std::string ended = with_ended_edges
                                ? fmt::format(", {} ended edges, {} deleted memories",
                                              WithThousands(counts.ended_edges), WithThousands(counts.tombstones))
                                : std::string();
  return fmt::format("{} memories, {} former versions, {} nodes, {} runs, {} edges{}", WithThousands(counts.memories),
                     WithThousands(counts.versions), WithThousands(counts.nodes), WithThousands(counts.runs),
                     WithThousands(counts.edges), ended);
}

void TellOfCutHistories(uint64_t cut) {
  if (cut == 0) return;
  fmt::print(stderr,
             "engram: {} memories have more former versions than one import can take; their oldest are left out\n",
             WithThousands(cut));
}

// What was made by it; empty for standard output.
std::string MadeBy(const ExportOptions& options) {
  const std::string& made = options.archive.empty() ? options.out : options.archive;
  return made == "-" ? "" : made;
}

ExitCode RunDelta(const ExportOptions& options, const v1::Namespace& described, Client& client, ExportSink& out) {
  Progress progress = Progress::OnStderr("export " + options.namespace_name, "memories");
  const auto exported =
      ExportDelta(client, described, StoreName(options.store), *options.since, options.scope, out, progress);
  if (!exported.ok()) {
    progress.Clear();
    return Fail(exported.status());
  }
  TellOfCutHistories(exported->histories_cut);
  if (exported->erased > 0) {
    fmt::print(stderr, "engram: {} memories were erased since, and nobody knows their ids any more\n",
               WithThousands(exported->erased));
  }
  const std::string made = MadeBy(options);
  fmt::print(made.empty() ? stderr : stdout, "{}: {} memories, {} former versions, {} gone; up to position {}\n",
             made.empty() ? "engram" : made, WithThousands(exported->memories), WithThousands(exported->versions),
             WithThousands(exported->ended), exported->reached);
  return ExitCode::kOk;
}

ExitCode RunTenantExport(const ExportOptions& options) {
  if (!options.namespace_name.empty() || options.archive.empty() || options.since || options.scope.no_history ||
      options.scope.no_graph) {
    fmt::print(stderr, "engram: a whole tenant goes into a folder: --tenant NAME --archive DIR, and nothing less\n");
    return ExitCode::kBadCommand;
  }
  TenantClients::Options use;
  use.purpose = "export " + options.tenant;
  use.verbs = {"read"};
  const auto clients = TenantClients::Open(options.store, IfNoStore::kFail, use);
  if (!clients.ok()) return Fail(clients.status());
  const auto made = ExportTenant(**clients, options.tenant, StoreName(options.store), options.archive);
  if (!made.ok()) return Fail(made.status());
  fmt::print("{}: tenant {}, {} memories in {} namespaces\n", options.archive, made->tenant,
             WithThousands(made->memories()), WithThousands(made->namespaces.size()));
  return ExitCode::kOk;
}

ExitCode RunExport(const ExportOptions& options) {
  if (!options.tenant.empty()) return RunTenantExport(options);
  if (options.namespace_name.empty()) {
    fmt::print(stderr, "engram: what? --namespace NS, or --tenant NAME\n");
    return ExitCode::kBadCommand;
  }
  auto access = OpenAccess(options.store, IfNoStore::kFail);
  if (!access.ok()) return Fail(access.status());
  // Asked before a file is made: no empty export of a namespace that is not there.
  const auto described = access->client->DescribeNamespace(options.namespace_name);
  if (!described.ok()) return Fail(described.status());
  auto out = options.archive.empty() ? NewJsonlSink(options.out) : NewArchiveSink(options.archive);
  if (!out.ok()) return Fail(out.status());
  if (options.since) return RunDelta(options, *described, *access->client, **out);
  Progress progress = Progress::OnStderr("export " + options.namespace_name, "memories");
  const auto exported =
      ExportNamespace(*access->client, *described, StoreName(options.store), options.scope, **out, progress);
  if (!exported.ok()) {
    progress.Clear();
    return Fail(exported.status());
  }
  TellOfCutHistories(exported->histories_cut);
  const std::string made = MadeBy(options);
  if (!made.empty()) fmt::print("{}: {}\n", made, Summary(*exported, (*out)->takes_ended_edges()));
  return ExitCode::kOk;
}

}  // namespace

void AddExportCommand(CLI::App& app, ChosenCommand* chosen) {
  auto options = std::make_shared<ExportOptions>();
  CLI::App* command = app.add_subcommand("export", "Write a namespace to a file or an archive, or a tenant");
  command->footer(kExamples);
  command->add_option("--namespace,-n", options->namespace_name, "Which one")->type_name("NS");
  AddAdminOptions(command, &options->store);
  command->add_option("--tenant", options->tenant,
                      "All namespaces of this tenant, with --archive; of a server, by its admin key");
  auto* out = command->add_option("--out,-o", options->out, "The file to make or replace; standard output by default")
                  ->type_name("FILE");
  command->add_option("--archive", options->archive, "Make an archive in this folder instead")
      ->type_name("DIR")
      ->excludes(out);
  command->add_option("--since", options->since, "Only what changed after this position")->type_name("POSITION");
  command->add_flag("--no-history", options->scope.no_history, "Leave former versions out");
  command->add_flag("--no-graph", options->scope.no_graph, "Leave nodes and edges out");
  command->callback([=] { *chosen = [=] { return RunExport(*options); }; });
}

}  // namespace engram

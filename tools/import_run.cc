#include "tools/import_run.h"

#include <cstdio>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "base/file.h"
#include "tools/import/filtered_source.h"
#include "tools/import/importer.h"
#include "tools/import/loose_time.h"
#include "tools/import/source_archiver.h"
#include "tools/import_backup.h"
#include "tools/import_routed.h"
#include "tools/import_summary.h"
#include "tools/migrate_verify.h"
#include "tools/probe.h"
#include "tools/progress.h"

namespace engram {
namespace {

std::string N(uint64_t number) { return WithThousands(number); }

// What was committed before an error stays: the next run goes on from there.
ExitCode Stopped(const ImportChoice& choice, const ImportSummary& summary, const char* unit, const Status& status) {
  const ExitCode code = Fail(status);
  if (summary.memories + summary.edges + summary.nodes > 0) PrintSummary(choice, summary, unit);
  PrintHowToGoOn(summary.stopped_by_record, summary.records > 0);
  return code;
}

ExitCode CodeOf(const ImportSummary& summary) {
  return summary.rejected + summary.rejected_before == 0 ? ExitCode::kOk : ExitCode::kFailed;
}

// A dry run says what the run itself will ask for.
void TellOfBackup(const ImportChoice& choice, Client* client) {
  if (!choice.options.dry_run || client == nullptr || !choice.backup.empty() || choice.options.no_backup) return;
  const auto described = client->DescribeNamespace(choice.options.namespace_name);
  if (!described.ok() || described->counts().memories() == 0) return;
  fmt::print(stderr,
             "engram: namespace {} has {} memories already: unless this import has begun, it will want --backup DIR\n",
             described->name(), N(described->counts().memories()));
}

ExitCode WriteStore(ImportChoice choice, const ImportSteps& steps, ImportSource& source) {
  auto access = OpenTarget(choice, !choice.options.namespace_name.empty());
  if (!access.ok()) return Fail(access.status());
  if (steps.announce) steps.announce(source);
  TellOfBackup(choice, access->client.get());
  if (!choice.backup.empty()) {
    choice.options.back_up = [&](const v1::Namespace& described) {
      return BackUp(choice.backup, StoreName(choice.store), *access->client, described);
    };
  }
  Progress progress = Progress::OnStderr("import " + choice.options.namespace_name, source.unit());
  Importer importer(access->client.get(), source, choice.options, progress);
  const Status status = importer.Run();
  if (!status.ok()) {
    progress.Clear();
    return Stopped(choice, importer.summary(), source.unit(), status);
  }
  PrintSummary(choice, importer.summary(), source.unit());
  PrintSample(importer.summary().sample);
  const bool verifies = steps.rewind && !choice.options.dry_run && !choice.options.limit;
  if (!verifies) return CodeOf(importer.summary());
  if (const Status rewound = steps.rewind(); !rewound.ok()) return Fail(rewound);
  return VerifyOnce(choice, source, *access->client, /*keep=*/true);
}

ExitCode WriteArchive(const ImportChoice& choice, const ImportSteps& steps, ImportSource& source) {
  const ArchiveOptions options{choice.archive, choice.options.dry_run, choice.options.limit,
                               choice.options.rejects_path, choice.options.reject_limits};
  if (steps.announce) steps.announce(source);
  Progress progress = Progress::OnStderr("archive " + choice.file, source.unit());
  ArchiveSummary summary;
  if (const Status status = ArchiveRecords(source, options, progress, &summary); !status.ok()) {
    progress.Clear();
    const ExitCode code = Fail(status);
    if (summary.stopped_by_record) {
      fmt::print(stderr, "        no archive was made; give --rejects FILE to leave out what can't be taken\n");
    }
    return code;
  }
  const ArchiveManifest& made = summary.manifest;
  fmt::print(
      "{}: {} {} read; {} {}: {} memories, {} tombstones, {} nodes, {} runs, {} edges, {} ended edges; {} "
      "rejected\n",
      choice.file, N(summary.records), source.unit(), options.dry_run ? "would make" : "made", choice.archive,
      N(made.count(ArchiveKind::kMemory)), N(made.count(ArchiveKind::kTombstone)), N(made.count(ArchiveKind::kNode)),
      N(made.count(ArchiveKind::kRun)), N(made.count(ArchiveKind::kEdge)), N(made.count(ArchiveKind::kRetiredEdge)),
      N(summary.rejected));
  std::fflush(stdout);
  PrintNotes(made.notes);
  return summary.rejected == 0 ? ExitCode::kOk : ExitCode::kFailed;
}

ExitCode BadCommand(const std::string& what) {
  fmt::print(stderr, "engram: {}\n", what);
  return ExitCode::kBadCommand;
}

ExitCode RunImport(ImportChoice choice, const ImportSteps& steps, const std::optional<RecordRoute>& route) {
  const bool to_store = !choice.options.namespace_name.empty();
  if (choice.execute && choice.options.dry_run) return BadCommand("give --dry-run or --execute, not both");
  if (to_store && !choice.archive.empty()) return BadCommand("give --namespace or --archive, not both");
  if (route && !choice.archive.empty()) {
    return BadCommand("an archive has no namespaces: leave the route out of --map, or give no --archive");
  }
  if (choice.create_tenants && !(route && route->tenant)) {
    return BadCommand("--create-tenants is for a --map FILE that routes to tenants");
  }
  if (!to_store && !route && choice.archive.empty() && !choice.options.dry_run) {
    return BadCommand("where to? --namespace NS, or --archive DIR");
  }
  for (const std::string& condition : choice.abort_on) {
    if (const Status status = ParseAbortOn(condition, &choice.options.reject_limits); !status.ok()) {
      return BadCommand(status.message());
    }
  }
  choice.options.sample = choice.sample;
  if (route) return ImportRouted(choice, steps, *route);
  auto source = OpenSource(choice, steps);
  if (!source.ok()) return Fail(source.status());
  return choice.archive.empty() ? WriteStore(choice, steps, **source) : WriteArchive(choice, steps, **source);
}

void AddImportOptions(CLI::App* command, ImportChoice* choice) {
  ImportOptions& options = choice->options;
  command->add_option("--archive", choice->archive, "Make an archive in this folder instead; needs no store")
      ->type_name("DIR");
  command->add_option("--batch", options.batch.items, "Records of one atomic write")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  command->add_flag("--dry-run", options.dry_run, "Read and check everything, write nothing");
  command->add_flag("--execute", choice->execute, "Write; what the command does without --dry-run, said aloud");
  auto* backup =
      command
          ->add_option("--backup", choice->backup, "First keep what the namespace holds in an archive in this folder")
          ->type_name("DIR");
  command->add_flag("--no-backup", options.no_backup, "Write into a namespace that is not empty without one")
      ->excludes(backup);
  command->add_option("--sample", choice->sample, "Show so many memories as they would be written")
      ->check(CLI::Range(1, 1000));
  command->add_option("--rejects", options.rejects_path, "Write what can't be taken here and go on")->type_name("FILE");
  command->add_option("--abort-on", choice->abort_on, "Stop when more can't be taken: rejects=N, or rejects=P% of all")
      ->type_name("COND");
  command->add_flag("--create-tenants", choice->create_tenants, "Make the tenants that the route leads to");
  command->add_flag("--restart", options.restart, "Forget the progress of earlier runs");
}

// Nothing without a mapping, or where it says nothing of a route.
Result<std::optional<RecordRoute>> ReadRoute(const ImportChoice& choice, const ImportSteps& steps) {
  if (choice.map.empty()) return std::optional<RecordRoute>();
  ASSIGN_OR_RETURN(auto route, ReadRouteFile(choice.map));
  if (!steps.maps_columns) {
    ASSIGN_OR_RETURN(const std::string json, FileSystem::Posix().ReadFile(choice.map));
    if (!IsRouteAlone(json)) {
      return InvalidArgument(
          fmt::format("{}: of this source a mapping can say a \"route\", and that alone", choice.map));
    }
  }
  if (route && !route->space) route->namespace_name = choice.options.namespace_name;
  return route;
}

// What a command line leaves open, or asks for in vain; empty: nothing.
std::string WrongWith(const ImportChoice& choice, const std::optional<RecordRoute>& route) {
  const bool tenants = route && route->tenant;
  if (choice.use == SourceUse::kProbe) return {};
  if (!choice.tenant.empty() && !tenants) return "--tenant chooses among those that a --map FILE routes to";
  if (tenants && !route->space && choice.options.namespace_name.empty()) {
    return "which namespace of each tenant? --namespace NS, or a \"namespace\" in the route";
  }
  return {};
}

// What of its options chooses among the source's records, for a person.
std::string FilterText(const ImportChoice& choice, const std::optional<RecordRoute>& route) {
  std::string text;
  if (!choice.users_file.empty()) text += "--users-file " + choice.users_file;
  if (!choice.since.empty()) text += (text.empty() ? "" : " ") + ("--since " + choice.since);
  if (route) text += (text.empty() ? "" : " ") + route->Text();
  return text;
}

}  // namespace

// A dry run makes no store, so that there may be none to ask: then there is no client. Nor is one asked where no
// namespace is named.
Result<StoreAccess> OpenTarget(const ImportChoice& choice, bool names_namespace) {
  if (!choice.options.dry_run) return OpenAccess(choice.store, IfNoStore::kCreate);
  if (!names_namespace) return StoreAccess();
  auto access = OpenAccess(choice.store, IfNoStore::kFail);
  const bool no_store = !access.ok() && access.status().code() == StatusCode::kNotFound;
  return no_store && !choice.store.data_dir.empty() ? StoreAccess() : std::move(access);
}

std::shared_ptr<ImportChoice> AddSourceOptions(CLI::App* command, SourceUse use) {
  auto choice = std::make_shared<ImportChoice>();
  choice->use = use;
  command
      ->add_option("--map", choice->map, "Which record goes to which namespace or tenant, in JSON: docs/migrating.md")
      ->type_name("FILE");
  if (use == SourceUse::kProbe) return choice;
  ImportOptions& options = choice->options;
  command
      ->add_option("--namespace,-n", options.namespace_name,
                   use == SourceUse::kImport ? "Where to; made if absent" : "What it was imported into")
      ->type_name("NS");
  AddAdminOptions(command, &choice->store);
  command->add_option("--tenant", choice->tenant, "This one alone of those that the route leads to");
  if (use == SourceUse::kImport) AddImportOptions(command, choice.get());
  if (use != SourceUse::kImport) {
    choice->sample = 20;
    command->add_option("--sample", choice->sample, "Show so many of the records that differ, field by field")
        ->capture_default_str()
        ->check(CLI::Range(0, 1000));
  }
  if (use == SourceUse::kCompare) {
    command->add_option("--every", choice->every, "Again and again, with so many seconds between")
        ->type_name("SECONDS");
  }
  command->add_option("--users-file", choice->users_file, "Only the memories of these users, one user_id a line")
      ->type_name("FILE");
  command->add_option("--since", choice->since, "Only what the source made or changed since, such as 2026-03-01T12:00")
      ->type_name("TIME");
  command->add_option("--limit", options.limit, "Stop after so many records");
  command->add_option("--import-id", options.import_id, "The name its progress is kept under; the source's by default");
  return choice;
}

Result<std::unique_ptr<ImportSource>> OpenSource(const ImportChoice& choice, const ImportSteps& steps) {
  SourceFilter filter;
  if (!choice.since.empty()) {
    auto since = ParseLooseTime(choice.since);
    if (!since.ok()) return std::move(since).status().At("--since");
    filter.since = *since;
  }
  if (!choice.users_file.empty()) {
    ASSIGN_OR_RETURN(filter.users, ReadUsersFile(choice.users_file));
  }
  ASSIGN_OR_RETURN(std::unique_ptr<ImportSource> source, steps.open());
  if (filter.empty()) return source;
  return std::unique_ptr<ImportSource>(std::make_unique<FilteredSource>(std::move(source), std::move(filter)));
}

ExitCode RunSource(const ImportChoice& chosen, const ImportSteps& steps) {
  const auto route = ReadRoute(chosen, steps);
  if (!route.ok()) return Fail(route.status());
  if (const std::string wrong = WrongWith(chosen, *route); !wrong.empty()) return BadCommand(wrong);
  ImportChoice choice = chosen;
  choice.options.origin_options = FilterText(choice, *route);
  const bool verifies = choice.use == SourceUse::kVerify || choice.use == SourceUse::kCompare;
  if (verifies && *route) return VerifyRouted(choice, steps, **route);
  if (verifies && choice.options.namespace_name.empty()) {
    return BadCommand("which namespace? --namespace NS, or a --map FILE that routes");
  }
  if (verifies) return RunVerify(choice, steps);
  return choice.use == SourceUse::kProbe ? ProbeSource(choice, steps) : RunImport(choice, steps, *route);
}

}  // namespace engram

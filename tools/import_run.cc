#include "tools/import_run.h"

#include <cstdio>
#include <utility>

#include <fmt/format.h>

#include "tools/import/source_archiver.h"
#include "tools/probe.h"
#include "tools/progress.h"

namespace engram {
namespace {

std::string N(uint64_t number) { return WithThousands(number); }

void PrintNotes(const std::vector<std::string>& notes) {
  for (const std::string& note : notes) fmt::print(stderr, "engram: {}\n", note);
}

void PrintStayedBehind(const ImportSummary& summary) {
  if (summary.tombstones > 0) {
    fmt::print(stderr,
               "engram: stayed behind: {} deleted memories with {} events of their histories; a store can't be given "
               "them, an archive keeps them\n",
               N(summary.tombstones), N(summary.tombstone_versions));
  }
  if (summary.retired_edges > 0) {
    fmt::print(stderr,
               "engram: stayed behind: {} edges that have ended; a store can't be given them, an archive "
               "keeps them\n",
               N(summary.retired_edges));
  }
}

void PrintSummary(const ImportChoice& choice, const ImportSummary& summary, const char* unit) {
  if (choice.options.dry_run) {
    const std::string where = choice.options.namespace_name.empty()
                                  ? std::string()
                                  : fmt::format(" to {} of {}", choice.options.namespace_name, StoreName(choice.store));
    fmt::print("{}: {} {} read; would write {} memories, {} edges, {} nodes, {} runs{}; {} can't be taken\n",
               choice.file, N(summary.records), unit, N(summary.memories), N(summary.edges), N(summary.nodes),
               N(summary.runs), where, N(summary.rejected));
  } else {
    fmt::print(
        "{}: {} {} read{}; {} memories ({} created, {} updated, {} unchanged{}{}), {} edges, {} nodes, {} runs, "
        "{} rejected\n",
        choice.file, N(summary.records), unit, summary.resumed ? " after those of an earlier run" : "",
        N(summary.memories), N(summary.created), N(summary.updated), N(summary.unchanged),
        summary.duplicates > 0 ? fmt::format(", {} duplicates", N(summary.duplicates)) : "",
        summary.gone > 0 ? fmt::format("; {} deleted here since stay deleted", N(summary.gone)) : "", N(summary.edges),
        N(summary.nodes), N(summary.runs), N(summary.rejected + summary.rejected_before));
  }
  std::fflush(stdout);
  PrintStayedBehind(summary);
  PrintNotes(summary.notes);
}

// What was committed before an error stays: the next run goes on from there.
ExitCode Stopped(const ImportChoice& choice, const ImportSummary& summary, const char* unit, const Status& status) {
  const ExitCode code = Fail(status);
  if (summary.memories + summary.edges + summary.nodes > 0) PrintSummary(choice, summary, unit);
  if (summary.stopped_by_record) {
    fmt::print(stderr,
               "        correct it and run this again, it goes on from there; or give --rejects FILE to go on past "
               "what can't be taken\n");
  } else if (summary.records > 0) {
    fmt::print(stderr, "        run this again when that is mended: it goes on after what was written\n");
  }
  return code;
}

ExitCode CodeOf(const ImportSummary& summary) {
  return summary.rejected + summary.rejected_before == 0 ? ExitCode::kOk : ExitCode::kFailed;
}

// A dry run makes no store, so that there may be none to ask: then there is no client. Nor is one asked where no
// namespace is named.
Result<StoreAccess> OpenTarget(const ImportChoice& choice) {
  if (!choice.options.dry_run) return OpenAccess(choice.store, IfNoStore::kCreate);
  if (choice.options.namespace_name.empty()) return StoreAccess();
  auto access = OpenAccess(choice.store, IfNoStore::kFail);
  const bool no_store = !access.ok() && access.status().code() == StatusCode::kNotFound;
  return no_store && !choice.store.data_dir.empty() ? StoreAccess() : std::move(access);
}

ExitCode WriteStore(const ImportChoice& choice, const ImportSteps& steps, ImportSource& source) {
  auto access = OpenTarget(choice);
  if (!access.ok()) return Fail(access.status());
  if (steps.announce) steps.announce(source);
  Progress progress = Progress::OnStderr("import " + choice.options.namespace_name, source.unit());
  Importer importer(access->client.get(), source, choice.options, progress);
  const Status status = importer.Run();
  if (!status.ok()) {
    progress.Clear();
    return Stopped(choice, importer.summary(), source.unit(), status);
  }
  PrintSummary(choice, importer.summary(), source.unit());
  const bool compares = steps.compare && !choice.options.dry_run && !choice.options.limit;
  return compares ? steps.compare(source, *access->client) : CodeOf(importer.summary());
}

ExitCode WriteArchive(const ImportChoice& choice, const ImportSteps& steps, ImportSource& source) {
  const ArchiveOptions options{choice.archive, choice.options.dry_run, choice.options.limit,
                               choice.options.rejects_path};
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

ExitCode BadCommand(const char* what) {
  fmt::print(stderr, "engram: {}\n", what);
  return ExitCode::kBadCommand;
}

}  // namespace

std::shared_ptr<ImportChoice> AddSourceOptions(CLI::App* command, SourceUse use) {
  auto choice = std::make_shared<ImportChoice>();
  choice->use = use;
  if (use == SourceUse::kProbe) return choice;
  ImportOptions& options = choice->options;
  command->add_option("--namespace,-n", options.namespace_name, "Where to; made if absent")->type_name("NS");
  AddStoreOptions(command, &choice->store);
  command->add_option("--archive", choice->archive, "Make an archive in this folder instead; needs no store")
      ->type_name("DIR");
  command->add_option("--batch", options.batch.items, "Records of one atomic write")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  command->add_flag("--dry-run", options.dry_run, "Read and check everything, write nothing");
  command->add_option("--limit", options.limit, "Stop after so many records");
  command->add_option("--rejects", options.rejects_path, "Write what can't be taken here and go on")->type_name("FILE");
  command->add_option("--import-id", options.import_id, "The name its progress is kept under; the source's by default");
  command->add_flag("--restart", options.restart, "Forget the progress of earlier runs");
  return choice;
}

ExitCode RunSource(const ImportChoice& choice, const ImportSteps& steps) {
  if (choice.use == SourceUse::kProbe) return ProbeSource(choice, steps);
  const bool to_store = !choice.options.namespace_name.empty();
  if (to_store && !choice.archive.empty()) return BadCommand("give --namespace or --archive, not both");
  if (!to_store && choice.archive.empty() && !choice.options.dry_run) {
    return BadCommand("where to? --namespace NS, or --archive DIR");
  }
  auto source = steps.open();
  if (!source.ok()) return Fail(source.status());
  return choice.archive.empty() ? WriteStore(choice, steps, **source) : WriteArchive(choice, steps, **source);
}

}  // namespace engram

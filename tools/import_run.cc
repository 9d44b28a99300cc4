#include "tools/import_run.h"

#include <charconv>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "api/json.h"
#include "base/check.h"
#include "tools/import/archive_source.h"
#include "tools/import/filtered_source.h"
#include "tools/import/loose_time.h"
#include "tools/import/source_archiver.h"
#include "tools/migrate_verify.h"
#include "tools/namespace_export.h"
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

// Keeps what the namespace holds in an archive; its place as an absolute path. One that an interrupted run has made
// of the same memories is as good.
Result<std::string> BackUp(const ImportChoice& choice, Client& client, const v1::Namespace& described) {
  const std::string place = std::filesystem::absolute(choice.backup).lexically_normal().string();
  if (const auto made = ArchiveSource::Open(place); made.ok()) {
    const std::string& digest = (*made)->manifest().digest;
    if (!digest.empty() && digest == described.digest().memories()) return place;
    return AlreadyExists(fmt::format("{} is an archive of something else: give --backup another folder", place));
  }
  ASSIGN_OR_RETURN(const auto sink, NewArchiveSink(place));
  Progress progress = Progress::OnStderr("back up " + described.name(), "memories");
  ASSIGN_OR_RETURN(const ExportCounts counts,
                   ExportNamespace(client, described, StoreName(choice.store), {}, *sink, progress));
  fmt::print("{}: {} memories, {} nodes, {} runs and {} edges that were in {}\n", place, N(counts.memories),
             N(counts.nodes), N(counts.runs), N(counts.edges), described.name());
  return place;
}

// Of the memory all but its vectors, which are told by their length.
void PrintSample(const std::vector<v1::Memory>& sample) {
  for (v1::Memory memory : sample) {
    std::string vectors;
    const auto tell = [&](const std::string& name, const v1::Vector& vector) {
      const size_t floats = vector.has_dense() ? static_cast<size_t>(vector.dense().values_size())
                                               : vector.dense_f32().size() / sizeof(float);
      vectors += floats == 0 ? fmt::format("  {}: not dense", name) : fmt::format("  {}: {} floats", name, floats);
    };
    if (memory.has_vector()) tell("vector", memory.vector());
    for (const auto& [name, vector] : memory.vectors()) tell(name, vector);
    memory.clear_vector();
    memory.clear_vectors();
    fmt::print("{}{}\n", PrintJson(memory), vectors);
  }
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
  auto access = OpenTarget(choice);
  if (!access.ok()) return Fail(access.status());
  if (steps.announce) steps.announce(source);
  TellOfBackup(choice, access->client.get());
  if (!choice.backup.empty()) {
    choice.options.back_up = [&](const v1::Namespace& described) { return BackUp(choice, *access->client, described); };
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

ExitCode BadCommand(const std::string& what) {
  fmt::print(stderr, "engram: {}\n", what);
  return ExitCode::kBadCommand;
}

// "rejects=10", "rejects=2.5%"
Status ParseAbortOn(const std::string& text, ImportOptions* options) {
  constexpr std::string_view kWord = "rejects=";
  std::string_view number = text;
  const bool known = number.starts_with(kWord);
  if (known) number.remove_prefix(kWord.size());
  const bool percent = number.ends_with('%');
  if (percent) number.remove_suffix(1);
  double value = 0;
  const auto read = std::from_chars(number.data(), number.data() + number.size(), value);
  const bool whole = known && read.ec == std::errc() && read.ptr == number.data() + number.size() && value >= 0;
  if (!whole || (percent ? value > 100 : value != std::floor(value) || value > 1e15)) {
    return InvalidArgument(fmt::format("--abort-on {} is neither rejects=N nor rejects=P%", text));
  }
  if (percent) {
    options->rejects_percent_max = value;
  } else {
    options->rejects_max = static_cast<uint64_t>(value);
  }
  return {};
}

ExitCode RunImport(ImportChoice choice, const ImportSteps& steps) {
  const bool to_store = !choice.options.namespace_name.empty();
  if (choice.execute && choice.options.dry_run) return BadCommand("give --dry-run or --execute, not both");
  if (to_store && !choice.archive.empty()) return BadCommand("give --namespace or --archive, not both");
  if (!to_store && choice.archive.empty() && !choice.options.dry_run) {
    return BadCommand("where to? --namespace NS, or --archive DIR");
  }
  for (const std::string& condition : choice.abort_on) {
    if (const Status status = ParseAbortOn(condition, &choice.options); !status.ok())
      return BadCommand(status.message());
  }
  choice.options.sample = choice.sample;
  choice.options.origin_options = FilterText(choice);
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
  command->add_flag("--restart", options.restart, "Forget the progress of earlier runs");
}

}  // namespace

std::shared_ptr<ImportChoice> AddSourceOptions(CLI::App* command, SourceUse use) {
  auto choice = std::make_shared<ImportChoice>();
  choice->use = use;
  if (use == SourceUse::kProbe) return choice;
  ImportOptions& options = choice->options;
  auto* ns = command
                 ->add_option("--namespace,-n", options.namespace_name,
                              use == SourceUse::kImport ? "Where to; made if absent" : "What it was imported into")
                 ->type_name("NS");
  if (use != SourceUse::kImport) ns->required();
  AddStoreOptions(command, &choice->store);
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

std::string FilterText(const ImportChoice& choice) {
  std::string text;
  if (!choice.users_file.empty()) text += "--users-file " + choice.users_file;
  if (!choice.since.empty()) text += (text.empty() ? "" : " ") + ("--since " + choice.since);
  return text;
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

ExitCode RunSource(const ImportChoice& choice, const ImportSteps& steps) {
  switch (choice.use) {
    case SourceUse::kImport: return RunImport(choice, steps);
    case SourceUse::kVerify:
    case SourceUse::kCompare: return RunVerify(choice, steps);
    case SourceUse::kProbe: return ProbeSource(choice, steps);
  }
  ENGRAM_CHECK(false);
}

}  // namespace engram

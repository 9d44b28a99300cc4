// engram import jsonl|sqlite: the command lines of the sources in tools/import.
#include <cstdio>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "tools/command.h"
#include "tools/import/captures_source.h"
#include "tools/import/importer.h"
#include "tools/import/jsonl_source.h"
#include "tools/import/verify.h"
#include "tools/store_access.h"

namespace engram {
namespace {

constexpr const char* kExamples =
    "Examples:\n"
    "  engram import jsonl notes.jsonl --namespace notes       what `engram export` wrote, or your own lines\n"
    "  engram import sqlite captures.db --namespace chat       one memory per row; again whenever it has grown\n"
    "\n"
    "Each source has its own --help.";

constexpr const char* kJsonlExamples =
    "Each line is one memory as the API writes it, or {\"edge\":{…}}, {\"node\":{…}} or {\"run\":{…}}:\n"
    "  {\"id\":\"m1\",\"text\":\"Ann drinks green tea\",\"user_id\":\"ann\",\"metadata\":{\"topic\":\"tea\"}}\n"
    "  {\"edge\":{\"source\":\"person:ann\",\"type\":\"likes\",\"target\":\"m1\"}}\n"
    "A first line {\"namespace\":{…}} makes the namespace with that configuration unless it is there. A memory that "
    "is\n"
    "in the store is replaced. Times, versions, history and counts are stored as given, so that what `engram export`\n"
    "wrote comes back as it was.\n"
    "\n"
    "Examples:\n"
    "  engram import jsonl notes.jsonl --namespace notes\n"
    "  engram import jsonl notes.jsonl --namespace notes --rejects bad.jsonl   go on past bad lines\n"
    "  engram import jsonl - --namespace notes < notes.jsonl                   from standard input\n"
    "  engram import jsonl notes.jsonl --namespace notes --data ./data         without a server\n"
    "\n"
    "Progress is committed with each batch: run it again after an interruption and it goes on where it was;\n"
    "lines added to the file since are taken, too. Exit code 1 if any line was not taken.";

constexpr const char* kSqliteExamples =
    "Reads the table captures(id, session_id, timestamp, user_text, agent_text, metadata) and never writes to the\n"
    "file. One memory per row: id, run_id from session_id, created_at and event_time from timestamp, both texts as\n"
    "fields, metadata from its JSON. Afterwards every row is compared with the store; exit code 1 if any is missing\n"
    "or differs.\n"
    "\n"
    "Run it again whenever the file may have grown: new rows are added, rows that changed in the file are written\n"
    "again, and everything else stays as it is in the store: what was edited there stays edited, and what was deleted\n"
    "or erased stays away. New are the rows put in after the last one taken (by their rowid); --restart forgets what\n"
    "earlier runs took, and erased memories come back with it.\n"
    "\n"
    "Examples:\n"
    "  engram import sqlite captures.db --namespace chat --dry-run\n"
    "  engram import sqlite captures.db --namespace chat --rejects bad.jsonl";

struct ImportChoice {
  StoreChoice store;
  ImportOptions options;
  std::string file;
  bool fast = false;
};

void PrintSummary(const ImportChoice& choice, const ImportSummary& summary, const char* unit) {
  const auto n = [](uint64_t number) { return WithThousands(number); };
  if (choice.options.dry_run) {
    fmt::print("{}: {} {} read; would write {} memories, {} edges, {} nodes, {} runs to {} of {}; {} can't be taken\n",
               choice.file, n(summary.records), unit, n(summary.memories), n(summary.edges), n(summary.nodes),
               n(summary.runs), choice.options.namespace_name, StoreName(choice.store), n(summary.rejected));
    return;
  }
  fmt::print(
      "{}: {} {} read{}; {} memories ({} created, {} updated, {} unchanged{}{}), {} edges, {} nodes, {} runs, "
      "{} rejected\n",
      choice.file, n(summary.records), unit, summary.resumed ? " after those of an earlier run" : "",
      n(summary.memories), n(summary.created), n(summary.updated), n(summary.unchanged),
      summary.duplicates > 0 ? fmt::format(", {} duplicates", n(summary.duplicates)) : "",
      summary.gone > 0 ? fmt::format("; {} deleted here since stay deleted", n(summary.gone)) : "", n(summary.edges),
      n(summary.nodes), n(summary.runs), n(summary.rejected + summary.rejected_before));
  for (const std::string& note : summary.notes) fmt::print(stderr, "engram: {}\n", note);
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

// A dry run makes no store, so that there may be none to ask: then there is no client.
Result<StoreAccess> OpenTarget(const ImportChoice& choice) {
  if (!choice.options.dry_run) return OpenAccess(choice.store, IfNoStore::kCreate);
  auto access = OpenAccess(choice.store, IfNoStore::kFail);
  const bool no_store = !access.ok() && access.status().code() == StatusCode::kNotFound;
  return no_store && !choice.store.data_dir.empty() ? StoreAccess() : std::move(access);
}

ExitCode RunJsonl(const ImportChoice& choice) {
  auto source = JsonlSource::Open(choice.file);
  if (!source.ok()) return Fail(source.status());
  auto access = OpenTarget(choice);
  if (!access.ok()) return Fail(access.status());
  Progress progress = Progress::OnStderr("import " + choice.options.namespace_name, "lines");
  Importer importer(access->client.get(), **source, choice.options, progress);
  const Status status = importer.Run();
  if (!status.ok()) {
    progress.Clear();
    return Stopped(choice, importer.summary(), "lines", status);
  }
  PrintSummary(choice, importer.summary(), "lines");
  return CodeOf(importer.summary());
}

void PrintPlan(const CapturesSource& source, const ImportChoice& choice) {
  fmt::print("{}: {} captures for {} of {}\n", choice.file, WithThousands(source.rows()), choice.options.namespace_name,
             StoreName(choice.store));
  std::string ignored;
  for (const std::string& column : source.IgnoredColumns()) ignored += (ignored.empty() ? "" : ", ") + column;
  if (!ignored.empty()) fmt::print("columns that are not imported: {}\n", ignored);
}

ExitCode Verify(CapturesSource& source, Client& client, const ImportChoice& choice) {
  if (const Status status = source.Rewind(); !status.ok()) return Fail(status);
  Progress progress = Progress::OnStderr("compare " + choice.options.namespace_name, "rows");
  const auto report = VerifyImport(client, source, choice.options.namespace_name, progress);
  if (!report.ok()) return Fail(report.status());
  fmt::print(
      "compared: {} rows in the file, {} equal in the store, {} edited and {} deleted there since, {} missing, "
      "{} different, {} not importable\n",
      WithThousands(source.rows()), WithThousands(report->matched), WithThousands(report->edited),
      WithThousands(report->deleted), WithThousands(report->missing), WithThousands(report->different),
      WithThousands(report->unreadable));
  for (const std::string& place : report->places) fmt::print(stderr, "  {}\n", place);
  const bool all = report->unmatched() == 0 && report->matched + report->edited + report->deleted == source.rows();
  return all ? ExitCode::kOk : ExitCode::kFailed;
}

ExitCode RunSqlite(const ImportChoice& choice) {
  auto opened = CapturesSource::Open(choice.file, choice.fast);
  if (!opened.ok()) return Fail(opened.status());
  CapturesSource& source = **opened;
  auto access = OpenTarget(choice);
  if (!access.ok()) return Fail(access.status());
  PrintPlan(source, choice);
  Progress progress = Progress::OnStderr("import " + choice.options.namespace_name, "rows");
  ImportOptions options = choice.options;
  options.newer = true;
  Importer importer(access->client.get(), source, std::move(options), progress);
  const Status status = importer.Run();
  if (!status.ok()) {
    progress.Clear();
    return Stopped(choice, importer.summary(), "rows", status);
  }
  PrintSummary(choice, importer.summary(), "rows");
  if (choice.options.dry_run || choice.options.limit || source.rows() == 0) return CodeOf(importer.summary());
  return Verify(source, *access->client, choice);
}

std::shared_ptr<ImportChoice> AddImportOptions(CLI::App* command) {
  auto choice = std::make_shared<ImportChoice>();
  ImportOptions& options = choice->options;
  command->add_option("--namespace,-n", options.namespace_name, "Where to; made if absent")
      ->required()
      ->type_name("NS");
  AddStoreOptions(command, &choice->store);
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

}  // namespace

void AddImportCommand(CLI::App& app, ChosenCommand* chosen) {
  CLI::App* import = app.add_subcommand("import", "Write memories from a file");
  import->require_subcommand(1);
  import->footer(kExamples);

  CLI::App* jsonl = import->add_subcommand("jsonl", "From JSON Lines, one memory a line");
  jsonl->footer(kJsonlExamples);
  auto from_jsonl = AddImportOptions(jsonl);
  jsonl->add_option("file", from_jsonl->file, "The file; - is standard input")->required();
  jsonl->callback([=] { *chosen = [=] { return RunJsonl(*from_jsonl); }; });

  CLI::App* sqlite = import->add_subcommand("sqlite", "From the table captures of a SQLite file");
  sqlite->footer(kSqliteExamples);
  auto from_sqlite = AddImportOptions(sqlite);
  sqlite->add_option("file", from_sqlite->file, "The database")->required();
  sqlite->add_flag("--fast", from_sqlite->fast, "A quick integrity check instead of the whole one");
  sqlite->callback([=] { *chosen = [=] { return RunSqlite(*from_sqlite); }; });
}

}  // namespace engram

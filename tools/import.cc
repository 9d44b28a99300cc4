// engram import SOURCE: the command lines of the sources in tools/import.
#include <cstdio>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "tools/command.h"
#include "tools/import/archive_source.h"
#include "tools/import/jsonl_source.h"
#include "tools/import_run.h"
#include "tools/import_sources.h"

namespace engram {
namespace {

constexpr const char* kExamples =
    "Examples:\n"
    "  engram import jsonl notes.jsonl --namespace notes       what `engram export` wrote, or your own lines\n"
    "  engram import sqlite captures.db --namespace chat       one memory per row; again whenever it has grown\n"
    "  engram import mem0 --history history.db --vectors ./qdrant --namespace memories\n"
    "  engram import mem0-platform pages --namespace memories  answers of mem0's hosted API, saved as files\n"
    "  engram import openmemory openmemory.db --namespace memories\n"
    "  engram import qdrant http://127.0.0.1:6333 --collection notes --namespace notes\n"
    "  engram import qdrant-local ./qdrant --namespace notes   the folder of QdrantClient(path=…)\n"
    "  engram import archive notes.archive --namespace notes   what --archive made\n"
    "  engram import tenant acme.tenant                        all of a tenant, as `engram export --tenant` took it\n"
    "  engram import jsonl notes.jsonl --map route.json        each record where a field of it leads\n"
    "\n"
    "Afterwards `engram migrate` verifies, reports and rolls back: `engram migrate --help`.\n"
    "With --archive DIR instead of --namespace every source makes an archive: a folder with hashes over each record,\n"
    "to keep, to move and to compare with, without a server. Each source has its own --help.";

constexpr const char* kArchiveExamples =
    "Reads a folder that --archive made. Every file and every record is checked against its hash first: an archive\n"
    "that was cut or changed is refused, with the file and the line. Memories come back with vectors, times, history\n"
    "and counts as they were, deleted memories with their histories and edges that have ended, too. Where an id has\n"
    "lived here already, its tombstone changes nothing.\n"
    "\n"
    "Examples:\n"
    "  engram export --namespace notes --archive notes.archive\n"
    "  engram import archive notes.archive --namespace copy --dry-run\n"
    "  engram import archive notes.archive --namespace copy";

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

// What Source::Open gives.
template <class Source>
Result<std::unique_ptr<ImportSource>> AsSource(Result<std::unique_ptr<Source>> opened) {
  if (!opened.ok()) return opened.status();
  return std::unique_ptr<ImportSource>(*std::move(opened));
}

ExitCode RunJsonl(const ImportChoice& choice) {
  ImportSteps steps;
  steps.open = [&] { return AsSource(JsonlSource::Open(choice.file)); };
  return RunSource(choice, steps);
}

ExitCode RunArchive(const ImportChoice& choice) {
  ImportSteps steps;
  steps.open = [&] { return AsSource(ArchiveSource::Open(choice.file)); };
  return RunSource(choice, steps);
}

void AddJsonlSource(CLI::App* parent, SourceUse use, ChosenCommand* chosen) {
  CLI::App* command = parent->add_subcommand("jsonl", "From JSON Lines, one memory a line");
  command->footer(kJsonlExamples);
  auto choice = AddSourceOptions(command, use);
  command->add_option("file", choice->file, "The file; - is standard input")->required();
  command->callback([=] { *chosen = [=] { return RunJsonl(*choice); }; });
}

void AddArchiveSource(CLI::App* parent, SourceUse use, ChosenCommand* chosen) {
  CLI::App* command = parent->add_subcommand("archive", "From an archive that engram made");
  command->footer(kArchiveExamples);
  auto choice = AddSourceOptions(command, use);
  command->add_option("folder", choice->file, "The archive")->required();
  command->callback([=] { *chosen = [=] { return RunArchive(*choice); }; });
}

}  // namespace

void AddSources(CLI::App* parent, SourceUse use, ChosenCommand* chosen) {
  AddJsonlSource(parent, use, chosen);
  AddArchiveSource(parent, use, chosen);
  AddMem0Source(parent, use, chosen);
  AddMem0PlatformSource(parent, use, chosen);
  AddOpenMemorySource(parent, use, chosen);
  AddQdrantSource(parent, use, chosen);
  AddQdrantLocalSource(parent, use, chosen);
  AddSqliteSource(parent, use, chosen);
}

void AddImportCommand(CLI::App& app, ChosenCommand* chosen) {
  CLI::App* import = app.add_subcommand("import", "Write memories from a file or another store");
  import->require_subcommand(1);
  import->footer(kExamples);
  AddSources(import, SourceUse::kImport, chosen);
  AddTenantImport(import, chosen);
}

}  // namespace engram

// engram import sqlite: captures, or any table by a mapping.
#include <cstdio>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "tools/import/captures_source.h"
#include "tools/import/route.h"
#include "tools/import/sqlite_table_source.h"
#include "tools/import_run.h"
#include "tools/import_sources.h"
#include "tools/progress.h"

namespace engram {
namespace {

constexpr const char* kAbout =
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
    "--map FILE reads any other table instead: the file says in JSON what its columns mean.\n"
    "  {\"table\":\"notes\", \"id\":\"note_id\", \"text\":\"body\", \"user_id\":\"owner\", \"created_at\":\"made\",\n"
    "   \"fields\":{\"title\":\"headline\"}, \"metadata\":{\"topic\":\"topic\",\"tags\":{\"json\":\"tags\"}},\n"
    "   \"vectors\":{\"default\":{\"column\":\"embedding\",\"format\":\"f32\",\"metric\":\"cosine\"}}}\n"
    "Vectors are blobs of little-endian f32 or f64, JSON arrays, or in a sqlite-vec table:\n"
    "{\"sqlite_vec\":\"vec_notes\"}. The table may be a full-text one (FTS5). Everything about it: docs/migrating.md.\n"
    "\n"
    "Examples:\n"
    "  engram import sqlite captures.db --namespace chat --dry-run\n"
    "  engram import sqlite captures.db --namespace chat --rejects bad.jsonl\n"
    "  engram import sqlite notes.db --map notes.json --namespace notes --dry-run";

void PrintPlan(const CapturesSource& source, const ImportChoice& choice) {
  std::string target = choice.archive;
  if (target.empty()) target = StoreName(choice.store);
  if (!choice.options.namespace_name.empty()) target = fmt::format("{} of {}", choice.options.namespace_name, target);
  fmt::print("{}: {} captures for {}\n", choice.file, WithThousands(source.rows()), target);
  std::string ignored;
  for (const std::string& column : source.IgnoredColumns()) ignored += (ignored.empty() ? "" : ", ") + column;
  if (!ignored.empty()) fmt::print("columns that are not imported: {}\n", ignored);
}

ExitCode RunCaptures(ImportChoice choice, bool fast) {
  choice.options.newer = true;
  CapturesSource* captures = nullptr;
  ImportSteps steps;
  steps.open = [&]() -> Result<std::unique_ptr<ImportSource>> {
    ASSIGN_OR_RETURN(std::unique_ptr<CapturesSource> source, CapturesSource::Open(choice.file, fast));
    captures = source.get();
    return std::unique_ptr<ImportSource>(std::move(source));
  };
  steps.announce = [&](const ImportSource&) {
    if (choice.use == SourceUse::kImport) PrintPlan(*captures, choice);
  };
  steps.rewind = [&] { return captures->Rewind(); };
  return RunSource(choice, steps);
}

ExitCode RunTable(ImportChoice choice, bool fast) {
  choice.options.newer = true;
  ImportSteps steps;
  steps.maps_columns = true;
  steps.open = [&]() -> Result<std::unique_ptr<ImportSource>> {
    ASSIGN_OR_RETURN(SqliteMapping mapping, ReadSqliteMapping(choice.map));
    ASSIGN_OR_RETURN(auto source, SqliteTableSource::Open(choice.file, std::move(mapping), fast));
    return std::unique_ptr<ImportSource>(std::move(source));
  };
  return RunSource(choice, steps);
}

// A mapping that says nothing of columns is about captures.
ExitCode RunSqlite(const ImportChoice& choice, bool fast) {
  if (choice.map.empty()) return RunCaptures(choice, fast);
  const auto json = FileSystem::Posix().ReadFile(choice.map);
  if (!json.ok()) return Fail(json.status());
  return IsRouteAlone(*json) ? RunCaptures(choice, fast) : RunTable(choice, fast);
}

}  // namespace

void AddSqliteSource(CLI::App* parent, SourceUse use, ChosenCommand* chosen) {
  CLI::App* command = parent->add_subcommand("sqlite", "From a SQLite file: the table captures, or any by a mapping");
  command->footer(kAbout);
  auto choice = AddSourceOptions(command, use);
  auto fast = std::make_shared<bool>(false);
  command->add_option("file", choice->file, "The database")->required();
  command->add_flag("--fast", *fast, "A quick integrity check instead of the whole one");
  command->callback([=] { *chosen = [=] { return RunSqlite(*choice, *fast); }; });
}

}  // namespace engram

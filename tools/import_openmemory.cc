// engram import openmemory: mem0's local server, out of its database or its export.
#include <memory>
#include <utility>

#include "tools/import/openmemory_source.h"
#include "tools/import_run.h"
#include "tools/import_sources.h"

namespace engram {
namespace {

constexpr const char* kAbout =
    "Reads OpenMemory, mem0's local server: its SQLite database (openmemory.db), or the zip that its backup makes\n"
    "(POST /api/v1/backup/export), whose memories.json says everything. Nothing is run and nothing written.\n"
    "\n"
    "One memory each: id, text, user and app by the names applications use, times, metadata. Its state stays a state:\n"
    "archived and paused memories stay what they are. Deleted ones, which OpenMemory keeps, go into an archive\n"
    "(--archive); a store can't be given them, and the summary says how many there were. Categories, the time of\n"
    "archiving and the history of states become metadata; the access log becomes the count and the time of the last\n"
    "access. OpenMemory keeps vectors in a vector store beside it, mostly a Qdrant.\n"
    "\n"
    "Run it again whenever it has gone on: what changed there is written again, what was edited or deleted here stays\n"
    "so.\n"
    "\n"
    "Examples:\n"
    "  engram import openmemory openmemory.db --dry-run\n"
    "  engram import openmemory memories_export_ann.zip --namespace memories --rejects bad.jsonl\n"
    "  engram import openmemory openmemory.db --archive openmemory.archive";

ExitCode RunOpenMemory(ImportChoice choice, bool fast) {
  choice.options.newer = true;
  ImportSteps steps;
  steps.open = [&]() -> Result<std::unique_ptr<ImportSource>> {
    ASSIGN_OR_RETURN(auto source, OpenMemorySource::Open(choice.file, fast));
    return std::unique_ptr<ImportSource>(std::move(source));
  };
  return RunSource(choice, steps);
}

}  // namespace

void AddOpenMemorySource(CLI::App* parent, SourceUse use, ChosenCommand* chosen) {
  CLI::App* command = parent->add_subcommand("openmemory", "From OpenMemory's database or its export");
  command->footer(kAbout);
  auto choice = AddSourceOptions(command, use);
  auto fast = std::make_shared<bool>(false);
  command->add_option("file", choice->file, "openmemory.db, or the zip of an export")->required();
  command->add_flag("--fast", *fast, "A quick integrity check of the database instead of the whole one");
  command->callback([=] { *chosen = [=] { return RunOpenMemory(*choice, *fast); }; });
}

}  // namespace engram

// engram import mem0-platform: what mem0's hosted platform gives by its API, saved as files.
#include <memory>
#include <utility>

#include "tools/import/mem0_platform.h"
#include "tools/import/mem0_source.h"
#include "tools/import_run.h"
#include "tools/import_sources.h"

namespace engram {
namespace {

constexpr const char* kAbout =
    "Reads memories of mem0's hosted platform out of what its API answered: the pages of POST /v3/memories/ (or of "
    "the\n"
    "older /v2/memories/ and /v1/memories/), each {\"results\": […]} or an array, or one memory a line. FILE may be a\n"
    "folder: its files *.json and *.jsonl are read in the order of their names, and a memory that stands on several\n"
    "pages counts once. --history takes the answers of /v1/memories/ID/history/ in the same ways.\n"
    "\n"
    "One memory each: id, text, user_id, agent_id, app_id, run_id, times, the day it expires (afterwards it is "
    "hidden,\n"
    "as it is there), and as metadata its own metadata with categories, immutable and whatever else the platform "
    "says.\n"
    "Events become former versions; deleted memories stay deleted, with their histories. The platform gives no\n"
    "vectors away: texts have to be embedded anew.\n"
    "\n"
    "Examples:\n"
    "  curl -H \"Authorization: Token $MEM0_API_KEY\" 'https://api.mem0.ai/v1/memories/?user_id=ann' > pages/1.json\n"
    "  engram import mem0-platform pages --dry-run\n"
    "  engram import mem0-platform pages --history histories --namespace memories --rejects bad.jsonl";

ExitCode RunPlatform(ImportChoice choice, const std::string& history) {
  choice.options.newer = true;
  ImportSteps steps;
  steps.open = [&]() -> Result<std::unique_ptr<ImportSource>> {
    ASSIGN_OR_RETURN(auto store, OpenMem0PlatformStore(choice.file));
    std::unique_ptr<Mem0EventLog> events;
    if (!history.empty()) {
      ASSIGN_OR_RETURN(events, OpenMem0PlatformHistory(history));
    }
    ASSIGN_OR_RETURN(auto source, Mem0Source::Open(std::move(store), "", std::move(events), Mem0Product::kPlatform));
    return std::unique_ptr<ImportSource>(std::move(source));
  };
  return RunSource(choice, steps);
}

}  // namespace

void AddMem0PlatformSource(CLI::App* parent, SourceUse use, ChosenCommand* chosen) {
  CLI::App* command = parent->add_subcommand("mem0-platform", "From answers of mem0's hosted platform, saved as files");
  command->footer(kAbout);
  auto choice = AddSourceOptions(command, use);
  auto history = std::make_shared<std::string>();
  command->add_option("file", choice->file, "The file, or a folder of files")->required();
  command->add_option("--history", *history, "Histories of memories, a file or a folder of files")->type_name("FILE");
  command->callback([=] { *chosen = [=] { return RunPlatform(*choice, *history); }; });
}

}  // namespace engram

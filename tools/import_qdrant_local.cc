// engram import qdrant-local: the folder of qdrant-client's local mode.
#include <memory>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "tools/import/point_source.h"
#include "tools/import/qdrant_local_store.h"
#include "tools/import_run.h"
#include "tools/import_sources.h"
#include "tools/point_options.h"
#include "tools/probe.h"

namespace engram {
namespace {

constexpr const char* kAbout =
    "Reads the folder that QdrantClient(path=\"DIR\") keeps: meta.json and a SQLite file for each collection. No "
    "Python\n"
    "is run: the pickled points are read as data, and anything in them that is no point is refused. The program that\n"
    "owns the folder may go on; what it writes meanwhile is not seen.\n"
    "\n"
    "One memory per point: its id, all its vectors (the unnamed one is \"default\"; named, sparse and multi ones keep\n"
    "their names) exactly as the folder has them, and its payload as metadata. Of the payload, --text names the\n"
    "field that is the memory's text, and the options below what else means something. Dimensions and metrics come\n"
    "with it when the namespace is new.\n"
    "\n"
    "Run it again whenever the collection has changed: points that changed there are written again, what was edited\n"
    "or deleted here stays so.\n"
    "\n"
    "Examples:\n"
    "  engram import qdrant-local ./qdrant --dry-run\n"
    "  engram import qdrant-local ./qdrant --collection notes --namespace notes --text page_content\n"
    "  engram import qdrant-local ./qdrant --collection notes --archive notes.archive\n"
    "\n"
    "For a folder that mem0 wrote, `engram import mem0` knows what the payload means.";

struct QdrantChoice {
  std::string collection;
  PayloadMapping mapping;
  bool fast = false;
};

ExitCode RunQdrantLocal(ImportChoice choice, const QdrantChoice& qdrant) {
  choice.options.newer = true;
  ImportSteps steps;
  steps.open = [&]() -> Result<std::unique_ptr<ImportSource>> {
    ASSIGN_OR_RETURN(auto store, OpenQdrantLocalStore(choice.file, qdrant.fast));
    ASSIGN_OR_RETURN(auto source, PointSource::Open(std::move(store), qdrant.collection, qdrant.mapping));
    return std::unique_ptr<ImportSource>(std::move(source));
  };
  steps.probe = [&]() -> Result<std::vector<std::string>> {
    ASSIGN_OR_RETURN(auto store, OpenQdrantLocalStore(choice.file, qdrant.fast));
    ASSIGN_OR_RETURN(auto lines, ProbeCollections(*store, qdrant.collection));
    lines.insert(lines.begin(), fmt::format("{}: {} collections", store->path(), store->Collections().size()));
    return lines;
  };
  return RunSource(choice, steps);
}

}  // namespace

void AddQdrantLocalSource(CLI::App* parent, SourceUse use, ChosenCommand* chosen) {
  CLI::App* command = parent->add_subcommand("qdrant-local", "From a folder of qdrant-client's local mode");
  command->footer(kAbout);
  auto choice = AddSourceOptions(command, use);
  auto qdrant = std::make_shared<QdrantChoice>();
  command->add_option("folder", choice->file, "The folder with meta.json")->required();
  command->add_option("--collection", qdrant->collection, "Which one, or an alias; needed when there are several");
  AddPayloadOptions(command, &qdrant->mapping);
  command->add_flag("--fast", qdrant->fast, "A quick integrity check of the database instead of the whole one");
  command->callback([=] { *chosen = [=] { return RunQdrantLocal(*choice, *qdrant); }; });
}

}  // namespace engram

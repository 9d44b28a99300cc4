// engram import openmemory: mem0's local server, out of its database or its export.
#include <memory>
#include <utility>

#include "tools/import/openmemory_source.h"
#include "tools/import/qdrant_local_store.h"
#include "tools/import/qdrant_rest_store.h"
#include "tools/import_run.h"
#include "tools/import_sources.h"
#include "tools/point_options.h"

namespace engram {
namespace {

constexpr const char* kAbout =
    "Reads OpenMemory, mem0's local server: its SQLite database (openmemory.db), or the zip that its backup makes\n"
    "(POST /api/v1/backup/export), whose memories.json says everything. Nothing is run and nothing written.\n"
    "\n"
    "One memory each: id, text, user and app by the names applications use, times, metadata. Its state stays a state:\n"
    "archived and paused memories stay what they are, and deleted ones, which OpenMemory keeps, deleted, with their\n"
    "histories. Categories, the time of archiving and the history of states become metadata; the access log becomes\n"
    "the count and the time of the last access. OpenMemory keeps vectors in a vector store beside it, mostly a "
    "Qdrant:\n"
    "--vectors takes them from there.\n"
    "\n"
    "Run it again whenever it has gone on: what changed there is written again, what was edited or deleted here stays\n"
    "so.\n"
    "\n"
    "Examples:\n"
    "  engram import openmemory openmemory.db --dry-run\n"
    "  engram import openmemory memories_export_ann.zip --namespace memories --rejects bad.jsonl\n"
    "  engram import openmemory openmemory.db --vectors http://127.0.0.1:6333 --namespace memories\n"
    "  engram import openmemory openmemory.db --archive openmemory.archive";

struct OpenMemoryChoice {
  bool fast = false;
  std::string vectors;
  std::string collection = "openmemory";
  QdrantServer server;
};

Result<std::unique_ptr<VectorShelf>> LoadVectors(const OpenMemoryChoice& openmemory) {
  if (openmemory.vectors.empty()) return std::unique_ptr<VectorShelf>();
  std::unique_ptr<PointStore> store;
  if (IsWebAddress(openmemory.vectors)) {
    QdrantServer server = openmemory.server;
    server.url = openmemory.vectors;
    ASSIGN_OR_RETURN(store, OpenQdrantRestStore(server));
  } else {
    ASSIGN_OR_RETURN(store, OpenQdrantLocalStore(openmemory.vectors, openmemory.fast));
  }
  return VectorShelf::Load(std::move(store), openmemory.collection);
}

ExitCode RunOpenMemory(ImportChoice choice, const OpenMemoryChoice& openmemory) {
  choice.options.newer = true;
  ImportSteps steps;
  steps.open = [&]() -> Result<std::unique_ptr<ImportSource>> {
    ASSIGN_OR_RETURN(auto vectors, LoadVectors(openmemory));
    ASSIGN_OR_RETURN(auto source, OpenMemorySource::Open(choice.file, openmemory.fast, std::move(vectors)));
    return std::unique_ptr<ImportSource>(std::move(source));
  };
  return RunSource(choice, steps);
}

}  // namespace

void AddOpenMemorySource(CLI::App* parent, SourceUse use, ChosenCommand* chosen) {
  CLI::App* command = parent->add_subcommand("openmemory", "From OpenMemory's database or its export");
  command->footer(kAbout);
  auto choice = AddSourceOptions(command, use);
  auto openmemory = std::make_shared<OpenMemoryChoice>();
  command->add_option("file", choice->file, "openmemory.db, or the zip of an export")->required();
  command->add_option("--vectors", openmemory->vectors, "Its vector store: a Qdrant server, or a folder of local mode")
      ->type_name("DIR|URL");
  command->add_option("--collection", openmemory->collection, "The vector store's collection")->capture_default_str();
  command->add_flag("--fast", openmemory->fast, "A quick integrity check of the databases instead of the whole one");
  AddQdrantServerOptions(command, &openmemory->server);
  command->callback([=] { *chosen = [=] { return RunOpenMemory(*choice, *openmemory); }; });
}

}  // namespace engram

// engram import mem0: mem0's vector store with its history.
#include <filesystem>
#include <memory>
#include <utility>

#include "tools/import/mem0_history.h"
#include "tools/import/mem0_source.h"
#include "tools/import/mem0_sqlite_store.h"
#include "tools/import/qdrant_local_store.h"
#include "tools/import/qdrant_rest_store.h"
#include "tools/import_run.h"
#include "tools/import_sources.h"
#include "tools/point_options.h"

namespace engram {
namespace {

constexpr const char* kAbout =
    "Reads what mem0 keeps: its vector store and its history.db, of every version of the Python SDK and of the\n"
    "TypeScript SDK. The vector store is the folder of the embedded Qdrant that Python uses by default, a Qdrant\n"
    "server (http:// or https://; the key by QDRANT_API_KEY or --api-key), or the file vector_store.db of the\n"
    "TypeScript SDK. Nothing is run and nothing written.\n"
    "\n"
    "One memory per point: text, vectors, user_id, agent_id, run_id, actor_id, role, times, metadata, and the former\n"
    "versions out of the history. Linked entities become nodes with an edge \"mentions\" from each memory. A memory\n"
    "whose expiration date has passed stays there and hidden, as mem0 has it, when the namespace is new (on_expiry\n"
    "\"hide\"). Each text is compared with the MD5 that mem0 stored. Deleted memories keep their histories and stay\n"
    "deleted. A memory that the history has alive but the vector store has lost can't be taken: --rejects keeps its\n"
    "last text.\n"
    "\n"
    "mem0 keeps both in MEM0_DIR or ~/.mem0 unless it was told otherwise; Python's vector store is in the folder\n"
    "\"qdrant\" of the system's temporary one when no path was given.\n"
    "\n"
    "Run it again whenever mem0 has gone on: what changed there is written again, what was edited or deleted here\n"
    "stays so.\n"
    "\n"
    "Examples:\n"
    "  engram import mem0 --history ~/.mem0/history.db --vectors /tmp/qdrant --dry-run\n"
    "  engram import mem0 --history history.db --vectors ./qdrant --namespace memories --rejects lost.jsonl\n"
    "  engram import mem0 --history history.db --vectors http://127.0.0.1:6333 --namespace memories\n"
    "  engram import mem0 --history memory.db --vectors ~/.mem0/vector_store.db --archive mem0.archive";

struct Mem0Choice {
  std::string history;
  std::string collection;
  bool fast = false;
  QdrantServer server;
};

// A server, a file of the TypeScript SDK's, or a folder of the embedded Qdrant's.
Result<std::unique_ptr<PointStore>> OpenVectors(const std::string& vectors, const Mem0Choice& mem0) {
  if (IsWebAddress(vectors)) {
    QdrantServer server = mem0.server;
    server.url = vectors;
    return OpenQdrantRestStore(server);
  }
  std::error_code error;
  if (std::filesystem::is_regular_file(vectors, error)) return OpenMem0SqliteStore(vectors, mem0.fast);
  return OpenQdrantLocalStore(vectors, mem0.fast);
}

ExitCode RunMem0(ImportChoice choice, const Mem0Choice& mem0) {
  choice.options.newer = true;
  ImportSteps steps;
  steps.open = [&]() -> Result<std::unique_ptr<ImportSource>> {
    ASSIGN_OR_RETURN(auto store, OpenVectors(choice.file, mem0));
    std::unique_ptr<Mem0History> history;
    if (!mem0.history.empty()) {
      ASSIGN_OR_RETURN(history, Mem0History::Open(mem0.history, mem0.fast));
    }
    ASSIGN_OR_RETURN(auto source, Mem0Source::Open(std::move(store), mem0.collection, std::move(history)));
    return std::unique_ptr<ImportSource>(std::move(source));
  };
  return RunSource(choice, steps);
}

}  // namespace

void AddMem0Source(CLI::App* parent, SourceUse use, ChosenCommand* chosen) {
  CLI::App* command = parent->add_subcommand("mem0", "From mem0: its vector store and its history");
  command->footer(kAbout);
  auto choice = AddSourceOptions(command, use);
  auto mem0 = std::make_shared<Mem0Choice>();
  command
      ->add_option("--vectors", choice->file,
                   "The embedded Qdrant's folder, a Qdrant server, or the TypeScript SDK's file")
      ->required()
      ->type_name("DIR|URL|FILE");
  command->add_option("--history", mem0->history, "history.db; without it there are no former versions")
      ->type_name("FILE");
  command->add_option("--collection", mem0->collection, "The collection of memories; mem0 by default");
  command->add_flag("--fast", mem0->fast, "A quick integrity check of the databases instead of the whole one");
  AddQdrantServerOptions(command, &mem0->server);
  command->callback([=] { *chosen = [=] { return RunMem0(*choice, *mem0); }; });
}

}  // namespace engram

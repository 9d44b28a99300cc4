// engram import qdrant: a collection of a running Qdrant server.
#include <memory>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "tools/import/point_source.h"
#include "tools/import/qdrant_rest_store.h"
#include "tools/import_run.h"
#include "tools/import_sources.h"
#include "tools/point_options.h"
#include "tools/probe.h"

namespace engram {
namespace {

constexpr const char* kAbout =
    "Reads a collection of a running Qdrant over its REST API, page by page with vectors and payloads; nothing is\n"
    "written there. URL is http:// or https://; without a port it is 6333. A certificate is verified, against the\n"
    "system's authorities or those of --qdrant-ca-file. The key comes by QDRANT_API_KEY or --api-key.\n"
    "\n"
    "One memory per point: its id, all its vectors (the unnamed one is \"default\"; named, sparse and multi ones keep\n"
    "their names) as the server gives them, which is normalised where the distance is cosine, and its payload as\n"
    "metadata. Of the payload, --text names the field that is the memory's text, and the options below what else "
    "means\n"
    "something. Dimensions and metrics come with it when the namespace is new.\n"
    "\n"
    "Qdrant gives no snapshot to a reader. The exact count before and after is held against what came, and the "
    "summary\n"
    "tells when the collection was written to meanwhile. Run it again whenever the collection has changed: points "
    "that\n"
    "changed there are written again, what was edited or deleted here stays so.\n"
    "\n"
    "Examples:\n"
    "  engram import qdrant http://127.0.0.1:6333 --dry-run\n"
    "  engram import qdrant https://qdrant.example.com --collection notes --namespace notes --text page_content\n"
    "  engram import qdrant http://127.0.0.1:6333 --collection notes --archive notes.archive";

struct QdrantChoice {
  std::string collection;
  PayloadMapping mapping;
  QdrantServer server;
};

ExitCode RunQdrant(ImportChoice choice, QdrantChoice qdrant) {
  choice.options.newer = true;
  qdrant.server.url = choice.file;
  ImportSteps steps;
  steps.open = [&]() -> Result<std::unique_ptr<ImportSource>> {
    ASSIGN_OR_RETURN(auto store, OpenQdrantRestStore(qdrant.server));
    ASSIGN_OR_RETURN(auto source, PointSource::Open(std::move(store), qdrant.collection, qdrant.mapping));
    return std::unique_ptr<ImportSource>(std::move(source));
  };
  steps.probe = [&]() -> Result<std::vector<std::string>> {
    ASSIGN_OR_RETURN(const std::string version, QdrantVersion(qdrant.server));
    ASSIGN_OR_RETURN(auto store, OpenQdrantRestStore(qdrant.server));
    ASSIGN_OR_RETURN(auto lines, ProbeCollections(*store, qdrant.collection));
    lines.insert(lines.begin(),
                 fmt::format("{}: {}, {} collections", store->path(), version, store->Collections().size()));
    return lines;
  };
  return RunSource(choice, steps);
}

}  // namespace

void AddQdrantSource(CLI::App* parent, SourceUse use, ChosenCommand* chosen) {
  CLI::App* command = parent->add_subcommand("qdrant", "From a running Qdrant server");
  command->footer(kAbout);
  auto choice = AddSourceOptions(command, use);
  auto qdrant = std::make_shared<QdrantChoice>();
  command->add_option("url", choice->file, "The server's address")->required()->type_name("URL");
  command->add_option("--collection", qdrant->collection, "Which one, or an alias; needed when there are several");
  AddQdrantServerOptions(command, &qdrant->server);
  command
      ->add_option("--parallel", qdrant->server.parallel,
                   "Pages to ask for at a time, each of another range of ids; a busy server may do better with 1")
      ->capture_default_str()
      ->check(CLI::Range(1, 16))
      ->type_name("N");
  AddPayloadOptions(command, &qdrant->mapping);
  command->callback([=] { *chosen = [=] { return RunQdrant(*choice, *qdrant); }; });
}

}  // namespace engram

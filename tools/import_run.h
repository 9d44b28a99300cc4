// What the commands of all sources share: their options, and how a run goes and is told.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "client/cpp/client.h"
#include "tools/command.h"
#include "tools/import/importer.h"
#include "tools/import/source.h"
#include "tools/store_access.h"

namespace engram {

// What a source is opened for. Each source puts up its options once and serves all of them.
enum class SourceUse { kImport, kProbe };

struct ImportChoice {
  SourceUse use = SourceUse::kImport;
  StoreChoice store;
  ImportOptions options;
  std::string archive;  // not empty: a folder to write an archive to, instead of a store
  std::string file;     // or folder: what the source is called in messages
};

// Adds what every source takes for this use. The choice lives as long as the command's callback.
std::shared_ptr<ImportChoice> AddSourceOptions(CLI::App* command, SourceUse use);

// The parts in which sources differ.
struct ImportSteps {
  std::function<Result<std::unique_ptr<ImportSource>>()> open;
  // What `engram probe` prints, where a source can say more than it does once it is open; may be empty.
  std::function<Result<std::vector<std::string>>()> probe;
  // Before the first record; may be empty.
  std::function<void(const ImportSource&)> announce;
  // After an import into a store that was read to its end; may be empty. Its code is the command's.
  std::function<ExitCode(ImportSource&, Client&)> compare;
};

// Does what the choice's use says: a probe looks (probe.h), an import goes from the source into a store, or with
// --archive into an archive.
ExitCode RunSource(const ImportChoice& choice, const ImportSteps& steps);

}  // namespace engram

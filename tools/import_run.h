// What the commands of all sources share: their options, and how a run goes and is told.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "client/cpp/client.h"
#include "tools/command.h"
#include "tools/import/import_lane.h"
#include "tools/import/source.h"
#include "tools/store_access.h"

namespace engram {

// What a source is opened for. Each source puts up its options once and serves all of them.
enum class SourceUse { kImport, kVerify, kCompare, kProbe };

struct ImportChoice {
  SourceUse use = SourceUse::kImport;
  StoreChoice store;
  ImportOptions options;
  std::string archive;  // not empty: a folder to write an archive to, instead of a store
  std::string map;      // the mapping file
  std::string tenant;   // not empty: this one alone of those that a route leads to
  bool create_tenants = false;
  std::string file;  // or folder: what the source is called in messages
  bool execute = false;
  std::string backup;  // not empty: the folder of the archive that is made first
  std::vector<std::string> abort_on;
  std::string since;
  std::string users_file;
  size_t sample = 0;   // records, or differences, that are shown
  uint64_t every = 0;  // seconds between comparisons; 0: one alone
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
  // Lets the source that is open begin anew, knowing what Resume told it. Where there is one, every import into a store
  // is verified at once.
  std::function<Status()> rewind;
  // The mapping file says what columns mean, beside a route.
  bool maps_columns = false;
};

// Does what the choice's use says: an import goes from the source into a store, or by a route into several of its
// namespaces (import_routed.h), or with --archive into an archive;
// verify and compare (migrate_verify.h) read both and write at most the result; a probe looks (probe.h).
ExitCode RunSource(const ImportChoice& choice, const ImportSteps& steps);

// The source, without what --since and --users-file leave out.
Result<std::unique_ptr<ImportSource>> OpenSource(const ImportChoice& choice, const ImportSteps& steps);
// The store that an import writes to; no client where there is none to ask (a dry run).
Result<StoreAccess> OpenTarget(const ImportChoice& choice, bool names_namespace);

}  // namespace engram

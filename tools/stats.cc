// engram stats: what a store holds, or one namespace in detail.
#include <cstdio>
#include <memory>

#include <fmt/format.h>

#include "api/json.h"
#include "tools/command.h"
#include "tools/progress.h"
#include "tools/store_access.h"

namespace engram {
namespace {

constexpr const char* kExamples =
    "Examples:\n"
    "  engram stats\n"
    "  engram stats --namespace notes\n"
    "  engram stats --namespace notes --json";

struct StatsOptions {
  StoreChoice store;
  std::string namespace_name;
  bool json = false;
};

std::string Bytes(uint64_t bytes) {
  const double n = static_cast<double>(bytes);
  if (bytes >= uint64_t{1} << 30) return fmt::format("{:.1f} GiB", n / (1 << 30));
  if (bytes >= 1 << 20) return fmt::format("{:.1f} MiB", n / (1 << 20));
  if (bytes >= 1 << 10) return fmt::format("{:.1f} KiB", n / (1 << 10));
  return fmt::format("{} B", bytes);
}

void PrintSpaces(const v1::NamespaceConfig& config) {
  const std::map<std::string, v1::VectorSpace> spaces(config.vectors().begin(), config.vectors().end());
  for (const auto& [name, space] : spaces) {
    fmt::print("space {:<14} {} dimensions{}{}\n", name, space.dimensions(), space.model().empty() ? "" : ", ",
               space.model());
  }
}

void PrintNamespace(const v1::Namespace& ns) {
  const v1::NamespaceCounts& counts = ns.counts();
  const auto row = [](const char* name, const std::string& value) { fmt::print("{:<20} {}\n", name, value); };
  row("namespace", ns.name());
  row("memories", WithThousands(counts.memories()));
  row("former versions", WithThousands(counts.versions()));
  row("edges", WithThousands(counts.edges()));
  row("nodes", WithThousands(counts.nodes()));
  row("runs", WithThousands(counts.runs()));
  row("bytes", Bytes(ns.bytes()));
  row("digest of memories", ns.digest().memories());
  row("digest of edges", ns.digest().edges());
  row("digest of nodes", ns.digest().nodes());
  PrintSpaces(ns.config());
  const std::map<std::string, v1::IndexStatus> indexes(ns.indexes().begin(), ns.indexes().end());
  for (const auto& [name, index] : indexes) {
    fmt::print("index {:<14} {}\n", name, index.loaded() ? Bytes(index.memory_bytes()) : "not in memory");
  }
}

Result<std::vector<v1::Namespace>> AllNamespaces(Client& client) {
  std::vector<v1::Namespace> all;
  std::string cursor;
  do {
    constexpr uint32_t kPage = 100;
    ASSIGN_OR_RETURN(const v1::ListNamespacesReply page, client.ListNamespaces("", kPage, cursor));
    all.insert(all.end(), page.namespaces().begin(), page.namespaces().end());
    cursor = page.next_cursor();
  } while (!cursor.empty());
  return all;
}

Status ShowStore(Client& client, bool json) {
  ASSIGN_OR_RETURN(const v1::StatusReply status, client.GetStatus());
  if (json) {
    fmt::print("{}\n", PrintJson(status));
    return {};
  }
  ASSIGN_OR_RETURN(const std::vector<v1::Namespace> namespaces, AllNamespaces(client));
  fmt::print("engram {}, {}", status.version(), status.state());
  // A tenant's key is not shown what all tenants have together.
  if (status.has_disk_bytes()) {
    fmt::print("; {} on disk, {} of indexes in memory", Bytes(status.disk_bytes()), Bytes(status.index_memory_bytes()));
  }
  fmt::print("\n\n");
  if (namespaces.empty()) {
    fmt::print("no namespaces yet\n");
    return {};
  }
  fmt::print("{:<32} {:>12} {:>10} {:>10} {:>12}\n", "namespace", "memories", "edges", "runs", "bytes");
  for (const v1::Namespace& ns : namespaces) {
    fmt::print("{:<32} {:>12} {:>10} {:>10} {:>12}\n", ns.name(), WithThousands(ns.counts().memories()),
               WithThousands(ns.counts().edges()), WithThousands(ns.counts().runs()), Bytes(ns.bytes()));
  }
  return {};
}

Status ShowNamespace(Client& client, const std::string& name, bool json) {
  ASSIGN_OR_RETURN(const v1::Namespace ns, client.DescribeNamespace(name));
  if (json) {
    fmt::print("{}\n", PrintJson(ns));
  } else {
    PrintNamespace(ns);
  }
  return {};
}

ExitCode RunStats(const StatsOptions& options) {
  auto access = OpenAccess(options.store, IfNoStore::kFail);
  if (!access.ok()) return Fail(access.status());
  const Status status = options.namespace_name.empty()
                            ? ShowStore(*access->client, options.json)
                            : ShowNamespace(*access->client, options.namespace_name, options.json);
  return status.ok() ? ExitCode::kOk : Fail(status);
}

}  // namespace

void AddStatsCommand(CLI::App& app, ChosenCommand* chosen) {
  auto options = std::make_shared<StatsOptions>();
  CLI::App* command = app.add_subcommand("stats", "Show what a store holds");
  command->footer(kExamples);
  command->add_option("--namespace,-n", options->namespace_name, "One namespace in detail")->type_name("NS");
  AddStoreOptions(command, &options->store);
  command->add_flag("--json", options->json, "Print the API's reply");
  command->callback([=] { *chosen = [=] { return RunStats(*options); }; });
}

}  // namespace engram

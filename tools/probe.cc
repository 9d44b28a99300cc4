// engram probe SOURCE, engram probe server
#include "tools/probe.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include <fmt/format.h>

#include "tools/import_sources.h"
#include "tools/progress.h"

namespace engram {
namespace {

constexpr const char* kAbout =
    "Looks whether a source, or a server to write to, can be worked with: whether it is there and lets us in, its\n"
    "version where it tells, and what it holds, with counts and dimensions. No record is read and nothing written; a\n"
    "file's integrity is checked as an import checks it. Exit code 0 when an import could begin.\n"
    "\n"
    "Examples:\n"
    "  engram probe qdrant https://qdrant.example.com --api-key KEY\n"
    "  engram probe mem0 --history history.db --vectors ./qdrant\n"
    "  engram probe sqlite notes.db --map notes.json\n"
    "  engram probe server --server http://127.0.0.1:7700 --key KEY";

std::string Spaces(const v1::NamespaceConfig& config) {
  std::vector<std::string> spaces;
  for (const auto& [name, space] : config.vectors()) {
    const char* const type = space.type() == v1::VECTOR_TYPE_SPARSE  ? "sparse"
                             : space.type() == v1::VECTOR_TYPE_MULTI ? "multi"
                                                                     : "dense";
    const char* const metric = space.metric() == v1::METRIC_DOT  ? "dot"
                               : space.metric() == v1::METRIC_L2 ? "l2"
                                                                 : "cosine";
    const std::string dimensions =
        space.dimensions() > 0 ? fmt::format(" of {} dimensions, {}", space.dimensions(), metric) : "";
    spaces.push_back(fmt::format("{} {}{}", name, type, dimensions));
  }
  std::sort(spaces.begin(), spaces.end());
  std::string text;
  for (const std::string& space : spaces) text += (text.empty() ? "" : "; ") + space;
  return text.empty() ? "no vectors" : text;
}

ExitCode ProbeServer(const StoreChoice& store) {
  auto access = OpenAccess(store, IfNoStore::kFail);
  if (!access.ok()) return Fail(access.status());
  const auto status = access->client->GetStatus();
  if (!status.ok()) return Fail(status.status());
  fmt::print("{}: engram {}, {}, {} namespaces\n", StoreName(store), status->version(), status->state(),
             WithThousands(status->namespaces()));
  constexpr uint32_t kShown = 100;
  const auto list = access->client->ListNamespaces({}, kShown);
  if (!list.ok()) return Fail(list.status());
  for (const v1::Namespace& ns : list->namespaces()) {
    fmt::print("  {}: {} memories, {}\n", ns.name(), WithThousands(ns.counts().memories()), Spaces(ns.config()));
  }
  if (!list->next_cursor().empty()) fmt::print("  and more\n");
  const bool ready = status->state() == "ready";
  if (!ready) fmt::print(stderr, "engram: the server is {}: it takes no writes now\n", status->state());
  return ready ? ExitCode::kOk : ExitCode::kFailed;
}

void AddServer(CLI::App* parent, ChosenCommand* chosen) {
  CLI::App* command = parent->add_subcommand("server", "A server or a data folder of ours");
  auto store = std::make_shared<StoreChoice>();
  AddStoreOptions(command, store.get());
  command->callback([=] { *chosen = [=] { return ProbeServer(*store); }; });
}

}  // namespace

ExitCode ProbeSource(const ImportChoice& choice, const ImportSteps& steps) {
  if (steps.probe) {
    const auto lines = steps.probe();
    if (!lines.ok()) return Fail(lines.status());
    for (const std::string& line : *lines) fmt::print("{}\n", line);
    return ExitCode::kOk;
  }
  const auto source = steps.open();
  if (!source.ok()) return Fail(source.status());
  const SourceDescription described = (*source)->Describe();
  fmt::print("{}: {}{}\n", choice.file, described.system,
             described.records ? fmt::format(", {} {}", WithThousands(*described.records), (*source)->unit()) : "");
  for (const std::string& note : (*source)->Notes()) fmt::print(stderr, "engram: {}\n", note);
  return ExitCode::kOk;
}

Result<std::vector<std::string>> ProbeCollections(PointStore& store, const std::string& only) {
  const std::vector<std::string> names = only.empty() ? store.Collections() : std::vector<std::string>{only};
  std::vector<std::string> lines;
  for (const std::string& name : names) {
    auto reader = store.OpenCollection(name);
    if (!reader.ok()) return reader.status();
    lines.push_back(
        fmt::format("  {}: {} points, {}", name, WithThousands((*reader)->points()), Spaces((*reader)->config())));
    for (const std::string& note : (*reader)->Notes()) lines.push_back("    " + note);
  }
  return lines;
}

void AddProbeCommand(CLI::App& app, ChosenCommand* chosen) {
  CLI::App* probe = app.add_subcommand("probe", "Look whether a source or a server can be worked with");
  probe->require_subcommand(1);
  probe->footer(kAbout);
  AddServer(probe, chosen);
  AddSources(probe, SourceUse::kProbe, chosen);
}

}  // namespace engram

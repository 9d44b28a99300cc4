#include "tools/namespace_export.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "tools/namespace_changes.h"

namespace engram {
namespace {

constexpr uint32_t kPage = 500;

class NamespaceExporter {
 public:
  NamespaceExporter(Client& client, const v1::Namespace& described, const ExportScope& scope, ExportSink& out,
                    Progress& progress)
      : client_(client), described_(described), scope_(scope), out_(out), progress_(progress) {}

  Status Run(const std::string& store) {
    RETURN_IF_ERROR(out_.Write(described_.config()));
    v1::ExportRequest request;
    request.set_limit(kPage);
    request.set_without_history(scope_.no_history);
    request.set_with_tombstones(out_.takes_tombstones() && !scope_.no_history);
    while (true) {
      ASSIGN_OR_RETURN(v1::ExportReply page, client_.Export(described_.name(), request));
      RETURN_IF_ERROR(WritePage(&page));
      const double total = static_cast<double>(described_.counts().memories());
      progress_.Update(counts_.memories,
                       total > 0 ? std::min(1.0, static_cast<double>(counts_.memories) / total) : 1.0);
      if (page.next_cursor().empty()) break;
      request.set_cursor(page.next_cursor());
    }
    if (out_.takes_ended_edges() && !scope_.no_graph) RETURN_IF_ERROR(WriteEndedEdges());
    const std::string origin = fmt::format("{} of {}", described_.name(), store);
    RETURN_IF_ERROR(
        out_.Finish({"engram", origin, described_.counts().memories()}, Notes(), {"", described_.position()}));
    progress_.Finish();
    return {};
  }

  const ExportCounts& counts() const { return counts_; }

 private:
  // Leaves out what the store tells anew.
  Status WritePage(v1::ExportReply* page) {
    for (const v1::Memory& memory : page->memories()) {
      RETURN_IF_ERROR(out_.Write(memory));
      counts_.versions += static_cast<uint64_t>(memory.history_size());
    }
    counts_.memories += static_cast<uint64_t>(page->memories_size());
    for (v1::Memory& dead : *page->mutable_tombstones()) {
      counts_.versions += static_cast<uint64_t>(dead.history_size());
      RETURN_IF_ERROR(out_.Write(Tombstone{std::move(dead)}));
    }
    counts_.tombstones += static_cast<uint64_t>(page->tombstones_size());
    counts_.histories_cut += page->histories_cut();
    for (v1::Run& run : *page->mutable_runs()) {
      run.clear_memories();
      RETURN_IF_ERROR(out_.Write(run));
    }
    counts_.runs += static_cast<uint64_t>(page->runs_size());
    if (scope_.no_graph) return {};
    for (const v1::Node& node : page->nodes()) RETURN_IF_ERROR(out_.Write(node));
    counts_.nodes += static_cast<uint64_t>(page->nodes_size());
    for (v1::Edge& edge : *page->mutable_edges()) {
      edge.clear_version();
      RETURN_IF_ERROR(out_.Write(edge));
    }
    counts_.edges += static_cast<uint64_t>(page->edges_size());
    return {};
  }

  Status WriteEndedEdges() {
    v1::ListEdgesRequest request;
    request.set_include_retired(true);
    request.set_limit(kPage);
    while (true) {
      ASSIGN_OR_RETURN(const v1::ListEdgesReply page, client_.ListEdges(described_.name(), request));
      for (const v1::Edge& edge : page.edges()) {
        if (!edge.has_retired_at()) continue;
        RETURN_IF_ERROR(out_.Write(edge));
        ++counts_.ended_edges;
      }
      if (page.next_cursor().empty()) return {};
      request.set_cursor(page.next_cursor());
    }
  }

  std::vector<std::string> Notes() const {
    std::vector<std::string> notes = {"the progress of imports is not in it"};
    if (scope_.no_history) notes.emplace_back("deleted memories were left out with the former versions");
    if (scope_.no_history) notes.emplace_back("former versions were left out as asked");
    if (scope_.no_graph) notes.emplace_back("nodes and edges were left out as asked");
    if (counts_.histories_cut > 0) {
      notes.push_back(
          fmt::format("the oldest former versions of {} memories are more than an import takes and not in it",
                      counts_.histories_cut));
    }
    return notes;
  }

  Client& client_;
  const v1::Namespace& described_;
  const ExportScope& scope_;
  ExportSink& out_;
  Progress& progress_;
  ExportCounts counts_;
};

}  // namespace

Result<DeltaCounts> ExportDelta(Client& client, const v1::Namespace& described, const std::string& store,
                                const std::string& since, const ExportScope& scope, ExportSink& sink,
                                Progress& progress) {
  auto read = NamespaceChanges::Read(client, described.name(), since, !scope.no_history, progress);
  if (!read.ok() && read.status().code() == StatusCode::kPositionExpired) {
    return Status(StatusCode::kPositionExpired, fmt::format("{}: `engram export --namespace {}` without --since",
                                                            read.status().message(), described.name()));
  }
  ASSIGN_OR_RETURN(const auto changes, std::move(read));
  DeltaCounts counts{changes->memories(), 0, changes->ended(), changes->erased(), changes->histories_cut(),
                     changes->position()};
  RETURN_IF_ERROR(sink.Write(described.config()));
  RETURN_IF_ERROR(changes->ForEach([&](size_t, RecordItem item) {
    const auto* tombstone = std::get_if<Tombstone>(&item);
    const v1::Memory& memory = tombstone != nullptr ? tombstone->memory : std::get<v1::Memory>(item);
    counts.versions += static_cast<uint64_t>(memory.history_size());
    return sink.Write(item);
  }));
  std::vector<std::string> notes = {"memories that changed since a position, and those that are gone since, are in it",
                                    "nodes, runs and edges are not in it"};
  if (scope.no_history) notes.emplace_back("former versions were left out as asked");
  if (counts.erased > 0) {
    notes.push_back(fmt::format("{} memories were erased, and nobody knows their ids any more", counts.erased));
  }
  const std::string origin = fmt::format("{} of {}", described.name(), store);
  RETURN_IF_ERROR(sink.Finish({"engram", origin, counts.memories}, notes, {since, counts.reached}));
  return counts;
}

Result<ExportCounts> ExportNamespace(Client& client, const v1::Namespace& described, const std::string& store,
                                     const ExportScope& scope, ExportSink& sink, Progress& progress) {
  NamespaceExporter exporter(client, described, scope, sink, progress);
  RETURN_IF_ERROR(exporter.Run(store));
  return exporter.counts();
}

}  // namespace engram

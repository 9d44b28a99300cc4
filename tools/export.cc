// engram export: a namespace as JSON Lines, as `engram import jsonl` reads it, or as an archive.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "tools/command.h"
#include "tools/export_sink.h"
#include "tools/progress.h"
#include "tools/store_access.h"

namespace engram {
namespace {

constexpr const char* kExamples =
    "One JSON object a line: {\"namespace\":{…}} with the configuration; then memories of every state in the order of\n"
    "their ids, each with its vectors, metadata, TTL, feedback and former versions; {\"node\":{…}}, {\"run\":{…}} and\n"
    "{\"edge\":{…}}. `engram import jsonl` makes the same namespace of it. Stays behind: deleted memories, retired\n"
    "edges, progress of imports. What is written during an export may or may not be in it.\n"
    "\n"
    "--archive DIR makes a folder instead, with a hash over each record and each file; edges that have ended are in "
    "it,\n"
    "too. `engram import archive` reads it.\n"
    "\n"
    "Examples:\n"
    "  engram export --namespace notes --out notes.jsonl\n"
    "  engram export --namespace notes --no-history --no-graph | wc -l\n"
    "  engram export --namespace notes --data ./data --out notes.jsonl          without a server\n"
    "  engram export --namespace notes --archive notes.archive";

constexpr uint32_t kPage = 500;

struct ExportOptions {
  StoreChoice store;
  std::string namespace_name;
  std::string out;      // empty: standard output
  std::string archive;  // not empty: this instead
  bool no_history = false;
  bool no_graph = false;
};

class Exporter {
 public:
  Exporter(Client& client, const ExportOptions& options, ExportSink& out, Progress& progress)
      : client_(client), options_(options), out_(out), progress_(progress) {}

  Status Run(const v1::Namespace& described) {
    RETURN_IF_ERROR(out_.Write(described.config()));
    v1::ExportRequest request;
    request.set_limit(kPage);
    request.set_without_history(options_.no_history);
    while (true) {
      ASSIGN_OR_RETURN(v1::ExportReply page, client_.Export(options_.namespace_name, request));
      RETURN_IF_ERROR(WritePage(&page));
      const double total = static_cast<double>(described.counts().memories());
      progress_.Update(memories_, total > 0 ? std::min(1.0, static_cast<double>(memories_) / total) : 1.0);
      if (page.next_cursor().empty()) break;
      request.set_cursor(page.next_cursor());
    }
    if (out_.takes_ended_edges() && !options_.no_graph) RETURN_IF_ERROR(WriteEndedEdges());
    const std::string origin = fmt::format("{} of {}", described.name(), StoreName(options_.store));
    RETURN_IF_ERROR(out_.Finish({"engram", origin, described.counts().memories()}, Notes()));
    progress_.Finish();
    return {};
  }

  std::string Summary() const {
    const std::string ended =
        out_.takes_ended_edges() ? fmt::format(", {} ended edges", WithThousands(ended_edges_)) : std::string();
    return fmt::format("{} memories, {} former versions, {} nodes, {} runs, {} edges{}", WithThousands(memories_),
                       WithThousands(versions_), WithThousands(nodes_), WithThousands(runs_), WithThousands(edges_),
                       ended);
  }
  uint64_t histories_cut() const { return histories_cut_; }

 private:
  // Leaves out what the store tells anew.
  Status WritePage(v1::ExportReply* page) {
    for (const v1::Memory& memory : page->memories()) {
      RETURN_IF_ERROR(out_.Write(memory));
      versions_ += static_cast<uint64_t>(memory.history_size());
    }
    memories_ += static_cast<uint64_t>(page->memories_size());
    histories_cut_ += page->histories_cut();
    for (v1::Run& run : *page->mutable_runs()) {
      run.clear_memories();
      RETURN_IF_ERROR(out_.Write(run));
    }
    runs_ += static_cast<uint64_t>(page->runs_size());
    if (options_.no_graph) return {};
    for (const v1::Node& node : page->nodes()) RETURN_IF_ERROR(out_.Write(node));
    nodes_ += static_cast<uint64_t>(page->nodes_size());
    for (v1::Edge& edge : *page->mutable_edges()) {
      edge.clear_version();
      RETURN_IF_ERROR(out_.Write(edge));
    }
    edges_ += static_cast<uint64_t>(page->edges_size());
    return {};
  }

  Status WriteEndedEdges() {
    v1::ListEdgesRequest request;
    request.set_include_retired(true);
    request.set_limit(kPage);
    while (true) {
      ASSIGN_OR_RETURN(const v1::ListEdgesReply page, client_.ListEdges(options_.namespace_name, request));
      for (const v1::Edge& edge : page.edges()) {
        if (!edge.has_retired_at()) continue;
        RETURN_IF_ERROR(out_.Write(edge));
        ++ended_edges_;
      }
      if (page.next_cursor().empty()) return {};
      request.set_cursor(page.next_cursor());
    }
  }

  std::vector<std::string> Notes() const {
    std::vector<std::string> notes = {
        "deleted memories and their histories are not in it, since a store does not list them",
        "the progress of imports is not in it"};
    if (options_.no_history) notes.emplace_back("former versions were left out as asked");
    if (options_.no_graph) notes.emplace_back("nodes and edges were left out as asked");
    if (histories_cut_ > 0) {
      notes.push_back(fmt::format(
          "the oldest former versions of {} memories are more than an import takes and not in it", histories_cut_));
    }
    return notes;
  }

  Client& client_;
  const ExportOptions& options_;
  ExportSink& out_;
  Progress& progress_;
  uint64_t memories_ = 0;
  uint64_t versions_ = 0;
  uint64_t nodes_ = 0;
  uint64_t runs_ = 0;
  uint64_t edges_ = 0;
  uint64_t ended_edges_ = 0;
  uint64_t histories_cut_ = 0;
};

ExitCode RunExport(const ExportOptions& options) {
  auto access = OpenAccess(options.store, IfNoStore::kFail);
  if (!access.ok()) return Fail(access.status());
  // Asked before a file is made: no empty export of a namespace that is not there.
  const auto described = access->client->DescribeNamespace(options.namespace_name);
  if (!described.ok()) return Fail(described.status());
  auto out = options.archive.empty() ? NewJsonlSink(options.out) : NewArchiveSink(options.archive);
  if (!out.ok()) return Fail(out.status());
  Progress progress = Progress::OnStderr("export " + options.namespace_name, "memories");
  Exporter exporter(*access->client, options, **out, progress);
  if (const Status status = exporter.Run(*described); !status.ok()) {
    progress.Clear();
    return Fail(status);
  }
  if (exporter.histories_cut() > 0) {
    fmt::print(stderr,
               "engram: {} memories have more former versions than one import can take; their oldest are left out\n",
               WithThousands(exporter.histories_cut()));
  }
  const std::string& made = options.archive.empty() ? options.out : options.archive;
  if (!made.empty() && made != "-") fmt::print("{}: {}\n", made, exporter.Summary());
  return ExitCode::kOk;
}

}  // namespace

void AddExportCommand(CLI::App& app, ChosenCommand* chosen) {
  auto options = std::make_shared<ExportOptions>();
  CLI::App* command = app.add_subcommand("export", "Write a namespace to a file or an archive");
  command->footer(kExamples);
  command->add_option("--namespace,-n", options->namespace_name, "Which one")->required()->type_name("NS");
  AddStoreOptions(command, &options->store);
  auto* out = command->add_option("--out,-o", options->out, "The file to make or replace; standard output by default")
                  ->type_name("FILE");
  command->add_option("--archive", options->archive, "Make an archive in this folder instead")
      ->type_name("DIR")
      ->excludes(out);
  command->add_flag("--no-history", options->no_history, "Leave former versions out");
  command->add_flag("--no-graph", options->no_graph, "Leave nodes and edges out");
  command->callback([=] { *chosen = [=] { return RunExport(*options); }; });
}

}  // namespace engram

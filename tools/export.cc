// engram export: a namespace as JSON Lines, as `engram import jsonl` reads it.
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "api/json.h"
#include "tools/command.h"
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
    "Examples:\n"
    "  engram export --namespace notes --out notes.jsonl\n"
    "  engram export --namespace notes --no-history --no-graph | wc -l\n"
    "  engram export --namespace notes --data ./data --out notes.jsonl          without a server";

constexpr uint32_t kPage = 500;

struct ExportOptions {
  StoreChoice store;
  std::string namespace_name;
  std::string out;  // empty: standard output
  bool no_history = false;
  bool no_graph = false;
};

// Where the lines go. A file gets its name when all of it is written: half an export is none.
class Output {
 public:
  Output() = default;
  ~Output() {
    if (file_ == nullptr || file_ == stdout) return;
    std::fclose(file_);
    if (!part_.empty()) std::remove(part_.c_str());
  }
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  // "" and "-" are standard output.
  Status Open(const std::string& path) {
    path_ = path;
    if (path.empty() || path == "-") {
      file_ = stdout;
      return {};
    }
    std::error_code error;
    const auto type = std::filesystem::status(path, error).type();
    const bool takes_name =
        type == std::filesystem::file_type::not_found || type == std::filesystem::file_type::regular;
    if (takes_name) part_ = path + ".part";
    file_ = std::fopen(takes_name ? part_.c_str() : path.c_str(), "wb");
    return file_ != nullptr ? Status() : Error();
  }

  Status WriteLine(const std::string& json) {
    const bool written =
        std::fwrite(json.data(), 1, json.size(), file_) == json.size() && std::fputc('\n', file_) != EOF;
    return written ? Status() : Error();
  }

  Status Finish() {
    if (std::fflush(file_) != 0) return Error();
    if (part_.empty()) return {};
    if (std::rename(part_.c_str(), path_.c_str()) != 0) return Error();
    part_.clear();
    return {};
  }

 private:
  Status Error() const {
    return Unavailable(
        fmt::format("cannot write {}: {}", file_ == stdout ? "standard output" : path_, std::strerror(errno)));
  }

  std::string path_;
  std::string part_;  // until it is whole
  std::FILE* file_ = nullptr;
};

class Exporter {
 public:
  Exporter(Client& client, const ExportOptions& options, Output& out, Progress& progress)
      : client_(client), options_(options), out_(out), progress_(progress) {}

  Status Run(const v1::Namespace& described) {
    RETURN_IF_ERROR(WriteItem("namespace", described.config()));
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
    RETURN_IF_ERROR(out_.Finish());
    progress_.Finish();
    return {};
  }

  std::string Summary() const {
    return fmt::format("{} memories, {} former versions, {} nodes, {} runs, {} edges", WithThousands(memories_),
                       WithThousands(versions_), WithThousands(nodes_), WithThousands(runs_), WithThousands(edges_));
  }
  uint64_t histories_cut() const { return histories_cut_; }

 private:
  Status WriteItem(const char* kind, const google::protobuf::Message& item) {
    return out_.WriteLine(fmt::format("{{\"{}\":{}}}", kind, PrintJson(item)));
  }

  // Leaves out what the store tells anew.
  Status WritePage(v1::ExportReply* page) {
    for (const v1::Memory& memory : page->memories()) {
      RETURN_IF_ERROR(out_.WriteLine(PrintJson(memory)));
      versions_ += static_cast<uint64_t>(memory.history_size());
    }
    memories_ += static_cast<uint64_t>(page->memories_size());
    histories_cut_ += page->histories_cut();
    for (v1::Run& run : *page->mutable_runs()) {
      run.clear_memories();
      RETURN_IF_ERROR(WriteItem("run", run));
    }
    runs_ += static_cast<uint64_t>(page->runs_size());
    if (options_.no_graph) return {};
    for (const v1::Node& node : page->nodes()) RETURN_IF_ERROR(WriteItem("node", node));
    nodes_ += static_cast<uint64_t>(page->nodes_size());
    for (v1::Edge& edge : *page->mutable_edges()) {
      edge.clear_version();
      RETURN_IF_ERROR(WriteItem("edge", edge));
    }
    edges_ += static_cast<uint64_t>(page->edges_size());
    return {};
  }

  Client& client_;
  const ExportOptions& options_;
  Output& out_;
  Progress& progress_;
  uint64_t memories_ = 0;
  uint64_t versions_ = 0;
  uint64_t nodes_ = 0;
  uint64_t runs_ = 0;
  uint64_t edges_ = 0;
  uint64_t histories_cut_ = 0;
};

ExitCode RunExport(const ExportOptions& options) {
  auto access = OpenAccess(options.store, IfNoStore::kFail);
  if (!access.ok()) return Fail(access.status());
  // Asked before a file is made: no empty export of a namespace that is not there.
  const auto described = access->client->DescribeNamespace(options.namespace_name);
  if (!described.ok()) return Fail(described.status());
  Output out;
  if (const Status status = out.Open(options.out); !status.ok()) return Fail(status);
  Progress progress = Progress::OnStderr("export " + options.namespace_name, "memories");
  Exporter exporter(*access->client, options, out, progress);
  if (const Status status = exporter.Run(*described); !status.ok()) {
    progress.Clear();
    return Fail(status);
  }
  if (exporter.histories_cut() > 0) {
    fmt::print(stderr,
               "engram: {} memories have more former versions than one import can take; their oldest are left out\n",
               WithThousands(exporter.histories_cut()));
  }
  if (!options.out.empty() && options.out != "-") fmt::print("{}: {}\n", options.out, exporter.Summary());
  return ExitCode::kOk;
}

}  // namespace

void AddExportCommand(CLI::App& app, ChosenCommand* chosen) {
  auto options = std::make_shared<ExportOptions>();
  CLI::App* command = app.add_subcommand("export", "Write a namespace to a file");
  command->footer(kExamples);
  command->add_option("--namespace,-n", options->namespace_name, "Which one")->required()->type_name("NS");
  AddStoreOptions(command, &options->store);
  command->add_option("--out,-o", options->out, "The file to make or replace; standard output by default")
      ->type_name("FILE");
  command->add_flag("--no-history", options->no_history, "Leave former versions out");
  command->add_flag("--no-graph", options->no_graph, "Leave nodes and edges out");
  command->callback([=] { *chosen = [=] { return RunExport(*options); }; });
}

}  // namespace engram

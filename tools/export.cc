// engram export: a namespace as JSON Lines, in the order of ids, as `engram import jsonl` reads it.
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "api/json.h"
#include "tools/command.h"
#include "tools/progress.h"
#include "tools/store_access.h"

namespace engram {
namespace {

constexpr const char* kExamples =
    "Memories come first, each with its vectors, in the order of their ids; then named nodes that edges touch, as\n"
    "{\"node\":{…}}; then edges, as {\"edge\":{…}}. Former versions and the configuration stay behind: make the\n"
    "namespace with its vector spaces first, then `engram import jsonl` reads it back.\n"
    "\n"
    "Examples:\n"
    "  engram export --namespace notes --out notes.jsonl\n"
    "  engram export --namespace notes --data ./data | wc -l";

constexpr uint32_t kPage = 100;

struct ExportOptions {
  StoreChoice store;
  std::string namespace_name;
  std::string out;  // empty: standard output
  bool no_edges = false;
};

struct FileCloser {
  void operator()(std::FILE* file) const {
    if (file != stdout) std::fclose(file);
  }
};

class Exporter {
 public:
  Exporter(Client& client, const ExportOptions& options, std::FILE* out, Progress& progress)
      : client_(client), options_(options), out_(out), progress_(progress) {}

  Status Run() {
    RETURN_IF_ERROR(WriteMemories());
    if (!options_.no_edges) {
      RETURN_IF_ERROR(ForEachEdge([this](const v1::Edge& edge) { return WriteEnds(edge); }));
      RETURN_IF_ERROR(ForEachEdge([this](const v1::Edge& edge) {
        ++edges_;
        return WriteLine("{\"edge\":" + PrintJson(edge) + "}");
      }));
    }
    if (std::fflush(out_) != 0) return WriteError();
    progress_.Finish();
    return {};
  }
  uint64_t memories() const { return memories_; }
  uint64_t nodes() const { return nodes_; }
  uint64_t edges() const { return edges_; }

 private:
  Status WriteMemories() {
    v1::ListRequest request;
    request.set_order_by("id");
    request.set_limit(kPage);
    for (const char* part : {"text", "fields", "metadata", "vectors", "attributes"}) request.add_include(part);
    request.set_include_expired(true);
    while (true) {
      ASSIGN_OR_RETURN(const v1::ListReply page, client_.ListMemories(options_.namespace_name, request));
      for (const v1::Memory& memory : page.memories()) {
        RETURN_IF_ERROR(WriteLine(PrintJson(memory)));
        ++memories_;
      }
      const double total = static_cast<double>(page.total());
      progress_.Update(memories_, total > 0 ? static_cast<double>(memories_) / total : 1.0);
      if (page.next_cursor().empty()) return {};
      request.set_cursor(page.next_cursor());
    }
  }

  template <class Visit>
  Status ForEachEdge(Visit visit) {
    v1::ListEdgesRequest request;
    request.set_limit(kPage);
    while (true) {
      ASSIGN_OR_RETURN(const v1::ListEdgesReply page, client_.ListEdges(options_.namespace_name, request));
      for (v1::Edge edge : page.edges()) {
        // The store's own, and told anew when the edge is written.
        edge.clear_recorded_at();
        edge.clear_retired_at();
        edge.clear_version();
        RETURN_IF_ERROR(visit(edge));
      }
      if (page.next_cursor().empty()) return {};
      request.set_cursor(page.next_cursor());
    }
  }

  // An end that is no memory and has more than an id would be lost with the edge alone.
  Status WriteEnds(const v1::Edge& edge) {
    for (const std::string& id : {edge.source(), edge.target()}) {
      if (!seen_nodes_.insert(id).second) continue;
      ASSIGN_OR_RETURN(v1::Node node, client_.GetNode(options_.namespace_name, id));
      if (node.is_memory()) continue;
      // The store's own, and told anew.
      node.clear_created_at();
      node.clear_updated_at();
      node.clear_out_degree();
      node.clear_in_degree();
      ++nodes_;
      RETURN_IF_ERROR(WriteLine("{\"node\":" + PrintJson(node) + "}"));
    }
    return {};
  }

  Status WriteLine(const std::string& json) {
    const bool written = std::fwrite(json.data(), 1, json.size(), out_) == json.size() && std::fputc('\n', out_) != EOF;
    return written ? Status() : WriteError();
  }
  static Status WriteError() { return Unavailable(fmt::format("cannot write: {}", std::strerror(errno))); }

  Client& client_;
  const ExportOptions& options_;
  std::FILE* const out_;
  Progress& progress_;
  std::set<std::string> seen_nodes_;
  uint64_t memories_ = 0;
  uint64_t nodes_ = 0;
  uint64_t edges_ = 0;
};

ExitCode RunExport(const ExportOptions& options) {
  auto access = OpenAccess(options.store);
  if (!access.ok()) return Fail(access.status());
  // Asked before a file is made: no empty export of a namespace that is not there.
  if (const auto described = access->client->DescribeNamespace(options.namespace_name); !described.ok()) {
    return Fail(described.status());
  }
  const bool to_file = !options.out.empty() && options.out != "-";
  const std::unique_ptr<std::FILE, FileCloser> out(to_file ? std::fopen(options.out.c_str(), "wb") : stdout);
  if (!out) return Fail(Unavailable(fmt::format("cannot write {}: {}", options.out, std::strerror(errno))));
  Progress progress = Progress::OnStderr("export " + options.namespace_name, "memories");
  Exporter exporter(*access->client, options, out.get(), progress);
  if (const Status status = exporter.Run(); !status.ok()) {
    progress.Clear();
    return Fail(status);
  }
  if (to_file) {
    fmt::print("{}: {} memories, {} nodes, {} edges\n", options.out, WithThousands(exporter.memories()),
               WithThousands(exporter.nodes()), WithThousands(exporter.edges()));
  }
  return ExitCode::kOk;
}

}  // namespace

void AddExportCommand(CLI::App& app, ChosenCommand* chosen) {
  auto options = std::make_shared<ExportOptions>();
  CLI::App* command = app.add_subcommand("export", "Write a namespace to a file");
  command->footer(kExamples);
  command->add_option("--namespace,-n", options->namespace_name, "Which one")->required()->type_name("NS");
  AddStoreOptions(command, &options->store);
  command->add_option("--out,-o", options->out, "Where to; standard output by default")->type_name("FILE");
  command->add_flag("--no-edges", options->no_edges, "Memories alone");
  command->callback([=] { *chosen = [=] { return RunExport(*options); }; });
}

}  // namespace engram

// engram search: one search from the command line, as a table for people or the API's reply for programs.
#include <cstdio>
#include <fstream>
#include <iterator>
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
    "Examples:\n"
    "  engram search --namespace notes \"what does Ann drink\"\n"
    "  engram search --namespace notes \"+tea -coffee\" --filter '{\"user_id\":\"ann\"}' --top-k 3\n"
    "  engram search --namespace notes \"tea\" --vector-file question.json --explain\n"
    "  engram search --namespace notes --request request.json --json\n"
    "\n"
    "A vector file holds a JSON array of numbers or {\"f32_base64\":\"…\"}. A request file holds a whole search as "
    "the\n"
    "API takes it; options given beside it come on top.";

struct SearchOptions {
  StoreChoice store;
  std::string namespace_name;
  std::string text;
  std::string vector_file;
  std::string request_file;
  std::string filter;
  std::optional<uint32_t> top_k;
  bool explain = false;
  bool json = false;
};

Result<std::string> ReadText(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return NotFound(fmt::format("cannot open {}", path));
  return std::string(std::istreambuf_iterator<char>(in), {});
}

Status ParseOption(const char* option, const std::string& json, google::protobuf::Message* message) {
  const Status status = ParseJson(json, message);
  return status.ok() ? status : InvalidArgument(fmt::format("{}: {}", option, status.message()));
}

Result<v1::SearchRequest> MakeRequest(const SearchOptions& options) {
  v1::SearchRequest request;
  if (!options.request_file.empty()) {
    ASSIGN_OR_RETURN(const std::string json, ReadText(options.request_file));
    RETURN_IF_ERROR(ParseOption("--request", json, &request));
  }
  if (!options.text.empty()) request.set_text(options.text);
  if (!options.vector_file.empty()) {
    ASSIGN_OR_RETURN(const std::string json, ReadText(options.vector_file));
    RETURN_IF_ERROR(ParseOption("--vector-file", json, request.mutable_vector()));
  }
  if (!options.filter.empty()) RETURN_IF_ERROR(ParseOption("--filter", options.filter, request.mutable_filter()));
  if (options.top_k) request.set_top_k(*options.top_k);
  if (options.explain) request.set_explain(true);
  const bool has_input =
      !request.text().empty() || request.has_vector() || request.has_graph() || request.legs_size() > 0;
  if (!has_input) return InvalidArgument("nothing to search by: give words, --vector-file or --request");
  return request;
}

// One line of at most `width` code points; a terminal gets no control characters.
std::string OneLine(const std::string& text, size_t width) {
  std::string out;
  size_t points = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool starts_point = (byte & 0xc0) != 0x80;
    if (starts_point && ++points > width) return out + "…";
    out += byte < 0x20 || byte == 0x7f ? ' ' : c;
  }
  return out;
}

std::string TextOf(const v1::Memory& memory) {
  std::string text = memory.text();
  const std::map<std::string, std::string> fields(memory.fields().begin(), memory.fields().end());
  for (const auto& [name, value] : fields) text += fmt::format("{}{}: {}", text.empty() ? "" : "  ", name, value);
  return text;
}

void PrintExplanation(const v1::Explanation& explanation) {
  const std::map<std::string, v1::LegExplanation> legs(explanation.legs().begin(), explanation.legs().end());
  for (const auto& [name, leg] : legs) {
    fmt::print("              {:<8}", name);
    if (leg.has_rank()) fmt::print(" rank {:<3}", leg.rank());
    if (leg.has_score()) fmt::print(" score {:.4f}", leg.score());
    fmt::print("  adds {:.4f}", leg.contribution());
    std::string words;
    for (const auto& term : leg.terms()) words += fmt::format(" {} {:.2f}", term.term(), term.score());
    if (!words.empty()) fmt::print("  ({})", words.substr(1));
    std::string path;
    for (const std::string& id : leg.path()) path += (path.empty() ? "" : " → ") + id;
    if (!path.empty()) fmt::print("  {}", path);
    fmt::print("\n");
  }
  const std::map<std::string, double> adjust(explanation.adjust().begin(), explanation.adjust().end());
  for (const auto& [name, value] : adjust) fmt::print("              {:<8} adds {:.4f}\n", name, value);
}

void PrintTable(const v1::SearchReply& reply) {
  constexpr size_t kIdWidth = 16;
  constexpr size_t kTextWidth = 100;
  if (reply.hits().empty()) fmt::print("nothing found\n");
  for (const v1::Hit& hit : reply.hits()) {
    fmt::print("{:8.4f}  {:<{}}  {}\n", hit.score(), OneLine(hit.id(), 36), kIdWidth,
               OneLine(TextOf(hit.memory()), kTextWidth));
    if (hit.has_explain()) PrintExplanation(hit.explain());
  }
  std::string legs;
  const std::map<std::string, v1::LegReport> ran(reply.legs().begin(), reply.legs().end());
  for (const auto& [name, leg] : ran) legs += fmt::format("{}{} {}", legs.empty() ? "" : ", ", name, leg.candidates());
  fmt::print("{} hits in {:.1f} ms; candidates: {}\n", reply.hits_size(), static_cast<double>(reply.took_us()) / 1e3,
             legs);
}

ExitCode RunSearch(const SearchOptions& options) {
  const auto request = MakeRequest(options);
  if (!request.ok()) {
    Fail(request.status());
    return ExitCode::kBadCommand;
  }
  auto access = OpenAccess(options.store, IfNoStore::kFail);
  if (!access.ok()) return Fail(access.status());
  const auto reply = access->client->Search(options.namespace_name, *request);
  if (!reply.ok()) return Fail(reply.status());
  if (options.json) {
    fmt::print("{}\n", PrintJson(*reply));
  } else {
    PrintTable(*reply);
  }
  return ExitCode::kOk;
}

}  // namespace

void AddSearchCommand(CLI::App& app, ChosenCommand* chosen) {
  auto options = std::make_shared<SearchOptions>();
  CLI::App* command = app.add_subcommand("search", "Find memories");
  command->footer(kExamples);
  command->add_option("text", options->text, "Words to look for; \"phrases\", +must, -not, prefix*, fuzzy~");
  command->add_option("--namespace,-n", options->namespace_name, "Where")->required()->type_name("NS");
  AddStoreOptions(command, &options->store);
  command->add_option("--vector-file", options->vector_file, "A vector to look for, too")->type_name("FILE");
  command->add_option("--request", options->request_file, "A whole search request")->type_name("FILE");
  command->add_option("--filter", options->filter, "A filter as the API takes it")->type_name("JSON");
  command->add_option("--top-k,-k", options->top_k, "How many hits; 10 by default");
  command->add_flag("--explain", options->explain, "Show what each leg added");
  command->add_flag("--json", options->json, "Print the API's reply");
  command->callback([=] { *chosen = [=] { return RunSearch(*options); }; });
}

}  // namespace engram

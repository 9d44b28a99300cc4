// engram migrate status and report: how far imports are, from their rows.
#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "api/json.h"
#include "tools/import/import_row.h"
#include "tools/migrate.h"
#include "tools/migrate_report.h"
#include "tools/progress.h"
#include "tools/store_access.h"

namespace engram {
namespace {

constexpr const char* kStatusExamples =
    "Examples:\n"
    "  engram migrate status\n"
    "  engram migrate status --namespace notes --json";

constexpr const char* kReportExamples =
    "What was imported, from where and when, how it ended, what could not be taken and why, and what the last\n"
    "verification found. Markdown to standard output unless a file is named.\n"
    "\n"
    "Examples:\n"
    "  engram migrate report --namespace notes --import jsonl:notes.jsonl:1a2b3c4d\n"
    "  engram migrate report --namespace notes --import ID --markdown report.md --json report.json\n"
    "  engram migrate report --all --import ID --markdown report.md";

struct StatusOptions {
  StoreChoice store;
  std::string namespace_name;
  std::string import_id;
  bool json = false;
};

struct ReportOptions {
  StoreChoice store;
  ChosenImport import;
  std::string markdown;
  std::string json;
};

void PrintEntry(const v1::ListImportsReply::Entry& entry) {
  const v1::ImportProgress& import = entry.import();
  fmt::print("{}  {}  {}\n", entry.namespace_(), import.id(), ImportStateName(import.state()));
  fmt::print("    {} memories, {} rejected{}; last written {}\n", WithThousands(import.memories()),
             WithThousands(import.rejects()),
             import.source().origin().empty() ? std::string() : fmt::format("; from {}", import.source().origin()),
             TimeText(import.updated_at()));
}

// Of one import that went to several namespaces.
void PrintTotal(const std::string& import_id, const v1::ListImportsReply& imports) {
  uint64_t memories = 0;
  uint64_t rejects = 0;
  uint64_t unrouted = 0;
  std::map<std::string, uint64_t> states;
  for (const auto& entry : imports.imports()) {
    memories += entry.import().memories();
    rejects += entry.import().rejects();
    unrouted = std::max<uint64_t>(unrouted, entry.import().tally().unrouted());
    ++states[ImportStateName(entry.import().state())];
  }
  std::string text;
  for (const auto& [state, count] : states) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, state);
  fmt::print("{}: {} namespaces ({}), {} memories, {} rejected, {} without a namespace\n", import_id,
             imports.imports_size(), text, WithThousands(memories), WithThousands(rejects), WithThousands(unrouted));
}

ExitCode RunStatus(const StatusOptions& options) {
  auto access = OpenAccess(options.store, IfNoStore::kFail);
  if (!access.ok()) return Fail(access.status());
  auto imports = access->client->ListImports();
  if (!imports.ok()) return Fail(imports.status());
  std::string wanted;
  if (!options.namespace_name.empty()) {
    const auto described = access->client->DescribeNamespace(options.namespace_name);
    if (!described.ok()) return Fail(described.status());
    wanted = described->name();
  }
  v1::ListImportsReply shown;
  for (const auto& entry : imports->imports()) {
    const bool chosen = options.import_id.empty() || entry.import().id() == options.import_id;
    if (chosen && (wanted.empty() || entry.namespace_() == wanted)) *shown.add_imports() = entry;
  }
  if (options.json) {
    fmt::print("{}\n", PrintJson(shown));
    return ExitCode::kOk;
  }
  for (const auto& entry : shown.imports()) PrintEntry(entry);
  if (!options.import_id.empty() && shown.imports_size() > 1) PrintTotal(options.import_id, shown);
  if (shown.imports().empty()) fmt::print("no imports\n");
  return ExitCode::kOk;
}

Status WriteWhole(const std::string& path, const std::string& contents) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) return Unavailable(fmt::format("cannot write {}", path));
  const bool written = std::fwrite(contents.data(), 1, contents.size(), file) == contents.size();
  const bool closed = std::fclose(file) == 0;
  return written && closed ? Status() : Unavailable(fmt::format("cannot write {}", path));
}

ExitCode RunReport(const ReportOptions& options) {
  auto access = OpenAccess(options.store, IfNoStore::kFail);
  if (!access.ok()) return Fail(access.status());
  const auto found = FindChosen(*access->client, options.import);
  if (!found.ok()) return Fail(found.status());
  v1::ListImportsReply all;
  std::string markdown;
  for (const NamespaceImport& one : *found) {
    auto* entry = all.add_imports();
    entry->set_namespace_(one.namespace_name);
    *entry->mutable_import() = one.import;
    markdown += (markdown.empty() ? "" : "\n") + MarkdownReport(one.namespace_name, one.import);
  }
  if (!options.json.empty()) {
    const std::string json = options.import.all ? PrintJson(all) : PrintJson(all.imports(0));
    if (const Status status = WriteWhole(options.json, json + "\n"); !status.ok()) return Fail(status);
  }
  if (!options.markdown.empty()) {
    if (const Status status = WriteWhole(options.markdown, markdown); !status.ok()) return Fail(status);
  }
  if (options.json.empty() && options.markdown.empty()) fmt::print("{}", markdown);
  return ExitCode::kOk;
}

}  // namespace

void AddMigrateStatus(CLI::App* migrate, ChosenCommand* chosen) {
  auto options = std::make_shared<StatusOptions>();
  CLI::App* command = migrate->add_subcommand("status", "How far imports are");
  command->footer(kStatusExamples);
  command->add_option("--namespace,-n", options->namespace_name, "Of this one alone")->type_name("NS");
  command->add_option("--import", options->import_id, "This one alone, in every namespace that it went to")
      ->type_name("ID");
  AddStoreOptions(command, &options->store);
  command->add_flag("--json", options->json, "As JSON");
  command->callback([=] { *chosen = [=] { return RunStatus(*options); }; });
}

void AddMigrateReport(CLI::App* migrate, ChosenCommand* chosen) {
  auto options = std::make_shared<ReportOptions>();
  CLI::App* command = migrate->add_subcommand("report", "All that is known of one import");
  command->footer(kReportExamples);
  AddImportChoice(command, &options->import);
  AddStoreOptions(command, &options->store);
  command->add_option("--markdown", options->markdown, "Write it here")->type_name("FILE");
  command->add_option("--json", options->json, "Write it here as JSON, as GET /v1/imports has it")->type_name("FILE");
  command->callback([=] { *chosen = [=] { return RunReport(*options); }; });
}

}  // namespace engram

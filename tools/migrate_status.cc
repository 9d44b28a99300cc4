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
    "  engram migrate status --namespace notes --json\n"
    "  engram migrate status --map route.json --import ID --admin-key-file admin.key     in all tenants of a route";

constexpr const char* kReportExamples =
    "What was imported, from where and when, how it ended, what could not be taken and why, and what the last\n"
    "verification found. Markdown to standard output unless a file is named.\n"
    "\n"
    "Examples:\n"
    "  engram migrate report --namespace notes --import jsonl:notes.jsonl:1a2b3c4d\n"
    "  engram migrate report --namespace notes --import ID --markdown report.md --json report.json\n"
    "  engram migrate report --all --import ID --markdown report.md";

struct StatusOptions {
  ChosenTenants tenants;
  std::string namespace_name;
  std::string import_id;
  bool json = false;
};

struct ReportOptions {
  ChosenImport import;
  std::string markdown;
  std::string json;
};

// What a command shows of one tenant.
struct TenantImports {
  std::string tenant;
  v1::ListImportsReply imports;
};

// As GET /v1/imports has it; of several tenants a line each, which begins with the tenant's name.
std::string JsonOf(const std::vector<TenantImports>& all) {
  if (all.size() == 1 && all[0].tenant.empty()) return PrintJson(all[0].imports) + "\n";
  std::string text;
  for (const TenantImports& one : all) {
    v1::Value name;
    name.set_string_value(one.tenant);
    text += fmt::format("{{\"tenant\":{},{}\n", PrintJson(name), PrintJson(one.imports).substr(1));
  }
  return text;
}

void PrintEntry(const std::string& tenant, const v1::ListImportsReply::Entry& entry) {
  const v1::ImportProgress& import = entry.import();
  fmt::print("{}  {}  {}\n", Destination{tenant, entry.namespace_()}.Text(), import.id(),
             ImportStateName(import.state()));
  fmt::print("    {} memories, {} rejected{}; last written {}\n", WithThousands(import.memories()),
             WithThousands(import.rejects()),
             import.source().origin().empty() ? std::string() : fmt::format("; from {}", import.source().origin()),
             TimeText(import.updated_at()));
}

// Of one import that went to several namespaces.
void PrintTotal(const std::string& import_id, const std::vector<TenantImports>& all) {
  uint64_t namespaces = 0;
  uint64_t memories = 0;
  uint64_t rejects = 0;
  uint64_t unrouted = 0;
  std::map<std::string, uint64_t> states;
  for (const TenantImports& one : all) {
    for (const auto& entry : one.imports.imports()) {
      ++namespaces;
      memories += entry.import().memories();
      rejects += entry.import().rejects();
      unrouted = std::max<uint64_t>(unrouted, entry.import().tally().unrouted());
      ++states[ImportStateName(entry.import().state())];
    }
  }
  if (namespaces < 2) return;
  std::string text;
  for (const auto& [state, count] : states) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, state);
  fmt::print("{}: {} namespaces ({}), {} memories, {} rejected, {} without a namespace\n", import_id, namespaces, text,
             WithThousands(memories), WithThousands(rejects), WithThousands(unrouted));
}

Result<v1::ListImportsReply> ImportsOf(const StatusOptions& options, bool several_tenants, Client& client) {
  ASSIGN_OR_RETURN(const v1::ListImportsReply imports, client.ListImports());
  v1::ListImportsReply shown;
  std::string wanted;
  if (!options.namespace_name.empty()) {
    const auto described = client.DescribeNamespace(options.namespace_name);
    if (several_tenants && described.status().code() == StatusCode::kNotFound) return shown;
    if (!described.ok()) return described.status();
    wanted = described->name();
  }
  for (const auto& entry : imports.imports()) {
    const bool chosen = options.import_id.empty() || entry.import().id() == options.import_id;
    if (chosen && (wanted.empty() || entry.namespace_() == wanted)) *shown.add_imports() = entry;
  }
  return shown;
}

ExitCode RunStatus(const StatusOptions& options) {
  const auto tenants = OpenTenants(options.tenants, "migrate status", {"read"});
  if (!tenants.ok()) return Fail(tenants.status());
  std::vector<TenantImports> all;
  bool any = false;
  for (const std::string& tenant : tenants->names) {
    const auto client = tenants->clients->For(tenant);
    if (!client.ok()) return Fail(client.status());
    auto imports = ImportsOf(options, tenants->names.size() > 1, **client);
    if (!imports.ok()) return Fail(imports.status());
    any = any || imports->imports_size() > 0;
    all.push_back({tenant, *std::move(imports)});
  }
  if (options.json) {
    fmt::print("{}", JsonOf(all));
    return ExitCode::kOk;
  }
  for (const TenantImports& one : all) {
    for (const auto& entry : one.imports.imports()) PrintEntry(one.tenant, entry);
  }
  if (!options.import_id.empty()) PrintTotal(options.import_id, all);
  if (!any) fmt::print("no imports\n");
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
  const auto tenants = OpenTenants(options.import.tenants, "migrate report", {"read"});
  if (!tenants.ok()) return Fail(tenants.status());
  const auto found = FindChosen(*tenants, options.import);
  if (!found.ok()) return Fail(found.status());
  std::vector<TenantImports> all;
  std::string markdown;
  for (const FoundImport& one : *found) {
    if (all.empty() || all.back().tenant != one.at.tenant) all.push_back({one.at.tenant, {}});
    auto* entry = all.back().imports.add_imports();
    entry->set_namespace_(one.at.namespace_name);
    *entry->mutable_import() = one.import;
    markdown += (markdown.empty() ? "" : "\n") + MarkdownReport(one.at.Text(), one.import);
  }
  if (!options.json.empty()) {
    const bool several = options.import.all || !all[0].tenant.empty();
    const std::string json = several ? JsonOf(all) : PrintJson(all[0].imports.imports(0)) + "\n";
    if (const Status status = WriteWhole(options.json, json); !status.ok()) return Fail(status);
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
  AddTenantChoice(command, &options->tenants);
  command->add_flag("--json", options->json, "As JSON; of several tenants one a line");
  command->callback([=] { *chosen = [=] { return RunStatus(*options); }; });
}

void AddMigrateReport(CLI::App* migrate, ChosenCommand* chosen) {
  auto options = std::make_shared<ReportOptions>();
  CLI::App* command = migrate->add_subcommand("report", "All that is known of one import");
  command->footer(kReportExamples);
  AddImportChoice(command, &options->import);
  command->add_option("--markdown", options->markdown, "Write it here")->type_name("FILE");
  command->add_option("--json", options->json, "Write it here as JSON, as GET /v1/imports has it")->type_name("FILE");
  command->callback([=] { *chosen = [=] { return RunReport(*options); }; });
}

}  // namespace engram

#include "tools/verify.h"

#include <chrono>
#include <cstdio>
#include <memory>

#include <fmt/format.h>

#include "api/json.h"
#include "base/log.h"
#include "engine/doctor/doctor.h"
#include "tools/opened_store.h"
#include "tools/progress.h"
#include "tools/store_access.h"
#include "tools/verify_server.h"

namespace engram {
namespace {

constexpr const char* kExamples =
    "Examples:\n"
    "  engram verify --data ./data                                     every row, every byte\n"
    "  engram verify --data ./data --quick                             what is there, not what it holds\n"
    "  engram verify --data ./data --tenant acme --namespace notes     one namespace\n"
    "  engram verify --data ./data --repair                            and write anew what follows from other rows\n"
    "  engram verify --server http://127.0.0.1:7700 --tenant acme      what a server serves, while it serves\n"
    "\n"
    "With --data no server may have the folder open. Nothing is changed without --repair, and no primary row ever is.\n"
    "Exit codes: 0 clean, 1 repaired, 2 damage is left, 3 could not check.";

struct VerifyChoice {
  StoreChoice store;
  bool on_server = false;
  FolderOptions folder;
  bool quick = false;
  bool full = false;
  uint64_t sample = 0;
  bool json = false;
};

ExitCode ExitWith(VerifyExit code) { return static_cast<ExitCode>(static_cast<int>(code)); }

std::string Quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') out.push_back('\\');
    if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\u{:04x}", byte);
    } else {
      out.push_back(c);
    }
  }
  return out + "\"";
}

std::string AsJson(const Finding& finding) {
  std::string out = fmt::format("{{\"kind\":{},\"tenant\":{},\"namespace\":{}", Quoted(FindingKindName(finding.kind)),
                                finding.tenant.value, finding.ns.value);
  for (const auto& [name, value] : {std::pair("name", &finding.name), std::pair("place", &finding.place),
                                    std::pair("expected", &finding.expected), std::pair("found", &finding.found)}) {
    if (!value->empty()) out += fmt::format(",\"{}\":{}", name, Quoted(*value));
  }
  const bool repaired = finding.repaired;
  out += fmt::format(",\"repaired\":{}", repaired);
  if (!repaired) out += fmt::format(",\"advice\":{}", Quoted(RepairAdvice(RepairWayOf(finding.kind))));
  return out + "}";
}

VerifyExit CodeOf(const DoctorReport& report) {
  if (report.findings.count() == 0) return VerifyExit::kClean;
  return report.findings.repaired() == report.findings.count() ? VerifyExit::kRepaired : VerifyExit::kDamage;
}

void PrintJsonReport(const DoctorReport& report, double seconds) {
  fmt::print(
      "{{\"findings\":{},\"repaired\":{},\"namespaces\":{},\"memories\":{},\"files\":{},\"file_bytes\":{},"
      "\"seconds\":{:.3f},\"kinds\":{{",
      report.findings.count(), report.findings.repaired(), report.namespaces, report.memories, report.files,
      report.file_bytes, seconds);
  const char* comma = "";
  for (const auto& [kind, count] : report.findings.counts()) {
    fmt::print("{}{}:{}", std::exchange(comma, ","), Quoted(FindingKindName(kind)), count);
  }
  fmt::print("}},\"list\":[");
  comma = "";
  for (const Finding& finding : report.findings.kept()) fmt::print("{}{}", std::exchange(comma, ","), AsJson(finding));
  fmt::print("]}}\n");
}

void PrintReport(const DoctorReport& report, double seconds) {
  for (const Finding& finding : report.findings.kept()) {
    fmt::print("{}\n", ToText(finding));
    if (!finding.repaired) fmt::print("        {}\n", RepairAdvice(RepairWayOf(finding.kind)));
  }
  const uint64_t left_out = report.findings.count() - report.findings.kept().size();
  if (left_out > 0) fmt::print("and {} more\n", WithThousands(left_out));
  fmt::print("{} namespaces, {} memories, {} files ({} bytes) in {:.1f} s: {}", WithThousands(report.namespaces),
             WithThousands(report.memories), WithThousands(report.files), WithThousands(report.file_bytes), seconds,
             report.findings.count() == 0 ? "clean" : fmt::format("{} findings", report.findings.count()));
  if (report.findings.repaired() > 0) fmt::print(", {} repaired", report.findings.repaired());
  fmt::print("\n");
}

void PrintJob(const v1::VerifyJob& job) {
  for (const v1::StoreFinding& finding : job.first()) {
    fmt::print("{}: tenant {}, namespace {} \"{}\", {}{}{}{}{}\n        {}\n", finding.kind(), finding.tenant(),
               finding.namespace_(), finding.name(), finding.place(), finding.expected().empty() ? "" : ": expected ",
               finding.expected(), finding.found().empty() ? "" : ": found ", finding.found(), finding.advice());
  }
  const uint64_t left_out = job.findings() - static_cast<uint64_t>(job.first_size());
  if (left_out > 0) fmt::print("and {} more\n", WithThousands(left_out));
  fmt::print("{} namespaces, {} memories, {} files ({} bytes): {}\n", WithThousands(job.namespaces()),
             WithThousands(job.memories()), WithThousands(job.files()), WithThousands(job.file_bytes()),
             job.findings() == 0 ? "clean" : fmt::format("{} findings", job.findings()));
}

ExitCode RunOnServer(const VerifyChoice& options) {
  const auto bad = [](const char* what) {
    fmt::print(stderr, "engram: {}\n", what);
    return ExitWith(VerifyExit::kCouldNotCheck);
  };
  if (options.folder.repair) return bad("a store is repaired while no server has it open: --repair needs --data");
  v1::VerifyStoreRequest request;
  request.set_tenant(options.folder.tenant);
  request.set_namespace_(options.folder.namespace_name);
  if (options.quick) request.set_depth("quick");
  if (options.sample > 0) {
    request.set_depth("sample");
    request.set_sample(options.sample);
  }
  auto transport = TransportTo(AsAdmin(options.store));
  const auto job = transport.ok() ? VerifyOnServer(StoreClient(*std::move(transport)), request) : transport.status();
  if (!job.ok()) {
    (void)Fail(job.status());
    return ExitWith(VerifyExit::kCouldNotCheck);
  }
  if (options.json) {
    fmt::print("{}\n", PrintJson(*job));
  } else {
    PrintJob(*job);
  }
  return ExitWith(job->findings() == 0 ? VerifyExit::kClean : VerifyExit::kDamage);
}

ExitCode RunVerify(VerifyChoice options) {
  SetLogLevel(LogLevel::kError);
  if (options.folder.tenant.empty() && !options.folder.namespace_name.empty()) options.folder.tenant = kDefaultTenant;
  if (options.on_server) return RunOnServer(options);
  if (options.store.data_dir.empty()) {
    fmt::print(stderr, "engram: what? --data DIR, or --server URL\n");
    return ExitWith(VerifyExit::kCouldNotCheck);
  }
  options.folder.data_dir = options.store.data_dir;
  if (options.quick) options.folder.pass.depth = DoctorDepth::kQuick;
  if (options.sample > 0) {
    options.folder.pass.depth = DoctorDepth::kSample;
    options.folder.pass.sample = options.sample;
  }
  Progress progress = Progress::OnStderr("verify " + options.folder.data_dir, "memories");
  options.folder.pass.progress = [&](const DoctorProgress& now) { progress.Update(now.memories, std::nullopt); };
  const auto began = std::chrono::steady_clock::now();
  const auto report = ExamineFolder(options.folder);
  progress.Finish();
  if (!report.ok()) {
    (void)Fail(report.status());
    return ExitWith(VerifyExit::kCouldNotCheck);
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  options.json ? PrintJsonReport(*report, seconds) : PrintReport(*report, seconds);
  return ExitWith(CodeOf(*report));
}

}  // namespace

void AddVerifyCommand(CLI::App& app, ChosenCommand* chosen) {
  auto options = std::make_shared<VerifyChoice>();
  CLI::App* command = app.add_subcommand("verify", "Check that a store holds what was written to it");
  command->footer(kExamples);
  FolderOptions& folder = options->folder;
  AddAdminOptions(command, &options->store);
  command->get_option("--data")->description("The folder that `engram serve --data` uses, while no server has it open");
  CLI::Option* server = command->get_option("--server");
  server->description("A server that verifies its own store; needs the admin key");
  auto* quick = command->add_flag("--quick", options->quick, "Directories and manifests, no rows of memories");
  auto* sample = command->add_option("--sample", options->sample, "The same, and so many memories of each namespace")
                     ->type_name("N")
                     ->check(CLI::PositiveNumber)
                     ->excludes(quick);
  auto* full = command->add_flag("--full", options->full, "Every row and every byte (the default)");
  full->excludes(quick)->excludes(sample);
  command->add_option("--tenant", folder.tenant, "One tenant")->type_name("NAME");
  command
      ->add_option("--namespace,-n", folder.namespace_name,
                   "One namespace of it (of \"default\" if no tenant is given)")
      ->type_name("NS");
  command->add_flag("--repair", folder.repair, "Write derived rows anew and let go of wrong segments; needs --full")
      ->excludes(quick)
      ->excludes(sample);
  command->add_flag("--json", options->json, "One JSON object instead of lines");
  command->callback([=] {
    options->on_server = server->count() > 0;
    *chosen = [=] { return RunVerify(*options); };
  });
}

}  // namespace engram

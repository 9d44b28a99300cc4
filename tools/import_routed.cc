#include "tools/import_routed.h"

#include <chrono>
#include <cstdio>
#include <map>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "tools/import/import_row.h"
#include "tools/import/record_router.h"
#include "tools/import/routed_importer.h"
#include "tools/import/verify.h"
#include "tools/import_backup.h"
#include "tools/import_summary.h"
#include "tools/migrate_verify.h"
#include "tools/progress.h"

namespace engram {
namespace {

constexpr size_t kLanesShown = 50;

std::string N(uint64_t number) { return WithThousands(number); }

void PrintRouted(const ImportChoice& choice, const RoutedSummary& summary, const char* unit) {
  uint64_t memories = 0;
  for (const auto& [name, lane] : summary.lanes) memories += lane.memories;
  fmt::print("{}: {} {} read; {}{} memories {} {} namespaces; {} records have no namespace\n", choice.file,
             N(summary.records), unit, choice.options.dry_run ? "would write " : "", N(memories),
             choice.options.dry_run ? "into" : "in", N(summary.lanes.size()), N(summary.unrouted));
  size_t shown = 0;
  for (const auto& [name, lane] : summary.lanes) {
    if (shown++ == kLanesShown) break;
    fmt::print("  {}: {}\n", name, CountsText(lane));
  }
  if (summary.lanes.size() > kLanesShown) {
    fmt::print("  and {} more: `engram migrate status` lists them\n", N(summary.lanes.size() - kLanesShown));
  }
  std::fflush(stdout);
  for (const auto& [name, lane] : summary.lanes) {
    for (const std::string& note : lane.notes) PrintNotes({fmt::format("{}: {}", name, note)});
  }
  PrintNotes(summary.notes);
  for (const auto& [name, lane] : summary.lanes) PrintSample(lane.sample);
}

bool AllTaken(const RoutedSummary& summary) {
  uint64_t rejected = summary.unrouted;
  for (const auto& [name, lane] : summary.lanes) rejected += lane.rejected + lane.rejected_before;
  return rejected == 0;
}

// The records of a source, compared namespace by namespace.
class RoutedVerification {
 public:
  RoutedVerification(const ImportChoice& choice, ImportSource& source, const NamespaceRoute& route, Client& client)
      : choice_(choice), source_(source), client_(client), router_(route) {}

  Status Run() {
    RETURN_IF_ERROR(OpenLanes());
    Progress progress = Progress::OnStderr("compare", source_.unit());
    const auto& limit = choice_.options.limit;
    uint64_t read = 0;
    while (!limit || read < *limit) {
      SourceRecord record;
      auto more = source_.Next(&record);
      if (!more.ok()) {
        progress.Clear();
        return more.status();
      }
      if (!*more) break;
      if (std::holds_alternative<v1::NamespaceConfig>(record.item) && record.problem.ok()) continue;
      progress.Update(++read, source_.Fraction());
      RETURN_IF_ERROR(Deliver(router_.Route(std::move(record))));
    }
    progress.Finish();
    return Deliver(router_.Finish());
  }

  Result<ExitCode> Conclude(bool keep) {
    bool all = unplaced_ == 0;
    for (auto& [name, lane] : lanes_) {
      ASSIGN_OR_RETURN(const VerifyReport report, lane.verifier.Finish());
      fmt::print("{}: ", name);
      ImportChoice one = choice_;
      one.options.namespace_name = name;
      RETURN_IF_ERROR(ConcludeVerify(one, source_.unit(), client_, lane.options, report, keep));
      all = all && report.unmatched() == 0;
    }
    if (unplaced_ > 0) {
      std::fflush(stdout);
      fmt::print(stderr, "engram: {} records have no namespace, or one that this import has not been to\n",
                 N(unplaced_));
      for (const std::string& place : places_) fmt::print(stderr, "  {}\n", place);
    }
    return all ? ExitCode::kOk : ExitCode::kFailed;
  }

 private:
  struct Lane {
    VerifyOptions options;
    ImportVerifier verifier;
  };

  Status OpenLanes() {
    const std::string id = ImportIdOf(choice_, source_);
    const std::string& only = choice_.options.namespace_name;
    ASSIGN_OR_RETURN(const v1::ListImportsReply imports, client_.ListImports());
    std::vector<const v1::ListImportsReply::Entry*> ours;
    for (const auto& entry : imports.imports()) {
      if (entry.import().id() != id || (!only.empty() && entry.namespace_() != only)) continue;
      if (IsVerifiable(entry.import())) ours.push_back(&entry);
    }
    if (ours.empty()) return NotFound(fmt::format("no namespace has anything of import {}", id));
    for (const auto* entry : ours) {
      VerifyOptions options = VerifyOptionsFor(choice_, id, &entry->import());
      options.namespace_name = entry->namespace_();
      // The same memory and the same number of searches for all of them together.
      options.agreement.vector_bytes /= ours.size();
      options.agreement.queries = std::max<size_t>(5, options.agreement.queries / ours.size());
      ImportVerifier verifier(client_, options, source_.Describe().normalises_cosine);
      RETURN_IF_ERROR(verifier.Begin());
      lanes_.emplace(entry->namespace_(), Lane{std::move(options), std::move(verifier)});
    }
    return {};
  }

  Status Deliver(RecordRouter::Routed routed) {
    for (RecordRouter::Delivery& delivery : routed.deliveries) {
      const auto lane = lanes_.find(delivery.namespace_name);
      if (lane != lanes_.end()) {
        RETURN_IF_ERROR(lane->second.verifier.Take(std::move(delivery.record)));
      } else if (choice_.options.namespace_name.empty()) {
        Unplaced(delivery.record.place, fmt::format("belongs into {}", delivery.namespace_name));
      }
    }
    // What belongs nowhere is no matter of one namespace.
    if (!choice_.options.namespace_name.empty()) return {};
    for (const SourceRecord& record : routed.unplaced) Unplaced(record.place, record.problem.message());
    return {};
  }

  void Unplaced(const std::string& place, const std::string& why) {
    constexpr size_t kPlaces = 20;
    ++unplaced_;
    if (places_.size() < kPlaces) places_.push_back(fmt::format("{}: {}", place, why));
  }

  const ImportChoice& choice_;
  ImportSource& source_;
  Client& client_;
  RecordRouter router_;
  std::map<std::string, Lane> lanes_;
  uint64_t unplaced_ = 0;
  std::vector<std::string> places_;
};

ExitCode VerifyOpened(const ImportChoice& choice, const NamespaceRoute& route, ImportSource& source, Client& client,
                      bool keep) {
  RoutedVerification verification(choice, source, route, client);
  if (const Status status = verification.Run(); !status.ok()) return Fail(status);
  const auto code = verification.Conclude(keep);
  return code.ok() ? *code : Fail(code.status());
}

// A source that keeps count of what it has given is told how far the import came, and begins anew.
Status Rewind(const ImportChoice& choice, const ImportSteps& steps, ImportSource& source, Client& client) {
  ASSIGN_OR_RETURN(const v1::ListImportsReply imports, client.ListImports());
  for (const auto& entry : imports.imports()) {
    if (entry.import().id() != ImportIdOf(choice, source)) continue;
    const auto cursor = SourceCursorOf(entry.import().cursor());
    if (!cursor) continue;
    RETURN_IF_ERROR(source.Resume(*cursor).status());
    return steps.rewind();
  }
  return {};
}

}  // namespace

ExitCode ImportRouted(const ImportChoice& choice, const ImportSteps& steps, const NamespaceRoute& route) {
  auto access = OpenTarget(choice, /*names_namespace=*/true);
  if (!access.ok()) return Fail(access.status());
  Client* const client = access->client.get();
  RoutedOptions options{choice.options, route, steps.rewind};
  if (!choice.backup.empty()) {
    options.each.back_up = [&](const v1::Namespace& described) {
      return BackUp(BackupFolder(choice.backup, described.name()), StoreName(choice.store), *client, described);
    };
  }
  while (true) {
    auto source = OpenSource(choice, steps);
    if (!source.ok()) return Fail(source.status());
    if (steps.announce) steps.announce(**source);
    Progress progress = Progress::OnStderr("import", (*source)->unit());
    RoutedImporter importer(client, **source, options, progress);
    const Status status = importer.Run();
    if (!status.ok()) progress.Clear();
    if (importer.summary().source_changed) {
      fmt::print(stderr, "engram: {}: all of it is looked at again\n", status.message());
      options.each.restart = true;
      continue;
    }
    if (!status.ok()) {
      const ExitCode code = Fail(status);
      PrintHowToGoOn(importer.summary().stopped_by_record, importer.summary().records > 0);
      return code;
    }
    PrintRouted(choice, importer.summary(), (*source)->unit());
    const ExitCode taken = AllTaken(importer.summary()) ? ExitCode::kOk : ExitCode::kFailed;
    const bool verifies = steps.rewind && !choice.options.dry_run && !choice.options.limit;
    if (!verifies || importer.summary().lanes.empty()) return taken;
    if (const Status rewound = steps.rewind(); !rewound.ok()) return Fail(rewound);
    return VerifyOpened(choice, route, **source, *client, /*keep=*/true);
  }
}

ExitCode VerifyRouted(const ImportChoice& choice, const ImportSteps& steps, const NamespaceRoute& route) {
  auto access = OpenAccess(choice.store, IfNoStore::kFail);
  if (!access.ok()) return Fail(access.status());
  Client& client = *access->client;
  while (true) {
    auto source = OpenSource(choice, steps);
    if (!source.ok()) return Fail(source.status());
    if (steps.rewind) {
      if (const Status status = Rewind(choice, steps, **source, client); !status.ok()) return Fail(status);
    }
    const ExitCode code = VerifyOpened(choice, route, **source, client, choice.use == SourceUse::kVerify);
    if (choice.use != SourceUse::kCompare || choice.every == 0) return code;
    std::this_thread::sleep_for(std::chrono::seconds(choice.every));
  }
}

}  // namespace engram

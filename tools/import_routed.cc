#include "tools/import_routed.h"

#include <chrono>
#include <cstdio>
#include <map>
#include <memory>
#include <set>
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
#include "tools/tenant_clients.h"

namespace engram {
namespace {

constexpr size_t kLanesShown = 50;

std::string N(uint64_t number) { return WithThousands(number); }

// What of the route's destinations the command is about; an empty name: all.
Destination OnlyOf(const ImportChoice& choice, const RecordRoute& route) {
  return {choice.tenant, route.space ? choice.options.namespace_name : std::string()};
}

Result<std::unique_ptr<TenantClients>> OpenClients(const ImportChoice& choice, const RecordRoute& route) {
  const bool imports = choice.use == SourceUse::kImport;
  if (!route.tenant) {
    auto access = imports ? OpenTarget(choice, /*names_namespace=*/true) : OpenAccess(choice.store, IfNoStore::kFail);
    if (!access.ok()) return std::move(access).status();
    return std::make_unique<TenantClients>(*std::move(access));
  }
  TenantClients::Options options;
  const char* const command = imports                            ? "import"
                              : choice.use == SourceUse::kVerify ? "migrate verify"
                                                                 : "migrate compare";
  options.purpose =
      fmt::format("{} {}", command, choice.options.import_id.empty() ? choice.file : choice.options.import_id);
  options.verbs = {"read"};
  if (choice.use != SourceUse::kCompare) options.verbs = {"read", "write", "import"};
  options.create = choice.create_tenants;
  options.rehearse = choice.options.dry_run;
  const bool makes = imports && !choice.options.dry_run;
  return TenantClients::Open(choice.store, makes ? IfNoStore::kCreate : IfNoStore::kFail, std::move(options));
}

// Those in which the import may have been.
Result<std::vector<std::string>> TenantsOf(const ImportChoice& choice, const RecordRoute& route,
                                           TenantClients& clients) {
  if (!route.tenant) return std::vector<std::string>{std::string()};
  return clients.Existing([&](const std::string& name) {
    return route.tenant->MayLeadTo(name) && (choice.tenant.empty() || choice.tenant == name);
  });
}

std::string WhereText(const RoutedSummary& summary) {
  std::set<std::string> tenants;
  for (const auto& [to, lane] : summary.lanes) tenants.insert(to.tenant);
  tenants.erase("");
  return fmt::format("{} namespaces{}", N(summary.lanes.size()),
                     tenants.empty() ? "" : fmt::format(" of {} tenants", N(tenants.size())));
}

// Tenants that were not there before. False when a run without --dry-run would end with the first.
bool PrintAbsent(const ImportChoice& choice, const TenantClients& clients) {
  for (const std::string& tenant : clients.absent()) {
    if (!choice.options.dry_run) {
      fmt::print("tenant {}: made, without limits\n", tenant);
    } else if (clients.creates()) {
      fmt::print("tenant {}: would be made, without limits\n", tenant);
    } else {
      fmt::print("tenant {}: is not there; --create-tenants would make it, `engram keys tenant add` one with limits\n",
                 tenant);
    }
  }
  return clients.absent().empty() || clients.creates();
}

void PrintRouted(const ImportChoice& choice, const RoutedSummary& summary, const char* unit) {
  uint64_t memories = 0;
  for (const auto& [to, lane] : summary.lanes) memories += lane.memories;
  fmt::print("{}: {} {} read; {}{} memories {} {}; {} records have no namespace\n", choice.file, N(summary.records),
             unit, choice.options.dry_run ? "would write " : "", N(memories), choice.options.dry_run ? "into" : "in",
             WhereText(summary), N(summary.unrouted));
  size_t shown = 0;
  for (const auto& [to, lane] : summary.lanes) {
    if (shown++ == kLanesShown) break;
    fmt::print("  {}: {}\n", to.Text(), CountsText(lane));
  }
  if (summary.lanes.size() > kLanesShown) {
    fmt::print("  and {} more: `engram migrate status` lists them\n", N(summary.lanes.size() - kLanesShown));
  }
  std::fflush(stdout);
  for (const auto& [to, lane] : summary.lanes) {
    for (const std::string& note : lane.notes) PrintNotes({fmt::format("{}: {}", to.Text(), note)});
  }
  PrintNotes(summary.notes);
  for (const auto& [to, lane] : summary.lanes) PrintSample(lane.sample);
}

bool AllTaken(const RoutedSummary& summary) {
  uint64_t rejected = summary.unrouted;
  for (const auto& [to, lane] : summary.lanes) rejected += lane.rejected + lane.rejected_before;
  return rejected == 0;
}

// The records of a source, compared namespace by namespace.
class RoutedVerification {
 public:
  RoutedVerification(const ImportChoice& choice, ImportSource& source, const RecordRoute& route, TenantClients& clients)
      : choice_(choice),
        source_(source),
        clients_(clients),
        route_(route),
        only_(OnlyOf(choice, route)),
        router_(route) {}

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
      RETURN_IF_ERROR(Deliver(router_.Take(std::move(record))));
    }
    progress.Finish();
    return Deliver(router_.Finish());
  }

  Result<ExitCode> Conclude(bool keep) {
    bool all = unplaced_ == 0;
    for (auto& [to, lane] : lanes_) {
      ASSIGN_OR_RETURN(const VerifyReport report, lane.verifier.Finish());
      fmt::print("{}: ", to.Text());
      ImportChoice one = choice_;
      one.options.namespace_name = to.namespace_name;
      RETURN_IF_ERROR(ConcludeVerify(one, source_.unit(), *lane.client, lane.options, report, keep));
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
    Client* client;
    VerifyOptions options;
    ImportVerifier verifier;
  };
  struct Found {
    Destination at;
    Client* client;
    v1::ImportProgress import;
  };

  bool IsRestricted() const { return only_ != Destination(); }

  Result<std::vector<Found>> FindLanes(const std::string& import_id) {
    std::vector<Found> found;
    ASSIGN_OR_RETURN(const auto tenants, TenantsOf(choice_, route_, clients_));
    for (const std::string& tenant : tenants) {
      ASSIGN_OR_RETURN(Client* const client, clients_.For(tenant));
      ASSIGN_OR_RETURN(v1::ListImportsReply imports, client->ListImports());
      for (auto& entry : *imports.mutable_imports()) {
        if (!only_.namespace_name.empty() && entry.namespace_() != only_.namespace_name) continue;
        if (entry.import().id() != import_id || !IsVerifiable(entry.import())) continue;
        found.push_back({{tenant, entry.namespace_()}, client, std::move(*entry.mutable_import())});
      }
    }
    if (!found.empty()) return found;
    return NotFound(fmt::format("no namespace has anything of import {}", import_id));
  }

  Status OpenLanes() {
    const std::string id = ImportIdOf(choice_, source_);
    ASSIGN_OR_RETURN(const std::vector<Found> ours, FindLanes(id));
    for (const Found& one : ours) {
      VerifyOptions options = VerifyOptionsFor(choice_, id, &one.import);
      options.namespace_name = one.at.namespace_name;
      // The same memory and the same number of searches for all of them together.
      options.agreement.vector_bytes /= ours.size();
      options.agreement.queries = std::max<size_t>(5, options.agreement.queries / ours.size());
      ImportVerifier verifier(*one.client, options, source_.Describe().normalises_cosine);
      RETURN_IF_ERROR(verifier.Begin());
      lanes_.emplace(one.at, Lane{one.client, std::move(options), std::move(verifier)});
    }
    return {};
  }

  Status Deliver(RecordRouter::Routed routed) {
    for (RecordRouter::Delivery& delivery : routed.deliveries) {
      const auto lane = lanes_.find(delivery.to);
      if (lane != lanes_.end()) {
        RETURN_IF_ERROR(lane->second.verifier.Take(std::move(delivery.record)));
      } else if (!IsRestricted()) {
        Unplaced(delivery.record.place, fmt::format("belongs into {}", delivery.to.Text()));
      }
    }
    // What belongs nowhere is no matter of one namespace.
    if (IsRestricted()) return {};
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
  TenantClients& clients_;
  const RecordRoute& route_;
  const Destination only_;
  RecordRouter router_;
  std::map<Destination, Lane> lanes_;
  uint64_t unplaced_ = 0;
  std::vector<std::string> places_;
};

ExitCode VerifyOpened(const ImportChoice& choice, const RecordRoute& route, ImportSource& source,
                      TenantClients& clients, bool keep) {
  RoutedVerification verification(choice, source, route, clients);
  if (const Status status = verification.Run(); !status.ok()) return Fail(status);
  const auto code = verification.Conclude(keep);
  return code.ok() ? *code : Fail(code.status());
}

// A source that keeps count of what it has given is told how far the import came, and begins anew.
Status Rewind(const ImportChoice& choice, const ImportSteps& steps, const RecordRoute& route, ImportSource& source,
              TenantClients& clients) {
  ASSIGN_OR_RETURN(const auto tenants, TenantsOf(choice, route, clients));
  for (const std::string& tenant : tenants) {
    ASSIGN_OR_RETURN(Client* const client, clients.For(tenant));
    ASSIGN_OR_RETURN(const v1::ListImportsReply imports, client->ListImports());
    for (const auto& entry : imports.imports()) {
      if (entry.import().id() != ImportIdOf(choice, source)) continue;
      const auto cursor = SourceCursorOf(entry.import().cursor());
      if (!cursor) continue;
      RETURN_IF_ERROR(source.Resume(*cursor).status());
      return steps.rewind();
    }
  }
  return {};
}

// Of a run without --dry-run: what it came to, tenants that it made among it.
ExitCode Stopped(const ImportChoice& choice, const RoutedSummary& summary, const TenantClients& clients,
                 const Status& status) {
  PrintAbsent(choice, clients);
  std::fflush(stdout);
  const ExitCode code = Fail(status);
  PrintHowToGoOn(summary.stopped_by_record, summary.records > 0);
  return code;
}

}  // namespace

ExitCode ImportRouted(const ImportChoice& choice, const ImportSteps& steps, const RecordRoute& route) {
  const auto clients = OpenClients(choice, route);
  if (!clients.ok()) return Fail(clients.status());
  auto tenants = TenantsOf(choice, route, **clients);
  if (!tenants.ok()) return Fail(tenants.status());
  RoutedOptions options{choice.options, route, OnlyOf(choice, route), *std::move(tenants), nullptr, steps.rewind};
  if (!choice.backup.empty()) {
    options.back_up = [&](const Destination& to, Client& client, const v1::Namespace& described) {
      return BackUp(BackupFolder(choice.backup, to), StoreName(choice.store), client, described);
    };
  }
  while (true) {
    auto source = OpenSource(choice, steps);
    if (!source.ok()) return Fail(source.status());
    if (steps.announce) steps.announce(**source);
    Progress progress = Progress::OnStderr("import", (*source)->unit());
    RoutedImporter importer(**clients, **source, options, progress);
    const Status status = importer.Run();
    if (!status.ok()) progress.Clear();
    if (importer.summary().source_changed) {
      fmt::print(stderr, "engram: {}: all of it is looked at again\n", status.message());
      options.each.restart = true;
      continue;
    }
    if (!status.ok()) return Stopped(choice, importer.summary(), **clients, status);
    PrintRouted(choice, importer.summary(), (*source)->unit());
    const bool possible = PrintAbsent(choice, **clients);
    const ExitCode taken = possible && AllTaken(importer.summary()) ? ExitCode::kOk : ExitCode::kFailed;
    const bool verifies = steps.rewind && !choice.options.dry_run && !choice.options.limit;
    if (!verifies || importer.summary().lanes.empty()) return taken;
    if (const Status rewound = steps.rewind(); !rewound.ok()) return Fail(rewound);
    return VerifyOpened(choice, route, **source, **clients, /*keep=*/true);
  }
}

ExitCode VerifyRouted(const ImportChoice& choice, const ImportSteps& steps, const RecordRoute& route) {
  while (true) {
    auto clients = OpenClients(choice, route);  // each time: their keys end
    if (!clients.ok()) return Fail(clients.status());
    auto source = OpenSource(choice, steps);
    if (!source.ok()) return Fail(source.status());
    if (steps.rewind) {
      if (const Status status = Rewind(choice, steps, route, **source, **clients); !status.ok()) return Fail(status);
    }
    const ExitCode code = VerifyOpened(choice, route, **source, **clients, choice.use == SourceUse::kVerify);
    if (choice.use != SourceUse::kCompare || choice.every == 0) return code;
    clients->reset();
    std::this_thread::sleep_for(std::chrono::seconds(choice.every));
  }
}

}  // namespace engram

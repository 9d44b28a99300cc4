#include "tools/migrate_verify.h"

#include <chrono>
#include <cstdio>
#include <string>
#include <thread>

#include <fmt/format.h>

#include "tools/import/import_row.h"
#include "tools/import/verify.h"
#include "tools/progress.h"

namespace engram {
namespace {

std::string N(uint64_t number) { return WithThousands(number); }

void PrintAgreement(const v1::ImportAgreement& search) {
  if (!search.skipped().empty()) {
    fmt::print("search: not compared, {}\n", search.skipped());
    return;
  }
  fmt::print(
      "search: {} vectors of space {} searched for; of the exact ten best {:.1f} % found, in an order with Kendall's "
      "tau {:.3f}; not found: {} expired or not active, {} not in the store, {} others\n",
      N(search.queries()), search.space(), 100 * search.overlap(), search.kendall_tau(), N(search.filtered()),
      N(search.not_migrated()), N(search.other()));
}

void PrintHistories(const v1::HistoryVerification& history) {
  if (history.memories() == 0) return;
  fmt::print(
      "histories: of {} memories; {} former versions equal; memories with events missing {}, too many {}, of another "
      "kind {}, at another time {}, with another text {}\n",
      N(history.memories()), N(history.events()), N(history.missing()), N(history.extra()), N(history.kinds()),
      N(history.times()), N(history.texts()));
}

void PrintReport(const ImportChoice& choice, const char* unit, const VerifyReport& report) {
  const v1::ImportVerification& result = report.result;
  fmt::print(
      "compared: {} {} in the source, {} equal in the store, {} edited and {} deleted there since, "
      "{} missing, {} different, {} not importable, {} expired; {} in {} that the source has not\n",
      N(result.compared()), unit, N(result.matched()), N(result.edited()), N(result.deleted()), N(result.missing()),
      N(result.different()), N(result.unreadable()), N(result.expired()), N(result.extra()),
      choice.options.namespace_name);
  const bool same = result.source_xor() == result.store_xor() && result.source_sum() == result.store_sum();
  fmt::print(
      "digests: XOR {} and sum {} of the source's memories, {}\n", result.source_xor(), result.source_sum(),
      same ? "the same in the store" : fmt::format("{} and {} in the store", result.store_xor(), result.store_sum()));
  PrintHistories(result.history());
  PrintAgreement(result.search());
  std::fflush(stdout);
  for (const std::string& place : result.places()) fmt::print(stderr, "  {}\n", place);
  for (const std::string& line : report.differences) fmt::print(stderr, "  {}\n", line);
  for (const std::string& note : report.notes) fmt::print(stderr, "engram: {}\n", note);
}

// What a verification means for its import: done when everything matched, waiting for the next one otherwise.
Status KeepResult(Client& client, const std::string& ns, const std::string& import_id, const VerifyReport& report) {
  v1::WriteRequest request;
  v1::ImportProgress& progress = *request.mutable_import();
  progress.set_id(import_id);
  progress.set_state(report.result.all_matched() ? v1::IMPORT_STATE_DONE : v1::IMPORT_STATE_VERIFYING);
  *progress.mutable_verification() = report.result;
  return client.Write(ns, request).status();
}

Status CheckVerifiable(const v1::ImportProgress& row, const std::string& ns) {
  if (IsVerifiable(row)) return {};
  return FailedPrecondition(fmt::format("import {} into {} is {}: there is nothing of it to verify", row.id(), ns,
                                        ImportStateName(row.state())));
}

ExitCode CompareAgain(const ImportChoice& choice, const ImportSteps& steps, Client& client) {
  while (true) {
    auto source = OpenSource(choice, steps);
    if (!source.ok()) return Fail(source.status());
    const ExitCode code = VerifyOnce(choice, **source, client, /*keep=*/false);
    if (choice.every == 0) return code;
    std::this_thread::sleep_for(std::chrono::seconds(choice.every));
  }
}

}  // namespace

std::string ImportIdOf(const ImportChoice& choice, const ImportSource& source) {
  return choice.options.import_id.empty() ? source.DefaultImportId() : choice.options.import_id;
}

bool IsVerifiable(const v1::ImportProgress& row) {
  const v1::ImportState state = row.state();
  const bool rolled = state == v1::IMPORT_STATE_ROLLING_BACK || state == v1::IMPORT_STATE_ROLLED_BACK;
  return !rolled && state != v1::IMPORT_STATE_PLANNED && state != v1::IMPORT_STATE_BACKED_UP;
}

VerifyOptions VerifyOptionsFor(const ImportChoice& choice, const std::string& import_id,
                               const v1::ImportProgress* row) {
  VerifyOptions options;
  options.namespace_name = choice.options.namespace_name;
  options.import_id = import_id;
  options.sample = choice.use == SourceUse::kImport ? 0 : choice.sample;
  options.limit = choice.options.limit;
  const bool same_part = row != nullptr && row->source().options() == choice.options.origin_options;
  options.whole = same_part && !options.limit;
  options.keeps_row = row != nullptr;
  return options;
}

Status ConcludeVerify(const ImportChoice& choice, const char* unit, Client& client, const VerifyOptions& options,
                      const VerifyReport& report, bool keep) {
  PrintReport(choice, unit, report);
  if (keep && options.keeps_row && options.whole) {
    RETURN_IF_ERROR(KeepResult(client, options.namespace_name, options.import_id, report));
    fmt::print("import {}: {}\n", options.import_id, report.result.all_matched() ? "done" : "verifying, not done");
  } else if (keep) {
    fmt::print(stderr, "engram: the import's state stays as it was, since this is a part of what it brought\n");
  }
  return {};
}

ExitCode VerifyOnce(const ImportChoice& choice, ImportSource& source, Client& client, bool keep) {
  const std::string& ns = choice.options.namespace_name;
  const std::string id = ImportIdOf(choice, source);
  const auto row = FindImportRow(client, ns, id);
  if (!row.ok()) return Fail(row.status());
  const VerifyOptions options = VerifyOptionsFor(choice, id, *row ? &**row : nullptr);
  Progress progress = Progress::OnStderr("compare " + ns, source.unit());
  const auto report = VerifyImport(client, source, options, progress);
  if (!report.ok()) {
    progress.Clear();
    return Fail(report.status());
  }
  if (const Status status = ConcludeVerify(choice, source.unit(), client, options, *report, keep); !status.ok()) {
    return Fail(status);
  }
  return report->unmatched() == 0 ? ExitCode::kOk : ExitCode::kFailed;
}

ExitCode RunVerify(const ImportChoice& choice, const ImportSteps& steps) {
  auto access = OpenAccess(choice.store, IfNoStore::kFail);
  if (!access.ok()) return Fail(access.status());
  if (choice.use == SourceUse::kCompare) return CompareAgain(choice, steps, *access->client);
  auto source = OpenSource(choice, steps);
  if (!source.ok()) return Fail(source.status());
  const auto row = GetImportRow(*access->client, choice.options.namespace_name, ImportIdOf(choice, **source));
  if (!row.ok()) return Fail(row.status());
  if (const Status status = CheckVerifiable(*row, choice.options.namespace_name); !status.ok()) return Fail(status);
  if (steps.rewind) {
    // So that the source knows what earlier runs have taken: what of it is gone was erased.
    const auto resumed = (*source)->Resume(row->cursor());
    if (!resumed.ok()) return Fail(resumed.status());
    if (const Status rewound = steps.rewind(); !rewound.ok()) return Fail(rewound);
  }
  return VerifyOnce(choice, **source, *access->client, /*keep=*/true);
}

}  // namespace engram

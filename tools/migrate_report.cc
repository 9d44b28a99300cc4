#include "tools/migrate_report.h"

#include <ctime>

#include <fmt/format.h>

#include "tools/import/import_row.h"
#include "tools/progress.h"

namespace engram {
namespace {

std::string N(uint64_t number) { return WithThousands(number); }

// What could end a table's cell or start a line of its own.
std::string Cell(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '|' || c == '\\' || c == '`' || c == '<') out += '\\';
    out += c == '\n' || c == '\r' ? ' ' : c;
  }
  return out;
}

void Row(const std::string& name, const std::string& value, std::string* out) {
  *out += fmt::format("| {} | {} |\n", name, Cell(value));
}

void CountsRow(const char* kind, const v1::ImportCounts& counts, std::string* out) {
  *out += fmt::format("| {} | {} | {} | {} | {} |\n", kind, N(counts.created()), N(counts.updated()),
                      N(counts.unchanged()), N(counts.duplicates()));
}

void Verification(const v1::ImportVerification& found, std::string* out) {
  *out += fmt::format("\n## Verification\n\n{} at {}.\n\n| | records |\n|---|---|\n",
                      found.all_matched() ? "Everything matched" : "Not everything matched", TimeText(found.at()));
  Row("compared", N(found.compared()), out);
  Row("equal", N(found.matched()), out);
  Row("of these by direction alone", N(found.same_direction()), out);
  Row("missing", N(found.missing()), out);
  Row("different", N(found.different()), out);
  Row("not in the source", N(found.extra()), out);
  Row("not importable", N(found.unreadable()), out);
  Row("edited here since", N(found.edited()), out);
  Row("deleted here since", N(found.deleted()), out);
  Row("expired", N(found.expired()), out);
  if (found.history().memories() > 0) {
    const v1::HistoryVerification& history = found.history();
    Row("memories with former versions", N(history.memories()), out);
    Row("former versions equal", N(history.events()), out);
    Row("memories with former versions missing", N(history.missing()), out);
    Row("… too many", N(history.extra()), out);
    Row("… of another kind", N(history.kinds()), out);
    Row("… at another time", N(history.times()), out);
    Row("… with another text", N(history.texts()), out);
  }
  *out += fmt::format("\n| digest | source | store |\n|---|---|---|\n| XOR | {} | {} |\n| sum | {} | {} |\n",
                      found.source_xor(), found.store_xor(), found.source_sum(), found.store_sum());
  const v1::ImportAgreement& search = found.search();
  if (!search.skipped().empty()) {
    *out += fmt::format("\nSearches were not compared: {}.\n", search.skipped());
  } else if (search.queries() > 0) {
    *out += fmt::format(
        "\n{} vectors of space {} were searched for: of the exact ten best {:.1f} % were found, Kendall's tau {:.3f}. "
        "Not "
        "found: {} expired or not active, {} not in the store, {} others.\n",
        N(search.queries()), Cell(search.space()), 100 * search.overlap(), search.kendall_tau(), N(search.filtered()),
        N(search.not_migrated()), N(search.other()));
  }
  if (found.places().empty()) return;
  *out += "\nThe first that did not match:\n\n";
  for (const std::string& place : found.places()) *out += fmt::format("- {}\n", Cell(place));
}

void PushBackSection(const v1::ImportPushBack& pushed, std::string* out) {
  *out += fmt::format("\n## Push-back\n\n{} at {}.\n\n| | memories |\n|---|---|\n",
                      pushed.complete() ? "The source had everything" : "Not everything is in the source",
                      TimeText(pushed.at()));
  Row("changed here", N(pushed.changed()), out);
  Row("created there", N(pushed.created()), out);
  Row("updated there", N(pushed.updated()), out);
  Row("deleted there", N(pushed.deleted()), out);
  Row("as they are here already", N(pushed.settled()), out);
  Row("conflicts, left", N(pushed.conflicts()), out);
  Row("conflicts, overwritten", N(pushed.overwritten()), out);
  Row("no place there for them", N(pushed.refused()), out);
  Row("expired, and the source knows when", N(pushed.expired()), out);
  Row("erased here, ids unknown", N(pushed.erased()), out);
  Row("read back and equal", N(pushed.verified()), out);
  Row("read back otherwise", N(pushed.mismatched()), out);
  Row("from position", pushed.since(), out);
  Row("up to position", pushed.position(), out);
  if (!pushed.backup().empty()) Row("backup of the source", pushed.backup(), out);
  if (pushed.places().empty()) return;
  *out += "\nThe first that are not there as they are here:\n\n";
  for (const std::string& place : pushed.places()) *out += fmt::format("- {}\n", Cell(place));
}

}  // namespace

std::string TimeText(const google::protobuf::Timestamp& time) {
  if (time.seconds() == 0 && time.nanos() == 0) return "never";
  const std::time_t seconds = time.seconds();
  std::tm utc = {};
  gmtime_r(&seconds, &utc);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02} UTC", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                     utc.tm_hour, utc.tm_min, utc.tm_sec);
}

std::string MarkdownReport(const std::string& namespace_name, const v1::ImportProgress& import) {
  std::string out = fmt::format("# Import {} into {}\n\n| | |\n|---|---|\n", Cell(import.id()), Cell(namespace_name));
  Row("state", ImportStateName(import.state()), &out);
  Row("from", fmt::format("{}, {}", import.source().system(), import.source().origin()), &out);
  if (!import.source().options().empty()) Row("part", import.source().options(), &out);
  Row("begun", TimeText(import.started_at()), &out);
  Row("last written", TimeText(import.updated_at()), &out);
  Row("position before", import.begin_position(), &out);
  if (!import.end_position().empty()) Row("position after", import.end_position(), &out);
  Row("backup", import.backup().empty() ? "none: the namespace was empty, or none was asked for" : import.backup(),
      &out);
  const v1::ImportTally& tally = import.tally();
  Row("records read", N(tally.read()), &out);
  if (tally.milliseconds() > 0) {
    const double seconds = static_cast<double>(tally.milliseconds()) / 1000;
    Row("rate",
        fmt::format("{:.0f} memories a second over {:.1f} s", static_cast<double>(import.memories()) / seconds,
                    seconds),
        &out);
  }
  Row("known here as well", N(tally.settled()), &out);
  Row("deleted here, not taken", N(tally.gone()), &out);
  if (tally.unrouted() > 0) Row("records of the source without a namespace", N(tally.unrouted()), &out);
  if (tally.tombstones() > 0) Row("deleted memories that stayed behind", N(tally.tombstones()), &out);
  if (tally.ended_edges() > 0) Row("ended edges that stayed behind", N(tally.ended_edges()), &out);
  out += "\n| written | created | updated | unchanged | duplicates |\n|---|---|---|---|---|\n";
  CountsRow("memories", import.memory_counts(), &out);
  CountsRow("nodes", import.node_counts(), &out);
  CountsRow("runs", import.run_counts(), &out);
  CountsRow("edges", import.edge_counts(), &out);
  CountsRow("deleted memories", import.tombstone_counts(), &out);
  CountsRow("ended edges", import.ended_edge_counts(), &out);
  out += fmt::format("\n## Rejects\n\n{} records could not be taken.\n", N(import.rejects()));
  if (!import.reasons().reasons().empty()) {
    out += "\n| why | records | first |\n|---|---|---|\n";
    for (const v1::RejectReason& reason : import.reasons().reasons()) {
      out += fmt::format("| {} | {} | {} |\n", Cell(reason.reason()), N(reason.count()), Cell(reason.example()));
    }
  }
  if (import.has_verification()) {
    Verification(import.verification(), &out);
  } else {
    out += "\n## Verification\n\nNone yet.\n";
  }
  if (import.has_rollback()) {
    out += fmt::format("\n## Rollback\n\n{} removed, {} brought back, {} left.\n", N(import.rollback().removed()),
                       N(import.rollback().restored()), N(import.rollback().kept()));
  }
  if (import.has_push_back()) PushBackSection(import.push_back(), &out);
  return out;
}

}  // namespace engram

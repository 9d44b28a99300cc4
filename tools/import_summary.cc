#include "tools/import_summary.h"

#include <cstdio>

#include <fmt/format.h>

#include "api/json.h"
#include "tools/progress.h"

namespace engram {
namespace {

std::string N(uint64_t number) { return WithThousands(number); }

// What is over: mostly there is none.
std::string EndedText(const ImportSummary& summary) {
  std::string text;
  if (summary.tombstones > 0) {
    text += fmt::format(", {} deleted memories with {} events of their histories", N(summary.tombstones),
                        N(summary.tombstone_versions));
  }
  if (summary.retired_edges > 0) text += fmt::format(", {} ended edges", N(summary.retired_edges));
  return text;
}

}  // namespace

void PrintNotes(const std::vector<std::string>& notes) {
  for (const std::string& note : notes) fmt::print(stderr, "engram: {}\n", note);
}

std::string CountsText(const ImportSummary& summary) {
  return fmt::format(
      "{} memories ({} created, {} updated, {} unchanged{}{}), {} edges, {} nodes, {} runs{}, {} rejected",
      N(summary.memories), N(summary.created), N(summary.updated), N(summary.unchanged),
      summary.duplicates > 0 ? fmt::format(", {} duplicates", N(summary.duplicates)) : "",
      summary.gone > 0 ? fmt::format("; {} deleted here since stay deleted", N(summary.gone)) : "", N(summary.edges),
      N(summary.nodes), N(summary.runs), EndedText(summary), N(summary.rejected + summary.rejected_before));
}

void PrintSummary(const ImportChoice& choice, const ImportSummary& summary, const char* unit) {
  if (choice.options.dry_run) {
    const std::string where = choice.options.namespace_name.empty()
                                  ? std::string()
                                  : fmt::format(" to {} of {}", choice.options.namespace_name, StoreName(choice.store));
    fmt::print("{}: {} {} read; would write {} memories, {} edges, {} nodes, {} runs{}{}; {} can't be taken\n",
               choice.file, N(summary.records), unit, N(summary.memories), N(summary.edges), N(summary.nodes),
               N(summary.runs), EndedText(summary), where, N(summary.rejected));
  } else {
    fmt::print("{}: {} {} read{}; {}\n", choice.file, N(summary.records), unit,
               summary.resumed ? " after those of an earlier run" : "", CountsText(summary));
  }
  std::fflush(stdout);
  PrintNotes(summary.notes);
}

// Of the memory all but its vectors, which are told by their length.
void PrintSample(const std::vector<v1::Memory>& sample) {
  for (v1::Memory memory : sample) {
    std::string vectors;
    const auto tell = [&](const std::string& name, const v1::Vector& vector) {
      const size_t floats = vector.has_dense() ? static_cast<size_t>(vector.dense().values_size())
                                               : vector.dense_f32().size() / sizeof(float);
      vectors += floats == 0 ? fmt::format("  {}: not dense", name) : fmt::format("  {}: {} floats", name, floats);
    };
    if (memory.has_vector()) tell("vector", memory.vector());
    for (const auto& [name, vector] : memory.vectors()) tell(name, vector);
    memory.clear_vector();
    memory.clear_vectors();
    fmt::print("{}{}\n", PrintJson(memory), vectors);
  }
}

void PrintHowToGoOn(bool stopped_by_record, bool any_read) {
  if (stopped_by_record) {
    fmt::print(stderr,
               "        correct it and run this again, it goes on from there; or give --rejects FILE to go on past "
               "what can't be taken\n");
  } else if (any_read) {
    fmt::print(stderr, "        run this again when that is mended: it goes on after what was written\n");
  }
}

}  // namespace engram

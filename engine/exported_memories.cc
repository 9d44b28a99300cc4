#include "engine/exported_memories.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "engine/history.h"

namespace engram {
namespace {

constexpr size_t kPageBytes = size_t{4} << 20;        // of contents, after which a page ends
constexpr size_t kHistoryBytesMax = size_t{4} << 20;  // of one memory: it has to fit into a write

size_t BytesOf(const Content& content) {
  size_t bytes = content.text.size();
  for (const auto& [name, text] : content.fields) bytes += name.size() + text.size();
  for (const auto& [space, vector] : content.vectors) {
    bytes += space.size() + std::visit(
                                [](const auto& v) {
                                  if constexpr (std::is_same_v<std::decay_t<decltype(v)>, DenseVector>) {
                                    return v.size() * sizeof(float);
                                  } else {
                                    return v.values.size() * 2 * sizeof(float);
                                  }
                                },
                                vector);
  }
  return bytes;
}

// Leaves the newest that one write can carry. False when any had to go.
bool FitHistory(size_t versions_max, std::vector<HistoryEvent>* history) {
  size_t kept = 0;
  size_t bytes = 0;
  while (kept < history->size() && kept < versions_max) {
    bytes += BytesOf((*history)[history->size() - 1 - kept].memory.content);
    if (bytes > kHistoryBytesMax) break;
    ++kept;
  }
  if (kept == history->size()) return true;
  history->erase(history->begin(), history->end() - static_cast<ptrdiff_t>(kept));
  return false;
}

}  // namespace

ExportedMemories::ExportedMemories(const ReadView& view, Options options)
    : view_(view), rows_(view.rows()), options_(options), hides_(view.head().config.on_expiry == OnExpiry::kHide) {}

bool ExportedMemories::full() const { return bytes_ >= kPageBytes; }

Result<std::optional<RunRow>> ExportedMemories::RunOf(uint32_t number) {
  const auto known = runs_.find(number);
  if (known != runs_.end()) return known->second;
  ASSIGN_OR_RETURN(auto row, ReadRun(rows_, number));
  return runs_.emplace(number, std::move(row)).first->second;
}

Result<bool> ExportedMemories::IsThere(const IdRow& row) {
  if (!row.is_memory) return true;
  if (!row.live) return false;
  std::optional<RunRow> run;
  if (row.run) {
    ASSIGN_OR_RETURN(run, RunOf(*row.run));
  }
  if (run && run->deleted) return false;
  if (hides_) return true;
  ASSIGN_OR_RETURN(const auto state, ReadState(rows_, row.node));
  return !IsExpired(state.value_or(StateRecord()), run, view_.now());
}

// A memory that its run hides stays hidden by itself when another run has taken the run's name since.
Status ExportedMemories::KeepHidden(const IdRow& row, Memory* memory) {
  if (!row.run) return {};
  ASSIGN_OR_RETURN(const auto run, RunOf(*row.run));
  if (!run || !run->expires_at || *run->expires_at > view_.now()) return {};
  ASSIGN_OR_RETURN(const auto named, FindRunNumber(rows_, run->scopes));
  if (named == row.run) return {};
  std::optional<Timestamp>& expires_at = memory->state.expires_at;
  expires_at = expires_at ? std::min(*expires_at, *run->expires_at) : *run->expires_at;
  return {};
}

std::vector<HistoryEvent> ExportedMemories::Fitted(std::vector<HistoryEvent> events) {
  if (!FitHistory(options_.history_versions_max, &events)) ++histories_cut_;
  for (const HistoryEvent& event : events) bytes_ += BytesOf(event.memory.content);
  return events;
}

Result<std::vector<ExportedMemory>> ExportedMemories::Read(const std::vector<Found>& found) {
  std::vector<MemoryRef> refs;
  for (const Found& at : found) refs.push_back({at.id, at.row.node, at.row.slot, at.row.version});
  Include everything;
  everything.vectors = true;
  ASSIGN_OR_RETURN(auto memories, ReadMemories(rows_, refs, everything));
  std::vector<ExportedMemory> out;
  for (size_t i = 0; i < found.size() && !full(); ++i) {
    const IdRow& row = found[i].row;
    ExportedMemory& exported = out.emplace_back();
    exported.memory = std::move(memories[i]);
    exported.memory.hash = row.hash;
    RETURN_IF_ERROR(KeepHidden(row, &exported.memory));
    bytes_ += BytesOf(exported.memory.content);
    if (!options_.history || row.version.value <= 1) continue;
    ASSIGN_OR_RETURN(auto events, ReadHistory(rows_, exported.memory.id));
    if (!events.empty()) events.pop_back();  // the current version
    exported.history = Fitted(std::move(events));
  }
  return out;
}

Result<ExportedTombstone> ExportedMemories::ReadEnded(const Found& found) {
  ExportedTombstone ended;
  ended.id = found.id;
  ended.source_version = found.row.source_version;
  ASSIGN_OR_RETURN(const auto last, ReadLastKnown(rows_, found.row));
  if (last) ended.scopes = last->attributes.scopes;
  ASSIGN_OR_RETURN(auto events, ReadHistory(rows_, found.id));
  if (found.row.live) {
    ASSIGN_OR_RETURN(const auto state, ReadState(rows_, found.row.node));
    std::optional<RunRow> run;
    if (found.row.run) {
      ASSIGN_OR_RETURN(run, RunOf(*found.row.run));
    }
    HistoryEvent& end = events.emplace_back();
    end.version = found.row.version.Next();
    end.kind = run && run->deleted ? HistoryEvent::Kind::kDelete : HistoryEvent::Kind::kExpire;
    end.time = view_.now();
    if (state && state->expires_at) end.time = std::min(end.time, *state->expires_at);
    if (run && run->expires_at) end.time = std::min(end.time, *run->expires_at);
    end.memory.id = found.id;
    end.memory.version = found.row.version;
  }
  if (!options_.history && events.size() > 1) events.erase(events.begin(), events.end() - 1);
  ended.history = Fitted(std::move(events));
  return ended;
}

}  // namespace engram

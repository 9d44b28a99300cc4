// ExportRows (read_view.h): what a namespace holds, in the order of its rows, so that a page costs what it returns.
//
// cursor := format:u8 (1) namespace:u64 part:u8 after:string     (`after`: the key, or the edges' cursor, to go on
// from)
#include <algorithm>
#include <map>

#include "base/coding.h"
#include "base/hash.h"
#include "engine/edge_naming.h"
#include "engine/history.h"
#include "engine/keys.h"
#include "engine/read_view.h"
#include "engine/rows.h"
#include "graph/edge_store.h"

namespace engram {
namespace {

constexpr uint8_t kCursorFormat = 1;
constexpr size_t kChunk = 32;                         // memories read by one MultiGet
constexpr size_t kPageBytes = size_t{4} << 20;        // of contents, after which a page ends
constexpr size_t kHistoryBytesMax = size_t{4} << 20;  // of one memory: it has to fit into a write

// Never renumber while cursors live.
enum class Part : uint8_t { kMemories = 0, kNodes = 1, kRuns = 2, kEdges = 3, kEnd = 4 };

struct Place {
  Part part = Part::kMemories;
  std::string after;
};

uint64_t NamespaceHash(const ReadView& view) {
  std::string bytes;
  AppendFixed32(&bytes, view.tenant().value);
  AppendFixed32(&bytes, view.ns().value);
  return HashBytes64(bytes);
}

std::string EncodePlace(const ReadView& view, const Place& place) {
  std::string cursor(1, static_cast<char>(kCursorFormat));
  AppendFixed64(&cursor, NamespaceHash(view));
  cursor.push_back(static_cast<char>(place.part));
  AppendString(&cursor, place.after);
  return cursor;
}

Result<Place> DecodePlace(const ReadView& view, std::string_view cursor) {
  Place place;
  if (cursor.empty()) return place;
  ByteReader in(cursor);
  const bool ours = in.Byte() == kCursorFormat && in.Fixed64() == NamespaceHash(view);
  const uint8_t part = in.Byte();
  place.after = in.String();
  if (!ours || part >= static_cast<uint8_t>(Part::kEnd) || !in.Finish("cursor").ok()) {
    return InvalidArgument("the cursor does not belong to this request").At("cursor");
  }
  place.part = static_cast<Part>(part);
  return place;
}

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

class Exporter {
 public:
  Exporter(const ReadView& view, const ExportQuery& query, Place place, ExportPage* page)
      : view_(view),
        rows_(view.rows()),
        query_(query),
        hides_(view.head().config.on_expiry == OnExpiry::kHide),
        place_(std::move(place)),
        page_(page) {}

  Status Run() {
    Status status;
    bool ended = false;
    switch (place_.part) {
      case Part::kMemories: status = TakeMemories(&ended); break;
      case Part::kNodes: status = TakeNodes(&ended); break;
      case Part::kRuns: status = TakeRuns(&ended); break;
      case Part::kEdges: status = TakeEdges(&ended); break;
      case Part::kEnd: break;
    }
    RETURN_IF_ERROR(status);
    if (ended) place_ = {static_cast<Part>(static_cast<uint8_t>(place_.part) + 1), ""};
    if (place_.part != Part::kEnd) page_->next_cursor = EncodePlace(view_, place_);
    return {};
  }

 private:
  // Behind the last row of the page before.
  std::unique_ptr<KvIterator> ScanOn(char kind) const {
    auto it = rows_.ScanPrefix(std::string(1, kind));
    if (place_.after.empty()) return it;
    it->Seek(place_.after);
    if (it->Valid() && it->key() == place_.after) it->Next();
    return it;
  }

  Result<std::optional<RunRow>> RunOf(uint32_t number) {
    const auto known = runs_.find(number);
    if (known != runs_.end()) return known->second;
    ASSIGN_OR_RETURN(auto row, ReadRun(rows_, number));
    return runs_.emplace(number, std::move(row)).first->second;
  }

  // Whether a memory is there: alive, or expired where expiry only hides. What is due to be swept is gone already.
  Result<bool> IsThere(const IdRow& row) {
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
  Status KeepHidden(const IdRow& row, Memory* memory) {
    if (!row.run) return {};
    ASSIGN_OR_RETURN(const auto run, RunOf(*row.run));
    if (!run || !run->expires_at || *run->expires_at > view_.now()) return {};
    ASSIGN_OR_RETURN(const auto named, FindRunNumber(rows_, run->scopes));
    if (named == row.run) return {};
    std::optional<Timestamp>& expires_at = memory->state.expires_at;
    expires_at = expires_at ? std::min(*expires_at, *run->expires_at) : *run->expires_at;
    return {};
  }

  Status TakeMemory(const IdRow& row, Memory memory) {
    ExportedMemory exported;
    exported.memory = std::move(memory);
    exported.memory.hash = row.hash;
    RETURN_IF_ERROR(KeepHidden(row, &exported.memory));
    bytes_ += BytesOf(exported.memory.content);
    if (query_.history && row.version.value > 1) {
      ASSIGN_OR_RETURN(exported.history, ReadHistory(rows_, exported.memory.id));
      if (!exported.history.empty()) exported.history.pop_back();  // the current version
      if (!FitHistory(query_.history_versions_max, &exported.history)) ++page_->histories_cut;
      for (const HistoryEvent& event : exported.history) bytes_ += BytesOf(event.memory.content);
    }
    page_->memories.push_back(std::move(exported));
    return {};
  }

  struct FoundRow {
    std::string key;
    IdRow row;
    bool there = true;  // otherwise a tombstone
  };

  // One whose time is over and that no sweep has ended yet ends where its time did.
  Status TakeTombstone(const std::string& id, const IdRow& row) {
    ExportedTombstone tombstone;
    tombstone.id = id;
    tombstone.source_version = row.source_version;
    ASSIGN_OR_RETURN(tombstone.history, ReadHistory(rows_, id));
    if (row.live) {
      HistoryEvent& end = tombstone.history.emplace_back();
      ASSIGN_OR_RETURN(const auto state, ReadState(rows_, row.node));
      std::optional<RunRow> run;
      if (row.run) {
        ASSIGN_OR_RETURN(run, RunOf(*row.run));
      }
      end.kind = run && run->deleted ? HistoryEvent::Kind::kDelete : HistoryEvent::Kind::kExpire;
      end.version = row.version.Next();
      end.time = view_.now();
      if (state && state->expires_at) end.time = std::min(end.time, *state->expires_at);
      if (run && run->expires_at) end.time = std::min(end.time, *run->expires_at);
    }
    if (!FitHistory(query_.history_versions_max, &tombstone.history)) ++page_->histories_cut;
    for (const HistoryEvent& event : tombstone.history) bytes_ += BytesOf(event.memory.content);
    page_->tombstones.push_back(std::move(tombstone));
    return {};
  }

  Status TakeChunk(const std::vector<FoundRow>& found) {
    RETURN_IF_ERROR(view_.CheckDeadline());
    std::vector<NodeNumber> nodes;
    for (const FoundRow& at : found) nodes.push_back(at.row.node);
    ASSIGN_OR_RETURN(const std::vector<std::string> ids, ReadNodeIds(rows_, nodes));
    std::vector<MemoryRef> refs;
    for (size_t i = 0; i < found.size(); ++i) {
      const IdRow& row = found[i].row;
      if (found[i].there) refs.push_back({ids[i], row.node, row.slot, row.version});
    }
    Include everything;
    everything.vectors = true;
    ASSIGN_OR_RETURN(auto memories, ReadMemories(rows_, refs, everything));
    size_t next = 0;  // of the memories
    for (size_t i = 0; i < found.size() && bytes_ < kPageBytes; ++i) {
      RETURN_IF_ERROR(found[i].there ? TakeMemory(found[i].row, std::move(memories[next++]))
                                     : TakeTombstone(ids[i], found[i].row));
      place_.after = found[i].key;
    }
    return {};
  }

  Status TakeMemories(bool* ended) {
    std::vector<FoundRow> found;
    size_t seen = 0;
    const auto it = ScanOn(keys::kId);
    const auto taken = [this] { return page_->memories.size() + page_->tombstones.size(); };
    while (taken() < query_.limit && bytes_ < kPageBytes) {
      found.clear();
      const size_t wanted = std::min<size_t>(kChunk, query_.limit - taken());
      for (; it->Valid() && found.size() < wanted; it->Next()) {
        if (++seen % 4096 == 0) RETURN_IF_ERROR(view_.CheckDeadline());
        ASSIGN_OR_RETURN(const IdRow row, DecodeIdRow(it->value()));
        if (!row.is_memory) continue;
        ASSIGN_OR_RETURN(const bool there, IsThere(row));
        if (there || query_.tombstones) found.push_back({std::string(it->key()), row, there});
      }
      RETURN_IF_ERROR(it->status());
      *ended = found.empty();
      if (*ended) return {};
      RETURN_IF_ERROR(TakeChunk(found));
    }
    return {};
  }

  Status TakeNodes(bool* ended) {
    std::vector<NodeNumber> numbers;
    const auto it = ScanOn(keys::kEntity);
    for (; it->Valid() && numbers.size() < query_.limit; it->Next()) {
      ByteReader key(it->key().substr(1));
      numbers.emplace_back(key.Key32());
      ASSIGN_OR_RETURN(Node node, DecodeNode(it->value()));
      page_->nodes.push_back({std::move(node), false});
      place_.after = it->key();
    }
    RETURN_IF_ERROR(it->status());
    *ended = !it->Valid();
    ASSIGN_OR_RETURN(std::vector<std::string> ids, ReadNodeIds(rows_, numbers));
    for (size_t i = 0; i < ids.size(); ++i) {
      ASSIGN_OR_RETURN(const auto row, FindId(rows_, ids[i]));
      page_->nodes[i].implicit = row && row->implicit;
      page_->nodes[i].node.id = std::move(ids[i]);
    }
    return view_.CheckDeadline();
  }

  Status TakeRuns(bool* ended) {
    const auto it = ScanOn(keys::kRun);
    for (; it->Valid() && page_->runs.size() < query_.limit; it->Next()) {
      ByteReader in(it->value());
      ASSIGN_OR_RETURN(auto row, ReadRun(rows_, in.Key32()));
      place_.after = it->key();
      const bool over = !row || row->deleted || (row->expires_at && *row->expires_at <= view_.now() && !hides_);
      if (!over) page_->runs.push_back(AsRun(std::move(*row)));
    }
    RETURN_IF_ERROR(it->status());
    *ended = !it->Valid();
    return view_.CheckDeadline();
  }

  // Whether what the edge hangs on is part of the export, too.
  Result<bool> Holds(EdgeNaming* naming, const Edge& edge) {
    std::vector<NodeNumber> nodes = {edge.source, edge.target};
    if (edge.memory) nodes.push_back(*edge.memory);
    for (const NodeNumber node : nodes) {
      const auto known = there_.find(node);
      if (known == there_.end()) {
        ASSIGN_OR_RETURN(const std::string id, naming->IdOf(node));
        ASSIGN_OR_RETURN(const auto row, FindId(rows_, id));
        bool there = false;
        if (row) {
          ASSIGN_OR_RETURN(there, IsThere(*row));
        }
        there_.emplace(node, there);
      }
      if (!there_.at(node)) return false;
    }
    return true;
  }

  Status TakeEdges(bool* ended) {
    EdgeQuery query;
    query.limit = query_.limit;
    query.cursor = place_.after;
    ASSIGN_OR_RETURN(EdgePage found, ListEdges(rows_, query));
    EdgeNaming naming(rows_);
    for (Edge& edge : found.edges) {
      ASSIGN_OR_RETURN(const bool holds, Holds(&naming, edge));
      if (!holds) continue;
      ASSIGN_OR_RETURN(page_->edges.emplace_back(), naming.Name(std::move(edge)));
    }
    place_.after = std::move(found.next_cursor);
    *ended = place_.after.empty();
    return view_.CheckDeadline();
  }

  const ReadView& view_;
  const KvReader& rows_;
  const ExportQuery& query_;
  const bool hides_;
  Place place_;
  ExportPage* const page_;
  size_t bytes_ = 0;
  std::map<uint32_t, std::optional<RunRow>> runs_;
  std::map<NodeNumber, bool> there_;
};

}  // namespace

Result<ExportPage> ExportRows(const ReadView& view, const ExportQuery& query) {
  if (query.limit == 0) return InvalidArgument("limit is 0").At("limit");
  ASSIGN_OR_RETURN(Place place, DecodePlace(view, query.cursor));
  ExportPage page;
  RETURN_IF_ERROR(Exporter(view, query, std::move(place), &page).Run());
  return page;
}

}  // namespace engram

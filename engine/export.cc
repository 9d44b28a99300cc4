// ExportRows (read_view.h): what a namespace holds, in the order of its rows, so that a page costs what it returns.
//
// cursor := format:u8 (1) namespace:u64 part:u8 after:string     (`after`: the key, or the edges' cursor, to go on
// from)
#include <algorithm>
#include <map>

#include "base/coding.h"
#include "engine/edge_naming.h"
#include "engine/exported_memories.h"
#include "engine/keys.h"
#include "engine/read_view.h"
#include "engine/rows.h"
#include "graph/edge_store.h"

namespace engram {
namespace {

constexpr uint8_t kCursorFormat = 1;
constexpr size_t kChunk = 32;  // memories read by one MultiGet

// Never renumber while cursors live.
enum class Part : uint8_t { kMemories = 0, kNodes = 1, kRuns = 2, kEdges = 3, kEnd = 4 };

struct Place {
  Part part = Part::kMemories;
  std::string after;
};

std::string EncodePlace(const ReadView& view, const Place& place) {
  std::string cursor(1, static_cast<char>(kCursorFormat));
  AppendFixed64(&cursor, view.hash());
  cursor.push_back(static_cast<char>(place.part));
  AppendString(&cursor, place.after);
  return cursor;
}

Result<Place> DecodePlace(const ReadView& view, std::string_view cursor) {
  Place place;
  if (cursor.empty()) return place;
  ByteReader in(cursor);
  const bool ours = in.Byte() == kCursorFormat && in.Fixed64() == view.hash();
  const uint8_t part = in.Byte();
  place.after = in.String();
  if (!ours || part >= static_cast<uint8_t>(Part::kEnd) || !in.Finish("cursor").ok()) {
    return InvalidArgument("the cursor does not belong to this request").At("cursor");
  }
  place.part = static_cast<Part>(part);
  return place;
}

class Exporter {
 public:
  Exporter(const ReadView& view, const ExportQuery& query, Place place, ExportPage* page)
      : view_(view),
        rows_(view.rows()),
        query_(query),
        hides_(view.head().config.on_expiry == OnExpiry::kHide),
        memories_(view, {query.history, query.history_versions_max}),
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

  struct FoundRow {
    std::string key;
    IdRow row;
    bool there = true;  // otherwise a tombstone
  };

  // Memories are read together, tombstones one by one.
  Status TakeChunk(const std::vector<FoundRow>& found) {
    RETURN_IF_ERROR(view_.CheckDeadline());
    std::vector<NodeNumber> nodes;
    for (const FoundRow& at : found) nodes.push_back(at.row.node);
    ASSIGN_OR_RETURN(const std::vector<std::string> ids, ReadNodeIds(rows_, nodes));
    std::vector<ExportedMemories::Found> wanted;
    for (size_t i = 0; i < found.size(); ++i) {
      if (found[i].there) wanted.push_back({ids[i], found[i].row});
    }
    ASSIGN_OR_RETURN(std::vector<ExportedMemory> memories, memories_.Read(wanted));
    auto next = memories.begin();
    for (size_t i = 0; i < found.size(); ++i) {
      if (found[i].there) {
        if (next == memories.end()) break;
        page_->memories.push_back(std::move(*next++));
      } else {
        // Those between memories that were read go along.
        if (i > 0 && next == memories.end() && memories_.full()) break;
        ASSIGN_OR_RETURN(page_->tombstones.emplace_back(), memories_.ReadEnded({ids[i], found[i].row}));
      }
      place_.after = found[i].key;
    }
    page_->histories_cut = memories_.histories_cut();
    return {};
  }

  Status TakeMemories(bool* ended) {
    std::vector<FoundRow> found;
    size_t seen = 0;
    const auto it = ScanOn(keys::kId);
    const auto taken = [this] { return page_->memories.size() + page_->tombstones.size(); };
    while (taken() < query_.limit && !memories_.full()) {
      found.clear();
      const size_t wanted = std::min<size_t>(kChunk, query_.limit - taken());
      for (; it->Valid() && found.size() < wanted; it->Next()) {
        if (++seen % 4096 == 0) RETURN_IF_ERROR(view_.CheckDeadline());
        ASSIGN_OR_RETURN(const IdRow row, DecodeIdRow(it->value()));
        if (!row.is_memory) continue;
        ASSIGN_OR_RETURN(const bool there, memories_.IsThere(row));
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
          ASSIGN_OR_RETURN(there, memories_.IsThere(*row));
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
  ExportedMemories memories_;
  Place place_;
  ExportPage* const page_;
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

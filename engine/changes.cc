// ReadChanges (read_view.h): what became of memories since a position, by the namespace's log, so that a page costs
// what it returns and the events it goes over.
//
// A memory is told at the last of its events: an event that a later one of the log has overtaken is passed over where
// the rows show it, so that most memories come once. One that changes between two pages comes again, behind the event
// that did it; the page that reaches the position it was read at is the last.
//
// cursor := format:u8 (1) namespace:u64 position:u64 event:u32     the log row to go on in, and how many of its events
//                                                                  are told
#include <algorithm>
#include <unordered_set>

#include <fmt/format.h>

#include "base/coding.h"
#include "engine/exported_memories.h"
#include "engine/keys.h"
#include "engine/write/log_row.h"

namespace engram {
namespace {

using keys::Key;

constexpr uint8_t kCursorFormat = 1;
constexpr size_t kChunk = 32;           // memories read by one MultiGet
constexpr size_t kEventsMax = 100'000;  // of one page

struct Place {
  Position position;  // of a log row
  uint32_t event = 0;
};

std::string EncodePlace(const ReadView& view, const Place& place) {
  std::string cursor(1, static_cast<char>(kCursorFormat));
  AppendFixed64(&cursor, view.hash());
  AppendFixed64(&cursor, place.position.value);
  AppendFixed32(&cursor, place.event);
  return cursor;
}

Result<Place> DecodePlace(const ReadView& view, std::string_view cursor) {
  ByteReader in(cursor);
  const bool ours = in.Byte() == kCursorFormat && in.Fixed64() == view.hash();
  Place place;
  place.position = Position(in.Fixed64());
  place.event = in.Fixed32();
  if (!ours || !in.Finish("cursor").ok()) {
    return InvalidArgument("the cursor does not belong to this request").At("cursor");
  }
  return place;
}

class ChangesReader {
 public:
  ChangesReader(const ReadView& view, const NamespaceCounters& counters, const ChangesQuery& query, Place place,
                ChangesPage* page)
      : view_(view),
        counters_(counters),
        rows_(view.rows()),
        limit_(query.limit),
        memories_(view, {query.history, query.history_versions_max}),
        place_(place),
        page_(page) {}

  Status Run() {
    RETURN_IF_ERROR(CheckKept());
    RETURN_IF_ERROR(Collect());
    for (size_t begin = 0; begin < waiting_.size(); begin += kChunk) {
      RETURN_IF_ERROR(view_.CheckDeadline());
      const size_t end = std::min(begin + kChunk, waiting_.size());
      ASSIGN_OR_RETURN(const size_t told, Tell(begin, end));
      if (told == end) continue;
      more_ = true;
      place_ = waiting_[told].place;
      break;
    }
    page_->histories_cut = memories_.histories_cut();
    page_->position = more_ ? Position(place_.position.value - 1) : counters_.position;
    if (more_) page_->next_cursor = EncodePlace(view_, place_);
    return {};
  }

 private:
  struct Waiting {
    ExportedMemories::Found found;
    bool there = false;
    Place place;  // of its event
  };

  Status CheckKept() const {
    if (place_.position >= counters_.log_begin) return {};
    return Status(
               StatusCode::kPositionExpired,
               fmt::format("what \"{}\" did so long ago is not in its log any more, so that what changed since can't "
                           "be told: take a full export",
                           view_.head().name))
        .At("since");
  }

  // What this page may tell, and where the next one goes on when it tells all of it.
  Status Collect() {
    const auto it = rows_.Scan(Key(keys::kLog).Add(place_.position), Key(keys::kLog).Add(counters_.position.Next()));
    for (; it->Valid(); it->Next()) {
      ByteReader key(it->key().substr(1));
      const Position position(key.Key64());
      if (position != place_.position) place_ = {position, 0};
      ASSIGN_OR_RETURN(const LogRow row, DecodeLogRow(it->value()));
      for (; place_.event < row.events.size(); ++place_.event) {
        if (++events_ % 4096 == 0) RETURN_IF_ERROR(view_.CheckDeadline());
        more_ = waiting_.size() >= limit_ || events_ > kEventsMax;
        if (more_) return {};
        RETURN_IF_ERROR(Take(row.events[place_.event]));
      }
    }
    return it->status();
  }

  // The node whose memory an older log's event removed; nothing when its content is gone, too.
  Result<std::optional<NodeNumber>> NodeOfSlot(Slot slot) const {
    ASSIGN_OR_RETURN(const auto bytes, rows_.Get(Key(keys::kContent).Add(slot)));
    if (!bytes) return std::optional<NodeNumber>();
    NodeNumber node;
    Content content;
    RETURN_IF_ERROR(DecodeContent(*bytes, Include(), &node, &content));
    return std::optional<NodeNumber>(node);
  }

  Status Take(const LoggedEvent& event) {
    std::optional<NodeNumber> node = event.node;
    bool removed = false;
    bool versioned = false;
    switch (event.kind) {
      case LoggedKind::kContentAdded:
      case LoggedKind::kAttributesChanged: versioned = true; break;
      case LoggedKind::kStateChanged: break;
      case LoggedKind::kMemoryRemoved: removed = true; break;
      case LoggedKind::kSlotRemoved: {
        removed = true;
        ASSIGN_OR_RETURN(node, NodeOfSlot(event.slot));
        break;
      }
      default: return {};
    }
    if (node && seen_.count(node->value) != 0) return {};
    std::string id;
    std::optional<IdRow> row;
    if (node) {
      ASSIGN_OR_RETURN(auto ids, ReadNodeIds(rows_, {*node}));
      id = std::move(ids[0]);
    }
    if (!id.empty()) {
      ASSIGN_OR_RETURN(row, FindId(rows_, id));
    }
    if (!row || !row->is_memory) {
      if (removed) ++page_->erased;
      return {};
    }
    // A later event is about what became of it since.
    const bool overtaken = row->live ? removed || (versioned && event.version < row->version) : !removed;
    if (overtaken) return {};
    ASSIGN_OR_RETURN(const bool there, memories_.IsThere(*row));
    seen_.insert(node->value);
    waiting_.push_back({{std::move(id), *row}, there, place_});
    return {};
  }

  // Of waiting_ from `begin` on; where it ended because the page is full, at most `end`.
  Result<size_t> Tell(size_t begin, size_t end) {
    std::vector<ExportedMemories::Found> there;
    for (size_t i = begin; i < end; ++i) {
      if (waiting_[i].there) there.push_back(waiting_[i].found);
    }
    ASSIGN_OR_RETURN(std::vector<ExportedMemory> read, memories_.Read(there));
    size_t taken = 0;
    for (size_t i = begin; i < end; ++i) {
      if (waiting_[i].there) {
        if (taken == read.size()) return i;
        page_->memories.push_back(std::move(read[taken++]));
      } else {
        ASSIGN_OR_RETURN(page_->ended.emplace_back(), memories_.ReadEnded(waiting_[i].found));
      }
    }
    return end;
  }

  const ReadView& view_;
  const NamespaceCounters& counters_;
  const KvReader& rows_;
  const size_t limit_;
  ExportedMemories memories_;
  Place place_;
  ChangesPage* const page_;
  bool more_ = false;
  size_t events_ = 0;
  std::vector<Waiting> waiting_;
  std::unordered_set<uint32_t> seen_;  // nodes of this page
};

}  // namespace

Result<ChangesPage> ReadChanges(const ReadView& view, const ChangesQuery& query) {
  if (query.limit == 0) return InvalidArgument("limit is 0").At("limit");
  ASSIGN_OR_RETURN(const NamespaceCounters counters, view.counters());
  const Position position = counters.position;
  if (position < query.since) {
    return InvalidArgument(fmt::format("\"{}\" is at position {} and has not come to {} yet", view.head().name,
                                       position.value, query.since.value))
        .At("since");
  }
  Place place{query.since.Next(), 0};
  if (!query.cursor.empty()) {
    ASSIGN_OR_RETURN(place, DecodePlace(view, query.cursor));
  }
  ChangesPage page;
  RETURN_IF_ERROR(ChangesReader(view, counters, query, place, &page).Run());
  return page;
}

}  // namespace engram

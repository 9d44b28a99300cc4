// ListMemories (read_view.h): by filter, order and cursor.
#include <algorithm>

#include "base/coding.h"
#include "base/hash.h"
#include "engine/keys.h"
#include "engine/list_order.h"
#include "engine/namespace_index.h"
#include "engine/read_view.h"
#include "engine/rows.h"
#include "engine/visible_rows.h"

namespace engram {
namespace {

uint64_t QueryHash(const ReadView& read, const ListQuery& query) {
  std::string bytes;
  AppendFixed32(&bytes, read.tenant().value);
  AppendFixed32(&bytes, read.ns().value);
  AppendString(&bytes, query.order_by);
  bytes.push_back(query.descending ? 1 : 0);
  bytes.push_back(query.include_expired ? 1 : 0);
  if (query.filter) AppendFilter(&bytes, *query.filter);
  return HashBytes64(bytes);
}

// Active memories alone, unless the filter names the state.
bool Listed(const ListQuery& query, const Memory& memory) {
  const bool any_state = query.filter && query.filter->Mentions("state");
  if (!any_state && memory.attributes.state != MemoryState::kActive) return false;
  return !query.filter || Matches(*query.filter, FilterFields(memory.id, memory.attributes, memory.state));
}

Filter ExistsFilter(const std::string& field) {
  Filter exists;
  exists.kind = Filter::Kind::kCondition;
  exists.op = Filter::Op::kExists;
  exists.field = field;
  exists.operand = Value(true);
  return exists;
}

// Everything that matches, from the index.
class IndexList {
 public:
  IndexList(const ReadView& read, const ListQuery& query, std::shared_ptr<NamespaceIndex> index)
      : read_(read), query_(query), index_(std::move(index)) {}

  Status Find(std::vector<ListedRow>* rows) {
    const Filter exists = ExistsFilter(query_.order_by);
    const Filter* filter = query_.filter ? &*query_.filter : nullptr;
    ViewRequest request;
    request.filter = filter;
    request.leg_filters = {&exists};
    request.check_deadline = [this] { return read_.CheckDeadline(); };
    ASSIGN_OR_RETURN(view_, index_->View(request, read_.now()));
    latest_.emplace(read_.Latest());
    ASSIGN_OR_RETURN(const SlotSet matching, MatchingSlots(*latest_, *index_, view_, filter));
    const std::vector<Slot> slots = SlotList(matching);
    rows->resize(slots.size());
    for (size_t i = 0; i < slots.size(); ++i) (*rows)[i].slot = slots[i];
    return query_.order_by == "id" ? OrderByIds(rows) : OrderByValues(slots, rows);
  }

  Status FillIds(const std::vector<ListedRow*>& rows) const {
    return ForEachChunk(read_, rows.size(), [&](size_t begin, size_t end) {
      std::vector<Slot> chunk;
      for (size_t i = begin; i < end; ++i) chunk.push_back(rows[i]->slot);
      std::vector<std::string> ids = index_->Ids(view_, chunk);
      for (size_t i = begin; i < end; ++i) rows[i]->SetId(std::move(ids[i - begin]));
      return Status();
    });
  }

  Position position() const { return view_.position; }
  // The rows as they were just after the view was taken.
  const ReadView& latest() const { return *latest_; }

 private:
  Status OrderByIds(std::vector<ListedRow>* rows) const {
    std::vector<ListedRow*> all;
    for (ListedRow& row : *rows) all.push_back(&row);
    RETURN_IF_ERROR(FillIds(all));
    for (ListedRow& row : *rows) row.value = Value(row.id_key);
    return {};
  }

  Status OrderByValues(const std::vector<Slot>& slots, std::vector<ListedRow>* rows) const {
    std::vector<ListedRow*> unknown;  // the index has a value that doesn't sort: a long string
    RETURN_IF_ERROR(ForEachChunk(read_, slots.size(), [&](size_t begin, size_t end) {
      const std::vector<Slot> chunk(slots.begin() + static_cast<ptrdiff_t>(begin),
                                    slots.begin() + static_cast<ptrdiff_t>(end));
      std::vector<Value> values = index_->FieldValues(view_, chunk, query_.order_by);
      for (size_t i = begin; i < end; ++i) {
        ListedRow& row = (*rows)[i];
        row.value = std::move(values[i - begin]);
        if (row.value.is_null() && view_.legs[0].allowed.contains(row.slot.value)) unknown.push_back(&row);
      }
      return Status();
    }));
    return ReadValues(unknown);
  }

  Status ReadValues(const std::vector<ListedRow*>& rows) const {
    RETURN_IF_ERROR(FillIds(rows));
    Include attributes_only;
    attributes_only.text = attributes_only.fields = false;
    return ForEachChunk(read_, rows.size(), [&](size_t begin, size_t end) -> Status {
      std::vector<std::string> ids;
      for (size_t i = begin; i < end; ++i) ids.push_back(rows[i]->id);
      ASSIGN_OR_RETURN(const auto memories, ReadCurrent(latest_->rows(), ids, attributes_only));
      for (size_t i = begin; i < end; ++i) {
        const auto& memory = memories[i - begin];
        if (!memory) continue;
        rows[i]->value = SortValueOf(FilterFields(memory->id, memory->attributes, memory->state), query_.order_by);
      }
      return {};
    });
  }

  const ReadView& read_;
  const ListQuery& query_;
  const std::shared_ptr<NamespaceIndex> index_;
  IndexView view_;
  std::optional<ReadView> latest_;
};

// Live memories in the order of ids, expired or not, without their contents.
class IdScan {
 public:
  // Behind `after`, where there is one.
  IdScan(const ReadView& read, const ListPlace* after, bool descending)
      : read_(read), rows_(read.rows().ScanPrefix(std::string(1, keys::kId))), descending_(descending) {
    if (after) {
      rows_->Seek(keys::Id(after->id));
      if (descending_) {
        rows_->Valid() ? rows_->Prev() : rows_->SeekToLast();
      } else if (rows_->Valid() && rows_->key() == keys::Id(after->id)) {
        rows_->Next();
      }
    } else if (descending_) {
      rows_->SeekToLast();
    }
  }

  // The next few; none at the end.
  Result<std::vector<Memory>> Next() {
    constexpr size_t kChunk = 256;
    RETURN_IF_ERROR(read_.CheckDeadline());
    std::vector<MemoryRef> refs;
    std::vector<NodeNumber> nodes;
    for (; rows_->Valid() && refs.size() < kChunk; descending_ ? rows_->Prev() : rows_->Next()) {
      ASSIGN_OR_RETURN(const IdRow row, DecodeIdRow(rows_->value()));
      if (!row.is_memory || !row.live) continue;
      refs.push_back({std::string(), row.node, row.slot, row.version});
      nodes.push_back(row.node);
    }
    RETURN_IF_ERROR(rows_->status());
    ASSIGN_OR_RETURN(std::vector<std::string> ids, ReadNodeIds(read_.rows(), nodes));
    for (size_t i = 0; i < ids.size(); ++i) refs[i].id = std::move(ids[i]);
    Include attributes_only;
    attributes_only.text = attributes_only.fields = false;
    return ReadMemories(read_.rows(), refs, attributes_only);
  }

 private:
  const ReadView& read_;
  const std::unique_ptr<KvIterator> rows_;
  const bool descending_;
};

ListedRow AsListedRow(const ListQuery& query, const Memory& memory) {
  ListedRow row;
  row.SetId(memory.id);
  row.value = query.order_by == "id"
                  ? Value(row.id_key)
                  : SortValueOf(FilterFields(memory.id, memory.attributes, memory.state), query.order_by);
  return row;
}

// Everything that matches, expired or not, from the rows: reads all attributes of the namespace. By id a page reads no
// more than itself, but for the first, which counts them all: its count goes from page to page.
Result<uint64_t> FindInRows(const ReadView& read, const ListQuery& query, const std::optional<ListPlace>& after,
                            std::vector<ListedRow>* rows) {
  const bool by_id = query.order_by == "id";
  uint64_t total = 0;
  IdScan scan(read, by_id && after ? &*after : nullptr, by_id && query.descending);
  while (true) {
    ASSIGN_OR_RETURN(const std::vector<Memory> memories, scan.Next());
    if (memories.empty()) break;
    for (const Memory& memory : memories) {
      if (!Listed(query, memory)) continue;
      ++total;
      // One more than the page tells that more come behind it.
      if (!by_id || rows->size() <= query.limit) rows->push_back(AsListedRow(query, memory));
    }
    if (by_id && after && rows->size() > query.limit) break;
  }
  return by_id && after ? after->total : total;
}

// The page's rows as the snapshot has them.
Status FetchPage(const ReadView& read, const ListQuery& query, const std::vector<ListedRow>& rows, MemoryPage* page) {
  std::vector<std::string> ids;
  for (const ListedRow& row : rows) ids.push_back(row.id);
  ASSIGN_OR_RETURN(auto memories, ReadCurrent(read.rows(), ids, query.include));
  for (auto& memory : memories) {
    // A write that fell between view and snapshot may have changed its mind about a row.
    if (memory && Listed(query, *memory)) page->memories.push_back(std::move(*memory));
  }
  return {};
}

}  // namespace

Result<MemoryPage> ListMemories(const ReadView& view, const ListQuery& as_written) {
  RETURN_IF_ERROR(CheckFieldName("order_by", as_written.order_by));
  ListQuery query = as_written;
  query.order_by = CanonicalField(as_written.order_by);
  if (query.limit == 0) return InvalidArgument("limit is 0").At("limit");
  const uint64_t hash = QueryHash(view, query);
  ASSIGN_OR_RETURN(const std::optional<ListPlace> after, DecodeListCursor(hash, query.cursor));
  const ListOrder order{query.order_by, query.descending};

  MemoryPage page;
  ASSIGN_OR_RETURN(const NamespaceCounters counters, view.counters());
  page.position = counters.position;
  std::vector<ListedRow> rows;
  std::optional<IndexList> from_index;
  if (query.include_expired) {
    ASSIGN_OR_RETURN(page.total, FindInRows(view, query, after, &rows));
  } else {
    ASSIGN_OR_RETURN(auto index, view.Index());
    from_index.emplace(view, query, std::move(index));
    RETURN_IF_ERROR(from_index->Find(&rows));
    page.position = from_index->position();
    page.total = rows.size();
  }
  const auto fill_ids = [&](const std::vector<ListedRow*>& nameless) {
    return from_index ? from_index->FillIds(nameless) : Status();
  };
  ASSIGN_OR_RETURN(const bool more, TakePage(order, after, query.limit, fill_ids, &rows));
  if (more) page.next_cursor = EncodeListCursor(hash, {rows.back().value, rows.back().id, page.total});
  RETURN_IF_ERROR(FetchPage(from_index ? from_index->latest() : view, query, rows, &page));
  return page;
}

}  // namespace engram

// CountMemories, FacetMemories, ResolveFilter, ResolveAbsent (read_view.h).
#include <algorithm>
#include <map>

#include "base/coding.h"
#include "base/hash.h"
#include "engine/keys.h"
#include "engine/list_order.h"
#include "engine/namespace_index.h"
#include "engine/read_view.h"
#include "engine/visible_rows.h"

namespace engram {
namespace {

// What matches a filter now.
struct Match {
  std::shared_ptr<NamespaceIndex> index;
  IndexView view;  // `visible` is exact
};

Result<Match> FindMatching(const ReadView& read, const Filter* filter, bool include_inactive) {
  Match match;
  ASSIGN_OR_RETURN(match.index, read.Index());
  ViewRequest request;
  request.filter = filter;
  request.include_inactive = include_inactive;
  request.check_deadline = [&read] { return read.CheckDeadline(); };
  ASSIGN_OR_RETURN(match.view, match.index->View(request, read.now()));
  ASSIGN_OR_RETURN(match.view.visible, MatchingSlots(read.Latest(), *match.index, match.view, filter));
  match.view.exact = true;
  return match;
}

uint64_t QueryHash(const ReadView& read, const FacetQuery& query) {
  std::string bytes;
  AppendFixed32(&bytes, read.tenant().value);
  AppendFixed32(&bytes, read.ns().value);
  AppendString(&bytes, query.field);
  AppendString(&bytes, query.max_field);
  bytes.push_back(query.by_value ? 1 : 0);
  if (query.filter) AppendFilter(&bytes, *query.filter);
  return HashBytes64(bytes);
}

// Facets are in value order already; by count the greatest comes first and values break ties.
bool FacetBefore(const FacetQuery& query, const FacetValue& a, const FacetValue& b) {
  if (!query.by_value && a.count != b.count) return a.count > b.count;
  return CompareForSort(a.value, b.value) < 0;
}

// The values of `fields` that a facet counts: a scalar, or the different elements of a list.
std::vector<Value> FacetValuesOf(const AttributeFields& fields, const std::string& field) {
  std::vector<Value> values;
  const auto at = std::find_if(fields.begin(), fields.end(), [&](const auto& entry) { return entry.first == field; });
  if (at == fields.end()) return values;
  if (at->second.kind() == Value::Kind::kList) {
    values = at->second.as_list();
  } else {
    values.push_back(at->second);
  }
  std::erase_if(values, [](const Value& value) {
    return value.is_null() || value.kind() == Value::Kind::kList || value.kind() == Value::Kind::kObject;
  });
  const auto less = [](const Value& a, const Value& b) { return CompareForSort(a, b) < 0; };
  std::sort(values.begin(), values.end(), less);
  values.erase(std::unique(values.begin(), values.end(),
                           [](const Value& a, const Value& b) { return CompareForSort(a, b) == 0; }),
               values.end());
  return values;
}

// Adds what the index leaves to the rows: strings over kAttributeStringMax, counted and as a greatest value. Begins
// with values in order; those it adds stand behind them.
class LongFacet {
 public:
  LongFacet(const FacetQuery& query, std::vector<FacetValue>* values) : query_(query), values_(values) {}

  void Add(const Memory& memory) {
    const AttributeFields fields = FilterFields(memory.id, memory.attributes, memory.state);
    const Value max = query_.max_field.empty() ? Value() : SortValueOf(fields, query_.max_field);
    for (const Value& value : FacetValuesOf(fields, query_.field)) {
      const bool is_long = value.kind() == Value::Kind::kString && value.as_string().size() > kAttributeStringMax;
      FacetValue* counted = is_long ? &Long(value) : Short(value);
      if (counted == nullptr) continue;  // the row has changed since the index counted
      if (is_long) ++counted->count;
      if (!max.is_null() && (!counted->max || CompareForSort(max, *counted->max) > 0)) counted->max = max;
    }
  }

  void Finish() {
    for (auto& [text, value] : long_) values_->push_back(std::move(value));
  }

 private:
  FacetValue& Long(const Value& value) {
    return long_.try_emplace(value.as_string(), FacetValue{value, 0, std::nullopt}).first->second;
  }
  FacetValue* Short(const Value& value) {
    const auto at = std::lower_bound(values_->begin(), values_->end(), value, [](const FacetValue& a, const Value& b) {
      return CompareForSort(a.value, b) < 0;
    });
    return at != values_->end() && CompareForSort(at->value, value) == 0 ? &*at : nullptr;
  }

  const FacetQuery& query_;
  std::vector<FacetValue>* const values_;
  std::map<std::string, FacetValue> long_;
};

Status AddLongTexts(const ReadView& read, const Match& match, const FacetQuery& query,
                    std::vector<FacetValue>* values) {
  SlotSet wanted = match.index->LongTexts(match.view, query.field);
  if (!query.max_field.empty()) wanted |= match.index->LongTexts(match.view, query.max_field);
  const std::vector<Slot> slots = SlotList(wanted);
  Include attributes_only;
  attributes_only.text = attributes_only.fields = false;
  LongFacet facet(query, values);
  RETURN_IF_ERROR(ForEachChunk(read, slots.size(), [&](size_t begin, size_t end) -> Status {
    const std::vector<Slot> chunk(slots.begin() + static_cast<ptrdiff_t>(begin),
                                  slots.begin() + static_cast<ptrdiff_t>(end));
    ASSIGN_OR_RETURN(const auto rows, ReadCurrent(read.rows(), match.index->Ids(match.view, chunk), attributes_only));
    for (const auto& memory : rows) {
      if (memory) facet.Add(*memory);
    }
    return {};
  }));
  facet.Finish();
  return {};
}

// A facet's cursor is a list's: the value, and the count where an id would be.
std::string EncodeFacetCursor(uint64_t hash, const FacetValue& last) {
  std::string count;
  AppendFixed64(&count, last.count);
  return EncodeListCursor(hash, {last.value, count, 0});
}

Result<std::optional<FacetValue>> DecodeFacetCursor(uint64_t hash, std::string_view cursor) {
  ASSIGN_OR_RETURN(auto place, DecodeListCursor(hash, cursor));
  if (!place) return std::optional<FacetValue>();
  ByteReader in(place->id);
  FacetValue last{std::move(place->value), in.Fixed64(), std::nullopt};
  if (!in.Finish("cursor").ok()) return InvalidArgument("the cursor does not belong to this request").At("cursor");
  return std::optional<FacetValue>(std::move(last));
}

}  // namespace

Result<std::pair<uint64_t, Position>> CountMemories(const ReadView& view, const std::optional<Filter>& filter) {
  ASSIGN_OR_RETURN(const Match match, FindMatching(view, filter ? &*filter : nullptr, false));
  return std::pair(match.view.visible.cardinality(), match.view.position);
}

Result<FacetPage> FacetMemories(const ReadView& view, const FacetQuery& as_written) {
  RETURN_IF_ERROR(CheckFieldName("field", as_written.field));
  if (!as_written.max_field.empty()) RETURN_IF_ERROR(CheckFieldName("max", as_written.max_field));
  FacetQuery query = as_written;
  query.field = CanonicalField(as_written.field);
  query.max_field = CanonicalField(as_written.max_field);
  if (query.limit == 0) return InvalidArgument("limit is 0").At("limit");
  const uint64_t hash = QueryHash(view, query);
  ASSIGN_OR_RETURN(const std::optional<FacetValue> after, DecodeFacetCursor(hash, query.cursor));

  ASSIGN_OR_RETURN(const Match match, FindMatching(view, query.filter ? &*query.filter : nullptr, false));
  FacetPage page;
  page.position = match.view.position;
  const auto check_deadline = [&view] { return view.CheckDeadline(); };
  ASSIGN_OR_RETURN(page.values, match.index->Facet(match.view, query.field, query.max_field, check_deadline));
  RETURN_IF_ERROR(AddLongTexts(view.Latest(), match, query, &page.values));
  const auto before = [&](const FacetValue& a, const FacetValue& b) { return FacetBefore(query, a, b); };
  if (after) std::erase_if(page.values, [&](const FacetValue& value) { return !before(*after, value); });
  std::sort(page.values.begin(), page.values.end(), before);
  if (page.values.size() <= query.limit) return page;
  page.values.resize(query.limit);
  page.next_cursor = EncodeFacetCursor(hash, page.values.back());
  return page;
}

Result<std::vector<std::string>> ResolveFilter(const ReadView& view, const Filter& filter, size_t limit,
                                               const std::string& after) {
  // Every state: a filter that deletes somebody's memories must not leave the archived ones behind.
  ASSIGN_OR_RETURN(const Match match, FindMatching(view, &filter, true));
  const std::vector<Slot> slots = SlotList(match.view.visible);
  const std::string after_key = after.empty() ? std::string() : IdSortKey(after);
  std::vector<std::pair<std::string, std::string>> found;  // sort key, id
  RETURN_IF_ERROR(ForEachChunk(view, slots.size(), [&](size_t begin, size_t end) {
    const std::vector<Slot> chunk(slots.begin() + static_cast<ptrdiff_t>(begin),
                                  slots.begin() + static_cast<ptrdiff_t>(end));
    for (std::string& id : match.index->Ids(match.view, chunk)) {
      std::string key = IdSortKey(id);
      if (key > after_key) found.emplace_back(std::move(key), std::move(id));
    }
    return Status();
  }));
  const size_t count = std::min(limit, found.size());
  std::partial_sort(found.begin(), found.begin() + static_cast<ptrdiff_t>(count), found.end());
  std::vector<std::string> ids;
  for (size_t i = 0; i < count; ++i) ids.push_back(std::move(found[i].second));
  return ids;
}

Result<std::vector<std::string>> ResolveAbsent(const ReadView& view, const Filter& filter, size_t limit,
                                               const std::string& after) {
  std::vector<std::string> ids;
  const auto it = view.rows().ScanPrefix(std::string(1, keys::kId));
  if (!after.empty()) it->Seek(keys::Id(after) + '\0');
  for (; it->Valid() && ids.size() < limit; it->Next()) {
    RETURN_IF_ERROR(view.CheckDeadline());
    ASSIGN_OR_RETURN(const IdRow row, DecodeIdRow(it->value()));
    if (!row.is_memory) continue;
    bool absent = !row.live;
    if (!absent) {
      ASSIGN_OR_RETURN(absent, IsExpired(view.rows(), row, view.now()));
    }
    if (!absent) continue;
    ASSIGN_OR_RETURN(const auto last, ReadLastKnown(view.rows(), row));
    if (!last) continue;
    ASSIGN_OR_RETURN(auto names, ReadNodeIds(view.rows(), {row.node}));
    if (Matches(filter, FilterFields(names[0], last->attributes, last->state))) ids.push_back(std::move(names[0]));
  }
  RETURN_IF_ERROR(it->status());
  return ids;
}

}  // namespace engram

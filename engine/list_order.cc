#include "engine/list_order.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/coding.h"
#include "base/value_coding.h"
#include "index/attribute/attribute_index.h"

namespace engram {
namespace {

constexpr uint8_t kCursorFormat = 2;

bool IsScalar(const Value& value) {
  return !value.is_null() && value.kind() != Value::Kind::kList && value.kind() != Value::Kind::kObject;
}

bool IsLong(const Value& value) {
  return value.kind() == Value::Kind::kString && value.as_string().size() > kAttributeStringMax;
}

// Short ones first: they are what the index sorts by where a list has both.
bool SortsBefore(const Value& a, const Value& b) {
  return IsLong(a) != IsLong(b) ? IsLong(b) : CompareForSort(a, b) < 0;
}

}  // namespace

std::strong_ordering ListOrder::Compare(const Value& a, const Value& b) const {
  if (a.is_null() || b.is_null()) return a.is_null() <=> b.is_null();
  return descending ? CompareForSort(b, a) : CompareForSort(a, b);
}

Result<bool> TakePage(const ListOrder& order, const std::optional<ListPlace>& after, size_t limit,
                      const std::function<Status(std::vector<ListedRow*>)>& fill_ids, std::vector<ListedRow>* rows) {
  const auto fill_missing = [&](auto wanted) {
    std::vector<ListedRow*> nameless;
    for (ListedRow& row : *rows) {
      if (row.id.empty() && wanted(row)) nameless.push_back(&row);
    }
    return fill_ids(std::move(nameless));
  };

  if (after) {
    const std::string after_key = IdSortKey(after->id);
    RETURN_IF_ERROR(fill_missing([&](const ListedRow& row) { return order.Compare(row.value, after->value) == 0; }));
    std::erase_if(*rows, [&](const ListedRow& row) {
      const std::strong_ordering place = order.Compare(row.value, after->value);
      return place < 0 || (place == 0 && row.id_key <= after_key);
    });
  }

  const bool more = rows->size() > limit;
  if (more) {
    // All rows that tie with the last value of the page have to be ordered by id before the cut.
    const auto last = rows->begin() + static_cast<ptrdiff_t>(limit - 1);
    std::nth_element(rows->begin(), last, rows->end(),
                     [&](const ListedRow& a, const ListedRow& b) { return order.Compare(a.value, b.value) < 0; });
    const Value bound = last->value;
    std::erase_if(*rows, [&](const ListedRow& row) { return order.Compare(row.value, bound) > 0; });
  }
  RETURN_IF_ERROR(fill_missing([](const ListedRow&) { return true; }));
  std::sort(rows->begin(), rows->end(), [&](const ListedRow& a, const ListedRow& b) {
    const std::strong_ordering place = order.Compare(a.value, b.value);
    return place != 0 ? place < 0 : a.id_key < b.id_key;
  });
  if (more) rows->resize(limit);
  return more;
}

Value SortValueOf(const AttributeFields& fields, std::string_view field) {
  const auto at = std::find_if(fields.begin(), fields.end(), [&](const auto& f) { return f.first == field; });
  if (at == fields.end()) return {};
  if (IsScalar(at->second)) return at->second;
  if (at->second.kind() != Value::Kind::kList) return {};
  const Value* least = nullptr;
  for (const Value& element : at->second.as_list()) {
    if (IsScalar(element) && (!least || SortsBefore(element, *least))) least = &element;
  }
  return least ? *least : Value();
}

Status CheckFieldName(std::string_view what, std::string_view field) {
  if (IsFilterField(field)) return {};
  return InvalidArgument(fmt::format("{} is \"{}\", which is no field that a filter may name", what, field))
      .At(std::string(what));
}

void AppendFilter(std::string* out, const Filter& filter) {
  out->push_back(static_cast<char>(filter.kind));
  if (filter.kind == Filter::Kind::kCondition) {
    AppendString(out, filter.field);
    out->push_back(static_cast<char>(filter.op));
    AppendValue(out, filter.operand);
    return;
  }
  AppendVarint(out, filter.children.size());
  for (const Filter& child : filter.children) AppendFilter(out, child);
}

std::string EncodeListCursor(uint64_t query, const ListPlace& place) {
  std::string cursor(1, static_cast<char>(kCursorFormat));
  AppendFixed64(&cursor, query);
  AppendValue(&cursor, place.value);
  AppendString(&cursor, place.id);
  AppendVarint(&cursor, place.total);
  return cursor;
}

Result<std::optional<ListPlace>> DecodeListCursor(uint64_t query, std::string_view cursor) {
  if (cursor.empty()) return std::optional<ListPlace>();
  ByteReader in(cursor);
  const bool ours = in.Byte() == kCursorFormat && in.Fixed64() == query;
  ListPlace place;
  const bool whole = ReadValue(&in, &place.value);
  place.id = in.String();
  place.total = in.Varint();
  if (!ours || !whole || !in.Finish("cursor").ok()) {
    return InvalidArgument("the cursor does not belong to this request").At("cursor");
  }
  return std::optional<ListPlace>(std::move(place));
}

}  // namespace engram

// The order of a list: by one field's value, nulls last whatever the direction, ties by id. And the cursors that
// continue it (keyset: where the last row stood, not how many came before).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "base/value.h"
#include "engine/memory.h"
#include "index/attribute/filter.h"

namespace engram {

struct ListOrder {
  std::string field;
  bool descending = false;

  // Whether `a` comes before `b`, by value alone: less than, equal to or greater than 0.
  std::strong_ordering Compare(const Value& a, const Value& b) const;
};

// A row that may come on a page. `id` is filled in when the order needs it.
struct ListedRow {
  Value value;
  Slot slot;
  std::string id;
  std::string id_key;  // IdSortKey(id)

  void SetId(std::string name) {
    id_key = IdSortKey(name);
    id = std::move(name);
  }
};

struct ListPlace {
  Value value;
  std::string id;
  uint64_t total = 0;  // of the whole list, as the pages before told it
};

// Cuts `rows` down to the page behind `after`, in order. `fill_ids` sets the ids of the rows it is given.
// Returns whether more come behind the page.
Result<bool> TakePage(const ListOrder& order, const std::optional<ListPlace>& after, size_t limit,
                      const std::function<Status(std::vector<ListedRow*>)>& fill_ids, std::vector<ListedRow>* rows);

// A field's value for sorting, as AttributeIndex::SortValue, but with long strings.
Value SortValueOf(const AttributeFields& fields, std::string_view field);

// InvalidArgument unless a filter may name the field.
Status CheckFieldName(std::string_view what, std::string_view field);

// Filters in one form, to tell one query's cursor from another's.
void AppendFilter(std::string* out, const Filter& filter);

// cursor := format:u8 (2) query:u64 value id:string total:varint     (base/value_coding.h; binary, opaque to callers)
// `query` is a hash of all that makes the list what it is.
std::string EncodeListCursor(uint64_t query, const ListPlace& place);
// InvalidArgument for anything that wasn't made for this query.
Result<std::optional<ListPlace>> DecodeListCursor(uint64_t query, std::string_view cursor);

}  // namespace engram

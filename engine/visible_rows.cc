#include "engine/visible_rows.h"

#include "engine/keys.h"
#include "engine/rows.h"

namespace engram {

Result<std::vector<std::optional<Memory>>> ReadCurrent(const KvReader& ns, const std::vector<std::string>& ids,
                                                       const Include& include) {
  std::vector<std::string> id_keys;
  id_keys.reserve(ids.size());
  for (const std::string& id : ids) id_keys.push_back(keys::Id(id));
  ASSIGN_OR_RETURN(const auto id_rows, ns.MultiGet(id_keys));

  std::vector<MemoryRef> refs;
  std::vector<size_t> places;
  for (size_t i = 0; i < ids.size(); ++i) {
    if (!id_rows[i]) continue;
    ASSIGN_OR_RETURN(const IdRow row, DecodeIdRow(*id_rows[i]));
    if (!row.is_memory || !row.live) continue;
    refs.push_back({ids[i], row.node, row.slot, row.version});
    places.push_back(i);
  }
  ASSIGN_OR_RETURN(auto found, ReadMemories(ns, refs, include));
  std::vector<std::optional<Memory>> memories(ids.size());
  for (size_t i = 0; i < found.size(); ++i) memories[places[i]] = std::move(found[i]);
  return memories;
}

Result<SharedSlots> MatchingSlots(const ReadView& read, const NamespaceIndex& index, const IndexView& view,
                                  const Filter* filter) {
  if (view.exact || !filter) return view.visible;
  Include attributes_only;
  attributes_only.text = attributes_only.fields = false;
  const std::vector<Slot> slots = SlotList(view.visible);
  SlotSet matching;
  RETURN_IF_ERROR(ForEachChunk(read, slots.size(), [&](size_t begin, size_t end) -> Status {
    const std::vector<Slot> chunk(slots.begin() + static_cast<ptrdiff_t>(begin),
                                  slots.begin() + static_cast<ptrdiff_t>(end));
    ASSIGN_OR_RETURN(const auto rows, ReadCurrent(read.rows(), index.Ids(view, chunk), attributes_only));
    for (size_t i = 0; i < rows.size(); ++i) {
      if (!rows[i]) continue;
      // Of each: one row against a long filter takes its time.
      if (Status late = read.CheckDeadline(); !late.ok()) return late;
      if (Matches(*filter, FilterFields(rows[i]->id, rows[i]->attributes, rows[i]->state)))
        matching.add(chunk[i].value);
    }
    return {};
  }));
  return SharedSlots(std::move(matching));
}

std::vector<Slot> SlotList(const SlotSet& slots) {
  std::vector<Slot> list;
  list.reserve(slots.cardinality());
  for (const uint32_t slot : slots) list.emplace_back(slot);
  return list;
}

}  // namespace engram

// The writing half of NamespaceIndex: one event at a time, under the exclusive lock.
#include "base/check.h"
#include "engine/namespace_index_rep.h"

namespace engram {
namespace {

Value TimeOrNull(const std::optional<Timestamp>& time) { return time ? Value(time->micros) : Value(); }

}  // namespace

void NamespaceIndex::Rep::ApplyEvent(const IndexEvent& event) {
  std::visit([this](const auto& e) REQUIRES(mutex) { Apply(e); }, event);
}

void NamespaceIndex::Rep::Apply(const ContentAdded& added) {
  if (added.replaces) Apply(SlotRemoved{*added.replaces});
  const IndexedRow& row = added.row;
  attributes.Set(row.slot, FilterFields(row.id, added.attributes, added.state));
  if (added.content) AddContent(row.slot, *added.content);
  SetInactive(row.slot, added.attributes.state);
  rows->Append(row, EventTime(added.attributes), added.state, added.replaces);
  expiry.AddMemory(row.node, added.state.expires_at);
  if (!row.run) return;
  runs.Add(*row.run, row.order, row.slot);
  expiry.JoinRun(*row.run);
}

void NamespaceIndex::Rep::AddContent(Slot slot, const Content& content) {
  const auto texts = content.Texts();
  for (const std::string_view piece : texts) unsealed.bytes += piece.size();
  text.Add(slot, texts);
  for (const auto& [space, vector] : content.vectors) {
    // Sparse and multi vectors are stored and returned, not searched.
    const auto* dense = std::get_if<DenseVector>(&vector);
    if (dense == nullptr) continue;
    VectorsOf(space, static_cast<uint32_t>(dense->size()))->Add(slot, *dense);
    unsealed.bytes += dense->size() * sizeof(float);
  }
  ++unsealed.rows;
  last_slot = slot;
}

VectorIndex* NamespaceIndex::Rep::VectorsOf(const std::string& space, uint32_t dimensions) {
  auto& index = vectors[space];
  if (!index) {
    const auto configured = config.vectors.find(space);
    const Metric metric = configured == config.vectors.end() ? VectorSpace().metric : configured->second.metric;
    index = std::make_unique<VectorIndex>(dimensions, metric);
  }
  // The write path refuses other dimensions (CheckVector), so this is our bug.
  ENGRAM_CHECK(index->dimensions() == dimensions);
  return index.get();
}

void NamespaceIndex::Rep::Apply(const AttributesChanged& changed) {
  const TableRow* known = rows->FindLive(changed.row.slot);
  if (!known) return NoteRevival(changed.state.expires_at);
  const IndexedRow& row = changed.row;
  NoteStale(row.slot);
  attributes.Set(row.slot, FilterFields(row.id, changed.attributes, changed.state));
  SetInactive(row.slot, changed.attributes.state);
  if (known->row.run != row.run || known->row.order != row.order) {
    if (known->row.run) runs.Remove(*known->row.run, known->row.order, row.slot);
    if (row.run) runs.Add(*row.run, row.order, row.slot);
  }
  expiry.RemoveMemory(row.node, known->StateOrDefault().expires_at);
  expiry.AddMemory(row.node, changed.state.expires_at);
  rows->Update(row, EventTime(changed.attributes), changed.state);
}

void NamespaceIndex::Rep::Apply(const StateChanged& changed) {
  const TableRow* known = rows->FindLive(changed.slot);
  if (!known) return NoteRevival(changed.state.expires_at);
  const StateRecord& before = known->StateOrDefault();
  const StateRecord& after = changed.state;
  if (before.expires_at != after.expires_at) {
    attributes.SetField(changed.slot, "expires_at", TimeOrNull(after.expires_at));
    expiry.RemoveMemory(changed.node, before.expires_at);
    expiry.AddMemory(changed.node, after.expires_at);
  }
  if (before.importance != after.importance) {
    attributes.SetField(changed.slot, "importance", after.importance ? Value(*after.importance) : Value());
  }
  if (before.pinned != after.pinned) attributes.SetField(changed.slot, "pinned", Value(after.pinned));
  rows->SetState(changed.slot, after);
}

void NamespaceIndex::Rep::Apply(const SlotRemoved& removed) {
  RemoveSlot(removed.slot);
  const auto waiting = buried.find(removed.slot);
  if (waiting == buried.end()) return;
  buried_nodes.remove(waiting->second.value);
  buried.erase(waiting);
}

void NamespaceIndex::Rep::Apply(const RunChanged& changed) {
  if (changed.removed) buried_runs.erase(changed.run);
  if (buried_runs.contains(changed.run)) NoteRevival(changed.expires_at);
  expiry.SetRun(changed.run, changed.removed ? std::nullopt : changed.expires_at);
}

void NamespaceIndex::Rep::Apply(const ConfigChanged& changed) {
  config = changed.config;
  text.SetParameters(config.bm25);
}

void NamespaceIndex::Rep::NoteRevival(const std::optional<Timestamp>& expires_at) {
  if (!expires_at || *expires_at > buried_until) outdated = true;
}

void NamespaceIndex::Rep::ForgetActive() {
  const MutexLock lock(active_mutex);
  active.reset();
}

void NamespaceIndex::Rep::SetInactive(Slot slot, MemoryState state) {
  ForgetActive();
  if (state == MemoryState::kActive) {
    inactive.remove(slot.value);
  } else {
    inactive.add(slot.value);
  }
}

void NamespaceIndex::Rep::RemoveSlot(Slot slot) {
  const TableRow* known = rows->FindLive(slot);
  if (!known) return;
  ForgetActive();
  ++unsealed.removed;
  text.Remove(slot);
  for (const auto& [space, index] : vectors) index->Remove(slot);
  attributes.Remove(slot);
  inactive.remove(slot.value);
  expiry.RemoveMemory(known->row.node, known->StateOrDefault().expires_at);
  if (known->row.run) runs.Remove(*known->row.run, known->row.order, slot);
  rows->Kill(slot);
  if (rows->mostly_dead()) rows = rows->Compacted();
}

void NamespaceIndex::Rep::Bury(Timestamp now) {
  while (expiry.HasDue(now)) {
    const ExpiryQueue::Due due = expiry.Take();
    std::vector<Slot> slots;
    if (due.run) {
      slots = runs.Members(due.number);
      buried_runs.insert(due.number);
    } else if (const auto slot = rows->SlotOf(NodeNumber(due.number))) {
      slots.push_back(*slot);
    }
    for (const Slot slot : slots) BurySlot(slot);
  }
  if (now > buried_until) buried_until = now;
}

void NamespaceIndex::Rep::BurySlot(Slot slot) {
  const TableRow* known = rows->FindLive(slot);
  if (!known) return;
  buried.emplace(slot, known->row.node);
  buried_nodes.add(known->row.node.value);
  RemoveSlot(slot);
}

}  // namespace engram

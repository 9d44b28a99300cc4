#include "engine/namespace_index.h"

#include <algorithm>

#include "base/check.h"
#include "engine/analyzer_cache.h"
#include "engine/namespace_index_rep.h"

namespace engram {

NamespaceIndex::NamespaceIndex(std::unique_ptr<Rep> rep) : rep_(std::move(rep)) {}
NamespaceIndex::~NamespaceIndex() = default;

Result<std::unique_ptr<NamespaceIndex>> NamespaceIndex::Create(const NamespaceConfig& config) {
  ASSIGN_OR_RETURN(auto analyzer, SharedAnalyzer(config.text));
  return std::unique_ptr<NamespaceIndex>(new NamespaceIndex(std::make_unique<Rep>(config, std::move(analyzer))));
}

void NamespaceIndex::Apply(const Publication& publication) {
  if (publication.position <= position()) return;  // only this thread moves it
  rep_->edges.Apply(publication);
  WriterLock lock(rep_->mutex);
  for (const IndexEvent& event : publication.events) rep_->ApplyEvent(event);
  rep_->position = publication.position;
}

void NamespaceIndex::Load(IndexEvent event) {
  WriterLock lock(rep_->mutex);
  rep_->ApplyEvent(event);
}

void NamespaceIndex::BeginLoading(Position position) {
  WriterLock lock(rep_->mutex);
  rep_->position = position;
}

void NamespaceIndex::FinishLoading(Position position, Timestamp log_time) {
  rep_->edges.SkipTo(position);
  WriterLock lock(rep_->mutex);
  rep_->Bury(log_time);  // no reader's time is before it, and nobody waits for us yet
  rep_->position = position;
}

bool NamespaceIndex::NoteRead() { return !was_read() && !rep_->was_read.exchange(true, std::memory_order_relaxed); }
bool NamespaceIndex::was_read() const { return rep_->was_read.load(std::memory_order_relaxed); }

Position NamespaceIndex::position() const {
  ReaderLock lock(rep_->mutex);
  return rep_->position;
}

NamespaceConfig NamespaceIndex::config() const {
  ReaderLock lock(rep_->mutex);
  return rep_->config;
}

bool NamespaceIndex::outdated() const {
  ReaderLock lock(rep_->mutex);
  return rep_->outdated;
}

const Analyzer& NamespaceIndex::analyzer() const { return *rep_->analyzer; }

Result<IndexView> NamespaceIndex::View(const ViewRequest& request, Timestamp now) {
  for (;;) {
    Result<std::optional<IndexView>> view =
        rep_->ReadBuried(now, [&]() NO_THREAD_SAFETY_ANALYSIS { return rep_->TakeView(request, now); });
    if (!view.ok()) return std::move(view).status();
    if (*view) return *std::move(*view);
  }
}

std::function<bool(const Edge&)> NamespaceIndex::WithoutExpired(std::function<bool(const Edge&)> accept,
                                                                Timestamp now) {
  SlotSet gone = rep_->ReadBuried(now, [&]() NO_THREAD_SAFETY_ANALYSIS { return rep_->buried_nodes; });
  if (gone.isEmpty()) return accept;
  return [gone = std::move(gone), accept = std::move(accept)](const Edge& edge) {
    const bool touches = gone.contains(edge.source.value) || gone.contains(edge.target.value) ||
                         (edge.memory && gone.contains(edge.memory->value));
    return !touches && (!accept || accept(edge));
  };
}

namespace {

// The i-th of a list that may be shorter.
template <class T>
const T* At(const std::vector<const T*>& list, size_t i) {
  return i < list.size() ? list[i] : nullptr;
}

bool NamesState(const Filter* filter) { return filter && filter->Mentions("state"); }

// The request's filter first, then those that legs have of their own.
std::vector<const Filter*> FiltersOf(const ViewRequest& request) {
  std::vector<const Filter*> filters;
  if (request.filter) filters.push_back(request.filter);
  for (const Filter* filter : request.leg_filters) {
    if (filter) filters.push_back(filter);
  }
  return filters;
}

}  // namespace

// Not for the analysis: it gives away and takes back what its caller holds.
Status NamespaceIndex::Rep::LetWriterIn(const std::function<Status()>& check_deadline) const NO_THREAD_SAFETY_ANALYSIS {
  mutex.UnlockShared();
  Status status = check_deadline ? check_deadline() : Status();
  mutex.LockShared();
  return status;
}

SharedSlots NamespaceIndex::Rep::ActiveSlots() const {
  const MutexLock lock(active_mutex);
  if (!active) active = attributes.slots() - inactive;
  return *active;
}

Result<std::optional<IndexView>> NamespaceIndex::Rep::TakeView(const ViewRequest& request, Timestamp now) const {
  Status late;
  const auto pause = [&]() REQUIRES_SHARED(mutex) {
    late = LetWriterIn(request.check_deadline);
    return late.ok();
  };
  auto results = attributes.EvaluateInPieces(FiltersOf(request), pause);
  if (!results) return late;
  if (expiry.HasDue(now)) return std::optional<IndexView>();
  auto next_result = results->begin();

  IndexView view;
  view.position = position;
  view.rows = rows;

  const bool any_state = request.include_inactive || NamesState(request.filter);
  SharedSlots matching;  // in any state
  if (request.filter) {
    view.exact = next_result->exact;
    matching = std::move((next_result++)->slots);
    view.visible = any_state || inactive.isEmpty() ? matching : SharedSlots(*matching - inactive);
  } else {
    view.visible = any_state ? SharedSlots(attributes.slots()) : ActiveSlots();
  }

  view.legs.resize(std::max({request.leg_filters.size(), request.texts.size(), request.spaces.size()}));
  for (size_t i = 0; i < view.legs.size(); ++i) {
    IndexView::Leg& leg = view.legs[i];
    leg.allowed = view.visible;
    leg.exact = view.exact;
    if (const Filter* filter = At(request.leg_filters, i)) {
      const FilterResult own = std::move(*next_result++);
      // A leg that names the state looks at all states, as a whole search would.
      const SlotSet& in_any_state = request.filter ? *matching : attributes.slots();
      leg.allowed = (NamesState(filter) ? in_any_state : *view.visible) & own.slots;
      leg.exact = leg.exact && own.exact;
    }
    if (const TextQuery* query = At(request.texts, i)) leg.text = text.View(*query);
    if (i >= request.spaces.size()) continue;
    const auto space = vectors.find(request.spaces[i]);
    if (space != vectors.end()) leg.vector = space->second->View();
  }
  return std::optional<IndexView>(std::move(view));
}

SlotSet NamespaceIndex::Rep::Present(const IndexView& view) const {
  SlotSet present = *view.visible & attributes.slots();
  for (const uint32_t gone : *view.visible - attributes.slots()) {
    if (const auto slot = PresentSlot(*view.rows, Slot(gone))) present.add(slot->value);
  }
  return present;
}

std::optional<Slot> NamespaceIndex::Rep::PresentSlot(const RowTable& table, Slot slot) const {
  if (attributes.slots().contains(slot.value)) return slot;
  const TableRow* row = table.Find(slot);
  if (!row) return std::nullopt;
  return rows->SlotOf(row->row.node);
}

namespace {

// A facet that looks at more is counted in pieces: some hundred microseconds under the lock either way.
constexpr size_t kFacetValuesAtOnce = 1024;
constexpr size_t kFacetSlotsAtOnce = 1024;

bool InView(const IndexView& view, Slot slot) {
  if (view.visible.contains(slot.value)) return true;
  return std::any_of(view.legs.begin(), view.legs.end(),
                     [&](const IndexView::Leg& leg) { return leg.allowed.contains(slot.value); });
}

}  // namespace

std::vector<std::optional<RowDetail>> NamespaceIndex::Describe(const IndexView& view,
                                                               const std::vector<Slot>& slots) const {
  std::vector<std::optional<RowDetail>> details(slots.size());
  ReaderLock lock(rep_->mutex);
  for (size_t i = 0; i < slots.size(); ++i) {
    const TableRow* row = InView(view, slots[i]) ? view.rows->Find(slots[i]) : nullptr;
    if (row) details[i] = RowDetail{row->row, row->event_time, row->StateOrDefault()};
  }
  return details;
}

std::vector<std::string> NamespaceIndex::Ids(const IndexView& view, const std::vector<Slot>& slots) const {
  std::vector<std::string> ids(slots.size());
  ReaderLock lock(rep_->mutex);
  for (size_t i = 0; i < slots.size(); ++i) {
    const TableRow* row = InView(view, slots[i]) ? view.rows->Find(slots[i]) : nullptr;
    if (row) ids[i] = row->row.id;
  }
  return ids;
}

std::vector<std::vector<NamespaceIndex::Neighbor>> NamespaceIndex::Neighbors(const IndexView& view,
                                                                             const std::vector<Slot>& slots,
                                                                             uint32_t window) const {
  std::vector<std::vector<Neighbor>> neighbors(slots.size());
  ReaderLock lock(rep_->mutex);
  for (size_t i = 0; i < slots.size(); ++i) {
    const TableRow* row = view.rows->Find(slots[i]);
    if (!row || !row->row.run) continue;
    rep_->runs.VisitNear(*row->row.run, row->row.order, window, [&](Slot slot, uint32_t distance) {
      if (const auto seen = view.rows->SlotIn(view.visible, slot)) neighbors[i].push_back({*seen, distance});
    });
  }
  return neighbors;
}

std::vector<Value> NamespaceIndex::FieldValues(const IndexView& view, const std::vector<Slot>& slots,
                                               std::string_view field) const {
  std::vector<Value> values(slots.size());
  ReaderLock lock(rep_->mutex);
  for (size_t i = 0; i < slots.size(); ++i) {
    const auto present = rep_->PresentSlot(*view.rows, slots[i]);
    if (present) values[i] = rep_->attributes.SortValue(*present, field);
  }
  return values;
}

Result<std::vector<FacetValue>> NamespaceIndex::Facet(const IndexView& view, const std::string& field,
                                                      const std::string& max_field,
                                                      const std::function<Status()>& check_deadline) const {
  if (max_field.empty()) {
    ReaderLock lock(rep_->mutex);
    if (rep_->attributes.DistinctValues(field) <= kFacetValuesAtOnce) {
      return rep_->attributes.Facet(field, rep_->Present(view));
    }
  }
  FacetCounter counter(field, max_field);
  std::vector<Slot> piece;
  for (auto next = view.visible.begin(); next != view.visible.end();) {
    RETURN_IF_ERROR(check_deadline());
    piece.clear();
    ReaderLock lock(rep_->mutex);
    for (; next != view.visible.end() && piece.size() < kFacetSlotsAtOnce; ++next) {
      if (const auto present = rep_->PresentSlot(*view.rows, Slot(*next))) piece.push_back(*present);
    }
    rep_->attributes.Count(piece, &counter);
  }
  return std::move(counter).Take();
}

SlotSet NamespaceIndex::LongTexts(const IndexView& view, std::string_view field) const {
  ReaderLock lock(rep_->mutex);
  const SlotSet present = rep_->attributes.LongTexts(field);
  SlotSet slots = *view.visible & present;
  for (const uint32_t gone : *view.visible - rep_->attributes.slots()) {
    const auto now = rep_->PresentSlot(*view.rows, Slot(gone));
    if (now && present.contains(now->value)) slots.add(gone);
  }
  return slots;
}

std::optional<Slot> NamespaceIndex::SlotOf(const IndexView& view, NodeNumber node) const {
  ReaderLock lock(rep_->mutex);
  const auto slot = view.rows->SlotOf(node);
  return slot ? view.rows->SlotIn(view.visible, *slot) : std::nullopt;
}

Status NamespaceIndex::Walk(const KvReader& rows, const WalkFilter& filter, Timestamp now,
                            const std::function<Status(const NeighborSource&)>& walk) {
  return rep_->edges.Walk(rows, {filter.types, WithoutExpired(filter.accept, now)}, now, walk);
}

NamespaceIndex::Sizes NamespaceIndex::sizes() const {
  Sizes sizes;
  sizes.graph_bytes = rep_->edges.MemoryBytes();
  ReaderLock lock(rep_->mutex);
  sizes.rows = rep_->rows->live();
  sizes.text_bytes = rep_->text.MemoryBytes();
  for (const auto& [space, index] : rep_->vectors) sizes.vector_bytes += index->MemoryBytes();
  sizes.attribute_bytes = rep_->attributes.MemoryBytes();
  sizes.total_bytes = sizeof(Rep) + sizes.graph_bytes + sizes.text_bytes + sizes.vector_bytes + sizes.attribute_bytes +
                      rep_->inactive.getSizeInBytes() + rep_->buried_nodes.getSizeInBytes() +
                      rep_->buried.size() * Rep::kBuriedBytes + rep_->rows->MemoryBytes() + rep_->runs.MemoryBytes() +
                      rep_->expiry.MemoryBytes();
  return sizes;
}

}  // namespace engram

#include "engine/search/as_of.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/rows.h"

namespace engram::search {
namespace {

// Memories fetched at once.
constexpr size_t kChunk = 256;

struct PastMemory {
  VersionAt version;
  StateRecord state;
};

bool IsWanted(const std::optional<Filter>& filter, const PastMemory& memory, Timestamp time) {
  if (IsExpired(memory.state, std::nullopt, time)) return false;
  const Attributes& attributes = memory.version.attributes.attributes;
  const bool any_state = filter && filter->Mentions("state");
  if (!any_state && attributes.state != MemoryState::kActive) return false;
  return !filter || Matches(*filter, FilterFields(memory.version.ref.id, attributes, memory.state));
}

Status TooMany() {
  return Unprocessable(fmt::format("as_of searches at most {} memories: narrow the filter down", kPastMemoriesMax))
      .At("as_of");
}

// By slot, as text indexes want them.
Result<std::vector<PastMemory>> WantedMemories(const ReadView& view, const std::optional<Filter>& filter,
                                               Timestamp time) {
  std::vector<PastMemory> wanted;
  Status failed;
  const auto visit = [&](VersionAt version) {
    failed = view.CheckDeadline();  // of each: one row against a long filter takes its time
    if (!failed.ok()) return false;
    Result<std::optional<StateRecord>> state = ReadState(view.rows(), version.ref.node);
    if (!state.ok()) {
      failed = std::move(state).status();
      return false;
    }
    StateRecord known = version.life_ended ? StateRecord() : state->value_or(StateRecord());
    PastMemory memory{std::move(version), std::move(known)};
    if (IsWanted(filter, memory, time)) wanted.push_back(std::move(memory));
    if (wanted.size() > kPastMemoriesMax) failed = TooMany();
    return failed.ok();
  };
  RETURN_IF_ERROR(VisitMemoriesAt(view.rows(), time, visit));
  RETURN_IF_ERROR(failed);
  std::sort(wanted.begin(), wanted.end(),
            [](const PastMemory& a, const PastMemory& b) { return a.version.ref.slot < b.version.ref.slot; });
  return wanted;
}

ContentAdded AsEvent(PastMemory memory, Content content) {
  AttributeRow& attributes = memory.version.attributes;
  const MemoryRef& ref = memory.version.ref;
  ContentAdded added;
  added.row = {ref.slot,    ref.node,       ref.id,
               ref.version, attributes.run, {EventTime(attributes.attributes), attributes.position, attributes.place}};
  added.content = std::make_shared<const Content>(std::move(content));
  added.attributes = std::move(attributes.attributes);
  added.state = std::move(memory.state);
  return added;
}

Status LoadChunk(const ReadView& view, std::vector<PastMemory>* memories, size_t begin, size_t end,
                 NamespaceIndex* index) {
  RETURN_IF_ERROR(view.CheckDeadline());
  std::vector<MemoryRef> refs;
  for (size_t i = begin; i < end; ++i) refs.push_back((*memories)[i].version.ref);
  Include include;
  include.vectors = true;
  ASSIGN_OR_RETURN(std::vector<Memory> read, ReadMemories(view.rows(), refs, include));
  for (size_t i = begin; i < end; ++i) {
    index->Load(AsEvent(std::move((*memories)[i]), std::move(read[i - begin].content)));
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<NamespaceIndex>> IndexOfPast(const ReadView& view, const std::optional<Filter>& filter,
                                                    Timestamp time) {
  ASSIGN_OR_RETURN(std::vector<PastMemory> memories, WantedMemories(view, filter, time));
  ASSIGN_OR_RETURN(std::unique_ptr<NamespaceIndex> index, NamespaceIndex::Create(view.head().config));
  for (size_t begin = 0; begin < memories.size(); begin += kChunk) {
    RETURN_IF_ERROR(LoadChunk(view, &memories, begin, std::min(begin + kChunk, memories.size()), index.get()));
  }
  ASSIGN_OR_RETURN(const NamespaceCounters counters, view.counters());
  index->FinishLoading(counters.position, time);
  return index;
}

}  // namespace engram::search

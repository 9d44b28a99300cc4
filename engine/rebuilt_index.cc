#include "engine/rebuilt_index.h"

#include "engine/namespace_index.h"
#include "engine/rows.h"

namespace engram {

Result<std::unique_ptr<NamespaceIndex>> RebuildIndex(const ReadView& view) {
  ASSIGN_OR_RETURN(auto index, NamespaceIndex::Create(view.head().config));
  RETURN_IF_ERROR(VisitLiveMemories(view.rows(), [&](IndexEvent event) {
    index->Load(std::move(event));
    return true;
  }));
  ASSIGN_OR_RETURN(const NamespaceCounters counters, view.counters());
  index->FinishLoading(counters.position, counters.log_time);
  return index;
}

}  // namespace engram

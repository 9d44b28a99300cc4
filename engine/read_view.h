// What one read of a namespace works with: its rows at one snapshot, its settings, the time and the deadline.
// Made by the engine per call; confined to the calling thread.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>

#include "base/clock.h"
#include "base/ids.h"
#include "base/kv.h"
#include "base/status.h"
#include "engine/index_registry.h"
#include "engine/known_namespaces.h"
#include "engine/rows.h"

namespace engram {

class ReadView {
 public:
  ReadView(TenantId tenant, KnownNamespaces::Found ns, std::shared_ptr<const KvReader> snapshot,
           IndexRegistry* registry, const Clock* clock, Timestamp now,
           std::optional<std::chrono::nanoseconds> deadline);

  TenantId tenant() const { return tenant_; }
  NamespaceId ns() const { return known_->number; }
  // What cursors are bound to: they mean nothing in another namespace.
  uint64_t hash() const;
  const NamespaceHead& head() const { return known_->head; }
  Result<NamespaceCounters> counters() const { return ReadCounters(rows_); }
  // The namespace's rows as committed when the read began (not older than any reply given before).
  const KvReader& rows() const { return rows_; }
  // This read over the rows as they are now: an index names rows that were committed after this view was made.
  ReadView Latest() const;
  // Log time as reads see it: never behind a mutation that was replied to.
  Timestamp now() const { return now_; }
  const Clock& clock() const { return *clock_; }

  // Loaded now if need be.
  Result<std::shared_ptr<NamespaceIndex>> Index() const { return registry_->Acquire(tenant_, ns()); }

  // Unavailable, after it was seen to that the next read finds an index without segments: these hold bytes that nobody
  // wrote, so what `index` answered may lack hits.
  Status DoWithoutSegments(const Status& damage) const;

  // The read is over when `*ended` says so, which outlives it.
  void EndWith(const std::atomic<bool>* ended) { ended_ = ended; }

  // DeadlineExceeded once the caller's time is over, Unavailable once the engine ends; ask between steps and every few
  // thousand rows.
  Status CheckDeadline() const;

 private:
  TenantId tenant_;
  KnownNamespaces::Found known_;
  std::shared_ptr<const KvReader> snapshot_;
  ScopedReader rows_;
  IndexRegistry* registry_;
  const Clock* clock_;
  Timestamp now_;
  std::optional<std::chrono::nanoseconds> deadline_;
  const std::atomic<bool>* ended_ = nullptr;
};

// --- The reads, one file each. All obey the view's deadline.
// engine/search/search.cc
Result<SearchReply> SearchNamespace(const ReadView& view, const SearchRequest& request);
// engine/list.cc: by filter, order and cursor; include_expired reads rows.
Result<MemoryPage> ListMemories(const ReadView& view, const ListQuery& query);
// engine/export.cc: all rows, page by page.
Result<ExportPage> ExportRows(const ReadView& view, const ExportQuery& query);
// engine/changes.cc: since a position, by the log.
Result<ChangesPage> ReadChanges(const ReadView& view, const ChangesQuery& query);
// engine/aggregate.cc
Result<std::pair<uint64_t, Position>> CountMemories(const ReadView& view, const std::optional<Filter>& filter);
Result<FacetPage> FacetMemories(const ReadView& view, const FacetQuery& query);
// Ids and versions of every memory that matches now, in id order (for by-filter writes); at most `limit`, after
// `after`.
Result<std::vector<std::string>> ResolveFilter(const ReadView& view, const Filter& filter, size_t limit,
                                               const std::string& after);
// The same for memories that are not there any more, deleted or expired, by what they last were; none whose history was
// trimmed away.
Result<std::vector<std::string>> ResolveAbsent(const ReadView& view, const Filter& filter, size_t limit,
                                               const std::string& after);
// engine/walk.cc: ids to node numbers and back around graph/.
Result<NamedEdgePage> ListNamedEdges(const ReadView& view, const EdgeListQuery& query);
Result<NodeView> ReadNode(const ReadView& view, const std::string& id);
Result<ExpandReply> ExpandGraph(const ReadView& view, const WalkRequest& request);
Result<PathReply> FindGraphPath(const ReadView& view, const WalkRequest& request);
Result<RankReply> RankGraph(const ReadView& view, const WalkRequest& request);

}  // namespace engram

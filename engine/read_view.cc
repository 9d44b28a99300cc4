#include "engine/read_view.h"

#include "engine/keys.h"

namespace engram {

ReadView::ReadView(TenantId tenant, NamespaceId ns, NamespaceHead head, NamespaceCounters counters,
                   std::shared_ptr<const KvReader> snapshot, IndexRegistry* registry, const Clock* clock, Timestamp now,
                   std::optional<std::chrono::nanoseconds> deadline)
    : tenant_(tenant),
      ns_(ns),
      head_(std::move(head)),
      counters_(counters),
      snapshot_(std::move(snapshot)),
      rows_(*snapshot_, keys::Scope(tenant, ns)),
      registry_(registry),
      clock_(clock),
      now_(now),
      deadline_(deadline) {}

ReadView ReadView::Latest() const {
  ReadView latest(tenant_, ns_, head_, counters_, registry_->Snapshot(), registry_, clock_, now_, deadline_);
  latest.EndWith(ended_);
  return latest;
}

Status ReadView::DoWithoutSegments(const Status& damage) const {
  registry_->DiscardSegments(tenant_, ns_, damage);
  return Unavailable("the namespace's index is damaged and built anew").RetryAfter(1);
}

Status ReadView::CheckDeadline() const {
  if (ended_ != nullptr && *ended_) return Unavailable("the server stops").RetryAfter(1);
  if (!deadline_ || clock_->Monotonic() < *deadline_) return {};
  return DeadlineExceeded("the read took longer than timeout_ms allows");
}

}  // namespace engram

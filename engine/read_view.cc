#include "engine/read_view.h"

#include "base/coding.h"
#include "base/hash.h"
#include "engine/keys.h"

namespace engram {

ReadView::ReadView(TenantId tenant, KnownNamespaces::Found ns, std::shared_ptr<const KvReader> snapshot,
                   IndexRegistry* registry, const Clock* clock, Timestamp now,
                   std::optional<std::chrono::nanoseconds> deadline)
    : tenant_(tenant),
      known_(std::move(ns)),
      snapshot_(std::move(snapshot)),
      rows_(*snapshot_, keys::Scope(tenant, known_->number)),
      registry_(registry),
      clock_(clock),
      now_(now),
      deadline_(deadline) {}

uint64_t ReadView::hash() const {
  std::string bytes;
  AppendFixed32(&bytes, tenant_.value);
  AppendFixed32(&bytes, ns().value);
  return HashBytes64(bytes);
}

ReadView ReadView::Latest() const {
  ReadView latest(tenant_, known_, registry_->Snapshot(), registry_, clock_, now_, deadline_);
  latest.EndWith(ended_);
  return latest;
}

Status ReadView::DoWithoutSegments(const Status& damage) const {
  registry_->DiscardSegments(tenant_, ns(), damage);
  return Unavailable("the namespace's index is damaged and built anew").RetryAfter(1);
}

Status ReadView::CheckDeadline() const {
  if (ended_ != nullptr && *ended_) return Unavailable("the server stops").RetryAfter(1);
  if (!deadline_ || clock_->Monotonic() < *deadline_) return {};
  return DeadlineExceeded("the read took longer than timeout_ms allows");
}

}  // namespace engram

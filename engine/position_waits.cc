#include "engine/position_waits.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "engine/keys.h"
#include "engine/rows.h"

namespace engram {
namespace {

// Between two looks when nothing is committed: how late an end or a deadline may be noticed.
constexpr std::chrono::nanoseconds kLookMax = std::chrono::milliseconds(20);

Status NotReached() {
  return DeadlineExceeded("the namespace has not reached min_position in time").At("min_position");
}

Status Ended() { return Unavailable("the server stops").RetryAfter(1); }

// Nothing when the namespace is gone.
Result<std::optional<Position>> PositionOf(const KvReader& snapshot, TenantId tenant, NamespaceId ns) {
  const ScopedReader rows(snapshot, keys::Scope(tenant, ns));
  ASSIGN_OR_RETURN(const auto head, ReadHead(rows));
  if (!head) return std::optional<Position>();
  ASSIGN_OR_RETURN(const NamespaceCounters counters, ReadCounters(rows));
  return std::optional<Position>(counters.position);
}

}  // namespace

PositionWaits::PositionWaits(const Store& store, Committer* committer, const Clock& clock, uint32_t waits_max)
    : store_(store), committer_(committer), clock_(clock), waits_max_(waits_max) {
  thread_ = std::thread([this] { Run(); });
}

PositionWaits::~PositionWaits() {
  End();
  thread_.join();
}

void PositionWaits::Await(TenantId tenant, NamespaceId ns, Position position, std::chrono::nanoseconds deadline,
                          std::function<void(Status)> done) {
  const Result<std::optional<Position>> now = PositionOf(*store_.Snapshot(), tenant, ns);
  if (!now.ok()) return done(now.status());
  if (!*now || **now >= position) return done({});
  if (position.value - (*now)->value > kPositionAheadMax) return done(NotReached());
  if (clock_.Monotonic() >= deadline) return done(NotReached());
  Status refusal;
  {
    const MutexLock lock(mutex_);
    if (ended_) {
      refusal = Ended();
    } else if (waits_.size() >= waits_max_) {
      refusal = RateLimited(fmt::format("{} reads wait for a position already", waits_.size())).RetryAfter(1);
    } else {
      waits_.push_back({tenant, ns, position, deadline, done});
    }
  }
  if (!refusal.ok()) return done(std::move(refusal));
  changed_.NotifyAll();
}

void PositionWaits::End() {
  std::vector<Wait> waits;
  {
    const MutexLock lock(mutex_);
    ended_ = true;
    waits.swap(waits_);
  }
  changed_.NotifyAll();
  for (const Wait& wait : waits) wait.done(Ended());
}

bool PositionWaits::NextLook(std::chrono::nanoseconds* until) {
  const MutexLock lock(mutex_);
  while (waits_.empty() && !ended_) changed_.Wait(mutex_);
  if (ended_) return false;
  const auto first = std::min_element(waits_.begin(), waits_.end(),
                                      [](const Wait& a, const Wait& b) { return a.deadline < b.deadline; });
  *until = std::clamp(first->deadline - clock_.Monotonic(), std::chrono::nanoseconds(0), kLookMax);
  return true;
}

void PositionWaits::Run() {
  std::chrono::nanoseconds until{0};
  // Counted before the look, so that no commit falls between the look and the sleep.
  for (uint64_t seen = committer_->commits(); NextLook(&until); seen = committer_->AwaitCommit(seen, until)) Settle();
}

void PositionWaits::Settle() {
  const auto snapshot = store_.Snapshot();
  const std::chrono::nanoseconds now = clock_.Monotonic();
  std::map<std::pair<TenantId, NamespaceId>, Result<std::optional<Position>>> positions;
  std::vector<std::pair<Wait, Status>> over;
  {
    const MutexLock lock(mutex_);
    for (const Wait& wait : waits_) positions.try_emplace({wait.tenant, wait.ns}, std::optional<Position>());
  }
  for (auto& [ns, position] : positions) position = PositionOf(*snapshot, ns.first, ns.second);
  {
    const MutexLock lock(mutex_);
    std::vector<Wait> waiting;
    for (Wait& wait : waits_) {
      const auto found = positions.find({wait.tenant, wait.ns});
      const Result<std::optional<Position>> position =
          found != positions.end() ? found->second : std::optional<Position>(Position());  // came meanwhile
      const bool reached = position.ok() && (!*position || **position >= wait.position);
      if (position.ok() && !reached && now < wait.deadline) {
        waiting.push_back(std::move(wait));
      } else {
        over.emplace_back(std::move(wait), !position.ok() ? position.status() : reached ? Status() : NotReached());
      }
    }
    waits_.swap(waiting);
  }
  for (const auto& [wait, status] : over) wait.done(status);
}

}  // namespace engram

#include "engine/committer.h"

#include <fmt/format.h>

#include "base/failpoint.h"
#include "engine/keys.h"

namespace engram {
namespace {

// A group is closed when its batch has grown to this: a bigger one only makes its writers wait.
constexpr uint64_t kGroupBytesMax = uint64_t{16} << 20;

}  // namespace

Committer::Committer(Store* store, IndexRegistry* registry, KnownNamespaces* known, TenantTable* tenants,
                     LogClock* log_clock, const CommitterOptions& options)
    : store_(store), registry_(registry), known_(known), tenants_(tenants), log_clock_(log_clock), options_(options) {}

Committer::~Committer() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  work_.NotifyAll();
  if (thread_.joinable()) thread_.join();
}

void Committer::Start() {
  thread_ = std::thread([this] { Run(); });
}

Status Committer::Enqueue(Write& write) {
  {
    const MutexLock lock(mutex_);
    if (stopping_) return Unavailable("the server is stopping");
    if (queue_.size() >= options_.queue_mutations_max || queued_bytes_ + write.bytes > options_.queue_bytes_max) {
      return RateLimited(fmt::format("{} writes ({} bytes) are waiting already", queue_.size(), queued_bytes_));
    }
    queued_bytes_ += write.bytes;
    queue_.push_back(std::move(write));
  }
  work_.NotifyOne();
  return {};
}

void Committer::Submit(Mutation mutation, Durability durability, std::function<void(MutationResult)> done) {
  const uint64_t bytes = HeldBytes(mutation);
  Write write{std::move(mutation), durability, std::move(done), bytes};
  Status refusal = Enqueue(write);
  if (refusal.ok()) return;
  MutationResult result;
  result.status = std::move(refusal);
  write.done(std::move(result));
}

uint64_t Committer::queued() const {
  const MutexLock lock(mutex_);
  return queue_.size();
}

uint64_t Committer::commits() const {
  const MutexLock lock(mutex_);
  return commits_;
}

uint64_t Committer::AwaitCommit(uint64_t seen, std::chrono::nanoseconds timeout) {
  const MutexLock lock(mutex_);
  if (commits_ == seen && !stopping_) committed_.WaitFor(mutex_, timeout);
  return commits_;
}

std::vector<Committer::Write> Committer::NextGroup() {
  const MutexLock lock(mutex_);
  while (queue_.empty() && !stopping_) work_.Wait(mutex_);
  std::vector<Write> group;
  uint64_t bytes = 0;
  while (!queue_.empty() && group.size() < options_.group_mutations_max && bytes < kGroupBytesMax) {
    bytes += queue_.front().bytes;
    group.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  queued_bytes_ -= bytes;
  return group;
}

void Committer::Run() {
  for (std::vector<Write> group = NextGroup(); !group.empty(); group = NextGroup()) CommitGroup(std::move(group));
}

void Committer::CommitGroup(std::vector<Write> group) {
  const Timestamp log_time = log_clock_->Now();
  auto overlay = store_->NewOverlay();
  bool sync = false;
  std::vector<MutationResult> results;
  std::vector<Publication> publications;
  for (const Write& write : group) {
    sync |= write.durability == Durability::kSync;
    results.push_back(ApplyMutation(write.mutation, log_time, options_.apply, cache_, *overlay, &publications));
  }
  std::string log_time_row;
  AppendKeySigned64(&log_time_row, log_time.micros);
  overlay->Put(keys::Scope(keys::kSystemTenant, keys::kDirectory) + keys::kLogTime, log_time_row);

  Status committed = store_->Commit(std::move(overlay), sync);
  if (committed.ok()) {
    for (const Publication& publication : publications) Publish(publication);
    KILLPOINT("commit.published");
  } else {
    // Every reply given now would speak of rows that are not there, as does the cache.
    cache_.Clear();
    for (MutationResult& result : results) {
      result = MutationResult();
      result.status = committed;
    }
  }
  {
    const MutexLock lock(mutex_);
    ++commits_;
  }
  committed_.NotifyAll();
  for (size_t i = 0; i < group.size(); ++i) group[i].done(std::move(results[i]));
}

void Committer::Publish(const Publication& publication) {
  tenants_->Apply(publication.tenants);
  if (publication.tenant == keys::kSystemTenant) return;
  known_->Apply(publication);
  registry_->Publish(publication);
}

}  // namespace engram

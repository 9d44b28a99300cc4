#include "engine/committer.h"

#include <future>

#include <fmt/format.h>

#include "engine/keys.h"

namespace engram {
namespace {

// A group is closed when its batch has grown to this: a bigger one only makes its writers wait.
constexpr uint64_t kGroupBytesMax = uint64_t{16} << 20;

}  // namespace

Committer::Committer(Store* store, IndexRegistry* registry, KnownNamespaces* known, LogClock* log_clock,
                     const CommitterOptions& options)
    : store_(store), registry_(registry), known_(known), log_clock_(log_clock), options_(options) {}

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

bool Committer::Enqueue(Task task, uint64_t bytes, Status* refusal) {
  {
    const MutexLock lock(mutex_);
    if (stopping_) {
      *refusal = Unavailable("the server is stopping");
      return false;
    }
    if (queue_.size() >= options_.queue_mutations_max || queued_bytes_ + bytes > options_.queue_bytes_max) {
      *refusal = RateLimited(fmt::format("{} writes ({} bytes) are waiting already", queue_.size(), queued_bytes_));
      return false;
    }
    queued_bytes_ += bytes;
    queue_.push_back(std::move(task));
  }
  work_.NotifyOne();
  return true;
}

void Committer::Submit(Mutation mutation, Durability durability, std::function<void(MutationResult)> done) {
  const uint64_t bytes = HeldBytes(mutation);
  Status refusal;
  if (Enqueue(Write{std::move(mutation), durability, done, bytes}, bytes, &refusal)) return;
  MutationResult result;
  result.status = std::move(refusal);
  done(std::move(result));
}

Result<TenantId> Committer::FindTenant(const std::string& name, bool create) {
  std::promise<Result<TenantId>> found;
  auto future = found.get_future();
  Status refusal;
  TenantLookup lookup{name, create, [&found](Result<TenantId> tenant) { found.set_value(std::move(tenant)); }};
  if (!Enqueue(std::move(lookup), 0, &refusal)) return refusal;
  return future.get();
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

std::vector<Committer::Task> Committer::NextGroup() {
  const MutexLock lock(mutex_);
  while (queue_.empty() && !stopping_) work_.Wait(mutex_);
  std::vector<Task> group;
  uint64_t bytes = 0;
  while (!queue_.empty() && group.size() < options_.group_mutations_max && bytes < kGroupBytesMax) {
    if (const auto* write = std::get_if<Write>(&queue_.front())) bytes += write->bytes;
    group.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  queued_bytes_ -= bytes;
  return group;
}

void Committer::Run() {
  for (std::vector<Task> group = NextGroup(); !group.empty(); group = NextGroup()) CommitGroup(std::move(group));
}

void Committer::CommitGroup(std::vector<Task> group) {
  const Timestamp log_time = log_clock_->Now();
  auto overlay = store_->NewOverlay();
  bool sync = false;
  std::vector<MutationResult> results;
  std::vector<Result<TenantId>> tenants;
  std::vector<Publication> publications;
  for (const Task& task : group) {
    if (const auto* write = std::get_if<Write>(&task)) {
      sync |= write->durability == Durability::kSync;
      results.push_back(ApplyMutation(write->mutation, log_time, options_.apply, cache_, *overlay, &publications));
    } else {
      const auto& lookup = std::get<TenantLookup>(task);
      sync = true;
      tenants.push_back(ApplyFindTenant(lookup.name, lookup.create, *overlay));
    }
  }
  std::string log_time_row;
  AppendKeySigned64(&log_time_row, log_time.micros);
  overlay->Put(keys::Scope(keys::kSystemTenant, keys::kDirectory) + keys::kLogTime, log_time_row);

  Status committed = store_->Commit(std::move(overlay), sync);
  if (committed.ok()) {
    for (const Publication& publication : publications) {
      known_->Apply(publication);
      registry_->Publish(publication);
    }
  } else {
    // Every reply given now would speak of rows that are not there, as does the cache.
    cache_.Clear();
    for (MutationResult& result : results) {
      result = MutationResult();
      result.status = committed;
    }
    for (Result<TenantId>& tenant : tenants) tenant = committed;
  }
  {
    const MutexLock lock(mutex_);
    ++commits_;
  }
  committed_.NotifyAll();

  size_t next_result = 0;
  size_t next_tenant = 0;
  for (Task& task : group) {
    if (auto* write = std::get_if<Write>(&task)) {
      write->done(std::move(results[next_result++]));
    } else {
      std::get<TenantLookup>(task).done(std::move(tenants[next_tenant++]));
    }
  }
}

}  // namespace engram

#include "bench/retrieval/loader.h"

#include <algorithm>
#include <thread>

#include <fmt/format.h>

namespace engram::bench {
namespace {

bool Contains(const v1::SearchReply& reply, const std::string& id) {
  return std::any_of(reply.hits().begin(), reply.hits().end(), [&](const v1::Hit& hit) { return hit.id() == id; });
}

}  // namespace

Loader::Loader(const MeasuredServer& server, const MemorySet& set, const LoadOptions& options)
    : set_(set), options_(options), writer_(server.MakeClient()), checker_(server.MakeClient()), written_(set.rows()) {}

Status Loader::Run(size_t begin, size_t end) {
  std::atomic<size_t> next = begin;
  Mutex mutex;
  Status first_error;
  std::vector<std::thread> threads;
  for (size_t i = 0; i < options_.connections; ++i) {
    threads.emplace_back([&] {
      for (size_t batches = 1; !stopped_; ++batches) {
        const size_t from = next.fetch_add(options_.batch);
        if (from >= end) return;
        const size_t to = std::min(from + options_.batch, end);
        Status status = WriteBatch(from, to);
        size_t marked = from;
        while (marked < to && !MemorySet::IsMarked(marked)) ++marked;
        const bool check = options_.check_every > 0 && batches % options_.check_every == 0 && marked < to;
        if (status.ok() && check) status = Check(marked);
        if (status.ok()) continue;
        stopped_ = true;
        const MutexLock lock(mutex);
        if (first_error.ok()) first_error = std::move(status);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  return first_error;
}

Status Loader::WriteBatch(size_t begin, size_t end) {
  v1::WriteRequest request;
  for (size_t row = begin; row < end; ++row) *request.add_memories() = set_.Make(row);
  CallOptions call;
  call.buffered = true;
  while (true) {
    const auto start = std::chrono::steady_clock::now();
    const Status status = writer_->Write(kNamespace, request, call).status();
    if (status.code() == StatusCode::kRateLimited && !stopped_) {
      ++throttled_;
      std::this_thread::sleep_for(std::chrono::seconds(status.retry_after_seconds().value_or(1)));
      continue;
    }
    RETURN_IF_ERROR(status);
    const double took_ms = 1e3 * SecondsSince(start);
    acknowledged_ += end - begin;
    const MutexLock lock(mutex_);
    batch_ms_.push_back(took_ms);
    std::fill(written_.begin() + static_cast<ptrdiff_t>(begin), written_.begin() + static_cast<ptrdiff_t>(end), true);
    return {};
  }
}

Status Loader::Check(size_t row) {
  const std::string id = fmt::format("{}", row);
  ASSIGN_OR_RETURN(const auto by_mark, checker_->Search(kNamespace, MemorySet::AskForMark(row)));
  ASSIGN_OR_RETURN(const auto by_vector, checker_->Search(kNamespace, set_.AskForVector(row)));
  ++checks_;
  if (!Contains(by_mark, id)) {
    ++missed_marks_;
    fmt::print(stderr, "memory {} is not found by its word; {} hits\n", id, by_mark.hits_size());
  }
  if (!Contains(by_vector, id)) {
    ++missed_vectors_;
    fmt::print(stderr, "memory {} is not found by its vector; {} hits\n", id, by_vector.hits_size());
  }
  return {};
}

std::vector<double> Loader::batch_ms() const {
  const MutexLock lock(mutex_);
  return batch_ms_;
}

bool Loader::IsAcknowledged(size_t row) const {
  const MutexLock lock(mutex_);
  return written_[row];
}

}  // namespace engram::bench

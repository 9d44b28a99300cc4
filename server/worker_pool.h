// Threads for requests that may block or compute at length, behind a queue with a bound. Thread-safe.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "base/mutex.h"

namespace engram {

class WorkerPool {
 public:
  WorkerPool(unsigned threads, size_t queued_max);
  ~WorkerPool();  // Stop()s
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // False when the queue is full or the pool stopped; the task is dropped then.
  bool TrySubmit(std::function<void()> task) EXCLUDES(mutex_);
  size_t queued() const EXCLUDES(mutex_);

  // Runs what is queued, takes nothing new, joins.
  void Stop() EXCLUDES(mutex_);

 private:
  void Work() EXCLUDES(mutex_);

  const size_t queued_max_;
  mutable Mutex mutex_;
  CondVar changed_;
  std::deque<std::function<void()>> queue_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace engram

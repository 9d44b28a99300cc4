#include "server/worker_pool.h"

#include <atomic>

#include <gtest/gtest.h>

namespace engram {
namespace {

TEST(WorkerPoolTest, WhatWasTakenIsRunBeforeItStops) {
  std::atomic<int> ran{0};
  WorkerPool pool(3, 1000);
  for (int i = 0; i < 500; ++i) EXPECT_TRUE(pool.TrySubmit([&] { ++ran; }));
  pool.Stop();
  EXPECT_EQ(ran, 500);
  EXPECT_FALSE(pool.TrySubmit([&] { ++ran; }));
  EXPECT_EQ(ran, 500);
}

TEST(WorkerPoolTest, AFullQueueTakesNothing) {
  Mutex mutex;
  CondVar changed;
  bool started = false;
  bool open = false;
  WorkerPool pool(1, 2);
  const auto block = [&] {
    const MutexLock lock(mutex);
    started = true;
    changed.NotifyAll();
    while (!open) changed.Wait(mutex);
  };
  ASSERT_TRUE(pool.TrySubmit(block));
  {
    const MutexLock lock(mutex);
    while (!started) changed.Wait(mutex);
  }
  EXPECT_TRUE(pool.TrySubmit([] {}));
  EXPECT_TRUE(pool.TrySubmit([] {}));
  EXPECT_FALSE(pool.TrySubmit([] {}));
  EXPECT_EQ(pool.queued(), 2U);
  {
    const MutexLock lock(mutex);
    open = true;
  }
  changed.NotifyAll();
}

}  // namespace
}  // namespace engram

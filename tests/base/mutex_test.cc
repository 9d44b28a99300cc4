#include "base/mutex.h"

#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace engram {
namespace {

struct Counter {
  Mutex mutex;
  CondVar grown;
  int count GUARDED_BY(mutex) = 0;
};

TEST(MutexTest, OneThreadAtATime) {
  Counter counter;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&counter] {
      for (int j = 0; j < 10'000; ++j) {
        MutexLock lock(counter.mutex);
        ++counter.count;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  MutexLock lock(counter.mutex);
  EXPECT_EQ(counter.count, 40'000);
}

TEST(MutexTest, AWaiterIsWokenAndHoldsTheLockAgain) {
  Counter counter;
  std::thread other([&counter] {
    MutexLock lock(counter.mutex);
    counter.count = 1;
    counter.grown.NotifyAll();
  });
  {
    MutexLock lock(counter.mutex);
    while (counter.count == 0) counter.grown.Wait(counter.mutex);
    EXPECT_EQ(counter.count, 1);
  }
  other.join();
}

TEST(MutexTest, ATimedWaitEndsByItself) {
  Counter counter;
  MutexLock lock(counter.mutex);
  while (counter.grown.WaitFor(counter.mutex, std::chrono::nanoseconds(1))) {
  }
  EXPECT_EQ(counter.count, 0);
}

TEST(SharedMutexTest, ReadersMeetWhileAWriterWaits) {
  SharedMutex mutex;
  int value = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (int j = 0; j < 1'000; ++j) {
        if (i == 0) {
          WriterLock lock(mutex);
          ++value;
        } else {
          ReaderLock lock(mutex);
          EXPECT_LE(value, 1'000);
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(value, 1'000);
  // Two readers of one thread at once would block for ever if they excluded each other.
  ReaderLock first(mutex);
  std::thread second([&mutex] { ReaderLock lock(mutex); });
  second.join();
}

}  // namespace
}  // namespace engram

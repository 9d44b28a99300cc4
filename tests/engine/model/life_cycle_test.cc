// Eight writers and eight readers over many namespaces under a budget that holds few of them, so that indexes are
// loaded and evicted all the time: what was acknowledged is found at once, by every leg, from another thread.
//
// ENGRAM_LONG=1 takes 20,000 namespaces under 64 MiB.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <deque>
#include <random>
#include <thread>

#include <gtest/gtest.h>

#include "base/check.h"
#include "base/mutex.h"
#include "tests/engine/engine_fixture.h"
#include "tests/index/random_seed.h"

namespace engram {
namespace {

constexpr int kWriters = 8;
constexpr int kReaders = 8;
constexpr uint32_t kDimensions = 16;
constexpr size_t kWaitingMax = 64;  // acknowledged and not yet read; writers wait beyond

struct Size {
  uint32_t namespaces;
  uint32_t rounds;  // writes per namespace
  uint64_t index_bytes;
};

bool IsLong() {
  const char* text = std::getenv("ENGRAM_LONG");
  return text && std::string(text) == "1";
}

Size TestSize() {
  if (IsLong()) return {20'000, 3, uint64_t{64} << 20};
  return {400, 6, uint64_t{1} << 20};
}

// A memory that was acknowledged.
struct Written {
  uint32_t ns = 0;
  uint32_t number = 0;  // in its namespace
  Position position;
};

std::string NamespaceName(uint32_t ns) { return "user-" + std::to_string(ns); }
std::string IdOf(const Written& written) { return "m" + std::to_string(written.number); }
// A word that no other memory has.
std::string WordOf(const Written& written) {
  return "w" + std::to_string(written.ns) + "x" + std::to_string(written.number);
}

// Of a direction that no other memory of the namespace has.
DenseVector VectorOf(const Written& written) {
  std::mt19937_64 random(uint64_t{written.ns} << 32 | written.number);
  DenseVector vector(kDimensions);
  for (float& x : vector) x = static_cast<float>(random() % 2001) / 1000.0F - 1.0F;
  vector[0] += 3;  // never zero
  return vector;
}

// Written memories on their way to a reader. Bounded; a writer that is ahead waits for readers.
class Handover {
 public:
  void Put(const Written& written) {
    const MutexLock lock(mutex_);
    while (waiting_.size() >= kWaitingMax && !failed_) changed_.Wait(mutex_);
    waiting_.push_back(written);
    changed_.NotifyAll();
  }
  // Nothing once all writers are done and all was taken.
  std::optional<Written> Take() {
    const MutexLock lock(mutex_);
    while (waiting_.empty() && writers_ > 0 && !failed_) changed_.Wait(mutex_);
    if (waiting_.empty() || failed_) return std::nullopt;
    const Written written = waiting_.front();
    waiting_.pop_front();
    changed_.NotifyAll();
    return written;
  }
  void WriterIsDone() {
    const MutexLock lock(mutex_);
    --writers_;
    changed_.NotifyAll();
  }
  void Fail(const std::string& message) {
    const MutexLock lock(mutex_);
    if (!failed_) message_ = message;
    failed_ = true;
    changed_.NotifyAll();
  }
  bool failed() const {
    const MutexLock lock(mutex_);
    return failed_;
  }
  std::string message() const {
    const MutexLock lock(mutex_);
    return message_;
  }

 private:
  mutable Mutex mutex_;
  CondVar changed_;
  std::deque<Written> waiting_ GUARDED_BY(mutex_);
  int writers_ GUARDED_BY(mutex_) = kWriters;
  bool failed_ GUARDED_BY(mutex_) = false;
  std::string message_ GUARDED_BY(mutex_);
};

class LifeCycleTest : public EngineFixture {
 protected:
  LifeCycleTest() : seed_(TestSeed(20'260'301)), size_(TestSize()) {
    EngineOptions options = Options();
    options.index_memory_bytes = size_.index_bytes;
    engine_.reset();
    auto engine = Engine::Open(options);
    ENGRAM_CHECK(engine.ok());
    engine_ = std::move(*engine);
  }

  static Mutation WriteOf(const Written& written) {
    WriteMemory memory;
    memory.id = IdOf(written);
    memory.content.text = "the cup of " + WordOf(written);
    memory.content.vectors["default"] = VectorOf(written);
    memory.attributes.scopes.user_id = "ann";
    memory.attributes.metadata["number"] = Value(int64_t{written.number});
    WriteEdge edge;
    edge.source_id = IdOf(written);
    edge.target_id = "topic:" + WordOf(written);
    edge.edge.type = "about";
    edge.memory_id = memory.id;
    Mutation mutation;
    mutation.namespace_name = NamespaceName(written.ns);
    mutation.operations = {std::move(memory), std::move(edge)};
    return mutation;
  }

  // Each writer has namespaces of its own and goes through them in a new order every round.
  void WriteAll(int writer, Handover* handover) {
    std::mt19937_64 random(seed_ + static_cast<uint64_t>(writer));
    std::vector<uint32_t> own;
    for (uint32_t ns = static_cast<uint32_t>(writer); ns < size_.namespaces; ns += kWriters) own.push_back(ns);
    for (uint32_t round = 0; round < size_.rounds && !handover->failed(); ++round) {
      std::shuffle(own.begin(), own.end(), random);
      for (const uint32_t ns : own) {
        Written written{ns, round, {}};
        Mutation mutation = WriteOf(written);
        mutation.tenant = tenant_;
        const MutationResult result = engine_->Write(std::move(mutation), Durability::kBuffered);
        if (!result.status.ok()) return handover->Fail("write: " + result.status.ToString());
        written.position = result.position;
        handover->Put(written);
      }
    }
  }

  void ReadAll(Handover* handover) {
    while (const std::optional<Written> written = handover->Take()) {
      const std::string problem = FirstProblem(*written);
      if (!problem.empty()) return handover->Fail(problem + " of " + WordOf(*written));
    }
  }

  // Where the memory is not found, in words.
  std::string FirstProblem(const Written& written) {
    const NamespaceRef ns = Ref(NamespaceName(written.ns));
    const auto got = engine_->Get(ns, {IdOf(written)}, {}, {});
    if (!got.ok()) return "get: " + got.status().ToString();
    if (got->memories.size() != 1) return "get: missing";
    LegRequest text;
    text.name = "text";
    text.text = WordOf(written);
    if (std::string problem = NotFirst(ns, written, text); !problem.empty()) return problem;
    LegRequest vector;
    vector.name = "vector";
    vector.type = LegType::kVector;
    vector.vector = VectorOf(written);
    if (std::string problem = NotFirst(ns, written, vector); !problem.empty()) return problem;
    LegRequest graph;
    graph.name = "graph";
    graph.type = LegType::kGraph;
    graph.graph.seeds = {"topic:" + WordOf(written)};
    if (std::string problem = NotFirst(ns, written, graph); !problem.empty()) return problem;
    const auto filter = ParseFilter(Value(Value::Object{{"metadata.number", Value(int64_t{written.number})}}));
    const auto count = engine_->Count(ns, *filter, {});
    if (!count.ok()) return "count: " + count.status().ToString();
    if (count->first != 1) return "count: " + std::to_string(count->first);
    if (count->second < written.position) return "count: at an older position";
    return {};
  }

  std::string NotFirst(const NamespaceRef& ns, const Written& written, const LegRequest& leg) {
    SearchRequest request;
    request.legs = {leg};
    request.top_k = 1;
    const auto reply = engine_->Search(ns, request, {});
    if (!reply.ok()) return leg.name + ": " + reply.status().ToString();
    if (reply->hits.empty()) return leg.name + ": nothing found";
    if (reply->hits[0].id != IdOf(written)) return leg.name + ": found " + reply->hits[0].id;
    if (reply->position < written.position) return leg.name + ": at an older position";
    return {};
  }

  const uint64_t seed_;
  const Size size_;
};

TEST_F(LifeCycleTest, WhatWasAcknowledgedIsFoundByEveryLegWhileIndexesComeAndGo) {
  SCOPED_TRACE("ENGRAM_TEST_SEED=" + std::to_string(seed_));
  Handover handover;
  std::vector<std::thread> threads;
  for (int writer = 0; writer < kWriters; ++writer) {
    threads.emplace_back([this, writer, &handover] {
      WriteAll(writer, &handover);
      handover.WriterIsDone();
    });
  }
  for (int reader = 0; reader < kReaders; ++reader) {
    threads.emplace_back([this, &handover] { ReadAll(&handover); });
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_FALSE(handover.failed()) << handover.message();

  EXPECT_GT(engine_->Status().index_evictions, size_.namespaces);
  EXPECT_LE(engine_->Status().index_memory_bytes, size_.index_bytes);
  uint64_t live = engine_->Status().namespaces_loaded;
  EXPECT_GT(live, 0U);
  for (uint32_t ns = 0; ns < size_.namespaces; ++ns) {
    const auto report = engine_->CheckNamespace(Ref(NamespaceName(ns)));
    ASSERT_TRUE(report.ok()) << report.status().ToString();
    ASSERT_EQ(report->problems, std::vector<std::string>()) << NamespaceName(ns);
    ASSERT_EQ(report->memories, size_.rounds);
  }
}

}  // namespace
}  // namespace engram

// Searches look at the clock while their legs scan, not only between steps.
#include <atomic>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "engine/engine.h"
#include "tests/engine/engine_fixture.h"
#include "tests/engine/search/requests.h"

namespace engram::search {
namespace {

// Every look takes a nanosecond.
class TickingClock final : public Clock {
 public:
  Timestamp Now() const override { return kStart; }
  std::chrono::nanoseconds Monotonic() const override { return std::chrono::nanoseconds(++looks_); }
  int64_t looks() const { return looks_; }

 private:
  mutable std::atomic<int64_t> looks_{0};
};

class SearchDeadlineTest : public ::testing::Test {
 protected:
  SearchDeadlineTest() {
    EngineOptions options;
    options.data_dir = directory_.path();
    options.clock = &clock_;
    options.sweep_interval = std::chrono::milliseconds(0);
    auto engine = Engine::Open(options);
    EXPECT_TRUE(engine.ok()) << engine.status().ToString();
    engine_ = std::move(*engine);
    ns_ = {*engine_->FindTenant("default", true), "ns"};
  }

  void Write(std::vector<Operation> operations) {
    Mutation mutation;
    mutation.tenant = ns_.tenant;
    mutation.namespace_name = ns_.name;
    mutation.operations = std::move(operations);
    const MutationResult result = engine_->Write(std::move(mutation), Durability::kBuffered);
    ASSERT_TRUE(result.status.ok()) << result.status.ToString();
  }

  // How often a search looks at the clock that ends at `deadline`, and what comes of it.
  int64_t LooksOf(const SearchRequest& request, std::chrono::nanoseconds deadline, StatusCode expected) {
    const int64_t before = clock_.looks();
    ReadOptions options;
    options.deadline = std::chrono::nanoseconds(before) + deadline;
    EXPECT_EQ(engine_->Search(ns_, request, options).status().code(), expected);
    return clock_.looks() - before;
  }

  // In the middle of a search of so many looks it ends, nearly at once.
  void ExpectEndsAtTheDeadline(const SearchRequest& request, int64_t looks_at_least) {
    LooksOf(request, std::chrono::hours(1), StatusCode::kOk);  // loads the index
    const int64_t looks = LooksOf(request, std::chrono::hours(1), StatusCode::kOk);
    EXPECT_GE(looks, looks_at_least);
    EXPECT_LE(LooksOf(request, std::chrono::nanoseconds(looks / 2), StatusCode::kDeadlineExceeded), looks / 2 + 5);
  }

  TempDirectory directory_;
  TickingClock clock_;
  std::unique_ptr<Engine> engine_;
  NamespaceRef ns_;
};

TEST_F(SearchDeadlineTest, AScanOfTextsEndsAtTheDeadline) {
  constexpr int kWords = 900;
  std::vector<Operation> operations;
  std::string words;
  for (int i = 0; i < 5000; ++i) {
    operations.emplace_back(MemoryOf("m" + std::to_string(i), "tea w" + std::to_string(i % kWords)));
  }
  for (int i = 0; i < kWords; ++i) words += "w" + std::to_string(i) + " ";
  Write(std::move(operations));
  ExpectEndsAtTheDeadline(RequestOf({TextLegOf(words + "tea")}), 30);
}

TEST_F(SearchDeadlineTest, AScanOfVectorsEndsAtTheDeadline) {
  std::vector<Operation> operations;
  for (int i = 0; i < 5000; ++i) {
    WriteMemory write = MemoryOf("m" + std::to_string(i), "");
    write.content.vectors["default"] = DenseVector(1024, static_cast<float>(i + 1));
    operations.emplace_back(std::move(write));
  }
  NamespaceConfig config;
  config.vectors["default"].metric = Metric::kDot;
  Write({CreateNamespace{config}});
  Write(std::move(operations));
  ExpectEndsAtTheDeadline(RequestOf({VectorLegOf(std::vector<float>(1024, 1))}), 20);
}

}  // namespace
}  // namespace engram::search

// Stores that earlier releases wrote, kept in tests/fixtures/stores, are opened by this one; a store of a later format
// is refused.
//
// A release adds a folder of its own: ENGRAM_KEEP_STORE=tests/fixtures/stores/NAME engine_faults_test
// --gtest_filter='*KeptStore*' writes what these tests expect.
#include <cstdlib>
#include <filesystem>

#include <gmock/gmock.h>

#include "engine/keys.h"
#include "engine/store.h"
#include "tests/engine/engine_fixture.h"

namespace engram {
namespace {

constexpr int kMemories = 24;

std::string IdOf(int i) { return "m" + std::to_string(i); }

class UpgradeTest : public ::testing::Test {
 protected:
  UpgradeTest() : clock_(kStart) {}

  EngineOptions Options(const std::string& folder) {
    EngineOptions options;
    options.data_dir = folder;
    options.clock = &clock_;
    options.sweep_interval = std::chrono::milliseconds(0);
    options.seal_rows = 10;
    options.seal_rest = std::chrono::milliseconds(0);
    return options;
  }
  void Open(const EngineOptions& options) {
    auto engine = Engine::Open(options);
    ASSERT_TRUE(engine.ok()) << engine.status().ToString();
    engine_ = std::move(*engine);
    auto tenant = engine_->FindTenant("default", true);
    ASSERT_TRUE(tenant.ok()) << tenant.status().ToString();
    tenant_ = *tenant;
  }
  NamespaceRef Ref() const { return {tenant_, "kept"}; }
  MutationResult Write(std::vector<Operation> operations) {
    Mutation mutation;
    mutation.tenant = tenant_;
    mutation.namespace_name = "kept";
    mutation.operations = std::move(operations);
    return engine_->Write(std::move(mutation), Durability::kSync);
  }

  // Something of everything that has a form of its own on disk.
  void Fill() {
    NamespaceConfig config;
    config.text.analyzer = "english";
    VectorSpace space;
    space.dimensions = 4;
    config.vectors["default"] = space;
    ASSERT_TRUE(Write({CreateNamespace{config}}).status.ok());
    for (int i = 0; i < kMemories; ++i) {
      WriteMemory write = MemoryOf(IdOf(i), "memory number w" + std::to_string(i) + " of green tea");
      write.content.vectors["default"] = DenseVector{1, static_cast<float>(i), 0.5F, -1};
      write.attributes.metadata["n"] = Value(int64_t{i});
      write.attributes.scopes.user_id = i % 2 == 0 ? "ann" : "bob";
      write.attributes.scopes.run_id = "r" + std::to_string(i % 3);
      ASSERT_TRUE(Write({std::move(write)}).status.ok());
      if (i == 12) {
        (void)engine_->Count(Ref(), {}, {});
      }
    }
    WriteEdge edge;
    edge.edge.type = "about";
    edge.source_id = IdOf(0);
    edge.target_id = "topic:tea";
    ASSERT_TRUE(Write({std::move(edge)}).status.ok());
    WriteMemory again = MemoryOf(IdOf(1), "the second version of memory one");
    again.attributes.scopes.user_id = "bob";
    again.attributes.scopes.run_id = "r1";
    ASSERT_TRUE(Write({std::move(again)}).status.ok());
    ASSERT_TRUE(Write({DeleteMemory{IdOf(2), {}, {}, false, false}}).status.ok());
    while (engine_->Status().sealing_jobs > 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    ASSERT_GT(engine_->Status().segments_sealed, 0U);
  }

  void ExpectWhatWasFilledIn() {
    const auto info = engine_->DescribeNamespace(Ref(), {});
    ASSERT_TRUE(info.ok()) << info.status().ToString();
    EXPECT_EQ(info->memories, static_cast<uint64_t>(kMemories - 1));
    EXPECT_EQ(info->edges, 1U);
    EXPECT_EQ(info->config.text.analyzer, "english");
    Include everything;
    everything.vectors = true;
    const auto one = engine_->Get(Ref(), {IdOf(1), IdOf(2), IdOf(5)}, everything, {});
    ASSERT_TRUE(one.ok()) << one.status().ToString();
    ASSERT_EQ(one->memories.size(), 2U);
    EXPECT_EQ(one->memories[0].content.text, "the second version of memory one");
    EXPECT_EQ(one->memories[1].attributes.metadata.at("n"), Value(int64_t{5}));
    const auto history = engine_->History(Ref(), IdOf(1));
    ASSERT_TRUE(history.ok()) << history.status().ToString();
    EXPECT_EQ(history->size(), 2U);
    WalkRequest from_first;
    from_first.seeds = {IdOf(0)};
    const auto walk = engine_->Expand(Ref(), from_first);
    ASSERT_TRUE(walk.ok()) << walk.status().ToString();
    EXPECT_EQ(walk->edges.size(), 1U);
    SearchRequest request;
    request.legs.resize(1);
    request.legs[0].name = "text";
    request.legs[0].text = "w7";
    const auto found = engine_->Search(Ref(), request, {});
    ASSERT_TRUE(found.ok()) << found.status().ToString();
    ASSERT_EQ(found->hits.size(), 1U);
    EXPECT_EQ(found->hits[0].id, IdOf(7));
    const auto report = engine_->CheckNamespace(Ref());
    ASSERT_TRUE(report.ok()) << report.status().ToString();
    EXPECT_EQ(report->problems, std::vector<std::string>());
  }

  ManualClock clock_;
  std::unique_ptr<Engine> engine_;
  TenantId tenant_;
};

std::filesystem::path KeptStores() { return std::filesystem::path(ENGRAM_SOURCE_DIR) / "tests/fixtures/stores"; }

TEST_F(UpgradeTest, KeptStoreIsWritten) {
  const char* folder = std::getenv("ENGRAM_KEEP_STORE");
  const TempDirectory scratch;
  const std::string path = folder ? std::string(folder) : scratch.path() + "/store";
  Open(Options(path));
  ASSERT_NO_FATAL_FAILURE(Fill());
  ExpectWhatWasFilledIn();
  engine_.reset();
}

TEST_F(UpgradeTest, KeptStoresAreOpened) {
  size_t stores = 0;
  for (const auto& kept : std::filesystem::directory_iterator(KeptStores())) {
    SCOPED_TRACE(kept.path().filename().string());
    ++stores;
    const TempDirectory scratch;
    const std::string copy = scratch.path() + "/store";
    std::filesystem::copy(kept.path(), copy, std::filesystem::copy_options::recursive);
    Open(Options(copy));
    ASSERT_NO_FATAL_FAILURE(ExpectWhatWasFilledIn());
    // It goes on from there, and is found again.
    ASSERT_TRUE(Write({MemoryOf("new", "written by this release")}).status.ok());
    ASSERT_TRUE(Write({DeleteMemory{"new", {}, {}, false, true}}).status.ok());
    engine_.reset();
    Open(Options(copy));
    ExpectWhatWasFilledIn();
    engine_.reset();
  }
  EXPECT_GT(stores, 0U);
}

TEST_F(UpgradeTest, ALaterFormatIsRefused) {
  const TempDirectory scratch;
  Open(Options(scratch.path()));
  engine_.reset();
  {
    StoreOptions options;
    options.path = scratch.path() + "/rows";
    const auto store = Store::Open(options);
    ASSERT_TRUE(store.ok()) << store.status().ToString();
    auto overlay = (*store)->NewOverlay();
    std::string later;
    AppendKey32(&later, 999);
    overlay->Put(keys::Scope(keys::kSystemTenant, keys::kDirectory) + keys::kFormat, later);
    ASSERT_TRUE((*store)->Commit(std::move(overlay), /*sync=*/true).ok());
  }
  const auto engine = Engine::Open(Options(scratch.path()));
  EXPECT_EQ(engine.status().code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(engine.status().message(), testing::HasSubstr("format 999"));
}

}  // namespace
}  // namespace engram

// Verification of a store that is open: nothing is found where nothing is wrong, whoever writes meanwhile; what is
// wrong is found, and stops writes to its namespace alone.
#include "engine/doctor/verify_jobs.h"

#include <atomic>
#include <thread>

#include <gmock/gmock.h>

#include "tests/engine/doctor/planted_store.h"

namespace engram {
namespace {

using Phase = VerifyJobState::Phase;
using Rows = DamagedCopy::Rows;

class VerifyJobsTest : public ::testing::Test {
 protected:
  VerifyJobsTest() { options_.share = 0.9; }

  void Open() {
    EngineOptions options = original_.Options();
    options.data_dir = copy_.path();
    auto engine = Engine::Open(options);
    ASSERT_TRUE(engine.ok()) << engine.status().ToString();
    engine_ = std::move(*engine);
    jobs_.emplace(&LiveStoreOf(*engine_), options_);
  }
  void TearDown() override {
    jobs_.reset();
    engine_.reset();
  }

  MutationResult Write(const std::string& ns, const std::string& id) {
    Mutation mutation;
    mutation.tenant = PlantedStore::kTenant;
    mutation.namespace_name = ns;
    mutation.operations = {MemoryOf(id, "text of " + id)};
    return WriteWhenThereIsRoom(engine_.get(), mutation);
  }

  VerifyJobState Run(const VerifyTarget& target = {}) {
    const Status started = jobs_->Start(target);
    EXPECT_TRUE(started.ok()) << started.ToString();
    return End();
  }
  VerifyJobState End() {
    while (jobs_->state().phase == Phase::kRunning) std::this_thread::yield();
    return jobs_->state();
  }
  static std::string TextsOf(const VerifyJobState& state) {
    std::string texts = state.error;
    for (const Finding& finding : state.report.findings.kept()) texts += ToText(finding) + "\n";
    return texts;
  }

  const PlantedStore original_;
  DamagedCopy copy_{original_};
  VerifyOptionsOfServer options_;
  std::unique_ptr<Engine> engine_;
  std::optional<VerifyJobs> jobs_;
};

TEST_F(VerifyJobsTest, NothingIsFoundWhereNothingIsWrongWhileOthersWrite) {
  Open();
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    for (int i = 0; !stop; ++i) {
      const std::string id = "new " + std::to_string(i % 300);
      const MutationResult written = Write(i % 3 == 0 ? "ns" : "busy", id);
      EXPECT_TRUE(written.status.ok()) << written.status.ToString();
      if (i % 50 != 7) continue;
      Mutation deletion;
      deletion.tenant = PlantedStore::kTenant;
      deletion.namespace_name = "busy";
      DeleteMemory gone;
      gone.id = id;
      gone.erase = i % 100 == 7;
      deletion.operations = {gone};
      engine_->Write(std::move(deletion), Durability::kBuffered);
    }
  });
  for (const DoctorDepth depth : {DoctorDepth::kQuick, DoctorDepth::kSample, DoctorDepth::kFull}) {
    VerifyTarget target;
    target.depth = depth;
    const VerifyJobState state = Run(target);
    EXPECT_EQ(state.phase, Phase::kDone) << TextsOf(state);
    EXPECT_EQ(TextsOf(state), "");
    EXPECT_GE(state.report.namespaces, 1U);
    EXPECT_EQ(state.report.memories > 0, depth != DoctorDepth::kQuick);
    EXPECT_EQ(state.report.files > 0, depth == DoctorDepth::kFull);
  }
  stop = true;
  writer.join();
  EXPECT_EQ(jobs_->findings(), 0U);
}

TEST_F(VerifyJobsTest, ANamespaceWhoseRowsAreDamagedIsNamedAndReadOnlyAndOthersAreNot) {
  copy_.Change([](Rows& rows) { rows.ns_batch.Put(keys::Id("9"), "\x01\x02"); });
  Open();
  ASSERT_TRUE(Write("healthy", "a").status.ok());
  ASSERT_TRUE(Write("ns", "b").status.ok());
  const VerifyJobState state = Run();
  EXPECT_EQ(state.phase, Phase::kDone);
  ASSERT_GT(state.report.findings.count(), 0U);
  EXPECT_EQ(state.report.findings.kept().front().name, "ns");
  EXPECT_EQ(state.report.namespaces, 2U) << "the pass goes on behind what is damaged";
  EXPECT_EQ(Write("ns", "c").status.code(), StatusCode::kUnavailable);
  EXPECT_TRUE(Write("healthy", "c").status.ok());
}

TEST_F(VerifyJobsTest, OneNamespaceOrOneTenantAloneCanBeAskedFor) {
  copy_.Change([](Rows& rows) { rows.ns_batch.Put(keys::Id("9"), "\x01\x02"); });
  Open();
  ASSERT_TRUE(Write("healthy", "a").status.ok());
  const auto healthy = engine_->FindNamespace({PlantedStore::kTenant, "healthy"});
  ASSERT_TRUE(healthy.ok());
  VerifyTarget target;
  target.tenant = PlantedStore::kTenant;
  target.ns = *healthy;
  VerifyJobState state = Run(target);
  EXPECT_EQ(state.report.namespaces, 1U);
  EXPECT_EQ(state.report.memories, 1U);
  EXPECT_EQ(TextsOf(state), "");
  target.ns.reset();
  state = Run(target);
  EXPECT_EQ(state.report.namespaces, 2U);
  EXPECT_GT(state.report.findings.count(), 0U);
  EXPECT_EQ(state.report.files, 0U) << "files of rows belong to all tenants";
}

TEST_F(VerifyJobsTest, WrongSegmentsAreToldAndStopNoWriter) {
  for (const auto& entry : std::filesystem::directory_iterator(copy_.path() + "/segments")) {
    std::filesystem::resize_file(entry.path(), std::filesystem::file_size(entry.path()) / 2);
  }
  Open();
  const VerifyJobState state = Run();
  EXPECT_TRUE(state.report.findings.counts().contains(FindingKind::kSegmentDamaged)) << TextsOf(state);
  EXPECT_TRUE(Write("ns", "b").status.ok());
}

TEST_F(VerifyJobsTest, OneRunsAtATimeAndEndsWhenItIsCancelled) {
  options_.share = 0.000'001;  // it rests
  Open();
  ASSERT_TRUE(jobs_->Start({}).ok());
  EXPECT_EQ(jobs_->Start({}).code(), StatusCode::kAlreadyExists);
  jobs_->Cancel();
  EXPECT_EQ(End().phase, Phase::kCancelled);
  jobs_->Cancel();
  EXPECT_EQ(jobs_->state().phase, Phase::kCancelled) << "nothing to cancel any more";
  ASSERT_TRUE(jobs_->Start({}).ok());
  jobs_.reset();  // the end of a server: does not wait for the pass
}

TEST_F(VerifyJobsTest, SamplesGoRoundAndFindWhatIsWrongUnasked) {
  copy_.Change([](Rows& rows) {
    for (int i = 0; i < kPlantedMemories; ++i) rows.ns_batch.Put(keys::Id(std::to_string(i)), "\x01\x02");
  });
  options_.interval = std::chrono::milliseconds(1);
  options_.sampling_share = 0.9;
  Open();
  ASSERT_TRUE(Write("healthy", "a").status.ok());
  while (jobs_->sampling().rounds < 2) std::this_thread::yield();
  EXPECT_GT(jobs_->sampling().findings, 0U);
  EXPECT_GE(jobs_->sampling().namespaces, 3U);
  EXPECT_EQ(jobs_->state().phase, Phase::kIdle) << "samples are no job";
  EXPECT_EQ(Write("ns", "c").status.code(), StatusCode::kUnavailable);
  EXPECT_TRUE(Write("healthy", "c").status.ok());
}

}  // namespace
}  // namespace engram

// A check of stores that nothing happened to finds nothing: random writes, deletes, expiries, runs, edges, erasures and
// drops, sealed in small stretches.
//
// ENGRAM_TEST_SEED picks the first seed; ENGRAM_LONG=1 takes 1,000 stores.
#include <cstdlib>

#include "engine/doctor/doctor.h"
#include "tests/engine/model/model_fixture.h"

namespace engram::model {
namespace {

uint64_t StoreCount() { return std::getenv("ENGRAM_LONG") == nullptr ? 30 : 1'000; }

class RandomStore final : public ModelFixture {
 public:
  explicit RandomStore(uint64_t seed) : ModelFixture(seed) {}
  void TestBody() override {}

  void Fill(uint64_t operations) {
    OpenSmall();
    CreateNamespace();
    if (generator_.OneIn(3)) LoadAnother();
    while (operations_ < operations && !HasFatalFailure()) {
      const uint32_t what = generator_.Pick(100);
      if (what < 8) {
        Advance(generator_.Pick(30));
      } else if (what < 12) {
        Sweep();
      } else if (what < 14) {
        ChangeByFilter();
      } else if (what < 16) {
        OpenSmall();
      } else if (what < 30) {
        CheckGet(generator_.RandomId());
        (void)engine_->Count(Ref(), {}, {});
      } else {
        MutateBoth();
      }
    }
    if (generator_.OneIn(6)) {
      ASSERT_TRUE(engine_->Write(NewMutation({DropNamespace{}}), Durability::kBuffered).status.ok());
      if (generator_.OneIn(2)) {
        ASSERT_TRUE(engine_->SweepNow().ok());
      }
    }
    if (generator_.OneIn(2)) Advance(100'000);
  }

  size_t SegmentFiles() const {
    const std::filesystem::directory_iterator files(directory_.path() + "/segments");
    return static_cast<size_t>(std::distance(begin(files), end(files)));
  }

  Result<DoctorReport> Verify() {
    engine_.reset();
    FolderOptions options;
    options.data_dir = directory_.path();
    options.clock = &clock_;
    return ExamineFolder(options);
  }

 private:
  // Stretches of ten memories are sealed, forty vectors get a graph.
  void OpenSmall() {
    TouchTwin();
    engine_.reset();
    EngineOptions options = Options();
    options.seal_rows = 10;
    options.graph_rows = 40;
    auto engine = Engine::Open(options);
    ASSERT_TRUE(engine.ok()) << engine.status().ToString();
    engine_ = std::move(*engine);
  }
};

TEST(CleanStoresTest, NothingIsFoundWhereNothingIsWrong) {
  const uint64_t first = TestSeed(20'260'400);
  uint64_t memories = 0;
  uint64_t segments = 0;
  for (uint64_t seed = first; seed < first + StoreCount(); ++seed) {
    SCOPED_TRACE("ENGRAM_TEST_SEED=" + std::to_string(seed));
    RandomStore store(seed);
    ASSERT_NO_FATAL_FAILURE(store.Fill(300));
    const auto report = store.Verify();
    ASSERT_TRUE(report.ok()) << report.status().ToString();
    std::string found;
    for (const Finding& finding : report->findings.kept()) found += ToText(finding) + "\n";
    ASSERT_EQ(found, "");
    memories += report->memories;
    segments += store.SegmentFiles();
  }
  EXPECT_GT(memories, 0U);
  EXPECT_GT(segments, 0U);
}

}  // namespace
}  // namespace engram::model

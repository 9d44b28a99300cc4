// Serving a store of which one namespace, or one block, is damaged: the rest goes on.
#include <fstream>

#include <gmock/gmock.h>

#include "tests/engine/doctor/planted_store.h"

namespace engram {
namespace {

using ::testing::HasSubstr;
using Rows = DamagedCopy::Rows;

class DamagedNamespaceTest : public ::testing::Test {
 protected:
  void Open() {
    EngineOptions options = original_.Options();
    options.data_dir = copy_.path();
    auto engine = Engine::Open(options);
    ASSERT_TRUE(engine.ok()) << engine.status().ToString();
    engine_ = std::move(*engine);
  }
  MutationResult Write(const std::string& ns, const std::string& id) {
    Mutation mutation;
    mutation.tenant = PlantedStore::kTenant;
    mutation.namespace_name = ns;
    mutation.operations = {MemoryOf(id, "text")};
    return engine_->Write(std::move(mutation), Durability::kBuffered);
  }
  Result<GetReply> Get(const std::string& ns, const std::string& id) {
    return engine_->Get({PlantedStore::kTenant, ns}, {id}, {}, {});
  }
  double Damaged() {
    for (const auto& [name, value] : engine_->Status().gauges) {
      if (name == "engram_damaged_namespaces") return value;
    }
    return -1;
  }

  const PlantedStore original_;
  DamagedCopy copy_{original_};
  std::unique_ptr<Engine> engine_;
};

TEST_F(DamagedNamespaceTest, AWriteThatMeetsDamageMakesItsNamespaceReadOnly) {
  copy_.Change([](Rows& rows) { rows.ns_batch.Put(keys::Id("9"), "\x01\x02"); });
  Open();
  ASSERT_TRUE(Write("healthy", "a").status.ok());
  EXPECT_EQ(Damaged(), 0);
  EXPECT_TRUE(Write("ns", "new").status.ok());

  const MutationResult met = Write("ns", "9");
  EXPECT_EQ(met.status.code(), StatusCode::kUnavailable) << met.status.ToString();
  EXPECT_THAT(met.status.message(), HasSubstr("engram verify"));
  EXPECT_EQ(Write("ns", "newer").status.code(), StatusCode::kUnavailable);
  EXPECT_EQ(Damaged(), 1);

  EXPECT_TRUE(Write("healthy", "b").status.ok());
  const auto sound = Get("ns", "8");
  ASSERT_TRUE(sound.ok()) << sound.status().ToString();
  EXPECT_EQ(sound->memories.size(), 1U);
  EXPECT_EQ(Get("ns", "9").status().code(), StatusCode::kCorruption);
}

TEST_F(DamagedNamespaceTest, ANamespaceThatCantBeReadKeepsNoOtherFromOpeningAndSweeping) {
  copy_.Change([](Rows& rows) { rows.ns_batch.Put(keys::Key(keys::kCounters), "\x07"); });
  Open();
  ASSERT_TRUE(Write("healthy", "a").status.ok());
  EXPECT_TRUE(engine_->SweepNow().ok());
  EXPECT_EQ(Write("ns", "new").status.code(), StatusCode::kUnavailable);
  EXPECT_EQ(Get("ns", "8").status().code(), StatusCode::kCorruption);
  EXPECT_EQ(Get("healthy", "a")->memories.size(), 1U);
}

TEST_F(DamagedNamespaceTest, ADamagedBlockFailsOnlyWhatNeedsIt) {
  std::string file;
  for (const auto& entry : std::filesystem::directory_iterator(copy_.path() + "/rows")) {
    if (entry.path().extension() == ".sst") file = entry.path();
  }
  {
    // Rows of contents: what lists and counts don't read.
    std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
    const auto at = static_cast<std::streamoff>(std::filesystem::file_size(file) / 2);
    bytes.seekp(at);
    bytes.write("damaged", 7);
  }
  Open();
  ASSERT_TRUE(Write("healthy", "a").status.ok());
  size_t sound = 0;
  for (int i = 0; i < kPlantedMemories; ++i) {
    const auto reply = Get("ns", std::to_string(i));
    if (!reply.ok()) {
      EXPECT_EQ(reply.status().code(), StatusCode::kCorruption) << reply.status().ToString();
    }
    if (reply.ok()) ++sound;
  }
  EXPECT_GT(sound, 0U);
  EXPECT_EQ(Get("healthy", "a")->memories.size(), 1U);
}

// Nobody says how long the log of a store was that wasn't closed: it must be readable to its end.
TEST_F(DamagedNamespaceTest, ALogIsWholeAfterACrashUnlessItIsDamaged) {
  const DamagedCopy crashed(original_, original_.crashed_path());
  EXPECT_EQ(Texts(crashed.Verify()), "");
  std::filesystem::path log;
  for (const auto& entry : std::filesystem::directory_iterator(crashed.path() + "/rows")) {
    const bool longer = log.empty() || entry.file_size() > std::filesystem::file_size(log);
    if (entry.path().extension() == ".log" && longer) log = entry.path();
  }
  ASSERT_FALSE(log.empty());
  std::fstream bytes(log, std::ios::in | std::ios::out | std::ios::binary);
  bytes.seekp(static_cast<std::streamoff>(std::filesystem::file_size(log) / 2));
  bytes.write("damaged", 7);
  bytes.close();
  const DoctorReport report = crashed.Verify();
  EXPECT_TRUE(report.findings.counts().contains(FindingKind::kLogTailLost)) << Texts(report);
}

}  // namespace
}  // namespace engram

// Segments through their life: sealed, searched beside what is fresh, merged, found again after a restart, done without
// when they are damaged or gone.
#include <chrono>
#include <fstream>
#include <iterator>
#include <random>
#include <thread>

#include <gmock/gmock.h>

#include "engine/segments/merge_policy.h"
#include "engine/segments/segment_folder.h"
#include "engine/segments/segment_rows.h"
#include "tests/engine/engine_fixture.h"
#include "tests/index/random_seed.h"

namespace engram {
namespace {

constexpr uint64_t kSealRows = 40;

class SegmentsTest : public EngineFixture {
 protected:
  SegmentsTest() : random_(TestSeed(7)) { OpenSmall(); }

  void OpenSmall() {
    engine_.reset();
    EngineOptions options = Options();
    options.seal_rows = kSealRows;
    options.graph_rows = 100;
    options.seal_rest = rest_;
    auto engine = Engine::Open(options);
    ASSERT_TRUE(engine.ok()) << engine.status().ToString();
    engine_ = std::move(*engine);
  }

  WriteMemory Random(const std::string& id) {
    WriteMemory write = MemoryOf(id, "");
    for (int i = 0; i < 6; ++i) write.content.text += "w" + std::to_string(random_() % 50) + " ";
    DenseVector vector(8);
    for (float& x : vector) x = std::normal_distribution<float>()(random_);
    write.content.vectors["default"] = std::move(vector);
    write.attributes.metadata["n"] = Value(static_cast<int64_t>(random_() % 10));
    return write;
  }

  void WriteMany(int from, int to) {
    for (int i = from; i < to; ++i) {
      const MutationResult result = WriteWhenThereIsRoom(engine_.get(), NewMutation({Random(std::to_string(i))}));
      ASSERT_TRUE(result.status.ok()) << result.status.ToString();
    }
  }

  MutationResult Delete(const std::string& id, bool erase = false) {
    DeleteMemory deletion;
    deletion.id = id;
    deletion.erase = erase;
    return Write(std::move(deletion));
  }

  std::vector<std::string> Files() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(directory_.path() + "/segments")) {
      names.push_back(entry.path().filename());
    }
    return names;
  }

  bool AnyFileHolds(std::string_view wanted) const {
    for (const std::string& name : Files()) {
      std::ifstream file(directory_.path() + "/segments/" + name, std::ios::binary);
      const std::string bytes((std::istreambuf_iterator<char>(file)), {});
      if (bytes.find(wanted) != std::string::npos) return true;
    }
    return false;
  }

  // Until the sealer has nothing to do. Twice, since a merge may find damage, which sealing then sees to.
  void WaitForSealer() {
    for (int idle = 0; idle < 2;) {
      idle = engine_->Status().sealing_jobs == 0 ? idle + 1 : 0;
      if (idle == 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }

  // Read first, so that all of it is sealed and gets graphs.
  void FillAndSeal(int memories) {
    ASSERT_TRUE(Write(Random("first")).status.ok());
    (void)Find("w1");
    WriteMany(0, memories);
    WaitForSealer();
  }

  std::vector<std::pair<std::string, double>> Find(const std::string& text) {
    SearchRequest request;
    request.top_k = 20;
    request.exact = true;
    request.legs.resize(2);
    request.legs[0].name = "text";
    request.legs[0].text = text;
    request.legs[1].name = "vector";
    request.legs[1].type = LegType::kVector;
    request.legs[1].vector = {1, 0, 0.5, 0, -1, 0, 0.25, 0};
    request.filter = *ParseFilter(Value(Value::Object{{"metadata.n", Value(Value::Object{{"lt", Value(8)}})}}));
    const auto reply = engine_->Search(Ref(), request, {});
    EXPECT_TRUE(reply.ok()) << reply.status().ToString();
    std::vector<std::pair<std::string, double>> hits;
    if (!reply.ok()) return hits;
    for (const SearchHit& hit : reply->hits) hits.emplace_back(hit.id, hit.score);
    return hits;
  }

  // What it finds is what an index made of rows alone would: nothing is ever sealed in the other engine.
  void ExpectFindsAsWithoutSegments() {
    std::vector<std::vector<std::pair<std::string, double>>> with;
    for (const char* text : {"w1 w2 w3", "\"w4 w5\" w6", "+w7 w8", "w9"}) with.push_back(Find(text));
    ExpectConsistent();
    engine_.reset();
    std::filesystem::remove_all(directory_.path() + "/segments");
    Open();  // with limits that nothing here reaches
    size_t i = 0;
    for (const char* text : {"w1 w2 w3", "\"w4 w5\" w6", "+w7 w8", "w9"}) EXPECT_EQ(with[i++], Find(text)) << text;
    OpenSmall();
  }

  uint64_t Unsealed() {
    const auto info = engine_->DescribeNamespace(Ref(), {});
    EXPECT_TRUE(info.ok()) << info.status().ToString();
    return info->indexes.at("vector").unsealed;
  }

  std::mt19937_64 random_;
  std::chrono::milliseconds rest_{0};
};

TEST_F(SegmentsTest, ASmallNamespaceHasNone) {
  WriteMany(0, 30);
  (void)Find("w1");
  WaitForSealer();
  EXPECT_TRUE(Files().empty());
}

TEST_F(SegmentsTest, WhatHasGrownIsSealedAndFoundAsBefore) {
  FillAndSeal(300);
  EXPECT_FALSE(Files().empty());
  for (int i = 0; i < 300; i += 7) {
    ASSERT_TRUE(Delete(std::to_string(i)).status.ok());
    ASSERT_TRUE(Write(Random(std::to_string(i + 1))).status.ok());
  }
  ExpectFindsAsWithoutSegments();
}

TEST_F(SegmentsTest, WhatIsLeftIsSealedWhenNothingIsWrittenForAWhile) {
  FillAndSeal(300);
  rest_ = std::chrono::milliseconds(20);
  OpenSmall();
  (void)Find("w1");
  WriteMany(300, 300 + kSealRows / 2);
  // An index that rests in the middle of the writes, on a slow machine, keeps the few that come after.
  constexpr uint64_t kKeptMax = kSealRows / 4 - 1;
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (Unsealed() > kKeptMax && std::chrono::steady_clock::now() < give_up) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  EXPECT_LE(Unsealed(), kKeptMax);
  WaitForSealer();
  ExpectFindsAsWithoutSegments();
}

TEST_F(SegmentsTest, ARestartFindsTheSame) {
  FillAndSeal(500);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(Delete(std::to_string(i * 3)).status.ok());
  const auto before = Find("w1 w2 w3");
  OpenSmall();
  EXPECT_EQ(Find("w1 w2 w3"), before);
  WriteMany(500, 700);
  WaitForSealer();
  OpenSmall();
  ExpectFindsAsWithoutSegments();
}

// What changed without new content since the segments were written: attributes, state records, runs.
TEST_F(SegmentsTest, ARestartKnowsWhatChangedSince) {
  FillAndSeal(300);
  const uint64_t files = engine_->DescribeNamespace(Ref(), {})->indexes.at("attribute").segments;
  EXPECT_GT(files, 0U);
  for (int i = 0; i < 300; ++i) {
    PatchMemory patch;
    patch.id = std::to_string(i);
    if (i % 5 == 0) patch.metadata = Value::Object{{"n", Value(i % 10)}, {"zqpatched", Value(true)}};
    if (i % 7 == 0) patch.state = MemoryState::kArchived;
    if (i % 11 == 0) patch.record.pinned = true;
    if (i % 13 == 0) patch.record.importance = 0.5;
    ASSERT_TRUE(Write(std::move(patch)).status.ok());
  }
  const auto before = Find("w1 w2 w3");
  OpenSmall();
  EXPECT_EQ(Find("w1 w2 w3"), before);
  ExpectConsistent();
  // Much of the segments said what no longer was: they were written anew.
  WaitForSealer();
  EXPECT_TRUE(AnyFileHolds("zqpatched"));
  ExpectFindsAsWithoutSegments();
}

TEST_F(SegmentsTest, ManyChangesLeaveFewFiles) {
  (void)Write(Random("first"));
  (void)Find("w1");
  for (int cycle = 0; cycle < 10; ++cycle) WriteMany(0, 200);
  WaitForSealer();
  // 2,000 contents went in; 201 live. Tiers of 4 by a factor of 4, three indexes.
  EXPECT_LE(Files().size(), 36U);
  ExpectFindsAsWithoutSegments();
}

TEST_F(SegmentsTest, DamagedAndMissingFilesAreDoneWithout) {
  FillAndSeal(300);
  const auto before = Find("w1 w2 w3");
  for (const bool missing : {false, true}) {
    const std::vector<std::string> files = Files();
    ASSERT_FALSE(files.empty());
    engine_.reset();
    const std::string path = directory_.path() + "/segments/" + files[random_() % files.size()];
    if (missing) {
      std::filesystem::remove(path);
    } else {
      std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
      file.seekp(static_cast<std::streamoff>(40));
      file.write("damaged!", 8);
    }
    OpenSmall();
    EXPECT_EQ(Find("w1 w2 w3"), before);
    WaitForSealer();
    ExpectConsistent();
    EXPECT_EQ(Find("w1 w2 w3"), before);
  }
}

TEST_F(SegmentsTest, DamageThatASearchMeetsIsRepaired) {
  NamespaceConfig config;
  config.vectors["default"] = {VectorType::kDense, 8, Metric::kDot, {}};  // stored as given
  ASSERT_TRUE(Create(config).status.ok());
  (void)Find("w1");
  WriteMany(0, 300);
  WaitForSealer();
  const auto before = Find("w1 w2 w3");
  const DenseVector vector = std::get<DenseVector>(Get("150")->content.vectors.at("default"));
  OpenSmall();
  // Loads the index, but touches no vector: those are checked when they are first read.
  ASSERT_TRUE(engine_->Count(Ref(), std::nullopt, {}).ok());
  const std::string pattern(reinterpret_cast<const char*>(vector.data()), vector.size() * sizeof(float));
  int damaged = 0;
  for (const std::string& name : Files()) {
    std::fstream file(directory_.path() + "/segments/" + name, std::ios::in | std::ios::out | std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(file)), {});
    const size_t at = bytes.find(pattern);
    if (at == std::string::npos) continue;
    file.clear();
    file.seekp(static_cast<std::streamoff>(at));
    file.write("damaged!", 8);
    ++damaged;
  }
  ASSERT_EQ(damaged, 1);
  SearchRequest request;
  request.exact = true;
  request.legs.resize(1);
  request.legs[0].name = "vector";
  request.legs[0].type = LegType::kVector;
  request.legs[0].vector = vector;
  const auto reply = engine_->Search(Ref(), request, {});
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.status().code(), StatusCode::kUnavailable);
  EXPECT_TRUE(reply.status().retry_after_seconds().has_value());
  WaitForSealer();
  EXPECT_EQ(Find("w1 w2 w3"), before);
  ExpectConsistent();
}

TEST_F(SegmentsTest, WhatIsErasedLeavesTheFiles) {
  const auto holds_secret = [&] { return AnyFileHolds("zqsecret"); };
  WriteMemory secret = Random("secret");
  secret.content.text += " zqsecret";
  secret.attributes.metadata["note"] = Value("zqsecret");
  ASSERT_TRUE(Write(secret).status.ok());
  (void)Find("w1");
  WriteMany(0, 300);
  WaitForSealer();
  ASSERT_TRUE(holds_secret());
  // Its former version is dead in there, but still to be read.
  ASSERT_TRUE(Write(Random("secret")).status.ok());
  WaitForSealer();
  ASSERT_TRUE(holds_secret());
  for (const bool loaded : {true, false}) {
    if (!loaded) OpenSmall();
    ASSERT_TRUE(Delete(loaded ? "secret" : "17", true).status.ok());
    WaitForSealer();
    EXPECT_FALSE(holds_secret());
  }
  ExpectFindsAsWithoutSegments();
}

TEST_F(SegmentsTest, WhatIsWrittenAtLengthWithoutBeingReadIsSealedButGetsNoGraph) {
  WriteMany(0, 2 * kSealRows);
  WaitForSealer();
  EXPECT_TRUE(Files().empty());
  WriteMany(2 * kSealRows, 70 * kSealRows);
  WaitForSealer();
  EXPECT_FALSE(Files().empty());
  EXPECT_FALSE(AnyFileHolds("links"));
  (void)Find("w1");
  WaitForSealer();
  EXPECT_TRUE(AnyFileHolds("links"));
  ExpectFindsAsWithoutSegments();
}

TEST_F(SegmentsTest, ALongLoadSealsOnItsWay) {
  Reopen();  // without small limits: all stays in rows
  WriteMany(0, 500);
  EXPECT_TRUE(Files().empty());
  OpenSmall();
  const auto found = Find("w1 w2 w3");
  EXPECT_GE(Files().size(), 2U);
  WaitForSealer();
  EXPECT_EQ(Find("w1 w2 w3"), found);
  ExpectFindsAsWithoutSegments();
}

TEST_F(SegmentsTest, ASmallNamespaceThatChangesALotHasNone) {
  (void)Write(Random("first"));
  (void)Find("w1");
  for (int i = 0; i < 40; ++i) WriteMany(0, 10);
  WaitForSealer();
  EXPECT_TRUE(Files().empty());
  ExpectFindsAsWithoutSegments();
}

// It is buried when the others are sealed, and its row is there until it is swept.
TEST_F(SegmentsTest, TheOnlyVectorOfASpaceMayExpireBeforeItIsSealed) {
  NamespaceConfig config;
  config.vectors["second"].dimensions = 3;
  ASSERT_TRUE(Create(config).status.ok());
  WriteMemory brief = MemoryOf("brief", "soon over");
  brief.content.vectors["second"] = DenseVector{1, 2, 3};
  brief.state.ttl_seconds.emplace(10);
  const MutationResult written = Write(std::move(brief));
  ASSERT_TRUE(written.status.ok()) << written.status.ToString();
  const auto before = engine_->Count(Ref(), {}, {});
  ASSERT_TRUE(before.ok()) << before.status().ToString();
  EXPECT_EQ(before->first, 1U);
  Advance(20);
  FillAndSeal(2 * kSealRows);
  OpenSmall();
  const auto count = engine_->Count(Ref(), {}, {});
  ASSERT_TRUE(count.ok()) << count.status().ToString();
  EXPECT_EQ(count->first, 2 * kSealRows + 1);
  ExpectConsistent();
}

TEST_F(SegmentsTest, ADroppedNamespaceLeavesNoFile) {
  FillAndSeal(300);
  EXPECT_FALSE(Files().empty());
  ASSERT_TRUE(Write(DropNamespace{}).status.ok());
  WaitForSealer();
  EXPECT_TRUE(Files().empty());
}

TEST_F(SegmentsTest, FilesThatNoManifestNamesGoWhenItOpens) {
  (void)Write(Random("first"));
  engine_.reset();
  for (const char* name : {"1-1-77.seg", "1-900-1.seg", "1-1-78.seg.tmp"}) {
    std::ofstream(directory_.path() + "/segments/" + name) << "left behind";
  }
  std::ofstream(directory_.path() + "/segments/README") << "somebody's";
  OpenSmall();
  EXPECT_EQ(Files(), std::vector<std::string>{"README"});
}

TEST_F(SegmentsTest, SealingTakesNoPosition) {
  FillAndSeal(300);
  EXPECT_FALSE(Files().empty());
  EXPECT_EQ(Info().position, Position(301));
}

TEST_F(SegmentsTest, LimitsOfZeroAreRefused) {
  engine_.reset();
  for (const bool rows : {true, false}) {
    EngineOptions options = Options();
    (rows ? options.seal_rows : options.seal_bytes) = 0;
    EXPECT_EQ(Engine::Open(options).status().code(), StatusCode::kInvalidArgument);
  }
}

TEST(SegmentRowTest, ComesBackAsItWas) {
  SegmentRow row;
  row.kind = SegmentKind::kVector;
  row.space = "images";
  row.slots = {Slot(7), Slot(70'000)};
  row.position = Position(1);
  row.bytes = 1 << 20;
  row.graph_tried = true;
  const std::string bytes = EncodeSegmentRow(row);
  EXPECT_EQ(*DecodeSegmentRow(bytes), row);
  for (size_t n = 0; n < bytes.size(); ++n) EXPECT_FALSE(DecodeSegmentRow(bytes.substr(0, n)).ok()) << n;
}

TEST(SegmentNameTest, NamesOnlyWhatItNames) {
  const SegmentName name{TenantId(3), NamespaceId(40), 5};
  EXPECT_EQ(SegmentFileName(name), "3-40-5.seg");
  EXPECT_EQ(ParseSegmentFileName("3-40-5.seg"), name);
  for (const char* other : {"3-40-5.seg.tmp", "03-40-5.seg", "3-40.seg", "3-40-5", "3--5.seg", "3-40-99999999999.seg",
                            "a-b-c.seg", "", "3-40-5.seg.seg"}) {
    EXPECT_FALSE(ParseSegmentFileName(other)) << other;
  }
}

TEST(PickMergeTest, TakesNeighboursOfOneTierAndWhatIsDead) {
  const MergePolicy policy;
  const auto sizes = [](std::vector<size_t> live) {
    std::vector<SealedSize> parts;
    for (const size_t n : live) parts.push_back({.rows = n, .live = n});
    return parts;
  };
  EXPECT_EQ(PickMerge({}, policy), std::nullopt);
  EXPECT_EQ(PickMerge(sizes({100, 100, 100}), policy), std::nullopt);
  EXPECT_EQ(PickMerge(sizes({100, 100, 100, 100}), policy), (MergeRange{0, 4}));
  EXPECT_EQ(PickMerge(sizes({100'000, 100, 100, 100, 100}), policy), (MergeRange{1, 5}));
  EXPECT_EQ(PickMerge(sizes({100'000, 100'000, 100'000, 10, 100'000}), policy), (MergeRange{0, 5}));
  MergePolicy bounded;
  bounded.rows_max = 1'000;
  EXPECT_EQ(PickMerge(sizes({300, 300, 300, 300, 20, 20, 20, 20}), bounded), (MergeRange{4, 8}));
  EXPECT_EQ(PickMerge(sizes({300, 300, 300, 300}), bounded), std::nullopt);
  std::vector<SealedSize> dead = sizes({100'000, 1'000, 100'000});
  dead[1].live = 790;
  EXPECT_EQ(PickMerge(dead, policy), (MergeRange{1, 2}));
  dead[1].live = 810;
  EXPECT_EQ(PickMerge(dead, policy), std::nullopt);
  dead[1].holds_erased = dead[2].holds_erased = true;
  EXPECT_EQ(PickMerge(dead, policy), (MergeRange{1, 2}));

  // Flat neighbours get a graph together, and with those beside that are not much larger.
  std::vector<SealedSize> flat = sizes({1'000'000, 5'000, 4'000, 100'000, 9'000, 7'000});
  for (const size_t i : {1, 2, 4}) flat[i].wants_graph = true;
  EXPECT_EQ(PickMerge(flat, policy), (MergeRange{1, 3}));
  flat[1].wants_graph = false;
  EXPECT_EQ(PickMerge(flat, policy), (MergeRange{4, 6}));
  flat[3].live = flat[3].rows = 36'000;
  EXPECT_EQ(PickMerge(flat, policy), (MergeRange{1, 6}));
  flat[4].wants_graph = false;
  EXPECT_EQ(PickMerge(flat, policy), std::nullopt);
}

}  // namespace
}  // namespace engram

// Segments that are merged from a part with a graph and others: when its graph is copied, what it is worth then, and
// what is left of that after many merges. ENGRAM_LONG=1 takes ten times the rows, and every metric.
#include <algorithm>
#include <random>

#include <gtest/gtest.h>

#include "base/testing/fault_file_system.h"
#include "index/vector/vector_index.h"
#include "index/vector/vector_sealer.h"
#include "tests/index/random_seed.h"
#include "tests/index/vector/vector_mixture.h"

namespace engram {
namespace {

constexpr size_t kDimensions = 24;
constexpr size_t kNearest = 10;

// Little effort, to be quick.
const SealOptions kFlat = {};
const SealOptions kCopied = {.graph = true, .ef_construction = 48};
const SealOptions kBuilt = {.graph = true, .copy_graph = false, .ef_construction = 48};

// Building graphs takes nearly all of the time, and a sanitizer makes ten times as much of it.
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr size_t kUnit = 300;
#else
constexpr size_t kUnit = 1'000;
#endif

bool IsLong() {
  const char* text = std::getenv("ENGRAM_LONG");
  return text && std::string(text) == "1";
}

// An index that is filled and merged part by part.
class Merging {
 public:
  explicit Merging(Metric metric, size_t dimensions = kDimensions)
      : index_(static_cast<uint32_t>(dimensions), metric) {}

  template <class Next>
  void Add(size_t n, Next next) {
    for (size_t i = 0; i < n; ++i) {
      index_.Add(Slot(next_), next());
      live_.push_back(next_++);
    }
    index_.Freeze();
  }
  void Remove(size_t n) {
    for (size_t i = 0; i < n; ++i) {
      std::swap(live_[random_() % live_.size()], live_.back());
      index_.Remove(Slot(live_.back()));
      live_.pop_back();
    }
  }

  // The file of all parts as one segment, and that segment.
  std::string Seal(const SealOptions& options) {
    const std::string path = "/" + std::to_string(++files_made_);
    const auto sealed = VectorIndex::Seal(Parts(), files_, path, options);
    EXPECT_TRUE(sealed.ok()) << sealed.status().ToString();
    segment_ = *sealed;
    std::string bytes = *files_.ReadFile(path);
    EXPECT_TRUE(files_.Remove(path).ok());
    return bytes;
  }
  void Replace() { index_.Replace(Parts(), segment_); }

  size_t live() const { return live_.size(); }
  const VectorIndex& index() const { return index_; }
  const std::shared_ptr<const VectorSegment>& segment() const { return segment_; }

 private:
  std::vector<VectorHandle> Parts() const {
    std::vector<VectorHandle> handles;
    for (const VectorPartStatus& part : index_.Parts()) handles.push_back(part.handle);
    return handles;
  }

  FaultFileSystem files_;
  VectorIndex index_;
  std::shared_ptr<const VectorSegment> segment_;
  std::mt19937_64 random_{TestSeed(81)};
  std::vector<uint32_t> live_;
  uint32_t next_ = 0;
  int files_made_ = 0;
};

double Recall(const std::shared_ptr<const VectorSegment>& segment, const VectorIndex& index,
              const std::vector<std::vector<float>>& queries, uint32_t ef) {
  VectorIndex alone(index.dimensions(), index.metric());
  alone.Attach(segment);
  SlotSet all;
  segment->AddSlotsTo(&all);
  size_t found = 0;
  for (const auto& query : queries) {
    const auto exact = alone.View().Top(query, all, kNearest, {.exact = true});
    for (const ScoredSlot& hit : alone.View().Top(query, all, kNearest, {.ef = ef})) {
      found += hit.score >= exact.back().score ? 1 : 0;
    }
  }
  return static_cast<double>(found) / static_cast<double>(kNearest * queries.size());
}

class VectorMergeTest : public testing::TestWithParam<Metric> {
 protected:
  // One thread writes the same bytes for the same graph, so other bytes tell of a copy.
  static bool Copies(Merging& merging) {
    const std::string built = merging.Seal(kBuilt);
    const std::string copied = merging.Seal(kCopied);
    EXPECT_EQ(merging.Seal(kCopied), copied) << "one thread always writes the same";
    return copied != built;
  }
  std::vector<float> Next() { return mixture_.Next().vector; }
  std::vector<std::vector<float>> Queries(size_t n) {
    std::vector<std::vector<float>> queries;
    for (size_t i = 0; i < n; ++i) queries.push_back(Next());
    return queries;
  }

  VectorMixture mixture_{TestSeed(82), kDimensions, 40};
};

INSTANTIATE_TEST_SUITE_P(, VectorMergeTest, testing::Values(Metric::kCosine, Metric::kDot, Metric::kL2),
                         [](const auto& test) { return std::string(MetricName(test.param)); });

TEST_P(VectorMergeTest, AGraphIsCopiedUnlessAFifthIsDeadOrItIsNextToNothing) {
  const auto copies = [&](size_t rows, bool graph, size_t dead, size_t added) {
    Merging merging(GetParam());
    merging.Add(rows, [&] { return Next(); });
    merging.Seal(graph ? kBuilt : kFlat);
    merging.Replace();
    merging.Remove(dead);
    merging.Add(added, [&] { return Next(); });
    return Copies(merging);
  };
  EXPECT_TRUE(copies(300, true, 0, 60));
  EXPECT_TRUE(copies(300, true, 59, 60));
  EXPECT_FALSE(copies(300, true, 60, 60));
  EXPECT_FALSE(copies(300, false, 0, 60));
  EXPECT_FALSE(copies(40, true, 0, 400));
}

TEST_P(VectorMergeTest, TheLargestGraphIsCopiedWhereverItStands) {
  Merging merging(GetParam());
  FaultFileSystem files;
  std::vector<std::shared_ptr<const VectorSegment>> segments;
  std::vector<GraphedRows> graphed;
  size_t at = 0;
  for (const size_t n : {60, 300, 90}) {
    VectorIndex index(kDimensions, GetParam());
    for (size_t i = 0; i < n; ++i) index.Add(Slot(static_cast<uint32_t>(i)), Next());
    const VectorHandle handle = *index.Freeze();
    segments.push_back(*VectorIndex::Seal({&handle, 1}, files, "/" + std::to_string(n), kBuilt));
    graphed.push_back({segments.back().get(), at, at + n});
    at += n;
  }
  EXPECT_EQ(PickGraphToCopy(graphed, at)->segment, segments[1].get());
  graphed[1].end -= 60;  // dead; the others move up
  graphed[2] = {graphed[2].segment, graphed[2].begin - 60, graphed[2].end - 60};
  EXPECT_EQ(PickGraphToCopy(graphed, at - 60)->segment, segments[2].get());
  EXPECT_FALSE(PickGraphToCopy({}, 10));
}

// A graph of other vectors, though of the same slots, leads nowhere.
TEST_P(VectorMergeTest, ACopyThatIsPoorIsBuiltFromNothing) {
  constexpr uint32_t kRows = 1'000;
  FaultFileSystem files;
  VectorIndex other(kDimensions, GetParam());
  const VectorSpace space(kDimensions, GetParam());
  std::vector<std::vector<float>> prepared;
  std::vector<PreparedRow> rows;
  for (uint32_t slot = 0; slot < kRows; ++slot) {
    other.Add(Slot(slot), Next());
    prepared.push_back(space.Prepare(Next()));
  }
  for (uint32_t slot = 0; slot < kRows; ++slot) rows.push_back({Slot(slot), prepared[slot].data()});
  const VectorHandle handle = *other.Freeze();
  const auto misleading = *VectorIndex::Seal({&handle, 1}, files, "/other", kBuilt);
  const GraphedRows graphed = {misleading.get(), 0, kRows};
  ASSERT_TRUE(PickGraphToCopy({&graphed, 1}, kRows));
  const auto report = SealRows(files, "/copied", space, rows, kCopied, {&graphed, 1});
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_TRUE(report->has_graph);
  EXPECT_TRUE(report->codes_suffice);
  ASSERT_TRUE(SealRows(files, "/built", space, rows, kBuilt).ok());
  EXPECT_EQ(*files.ReadFile("/copied"), *files.ReadFile("/built"));
}

// As in VectorSegmentTest: twelve large components that all rows share are more than codes can bear.
TEST_F(VectorMergeTest, AGraphIsCopiedForTheDistancesItWasBuiltBy) {
  const auto shifted = [&](float by) {
    return [this, by] {
      std::vector<float> vector = Next();
      vector.insert(vector.end(), 12, by);
      return vector;
    };
  };
  for (const bool by_codes : {false, true}) {
    Merging merging(Metric::kDot, kDimensions + 12);
    merging.Add(500, shifted(by_codes ? 0 : 1000));
    merging.Seal(kCopied);
    EXPECT_EQ(merging.segment()->report().codes_suffice, by_codes);
    ASSERT_TRUE(merging.segment()->report().has_graph);
    merging.Replace();
    merging.Add(500, shifted(1000));
    EXPECT_EQ(Copies(merging), !by_codes);
    EXPECT_FALSE(merging.segment()->report().codes_suffice);
    EXPECT_TRUE(merging.segment()->report().has_graph);
  }
}

TEST_P(VectorMergeTest, MergedRandomlyItFindsAsMuchAsBuiltFromNothing) {
  std::mt19937_64 random(TestSeed(83));
  const size_t unit = IsLong() ? 10 * kUnit : kUnit;
  double copied = 0;
  double built = 0;
  constexpr int kRounds = 3;
  const auto queries = Queries(100);
  for (int round = 0; round < kRounds; ++round) {
    Merging merging(GetParam());
    const auto add_some = [&] {
      for (uint64_t parts = random() % 3; parts > 0; --parts) {
        merging.Add(1 + random() % (unit / 3), [&] { return Next(); });
      }
    };
    merging.Add(unit / 2 + random() % unit, [&] { return Next(); });
    merging.Seal(kCopied);
    merging.Replace();
    merging.Remove(merging.live() * (random() % 36) / 100);
    add_some();
    merging.Seal(kCopied);
    copied += Recall(merging.segment(), merging.index(), queries, 32) / kRounds;
    merging.Seal(kBuilt);
    built += Recall(merging.segment(), merging.index(), queries, 32) / kRounds;
  }
  EXPECT_GE(copied, built - 0.01);
}

TEST_P(VectorMergeTest, AGraphMendedForAQuarterOfItsRowsIsNotCopiedAgain) {
  Merging merging(GetParam());
  merging.Add(300, [&] { return Next(); });
  merging.Seal(kBuilt);
  merging.Replace();
  for (const uint32_t mended : {36U, 72U}) {
    merging.Remove(36);
    merging.Add(36, [&] { return Next(); });
    EXPECT_TRUE(Copies(merging));
    EXPECT_EQ(merging.segment()->report().mended, mended);
    merging.Replace();
  }
  merging.Remove(36);
  merging.Add(36, [&] { return Next(); });
  EXPECT_FALSE(Copies(merging));
  EXPECT_EQ(merging.segment()->report().mended, 0);
}

// In each cycle half of the rows go and three tenths of the first number come, over four merges, some of which copy.
TEST_P(VectorMergeTest, TwentyCyclesOfDeletesAndAddsLeaveItAsGoodAsNew) {
  if (!IsLong() && GetParam() != Metric::kCosine) GTEST_SKIP() << "for ENGRAM_LONG=1";
  const size_t rows = IsLong() ? 10 * kUnit : kUnit;
  constexpr size_t kMerges = 4;
  const auto queries = Queries(200);
  Merging merging(GetParam());
  merging.Add(rows, [&] { return Next(); });
  merging.Seal(kCopied);
  merging.Replace();
  size_t copies = 0;
  for (int cycle = 1; cycle <= 20; ++cycle) {
    const size_t gone = merging.live() / 2;
    std::string file;
    for (size_t merge = 0; merge < kMerges; ++merge) {
      merging.Remove(gone / kMerges);
      merging.Add(rows * 3 / 10 / kMerges, [&] { return Next(); });
      file = merging.Seal(kCopied);
      merging.Replace();
      copies += merging.segment()->report().mended > 0 ? 1 : 0;
    }
    if (cycle % 5 != 0) continue;
    const auto copied = merging.segment();
    const double recall = Recall(copied, merging.index(), queries, 32);
    const std::string built = merging.Seal(kBuilt);
    const double fresh = Recall(merging.segment(), merging.index(), queries, 32);
    EXPECT_GE(recall, fresh - 0.01) << "cycle " << cycle;
    EXPECT_LE(file.size(), built.size() * 102 / 100);
    // In whole pages; a level more has three arrays.
    EXPECT_LE(copied->AnonymousBytes(), merging.segment()->AnonymousBytes() * 102 / 100 + 2 * 3 * 4096);
    EXPECT_LE(merging.index().MemoryBytes(), copied->AnonymousBytes() + 10'000);
  }
  EXPECT_GE(copies, 20 * kMerges / 4);
}

}  // namespace
}  // namespace engram

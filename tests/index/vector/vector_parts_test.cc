// An index of parts under random Add, Remove, Freeze, Seal, Replace and View, beside brute force.
#include <algorithm>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing/fault_file_system.h"
#include "index/vector/vector_index.h"
#include "tests/index/random_seed.h"
#include "tests/index/vector/brute_force.h"
#include "tests/index/vector/vector_mixture.h"

namespace engram {
namespace {

constexpr size_t kDimensions = 24;

SlotSet UpTo(uint32_t slots) {
  SlotSet set;
  set.addRange(0, slots);
  return set;
}

std::vector<uint32_t> SlotsOf(const std::vector<ScoredSlot>& hits) {
  std::vector<uint32_t> slots;
  for (const ScoredSlot& hit : hits) slots.push_back(hit.slot.value);
  return slots;
}

class VectorPartsTest : public testing::TestWithParam<Metric> {
 protected:
  // A view and what it must go on seeing. The index without segments is the twin: it scans everything, and its
  // scores are to be met bit for bit; brute force checks the twin.
  struct Seen {
    VectorView view;
    VectorView twin;
    BruteForce naive;
  };

  void Add() {
    std::vector<float> vector = mixture_.Next().vector;
    next_slot_ += 1 + static_cast<uint32_t>(random_() % 3 == 0 ? random_() % 5 : 0);  // memories without a vector
    if (random_() % 50 == 0) vector = last_;                                          // duplicates tie
    last_ = vector;
    index_.Add(Slot(next_slot_), vector);
    twin_.Add(Slot(next_slot_), vector);
    naive_.Add(Slot(next_slot_), vector);
  }

  void Remove() {
    const Slot slot(static_cast<uint32_t>(random_() % (next_slot_ + 1)));
    index_.Remove(slot);
    twin_.Remove(slot);
    naive_.Remove(slot);
  }

  // A run of neighbouring parts becomes a segment, while rows of them die in between.
  void SealSome() {
    const std::vector<VectorPartStatus> parts = index_.Parts();
    if (parts.empty()) return;
    const size_t first = random_() % parts.size();
    const size_t n = 1 + random_() % (parts.size() - first);
    std::vector<VectorHandle> handles;
    for (size_t i = first; i < first + n; ++i) handles.push_back(parts[i].handle);
    const std::string path = "/d/" + std::to_string(++sealed_);
    const auto segment = VectorIndex::Seal(handles, files_, path, {.graph = random_() % 2 == 0});
    ASSERT_TRUE(segment.ok()) << segment.status().ToString();
    for (int i = 0; i < 20; ++i) Remove();
    index_.Replace(handles, *segment);
  }

  Seen Look() const { return {index_.View(), twin_.View(), naive_}; }

  SlotSet Allowed() {
    const uint64_t kind = random_() % 3;
    if (kind == 0) return UpTo(next_slot_ + 1);
    SlotSet set;
    const double share = kind == 1 ? 0.5 : 0.02;
    for (uint32_t slot = 0; slot <= next_slot_; ++slot) {
      if (std::uniform_real_distribution<double>()(random_) < share) set.add(slot);
    }
    return set;
  }

  void Check(const Seen& seen) {
    const std::vector<float> query = mixture_.Next().vector;
    const SlotSet allowed = Allowed();
    const auto expected = seen.twin.Top(query, allowed, 10);
    const auto exact = seen.view.Top(query, allowed, 10, {.exact = true});
    ASSERT_EQ(SlotsOf(exact), SlotsOf(expected));
    for (size_t i = 0; i < exact.size(); ++i) ASSERT_EQ(exact[i].score, expected[i].score);
    const auto naive = seen.naive.Top(query, allowed, 10);
    ASSERT_EQ(naive.size(), exact.size());
    for (size_t i = 0; i < exact.size(); ++i) ASSERT_NEAR(exact[i].score, naive[i].score, 1e-4);

    const auto near = seen.view.Top(query, allowed, 10);
    ASSERT_EQ(near.size(), expected.size());
    wanted_ += expected.size();
    for (const ScoredSlot& hit : near) {
      // As near as the last of the nearest is as good: duplicates tie.
      found_ += hit.score >= expected.back().score ? 1 : 0;
      ASSERT_EQ(seen.view.Score(query, {hit.slot}), seen.twin.Score(query, {hit.slot}));
      ASSERT_EQ(seen.view.Similarity(hit.slot, near.front().slot), seen.twin.Similarity(hit.slot, near.front().slot));
    }
    const Slot any(static_cast<uint32_t>(random_() % (next_slot_ + 2)));
    ASSERT_EQ(seen.view.Score(query, {any}), seen.twin.Score(query, {any}));
  }

  const uint64_t seed_ = TestSeed(31);
  std::mt19937_64 random_{seed_};
  VectorMixture mixture_{seed_, kDimensions, 20};
  FaultFileSystem files_;
  VectorIndex index_{kDimensions, GetParam()};
  VectorIndex twin_{kDimensions, GetParam()};
  BruteForce naive_{GetParam()};
  uint32_t next_slot_ = 0;
  std::vector<float> last_ = mixture_.Next().vector;
  int sealed_ = 0;
  size_t wanted_ = 0;
  size_t found_ = 0;
};

INSTANTIATE_TEST_SUITE_P(, VectorPartsTest, testing::Values(Metric::kCosine, Metric::kDot, Metric::kL2),
                         [](const auto& test) { return std::string(MetricName(test.param)); });

TEST_P(VectorPartsTest, BehavesLikeOneExactIndex) {
  SCOPED_TRACE(testing::Message() << "seed " << seed_);
  ASSERT_TRUE(files_.CreateDirectory("/d").ok());
  std::vector<Seen> views;
  for (int round = 0; round < 60; ++round) {
    const uint64_t adds = random_() % 120;
    for (uint64_t i = 0; i < adds; ++i) {
      Add();
      if (random_() % 6 == 0) Remove();
    }
    if (random_() % 2 == 0) index_.Freeze();
    if (random_() % 3 == 0) {
      ASSERT_NO_FATAL_FAILURE(SealSome());
    }
    ASSERT_EQ(index_.size(), naive_.vectors().size());
    views.push_back(Look());
    if (views.size() > 8) views.erase(views.begin() + static_cast<ptrdiff_t>(random_() % views.size()));
    for (const Seen& seen : views) ASSERT_NO_FATAL_FAILURE(Check(seen)) << "round " << round;
  }
  EXPECT_GE(static_cast<double>(found_), 0.95 * static_cast<double>(wanted_));
  EXPECT_GT(sealed_, 5);
}

TEST_P(VectorPartsTest, OpensWhatWasSealed) {
  for (int i = 0; i < 500; ++i) Add();
  const VectorHandle first = *index_.Freeze();
  for (int i = 0; i < 300; ++i) Add();
  const VectorHandle second = *index_.Freeze();
  ASSERT_TRUE(VectorIndex::Seal({&first, 1}, files_, "/a", {.graph = true, .position = Position(7)}).ok());
  ASSERT_TRUE(VectorIndex::Seal({&second, 1}, files_, "/b", {.position = Position(9)}).ok());

  VectorIndex opened(kDimensions, GetParam());
  for (const char* path : {"/a", "/b"}) {
    const auto segment = VectorSegment::Open(files_, path, kDimensions, GetParam());
    ASSERT_TRUE(segment.ok()) << segment.status().ToString();
    opened.Attach(*segment);
  }
  EXPECT_EQ(opened.size(), 800U);
  EXPECT_EQ(opened.Parts()[1].handle.slots(), second.slots());
  EXPECT_EQ((*VectorSegment::Open(files_, "/b", kDimensions, GetParam()))->position(), Position(9));
  const std::vector<float> query = mixture_.Next().vector;
  const auto hits = opened.View().Top(query, UpTo(next_slot_ + 1), 20, {.exact = true});
  EXPECT_EQ(SlotsOf(hits), SlotsOf(twin_.View().Top(query, UpTo(next_slot_ + 1), 20)));
  EXPECT_GE(opened.MappedBytes(), 800 * kDimensions * sizeof(float));
  Add();
  opened.Add(Slot(next_slot_), last_);
  EXPECT_EQ(opened.size(), 801U);

  const Metric other = GetParam() == Metric::kL2 ? Metric::kDot : Metric::kL2;
  EXPECT_EQ(VectorSegment::Open(files_, "/a", kDimensions, other).status().code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(VectorSegment::Open(files_, "/a", kDimensions + 1, GetParam()).status().code(),
            StatusCode::kFailedPrecondition);
}

TEST_P(VectorPartsTest, PartsWithoutALivingRowGoWithoutASegment) {
  for (int i = 0; i < 10; ++i) Add();
  const VectorHandle before = *index_.Freeze();
  for (uint32_t slot = 0; slot <= next_slot_; ++slot) index_.Remove(Slot(slot));
  const VectorHandle handle = index_.Parts()[0].handle;
  const auto segment = VectorIndex::Seal({&handle, 1}, files_, "/a", {});
  ASSERT_TRUE(segment.ok());
  EXPECT_EQ(*segment, nullptr);
  index_.Replace({&before, 1}, *segment);
  EXPECT_TRUE(index_.Parts().empty());
  EXPECT_EQ(index_.Freeze(), std::nullopt);
}

TEST_P(VectorPartsTest, SealingStopsWhenItIsTold) {
  for (int i = 0; i < 2'000; ++i) Add();
  const VectorHandle handle = *index_.Freeze();
  double last = 0;
  const auto stopped = VectorIndex::Seal({&handle, 1}, files_, "/a", {.graph = true, .progress = [&](double share) {
                                                                        EXPECT_GE(share, last);
                                                                        last = share;
                                                                        return share < 0.4;
                                                                      }});
  EXPECT_EQ(stopped.status().code(), StatusCode::kUnavailable);
  EXPECT_GE(last, 0.4);
  EXPECT_LT(last, 0.8);
  EXPECT_THAT(*files_.ListDirectory("/"), testing::IsEmpty());
}

// Whatever byte is damaged: the segment doesn't open, or a search that meets the damage says so and gives no
// wrong score.
TEST_P(VectorPartsTest, DamageIsNoticed) {
  for (int i = 0; i < 300; ++i) Add();
  const VectorHandle handle = *index_.Freeze();
  ASSERT_TRUE(VectorIndex::Seal({&handle, 1}, files_, "/a", {.graph = true}).ok());
  const uint64_t size = *files_.FileSize("/a");
  const std::vector<float> query = mixture_.Next().vector;
  size_t opened = 0;
  for (uint64_t offset = 0; offset < size; offset += 1 + random_() % 997) {
    files_.FlipByte("/a", offset);
    const auto segment = VectorSegment::Open(files_, "/a", kDimensions, GetParam());
    if (segment.ok()) {
      ++opened;
      VectorIndex index(kDimensions, GetParam());
      index.Attach(*segment);
      const auto hits = index.View().Top(query, UpTo(next_slot_ + 1), 300, {.exact = true});
      EXPECT_EQ(index.Damage().code(), StatusCode::kCorruption) << "byte " << offset;
      for (const ScoredSlot& hit : hits) ASSERT_EQ(hit.score, twin_.View().Score(query, {hit.slot})[0]);
    } else {
      ASSERT_EQ(segment.status().code(), StatusCode::kCorruption) << "byte " << offset;
    }
    files_.FlipByte("/a", offset);
  }
  EXPECT_GT(opened, 0U);
}

}  // namespace
}  // namespace engram

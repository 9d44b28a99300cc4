#include "index/vector/quantizer.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include <gtest/gtest.h>

#include "tests/index/random_seed.h"

namespace engram {
namespace {

// Prepared rows of a space and what a quantizer makes of them.
class Encoded {
 public:
  Encoded(const VectorSpace& space, const std::vector<std::vector<float>>& vectors) : space_(space) {
    for (const auto& vector : vectors) rows_.push_back(space.Prepare(vector));
    std::vector<const float*> pointers;
    for (const auto& row : rows_) pointers.push_back(row.data());
    quantizer_.emplace(Quantizer::Train(space, pointers));
    for (const auto& row : rows_) {
      codes_.emplace_back(quantizer_->code_bytes());
      lengths_.push_back(quantizer_->Encode(row.data(), codes_.back().data()));
    }
  }

  const Quantizer& quantizer() const { return *quantizer_; }
  const std::vector<int8_t>& codes(size_t row) const { return codes_[row]; }

  // The share of the `k` nearest that stand among the `pool` best by codes.
  double Recall(const std::vector<float>& query, size_t k, size_t pool) const {
    const std::vector<float> prepared = space_.Prepare(query);
    const CodeQuery code_query = quantizer_->Prepare(prepared.data());
    const auto exact = Best(k, [&](size_t i) { return space_.Similarity(prepared.data(), rows_[i].data()); });
    const auto near = Best(pool, [&](size_t i) {
      const float score = quantizer_->has_lengths() ? CodeScore(code_query, codes_[i].data(), lengths_[i])
                                                    : CodeScore(code_query, codes_[i].data());
      EXPECT_TRUE(std::isfinite(score));
      return double{score};
    });
    size_t found = 0;
    for (const size_t row : exact) found += std::count(near.begin(), near.end(), row);
    return static_cast<double>(found) / static_cast<double>(k);
  }

  float Distance(size_t a, size_t b) const {
    return quantizer_->Distance(codes_[a].data(), lengths_[a], codes_[b].data(), lengths_[b]);
  }

 private:
  template <class ScoreOf>
  std::vector<size_t> Best(size_t k, ScoreOf score_of) const {
    std::vector<std::pair<double, size_t>> scored;
    for (size_t i = 0; i < rows_.size(); ++i) scored.emplace_back(-score_of(i), i);
    std::partial_sort(scored.begin(), scored.begin() + static_cast<ptrdiff_t>(k), scored.end());
    std::vector<size_t> best;
    for (size_t i = 0; i < k; ++i) best.push_back(scored[i].second);
    return best;
  }

  VectorSpace space_;
  std::vector<std::vector<float>> rows_;
  std::optional<Quantizer> quantizer_;
  std::vector<std::vector<int8_t>> codes_;
  std::vector<float> lengths_;
};

std::vector<std::vector<float>> Normal(std::mt19937_64& random, size_t n, size_t dimensions) {
  std::normal_distribution<float> normal;
  std::vector<std::vector<float>> vectors(n, std::vector<float>(dimensions));
  for (auto& vector : vectors) {
    for (float& v : vector) v = normal(random);
  }
  return vectors;
}

class QuantizerTest : public testing::TestWithParam<Metric> {
 protected:
  // Mean recall of the 10 nearest in a pool of 30.
  void ExpectRecall(const std::vector<std::vector<float>>& vectors, const std::vector<std::vector<float>>& queries) {
    const Encoded encoded(VectorSpace(static_cast<uint32_t>(vectors[0].size()), GetParam()), vectors);
    double sum = 0;
    for (const auto& query : queries) sum += encoded.Recall(query, 10, 30);
    EXPECT_GE(sum / static_cast<double>(queries.size()), 0.99);
  }

  std::mt19937_64 random_{TestSeed(12)};
};

INSTANTIATE_TEST_SUITE_P(, QuantizerTest, testing::Values(Metric::kCosine, Metric::kDot, Metric::kL2),
                         [](const auto& test) { return std::string(MetricName(test.param)); });

TEST_P(QuantizerTest, KeepsTheNearestOfRandomVectors) {
  ExpectRecall(Normal(random_, 2000, 100), Normal(random_, 20, 100));
}

// One scale for vectors of very different lengths would round the short ones to nothing.
TEST_P(QuantizerTest, KeepsTheNearestWhereLengthsDifferAThousandfold) {
  auto vectors = Normal(random_, 2000, 64);
  for (size_t i = 0; i < vectors.size(); ++i) {
    for (float& v : vectors[i]) v *= std::pow(10.0F, static_cast<float>(i % 4) - 3);
  }
  auto queries = Normal(random_, 20, 64);
  for (size_t i = 0; i < queries.size(); i += 2) {
    for (float& v : queries[i]) v *= 0.001F;
  }
  ExpectRecall(vectors, queries);
}

// Far from the origin all directions look alike; under l2 only differences count.
TEST(QuantizerL2Test, KeepsTheNearestFarFromTheOrigin) {
  std::mt19937_64 random(TestSeed(13));
  auto vectors = Normal(random, 2000, 64);
  for (auto& vector : vectors) {
    for (float& v : vector) v += 500;
  }
  const Encoded encoded(VectorSpace(64, Metric::kL2), vectors);
  double sum = 0;
  for (size_t i = 0; i < 20; ++i) sum += encoded.Recall(vectors[i * 100], 10, 30);
  EXPECT_GE(sum / 20, 0.99);
}

TEST_P(QuantizerTest, CutsOffOutliersInsteadOfScalingByThem) {
  auto vectors = Normal(random_, 1000, 64);
  vectors[0].assign(64, 0.0F);
  vectors[0][5] = 1000;
  const Encoded encoded(VectorSpace(64, GetParam()), vectors);
  EXPECT_EQ(encoded.codes(0)[5], kCodeMax);
  EXPECT_LT(encoded.quantizer().scale(), 0.6F / kCodeMax);
}

TEST_P(QuantizerTest, TakesTheLargestAndSmallestFloats) {
  const float huge = std::numeric_limits<float>::max();
  const float tiny = std::numeric_limits<float>::denorm_min();
  const std::vector<std::vector<float>> vectors = {{huge, huge, -huge}, {tiny, 0, 0}, {1, -huge, 0}, {1, 1, 1}};
  const Encoded encoded(VectorSpace(3, GetParam()), vectors);
  for (const auto& query : vectors) encoded.Recall(query, 1, 2);  // which expects finite scores
  for (size_t a = 0; a < vectors.size(); ++a) {
    for (size_t b = 0; b < vectors.size(); ++b) {
      EXPECT_TRUE(std::isfinite(encoded.Distance(a, b)));
      EXPECT_EQ(encoded.Distance(a, b), encoded.Distance(b, a));
    }
  }
}

TEST_P(QuantizerTest, TakesRowsThatAreAllAlikeOrZero) {
  const float value = GetParam() == Metric::kCosine ? 1.0F : 0.0F;
  const Encoded encoded(VectorSpace(2, GetParam()), std::vector<std::vector<float>>(5, {value, value}));
  EXPECT_EQ(encoded.Recall({1, 1}, 5, 5), 1);
}

TEST_P(QuantizerTest, PadsCodesWithZeros) {
  const Encoded encoded(VectorSpace(65, GetParam()), Normal(random_, 10, 65));
  ASSERT_EQ(encoded.codes(3).size(), 128U);
  EXPECT_TRUE(
      std::all_of(encoded.codes(3).begin() + 65, encoded.codes(3).end(), [](int8_t code) { return code == 0; }));
}

}  // namespace
}  // namespace engram

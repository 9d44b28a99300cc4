// Random vectors with neighbourhoods, as embeddings have them: points around centres in a space of few
// dimensions, projected into many, with noise.
#pragma once

#include <cmath>
#include <random>
#include <vector>

namespace engram {

class VectorMixture {
 public:
  VectorMixture(uint64_t seed, size_t dimensions, size_t centres = 200)
      : random_(seed), projection_(dimensions, std::vector<float>(kLatent)) {
    for (auto& row : projection_) {
      for (float& v : row) v = normal_(random_) / std::sqrt(float{kLatent});
    }
    for (size_t i = 0; i < centres; ++i) centres_.push_back(Normal(1));
  }

  struct Point {
    std::vector<float> vector;
    size_t centre;
  };
  Point Next() {
    Point point;
    point.centre = random_() % centres_.size();
    std::vector<float> latent = Normal(0.5F);
    for (size_t i = 0; i < kLatent; ++i) latent[i] += centres_[point.centre][i];
    for (const auto& row : projection_) {
      float sum = 0.02F * normal_(random_);
      for (size_t i = 0; i < kLatent; ++i) sum += row[i] * latent[i];
      point.vector.push_back(sum);
    }
    return point;
  }
  std::mt19937_64& random() { return random_; }

 private:
  static constexpr size_t kLatent = 20;

  std::vector<float> Normal(float deviation) {
    std::vector<float> out(kLatent);
    for (float& v : out) v = deviation * normal_(random_);
    return out;
  }

  std::mt19937_64 random_;
  std::normal_distribution<float> normal_;
  std::vector<std::vector<float>> projection_;
  std::vector<std::vector<float>> centres_;
};

}  // namespace engram

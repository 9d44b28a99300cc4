#include "bench/load/searches.h"

#include <cmath>
#include <random>
#include <vector>

#include <fmt/format.h>

namespace engram {
namespace {

constexpr int kDimensions = 384;
constexpr int kCentres = 100;
constexpr int kWords = 20'000;
constexpr int kBatch = 200;
const char kNamespace[] = "searches";

// Texts and vectors by a fixed law. Confined to one thread.
class Generator {
 public:
  explicit Generator(uint64_t seed) : random_(seed) {}

  std::string Text(int words) {
    std::string text;
    for (int i = 0; i < words; ++i) {
      // Zipf by inversion: rank r has weight 1 / r.
      const double u = std::uniform_real_distribution<double>(0, 1)(random_);
      text += fmt::format("w{} ", static_cast<int>(std::pow(kWords, u)));
    }
    return text;
  }

  void Vector(v1::Vector* vector) {
    std::mt19937_64 centre(std::uniform_int_distribution<uint64_t>(1, kCentres)(random_));
    std::normal_distribution<float> normal;
    std::vector<float> values(kDimensions);
    double norm = 0;
    for (float& v : values) {
      v = normal(centre) + 0.7F * normal(random_);
      norm += static_cast<double>(v) * v;
    }
    for (const float v : values) vector->mutable_dense()->add_values(v / static_cast<float>(std::sqrt(norm)));
  }

 private:
  std::mt19937_64 random_;
};

}  // namespace

Status LoadMemories(Client& client, int count) {
  Generator generator(1);
  for (int begin = 0; begin < count; begin += kBatch) {
    v1::WriteRequest request;
    for (int i = begin; i < std::min(begin + kBatch, count); ++i) {
      v1::Memory& memory = *request.add_memories();
      memory.set_id(fmt::format("{}", i));
      memory.set_text(generator.Text(20));
      generator.Vector(memory.mutable_vector());
    }
    RETURN_IF_ERROR(client.Write(kNamespace, request).status());
  }
  return {};
}

Timings Search(Client& client, SearchKind kind, int connections, std::chrono::milliseconds duration) {
  std::vector<Generator> generators;
  for (int i = 0; i < connections; ++i) generators.emplace_back(1000 + static_cast<uint64_t>(i));
  return RunClosedLoop(connections, std::chrono::milliseconds(300), duration, [&](int worker) {
    Generator& generator = generators[static_cast<size_t>(worker)];
    v1::SearchRequest request;
    if (kind != SearchKind::kVector) request.set_text(generator.Text(5));
    if (kind != SearchKind::kText) generator.Vector(request.mutable_vector());
    return client.Search(kNamespace, request).ok();
  });
}

}  // namespace engram

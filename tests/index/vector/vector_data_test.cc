// The index on real vectors; skipped where the data sets are absent.
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "index/vector/vector_index.h"
#include "tests/index/vector/brute_force.h"

namespace engram {
namespace {

std::filesystem::path DataDir() {
  const char* dir = std::getenv("ENGRAM_DATA_DIR");
  return dir ? dir : ENGRAM_DATA_DIR_DEFAULT;
}

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

template <class Number>
std::vector<std::vector<float>> Rows(std::string_view bytes, size_t dimensions) {
  std::vector<std::vector<float>> rows;
  for (size_t at = 0; at + dimensions * sizeof(Number) <= bytes.size(); at += dimensions * sizeof(Number)) {
    std::vector<Number> row(dimensions);
    std::memcpy(row.data(), bytes.data() + at, dimensions * sizeof(Number));
    rows.emplace_back(row.begin(), row.end());
  }
  return rows;
}

struct Loaded {
  VectorIndex index;
  BruteForce twin;
  SlotSet slots;
  size_t rejected = 0;

  Loaded(const std::vector<std::vector<float>>& rows, Metric metric)
      : index(static_cast<uint32_t>(rows[0].size()), metric), twin(metric) {
    for (uint32_t slot = 0; slot < rows.size(); ++slot) {
      if (!CheckVector(rows[slot], index.dimensions(), metric).ok()) {
        ++rejected;
        continue;
      }
      index.Add(Slot(slot), rows[slot]);
      twin.Add(Slot(slot), rows[slot]);
      slots.add(slot);
    }
  }
};

// Every place has the twin's score, and a slot may differ from the twin's only within rounding.
void ExpectAgrees(const Loaded& loaded, const std::vector<float>& query, size_t k) {
  const auto hits = loaded.index.View().Top(query, loaded.slots, k);
  const auto expected = loaded.twin.Top(query, loaded.slots, k);
  ASSERT_EQ(hits.size(), expected.size());
  for (size_t i = 0; i < hits.size(); ++i) {
    const double tolerance = 1e-6 * std::max(10.0, std::abs(expected[i].score));
    ASSERT_NEAR(hits[i].score, expected[i].score, tolerance);
    ASSERT_NEAR(*loaded.twin.Score(query, hits[i].slot), expected[i].score, tolerance);
    // Copies of one vector score the same to the bit, so they come in slot order.
    ASSERT_TRUE(i == 0 || BetterHit(hits[i - 1], hits[i]));
  }
}

TEST(VectorDataTest, SentenceVectorsWithTiesAndZeroRows) {
  const auto path = DataDir() / "minilm_vectors" / "vectors.f32";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "no data at " << path;
  const auto rows = Rows<float>(ReadFile(path), 384);
  ASSERT_EQ(rows.size(), 2641U);
  const Loaded loaded(rows, Metric::kCosine);
  EXPECT_EQ(loaded.rejected, 13U);
  EXPECT_EQ(loaded.index.size(), 2628U);
  for (size_t i = 0; i < rows.size(); i += 61) {
    if (loaded.slots.contains(static_cast<uint32_t>(i))) ExpectAgrees(loaded, rows[i], 100);
  }
}

TEST(VectorDataTest, DegenerateRowsFinish) {
  const auto path = DataDir() / "cosine_hang" / "cosine_hang.npy";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "no data at " << path;
  const std::string file = ReadFile(path);
  constexpr size_t kNpyPreamble = 10;  // magic, version, then the header's length in two bytes
  ASSERT_GT(file.size(), kNpyPreamble);
  const size_t header = static_cast<uint8_t>(file[8]) + 256U * static_cast<uint8_t>(file[9]);
  const auto rows = Rows<double>(std::string_view(file).substr(kNpyPreamble + header), 50);
  ASSERT_EQ(rows.size(), 4400U);
  const Loaded cosine(rows, Metric::kCosine);
  EXPECT_EQ(cosine.rejected, 773U);
  const Loaded l2(rows, Metric::kL2);
  EXPECT_EQ(l2.rejected, 0U);
  for (size_t i = 0; i < rows.size(); i += 97) {
    if (cosine.slots.contains(static_cast<uint32_t>(i))) ExpectAgrees(cosine, rows[i], 50);
    ExpectAgrees(l2, rows[i], 50);
  }
}

}  // namespace
}  // namespace engram

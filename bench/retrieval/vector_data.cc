#include "bench/retrieval/vector_data.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <random>
#include <set>
#include <thread>

#include "index/vector/top_hits.h"

namespace engram::bench {
namespace {

constexpr size_t kCentres = 2'000;
constexpr float kWithinCentre = 0.5F;  // the spread around a centre, where centres spread by 1
constexpr float kNoise = 0.1F;
constexpr uint32_t kFileGroups = 64;

// As VectorSpace prepares rows under cosine.
void Normalise(std::span<float> row) {
  double sum = 0;
  for (const float v : row) sum += double{v} * v;
  const double norm = std::sqrt(sum);
  for (float& v : row) v = static_cast<float>(v / norm);
}

[[noreturn]] void DieOf(const char* what, const std::string& path) {
  std::fprintf(stderr, "vector: can't %s %s: %s\n", what, path.c_str(), std::strerror(errno));
  std::exit(1);
}

void ForEachInParallel(size_t n, const std::function<void(size_t)>& work) {
  std::atomic<size_t> next = 0;
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < std::thread::hardware_concurrency(); ++i) {
    threads.emplace_back([&] {
      for (size_t item = next++; item < n; item = next++) work(item);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace

Vectors::Vectors(size_t rows, size_t dimensions) : Vectors(-1, PROT_READ | PROT_WRITE, rows, dimensions) {}

Vectors::Vectors(int file, int protection, size_t rows, size_t dimensions) : rows_(rows), dimensions_(dimensions) {
  const size_t bytes = std::max<size_t>(1, rows * dimensions * sizeof(float));
  void* memory = ::mmap(nullptr, bytes, protection, MAP_SHARED | (file < 0 ? MAP_ANONYMOUS : 0), file, 0);
  if (memory == MAP_FAILED) DieOf("map", std::to_string(bytes) + " bytes of vectors");
  if (file >= 0) ::close(file);
  floats_ = {static_cast<float*>(memory), [bytes](float* mapped) { ::munmap(mapped, bytes); }};
}

Vectors Vectors::Create(const std::string& path, size_t rows, size_t dimensions) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0 || ::ftruncate(file, static_cast<off_t>(rows * dimensions * sizeof(float))) != 0) DieOf("make", path);
  return Vectors(file, PROT_READ | PROT_WRITE, rows, dimensions);
}

Vectors Vectors::Map(const std::string& path, size_t dimensions) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat status {};
  if (file < 0 || ::fstat(file, &status) != 0) DieOf("open", path);
  return Vectors(file, PROT_READ, static_cast<size_t>(status.st_size) / sizeof(float) / dimensions, dimensions);
}

VectorSet MixtureVectors(uint64_t seed, size_t rows, size_t queries, size_t dimensions, size_t latent,
                         const std::string& folder) {
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> projection(dimensions * latent);
  for (float& v : projection) v = normal(random) / std::sqrt(static_cast<float>(latent));
  std::vector<float> centres(kCentres * latent);
  for (float& v : centres) v = normal(random);

  const auto make = [&](const char* name, size_t count) {
    return folder.empty() ? Vectors(count, dimensions) : Vectors::Create(folder + "/" + name, count, dimensions);
  };
  const std::string name = "mixture of 2,000 centres in " + std::to_string(latent) + " latent dimensions";
  VectorSet set{name, make("rows.f32", rows), make("queries.f32", queries), {}, {}, kCentres};
  set.row_group.resize(rows);
  set.query_group.resize(queries);
  ForEachInParallel(rows + queries, [&](size_t i) {
    std::mt19937_64 own(seed + 1 + i);
    std::normal_distribution<float> spread;
    const auto centre = static_cast<uint32_t>(own() % kCentres);
    std::vector<float> point(latent);
    for (size_t j = 0; j < latent; ++j) point[j] = centres[centre * latent + j] + kWithinCentre * spread(own);
    const std::span<float> row = i < rows ? set.rows.Row(i) : set.queries.Row(i - rows);
    for (size_t d = 0; d < dimensions; ++d) {
      row[d] = Dot(projection.data() + d * latent, point.data(), latent) + kNoise * spread(own);
    }
    Normalise(row);
    (i < rows ? set.row_group[i] : set.query_group[i - rows]) = centre;
  });
  return set;
}

VectorSet FileVectors(const std::string& path, size_t dimensions, size_t queries) {
  std::ifstream in(path, std::ios::binary);
  std::vector<float> row(dimensions);
  std::set<std::vector<float>> seen;
  std::vector<std::vector<float>> kept;
  while (in.read(reinterpret_cast<char*>(row.data()), static_cast<std::streamsize>(dimensions * sizeof(float)))) {
    if (std::all_of(row.begin(), row.end(), [](float v) { return v == 0; })) continue;
    Normalise(row);
    if (seen.insert(row).second) kept.push_back(row);
  }
  if (kept.size() < 2 * queries) {
    std::fprintf(stderr, "%s has %zu vectors of %zu dimensions, too few for %zu queries\n", path.c_str(), kept.size(),
                 dimensions, queries);
    std::exit(1);
  }
  VectorSet set{path, Vectors(kept.size() - queries, dimensions), Vectors(queries, dimensions), {}, {}, kFileGroups};
  const size_t step = kept.size() / queries;
  size_t row_count = 0;
  size_t query_count = 0;
  for (size_t i = 0; i < kept.size(); ++i) {
    const bool query = i % step == 0 && query_count < queries;
    const std::span<float> to = query ? set.queries.Row(query_count++) : set.rows.Row(row_count++);
    std::copy(kept[i].begin(), kept[i].end(), to.begin());
  }
  const auto group_of = [&](std::span<const float> vector) {
    uint32_t best = 0;
    float best_dot = -2;
    for (uint32_t group = 0; group < kFileGroups; ++group) {
      const float dot = Dot(vector.data(), set.rows.Row(group * set.rows.rows() / kFileGroups).data(), dimensions);
      if (dot > best_dot) best_dot = dot, best = group;
    }
    return best;
  };
  for (size_t i = 0; i < set.rows.rows(); ++i) set.row_group.push_back(group_of(set.rows.Row(i)));
  for (size_t i = 0; i < queries; ++i) set.query_group.push_back(group_of(set.queries.Row(i)));
  return set;
}

std::vector<std::vector<uint32_t>> ExactNearest(const VectorSet& set, size_t k, const std::vector<SlotSet>& allowed) {
  std::vector<std::vector<uint32_t>> nearest(set.queries.rows());
  constexpr size_t kTogether = 8;  // queries for each pass over the rows
  const size_t batches = (set.queries.rows() + kTogether - 1) / kTogether;
  ForEachInParallel(batches, [&](size_t batch) {
    const size_t begin = batch * kTogether;
    const size_t end = std::min(begin + kTogether, set.queries.rows());
    std::vector<TopHits> tops(end - begin, TopHits(k));
    const auto offer = [&](size_t q, uint32_t row) {
      tops[q - begin].Offer(
          {Slot(row), Dot(set.queries.Row(q).data(), set.rows.Row(row).data(), set.rows.dimensions())});
    };
    // Few rows are scored for each query alone, many in passes over all rows.
    const bool few = !allowed.empty() && allowed[begin].cardinality() < set.rows.rows() / 16;
    for (size_t q = begin; few && q < end; ++q) {
      for (const uint32_t row : allowed[q]) offer(q, row);
    }
    for (uint32_t row = 0; !few && row < set.rows.rows(); ++row) {
      for (size_t q = begin; q < end; ++q) {
        if (allowed.empty() || allowed[q].contains(row)) offer(q, row);
      }
    }
    for (size_t q = begin; q < end; ++q) {
      for (const ScoredSlot& hit : std::move(tops[q - begin]).Take()) nearest[q].push_back(hit.slot.value);
    }
  });
  return nearest;
}

}  // namespace engram::bench

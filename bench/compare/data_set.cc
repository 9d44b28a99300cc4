#include "bench/compare/data_set.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <simdjson.h>

#include "bench/retrieval/memories.h"

namespace engram::compare {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kSeed = 1;

// The "text" of each of the first `count` lines.
Result<std::vector<std::string>> ReadTexts(const std::string& path, size_t count) {
  std::ifstream in(path);
  if (!in) return InvalidArgument("can't read " + path);
  simdjson::dom::parser parser;
  std::vector<std::string> texts;
  for (std::string line; texts.size() < count && std::getline(in, line);) {
    std::string_view text;
    if (parser.parse(line)["text"].get(text) != simdjson::SUCCESS) {
      return InvalidArgument(fmt::format("{}, line {}: no object with a text", path, texts.size() + 1));
    }
    texts.emplace_back(text);
  }
  if (texts.size() < count) return InvalidArgument(fmt::format("{} has {} lines, not {}", path, texts.size(), count));
  return texts;
}

// Copies the first rows of a file into `to`, at unit length.
Status ReadVectors(const std::string& path, bench::Vectors* to) {
  std::ifstream in(path, std::ios::binary);
  for (size_t row = 0; row < to->rows(); ++row) {
    const std::span<float> vector = to->Row(row);
    in.read(reinterpret_cast<char*>(vector.data()), static_cast<std::streamsize>(vector.size_bytes()));
    if (!in) return InvalidArgument(fmt::format("{} has {} vectors, not {}", path, row, to->rows()));
    double sum = 0;
    for (const float v : vector) sum += double{v} * v;
    if (!(sum > 0)) return InvalidArgument(fmt::format("{}, row {}: no direction", path, row));
    for (float& v : vector) v = static_cast<float>(v / std::sqrt(sum));
  }
  return {};
}

Result<uint64_t> NumberIn(const simdjson::dom::element& meta, const char* name, const std::string& path) {
  uint64_t number = 0;
  if (meta[name].get(number) != simdjson::SUCCESS || number == 0) {
    return InvalidArgument(fmt::format("{}: {} is no count", path, name));
  }
  return number;
}

}  // namespace

uint32_t FilterNumberOf(uint64_t row) {
  // splitmix64, of S. Vigna's public-domain generators.
  uint64_t z = (row + 1) * 0x9E3779B97F4A7C15ULL;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return static_cast<uint32_t>((z ^ (z >> 31)) % 10'000);
}

DataSet::DataSet(std::string name, std::string source, bench::VectorSet vectors)
    : name_(std::move(name)), source_(std::move(source)), vectors_(std::move(vectors)) {}

Result<std::unique_ptr<DataSet>> DataSet::Read(const std::string& folder, size_t rows_max, size_t queries_max) {
  const std::string meta_path = folder + "/meta.json";
  simdjson::dom::parser parser;
  simdjson::dom::element meta;
  if (parser.load(meta_path).get(meta) != simdjson::SUCCESS) return InvalidArgument("can't read " + meta_path);
  ASSIGN_OR_RETURN(const uint64_t rows, NumberIn(meta, "rows", meta_path));
  ASSIGN_OR_RETURN(const uint64_t queries, NumberIn(meta, "queries", meta_path));
  ASSIGN_OR_RETURN(const uint64_t dimensions, NumberIn(meta, "dimensions", meta_path));
  std::string_view source;
  if (meta["source"].get(source) != simdjson::SUCCESS) return InvalidArgument(meta_path + ": no source");
  const size_t rows_read = std::min<size_t>(rows, rows_max);
  const size_t queries_read = std::min<size_t>(queries, queries_max);
  bench::VectorSet vectors{
      folder, bench::Vectors(rows_read, dimensions), bench::Vectors(queries_read, dimensions), {}, {}, 0};
  RETURN_IF_ERROR(ReadVectors(folder + "/vectors.f32", &vectors.rows));
  RETURN_IF_ERROR(ReadVectors(folder + "/queries.f32", &vectors.queries));
  std::string name = fs::path(folder).lexically_normal().filename().string();
  if (rows_read < rows) name += fmt::format("-first-{}", rows_read);
  std::unique_ptr<DataSet> set(new DataSet(std::move(name), std::string(source), std::move(vectors)));
  ASSIGN_OR_RETURN(set->texts_, ReadTexts(folder + "/texts.jsonl", rows_read));
  ASSIGN_OR_RETURN(set->query_texts_, ReadTexts(folder + "/queries.jsonl", queries_read));
  return set;
}

std::unique_ptr<DataSet> DataSet::Generate(size_t rows, size_t queries, size_t dimensions) {
  const bench::MemorySet memories(kSeed, rows, queries, dimensions);
  const std::string name = rows % 1000 == 0 ? fmt::format("generated-{}k-{}", rows / 1000, dimensions)
                                            : fmt::format("generated-{}-{}", rows, dimensions);
  std::unique_ptr<DataSet> set(new DataSet(
      name, "a mixture of 2,000 centres in 40 latent dimensions; texts of 20 words by Zipf's law", memories.vectors()));
  set->texts_.reserve(rows);
  for (size_t row = 0; row < rows; ++row) set->texts_.push_back(memories.Make(row).text());
  for (size_t query = 0; query < queries; ++query) {
    set->query_texts_.push_back(memories.Ask(bench::QueryKind::kText, query).text());
  }
  return set;
}

Record DataSet::At(size_t row) const {
  return {static_cast<uint32_t>(row), texts_[row], vectors_.rows.Row(row), FilterNumberOf(row), {}};
}

Truth DataSet::Nearest(size_t count, std::optional<uint32_t> u_below) const {
  bench::VectorSet asked{name_, vectors_.rows, bench::Vectors(std::min(count, queries()), dimensions()), {}, {}, 0};
  for (size_t i = 0; i < asked.queries.rows(); ++i) {
    std::copy(QueryVector(i).begin(), QueryVector(i).end(), asked.queries.Row(i).begin());
  }
  if (!u_below) return bench::ExactNearest(asked, kTopK, {});
  SlotSet passing;
  for (size_t row = 0; row < size(); ++row) {
    if (FilterNumberOf(row) < *u_below) passing.add(static_cast<uint32_t>(row));
  }
  return bench::ExactNearest(asked, kTopK, std::vector<SlotSet>(asked.queries.rows(), passing));
}

}  // namespace engram::compare

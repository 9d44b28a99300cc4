#include "bench/retrieval/memories.h"

#include <cmath>
#include <random>

#include <fmt/format.h>

namespace engram::bench {
namespace {

constexpr size_t kVocabulary = 20'000;
constexpr size_t kWordsInText = 20;
constexpr size_t kWordsInQuery = 5;
constexpr int64_t kTopics = 100;
constexpr const char* kSources[] = {"mail", "chat", "notes", "calendar", "web"};

// Syllables of a consonant and a vowel: the shortest for the smallest numbers.
std::string Pronounceable(size_t number) {
  constexpr std::string_view kConsonants = "bcdfghjklmnprstvwz";
  constexpr std::string_view kVowels = "aeiou";
  std::string word;
  number += 90;  // from two syllables on
  while (number > 0) {
    word += kConsonants[number % kConsonants.size()];
    number /= kConsonants.size();
    word += kVowels[number % kVowels.size()];
    number /= kVowels.size();
  }
  return word;
}

void SetVector(std::span<const float> values, v1::Vector* vector) {
  vector->set_dense_f32(std::string(reinterpret_cast<const char*>(values.data()), values.size_bytes()));
}

}  // namespace

std::string_view QueryKindName(QueryKind kind) {
  switch (kind) {
    case QueryKind::kText: return "text";
    case QueryKind::kVector: return "vector";
    case QueryKind::kHybrid: return "hybrid";
  }
  return "";
}

MemorySet::MemorySet(uint64_t seed, size_t rows, size_t queries, size_t dimensions)
    : seed_(seed), vectors_(MixtureVectors(seed, rows, queries, dimensions)) {
  words_.reserve(kVocabulary);
  for (size_t i = 0; i < kVocabulary; ++i) words_.push_back(Pronounceable(i));
}

std::string MemorySet::Text(uint64_t seed, size_t words) const {
  std::mt19937_64 random(seed_ * 1'000'003 + seed);
  std::uniform_real_distribution<double> uniform;
  std::string text;
  for (size_t i = 0; i < words; ++i) {
    // Zipf by inversion: rank r has weight 1 / r.
    const auto rank = static_cast<size_t>(std::pow(static_cast<double>(kVocabulary), uniform(random)));
    if (i > 0) text += ' ';
    text += words_[std::min(rank, kVocabulary) - 1];
  }
  return text;
}

v1::Memory MemorySet::Make(size_t row) const {
  v1::Memory memory;
  memory.set_id(fmt::format("{}", row));
  memory.set_text(Text(2 * row, kWordsInText));
  if (IsMarked(row)) memory.mutable_text()->append(" " + MarkOf(row));
  SetVector(vectors_.rows.Row(row), memory.mutable_vector());
  std::mt19937_64 random(seed_ + row);
  (*memory.mutable_metadata())["topic"].set_int_value(static_cast<int64_t>(random() % kTopics));
  (*memory.mutable_metadata())["source"].set_string_value(kSources[random() % std::size(kSources)]);
  return memory;
}

std::string MemorySet::MarkOf(size_t row) { return fmt::format("mark{}", row); }

v1::SearchRequest MemorySet::Ask(QueryKind kind, size_t query) const {
  v1::SearchRequest request;
  if (kind != QueryKind::kVector) request.set_text(Text(2 * query + 1, kWordsInQuery));
  if (kind != QueryKind::kText) SetVector(vectors_.queries.Row(query), request.mutable_vector());
  return request;
}

v1::SearchRequest MemorySet::AskForVector(size_t row) const {
  v1::SearchRequest request;
  SetVector(vectors_.rows.Row(row), request.mutable_vector());
  return request;
}

v1::SearchRequest MemorySet::AskForMark(size_t row) {
  v1::SearchRequest request;
  request.set_text(MarkOf(row));
  return request;
}

void MemorySet::OnlyTopicsBelow(int64_t topics, v1::SearchRequest* request) {
  v1::Value& field = (*request->mutable_filter()->mutable_object_value()->mutable_members())["metadata.topic"];
  (*field.mutable_object_value()->mutable_members())["lt"].set_int_value(topics);
}

std::vector<std::string> IdsOf(const v1::SearchReply& reply) {
  std::vector<std::string> ids;
  for (const v1::Hit& hit : reply.hits()) ids.push_back(hit.id());
  return ids;
}

std::vector<uint32_t> RowsOf(const v1::SearchReply& reply) {
  std::vector<uint32_t> rows;
  for (const v1::Hit& hit : reply.hits()) rows.push_back(static_cast<uint32_t>(std::stoul(hit.id())));
  return rows;
}

}  // namespace engram::bench

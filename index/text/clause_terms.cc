#include "index/text/clause_terms.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <unordered_set>

namespace engram {
namespace {

using Kind = TextClause::Kind;
using Parts = std::vector<std::shared_ptr<Part>>;

constexpr size_t kPrefixTermsMax = 128;
constexpr size_t kFuzzyTermsMax = 64;

// A word that a prefix or fuzzy clause stands for.
struct Candidate {
  uint32_t distance;
  std::string word;
  std::string term;

  bool operator<(const Candidate& other) const {
    return std::tie(distance, word, term) < std::tie(other.distance, other.word, other.term);
  }
};

// The terms of the nearest words, each once.
std::vector<std::string> Nearest(std::vector<Candidate> candidates, size_t terms_max) {
  std::sort(candidates.begin(), candidates.end());
  std::vector<std::string> terms;
  std::unordered_set<std::string_view> taken;
  for (const Candidate& candidate : candidates) {
    if (terms.size() == terms_max) break;
    if (taken.insert(candidate.term).second) terms.push_back(candidate.term);
  }
  return terms;
}

std::vector<std::string> PrefixTerms(const Parts& parts, const std::string& prefix) {
  std::vector<Candidate> candidates;
  for (const auto& part : parts) {
    std::set<uint32_t> terms;
    std::string last;
    part->EachWordWithPrefix(prefix, [&](std::string_view word, uint32_t term) {
      // One word with several terms comes in no fixed order: take all of it before stopping. What lies behind
      // so many terms of one part lies behind as many of them all.
      if (terms.size() >= kPrefixTermsMax && word != last) return false;
      candidates.push_back({0, std::string(word), part->TermText(term)});
      terms.insert(term);
      last = word;
      return true;
    });
  }
  return Nearest(std::move(candidates), kPrefixTermsMax);
}

std::vector<std::string> FuzzyTerms(const Parts& parts, const std::string& word, uint32_t distance_max) {
  std::vector<Candidate> candidates;
  for (const auto& part : parts) {
    part->EachWordWithin(word, distance_max, [&](std::string_view found, uint32_t term, uint32_t distance) {
      candidates.push_back({distance, std::string(found), part->TermText(term)});
    });
  }
  return Nearest(std::move(candidates), kFuzzyTermsMax);
}

}  // namespace

std::vector<std::string> ClauseTerms(const Parts& parts, const TextClause& clause) {
  switch (clause.kind) {
    case Kind::kTerm:
    case Kind::kPhrase: return clause.terms;
    case Kind::kPrefix: return PrefixTerms(parts, clause.terms[0]);
    case Kind::kFuzzy: return FuzzyTerms(parts, clause.terms[0], clause.distance);
  }
  return {};
}

}  // namespace engram

// Queries as people and agents write them, of several kinds, from the same sentences.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace engram::text_bench {

struct Query {
  std::vector<std::string> words;
  bool phrase = false;  // the words in a row
  bool all = false;     // each of them required
};

struct QueryMix {
  std::string name;
  std::vector<Query> queries;
};

// `count` queries of each kind: 1, 2-4, 5-8 and 15-30 words in a row of a sentence; stop words with one other word;
// two required words; phrases.
std::vector<QueryMix> MakeQueryMixes(const std::vector<std::string>& sentences, size_t count, uint64_t seed);

}  // namespace engram::text_bench

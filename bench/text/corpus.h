// Many short documents with the words and their frequencies of real text: sentences of public collections,
// recombined. Equal seeds give equal documents on every machine.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "base/status.h"

namespace engram::text_bench {

// The sentences of the collections found under `folder` (docs.jsonl or wiki.jsonl with text or body), folded and
// cut into words by the analyzer "standard", joined by spaces. NotFound when there is none.
Result<std::vector<std::string>> ReadSentences(const std::string& folder);

// Documents of one to four sentences drawn at random, most of one or two.
class Documents {
 public:
  Documents(const std::vector<std::string>& sentences, uint64_t seed) : sentences_(sentences), random_(seed) {}
  std::string Next();

 private:
  const std::vector<std::string>& sentences_;
  std::mt19937_64 random_;
};

}  // namespace engram::text_bench

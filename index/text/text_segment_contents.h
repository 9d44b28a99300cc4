// All that a sealed part of a text index says, to be held against the texts it was made of: for whoever checks a store.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/hash.h"
#include "base/status.h"
#include "index/text/analyzer.h"
#include "index/text/text_segment.h"

namespace engram {

// What an index knows of one text; equal texts give equal sums, whatever order their terms are met in.
struct TextSums {
  Hash128 postings;     // over (term, positions)
  Hash128 words;        // over its different words as written
  uint32_t length = 0;  // its terms
  bool operator==(const TextSums&) const = default;
};

struct TextSegmentContents {
  std::vector<TextSums> texts;  // by ordinal
  // What contradicts itself, in words: lists that aren't any, terms and words of another number of texts than is
  // written beside them. Never more than 100.
  std::vector<std::string> faults;
};

// Reads every list of the segment: memory for each of its texts, not for its postings. Corruption when bytes are not
// what was written.
Result<TextSegmentContents> ReadTextSegment(const TextSegment& segment);

// Of a text's tokens (AnalyzeTexts).
TextSums SumsOf(const std::vector<Token>& tokens);

// Term -> frequency, of each of these texts (ordinals): to name what differs. Reads every list.
std::map<uint32_t, std::map<std::string, uint32_t>> FindPostings(const TextSegment& segment,
                                                                 const std::set<uint32_t>& texts);

}  // namespace engram

// Which labelled sets there are, how each is indexed, and the figures stated for it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bench/quality/metrics.h"

namespace engram::quality {

// One row of the baseline: plain BM25 without stemming.
struct Baseline {
  std::string folder;
  std::string scope_field;  // empty: the set as one namespace
  std::vector<std::string> doc_fields;
  std::vector<std::string> query_fields;
  std::map<Metric, double> stated;
  double k1 = 1.2;
  double b = 0.75;
  std::string left_out{};  // queries with this `type` are
};
const std::vector<Baseline>& Baselines();

// nDCG@10 of one reference implementation (exact search in both legs, English Snowball stemming) per set.
struct HybridReference {
  std::string folder;
  std::string scope_field;
  double text;
  double vector;
  double relative;  // min-max over the completed union, 0.4/0.6
  double rrf;       // k 60
};
const std::vector<HybridReference>& HybridReferences();

// One set in one language, with the analyzer made for that language; the floors are BM25's without it.
struct Language {
  std::string folder;
  std::string analyzer;
  std::string scope_field;
  double recall10;            // floor
  std::optional<double> mrr;  // floor
};
const std::vector<Language>& Languages();

// A set of conversations, for sequence context.
struct Conversations {
  std::string folder;
  std::string scope_field;
  std::string session_field;
  std::optional<double> gain;  // of R@10 that one neighbour on each side must bring at weight 0.2
};
const std::vector<Conversations>& AllConversations();

}  // namespace engram::quality

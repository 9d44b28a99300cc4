// A search as the engine takes it and what it gives back (API.md "Search").
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "base/timestamp.h"
#include "engine/memory.h"
#include "index/attribute/filter.h"
#include "index/text/text_index.h"
#include "index/text/text_query.h"

namespace engram {

// Bound of every weight, so that scores stay finite.
inline constexpr double kSearchWeightMax = 1e6;

enum class LegType : uint8_t { kText, kVector, kGraph };

struct GraphLegOptions {
  std::vector<std::string> seeds;  // ids; unknown ones are ignored
  std::vector<std::string> types;  // empty: all
  uint32_t hops = 2;
  uint32_t from_hits = 10;  // so many best hits of the other legs also seed, when there are no seeds or besides them
};

struct LegRequest {
  std::string name;  // unique in the request
  LegType type = LegType::kText;
  std::string text;
  TextMode text_mode = TextMode::kAny;
  std::vector<float> vector;
  std::string vector_name;       // empty: "default"
  std::optional<Filter> filter;  // besides the request's own
  std::optional<uint32_t> candidates;
  std::optional<double> min_score;  // on the raw score
  std::optional<double> weight;
  std::optional<uint32_t> ef;  // a hint for approximate forms; exact search ignores it
  GraphLegOptions graph;
};

enum class FusionMethod : uint8_t {
  kRelative,
  kZscore,
  kRrf,
  kQdrantRrf,
  kQdrantDbsf,
  kOpensearchMinmax,
  kOpensearchL2,
  kOpensearchZscore,
  kMem0,
};

struct FusionOptions {
  FusionMethod method = FusionMethod::kRelative;
  std::map<std::string, double> weights;  // by leg name; absent: text 0.4, vector 0.6, graph 0.2 by type
  uint32_t candidates = 100;
  std::optional<double> k;  // rrf: 60 by default (qdrant_rrf: 2)
};

struct ContextOptions {
  uint32_t window = 0;
  double weight = 0;
};

struct RecencyOptions {
  std::string field;  // a time field; empty: event_time, or created_at where there is none
  double half_life_seconds = 0;
  double weight = 0;
};

// What of a memory a reply holds. Everything but vectors by default.
struct Include {
  bool text = true;
  bool fields = true;
  bool vectors = false;
  bool metadata = true;
  bool attributes = true;  // scopes, times, state record, source
  bool hash = false;       // Memory::hash, where the version is the current one

  // Id and version alone, which an index knows without rows.
  bool nothing() const { return !text && !fields && !vectors && !metadata && !attributes && !hash; }
};
// "text", "fields", "vector" and "vectors", "metadata", "attributes" (or one of the attributes' names), "all",
// "none". Empty gives the default. InvalidArgument names what is not known.
Result<Include> ParseInclude(const std::vector<std::string>& names);

struct SearchRequest {
  std::vector<LegRequest> legs;  // at least one; the short form is turned into legs by the caller
  uint32_t top_k = 10;
  uint32_t offset = 0;
  std::optional<Filter> filter;
  FusionOptions fusion;
  ContextOptions context;
  RecencyOptions recency;
  double importance_weight = 0;
  double feedback_weight = 0;
  double diversity = 0;  // 0 to 1: MMR with lambda = 1 - diversity
  std::string group_by;  // a filter field
  uint32_t group_size = 1;
  std::optional<Timestamp> as_of;
  std::optional<double> min_score;  // on the final score
  bool exact = false;
  bool highlight = false;
  bool explain = false;
  Include include;
};

struct LegExplanation {
  std::optional<uint32_t> rank;  // from 1; absent when the leg did not bring the hit
  std::optional<double> score;   // raw; absent when the leg has none for it
  double normalized = 0;
  double contribution = 0;  // the contributions of all legs sum to `fused`
  std::vector<TermScore> terms;
  std::vector<std::string> path;  // graph: ids from a seed to the hit
};

struct Explanation {
  std::map<std::string, LegExplanation> legs;
  double fused = 0;
  std::map<std::string, double> adjust;  // context, recency, importance, feedback; fused + all = score
};

struct SearchHit {
  std::string id;
  double score = 0;
  Memory memory;
  std::vector<std::string> highlights;
  std::optional<Explanation> explanation;
  std::optional<Value> group;
};

struct LegReport {
  uint32_t candidates = 0;
  uint64_t took_us = 0;
};

struct SearchReply {
  std::vector<SearchHit> hits;
  std::map<std::string, LegReport> legs;
  Position position;
  uint64_t took_us = 0;
};

}  // namespace engram

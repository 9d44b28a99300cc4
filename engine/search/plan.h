// A search request checked against the namespace's configuration, with every default resolved.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/status.h"
#include "engine/config.h"
#include "engine/search.h"
#include "index/text/analyzer.h"
#include "index/text/text_query.h"

namespace engram::search {

struct LegPlan {
  const LegRequest* request = nullptr;
  size_t place = 0;          // in the request
  size_t candidates = 0;     // at least offset + top_k
  double weight = 0;         // as given or by default; not scaled
  TextQuery text;            // text legs
  uint32_t query_terms = 0;  // words in it, repeated ones counted
  std::string space;         // vector legs; empty when the namespace has no vector space yet
  Metric metric = Metric::kCosine;
  uint32_t dimensions = 0;  // 0: not fixed when the plan was made
  bool exact = false;       // vector legs: no approximation

  const std::string& name() const { return request->name; }
};

struct SearchPlan {
  std::vector<LegPlan> legs;  // by name: the order in which contributions are summed
  size_t wanted = 0;          // offset + top_k
  // Diversity compares vectors of this space through this leg's view; no space: memories don't resemble.
  std::string diversity_space;
  size_t diversity_leg = 0;
  Metric diversity_metric = Metric::kCosine;
};

// The request must outlive the plan. InvalidArgument on what no namespace could answer, Unprocessable on what
// this one can't: an unknown, sparse or multi space, a vector of the wrong length or with NaN.
Result<SearchPlan> MakePlan(const SearchRequest& request, const NamespaceConfig& config, const Analyzer& analyzer);

// Where a mistake in a leg stands: "vector" in a leg that bears its type's name (the short form makes those),
// "legs[2].vector" elsewhere.
std::string LegField(const LegPlan& leg, std::string_view member);

}  // namespace engram::search

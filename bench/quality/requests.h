// The searches that are measured. None of them asks for more of a memory than its id.
#pragma once

#include <string>
#include <vector>

#include "bench/quality/labelled_set.h"
#include "engine/search.h"

namespace engram::quality {

// By text alone; the named fields of the query, taken as plain words.
SearchRequest TextSearch(const LabelledRow& query, const std::vector<std::string>& fields, uint32_t top_k);
// By vector alone.
SearchRequest VectorSearch(const LabelledRow& query, uint32_t top_k);
// Both, with the defaults of a hybrid search but for the method.
SearchRequest HybridSearch(const LabelledRow& query, FusionMethod method, uint32_t top_k);
// Both over all of `rows` rows, with every row's exact score and rank in each leg.
SearchRequest ExplainedSearch(const LabelledRow& query, uint32_t rows);

}  // namespace engram::quality

// From a ranking to what the caller gets: rows, highlights, explanations.
#pragma once

#include "engine/search.h"
#include "engine/search/ranking.h"

namespace engram::search {

// Reads the page's memories by one MultiGet. `rows` are not older than the ranking. Corruption when a row of the
// page is gone. All but took_us is set.
Result<SearchReply> MakeReply(const SearchSource& source, const SearchRequest& request, const Ranking& ranking,
                              const KvReader& rows);

// Why a candidate stands where it stands: contributions in the order of names sum to `fused`, and with the
// adjustments in the order of names to the score, exactly.
Result<Explanation> Explain(const Ranking& ranking, size_t candidate, const KvReader& rows);

}  // namespace engram::search

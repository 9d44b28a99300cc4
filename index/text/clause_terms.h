// Which terms the clauses of a query stand for, over all parts of an index.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "index/text/part.h"
#include "index/text/text_query.h"

namespace engram {

// kTerm, kPhrase: the clause's terms in order, found or not. kPrefix, kFuzzy: the terms of the nearest words of
// live texts, nearest first. Under the owner's lock.
std::vector<std::string> ClauseTerms(const std::vector<std::shared_ptr<Part>>& parts, const TextClause& clause);

}  // namespace engram

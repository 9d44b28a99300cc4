#include "index/text/text_query.h"

#include <algorithm>

namespace engram {

bool TextQuery::restricts() const {
  return std::any_of(clauses.begin(), clauses.end(),
                     [](const TextClause& clause) { return clause.occur != TextClause::Occur::kShould; });
}

}  // namespace engram

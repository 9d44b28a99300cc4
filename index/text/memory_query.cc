#include "index/text/memory_query.h"

namespace engram {

std::unique_ptr<const PartQuery> TextPart::Bind(const std::vector<QueryClause>& clauses,
                                                std::vector<std::vector<uint32_t>> terms) const {
  return std::make_unique<MemoryQuery>(std::static_pointer_cast<const TextPart>(shared_from_this()), clauses, terms);
}

}  // namespace engram

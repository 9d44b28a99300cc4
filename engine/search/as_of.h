// A namespace as it was: an index built for one search from the versions that were current at a moment.
#pragma once

#include <memory>

#include "base/status.h"
#include "engine/namespace_index.h"
#include "engine/read_view.h"
#include "engine/search.h"

namespace engram::search {

// More matching memories than this can't be searched in the past.
constexpr size_t kPastMemoriesMax = 20'000;

// Holds exactly the memories that matched the request's filter at `time` (state active unless the filter names
// state), so that text statistics are over them alone. State records have no history: importance, feedback and
// expiry are today's, and a memory that is due by `time` is absent; of a memory that was deleted since (and may have
// been written anew) nothing is left, so it has none. Unprocessable beyond kPastMemoriesMax.
Result<std::unique_ptr<NamespaceIndex>> IndexOfPast(const ReadView& view, const std::optional<Filter>& filter,
                                                    Timestamp time);

}  // namespace engram::search

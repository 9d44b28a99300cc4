// Filters, includes and other choices of memories that several endpoints share.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "engine/search.h"
#include "engram/v1/value.pb.h"
#include "index/attribute/filter.h"
#include "server/request_limits.h"

namespace engram {

using ProtoStrings = google::protobuf::RepeatedPtrField<std::string>;

// A null is no filter. `field()` starts with "filter".
Result<std::optional<Filter>> ToFilter(const v1::Value& filter);

// InvalidArgument at "include".
Result<Include> ToInclude(const ProtoStrings& names);

// Whether no memory at all could fail the filter: what an update or a delete must not be given by accident.
bool MatchesEverything(const Filter& filter);

// Each obeys CheckId, none comes twice, and at most limits.batch_items of them; "ids[3]" otherwise.
Result<std::vector<std::string>> ToDistinctIds(const ProtoStrings& ids, const RequestLimits& limits);

// Which memories (or edges) a write is about: exactly one of ids and a filter that excludes something.
struct Selection {
  std::vector<std::string> ids;
  std::optional<Filter> filter;
};
using FilterParser = Result<Filter> (*)(const Value&);
Result<Selection> ToSelection(const ProtoStrings& ids, const v1::Value* filter, FilterParser parse,
                              const RequestLimits& limits);

}  // namespace engram

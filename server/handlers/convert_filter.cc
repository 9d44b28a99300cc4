#include "server/handlers/convert_filter.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "engine/config.h"
#include "server/handlers/convert_value.h"

namespace engram {
namespace {

bool MatchesNothing(const Filter& filter) {
  switch (filter.kind) {
    case Filter::Kind::kAnd: return std::any_of(filter.children.begin(), filter.children.end(), MatchesNothing);
    case Filter::Kind::kOr: return std::all_of(filter.children.begin(), filter.children.end(), MatchesNothing);
    case Filter::Kind::kNot: return MatchesEverything(filter.children.front());
    case Filter::Kind::kCondition: return false;
  }
  return false;
}

Result<std::optional<Filter>> ParseWith(const v1::Value& filter, FilterParser parse) {
  Result<Value> value = ToValue(filter);
  if (!value.ok()) return std::move(value).status().Under("filter");
  if (value->is_null()) return std::optional<Filter>();
  ASSIGN_OR_RETURN(Filter parsed, parse(*value));
  return std::optional<Filter>(std::move(parsed));
}

}  // namespace

Result<std::optional<Filter>> ToFilter(const v1::Value& filter) { return ParseWith(filter, ParseFilter); }

Result<Include> ToInclude(const ProtoStrings& names) {
  Result<Include> include = ParseInclude({names.begin(), names.end()});
  if (!include.ok()) return std::move(include).status().At("include");
  return include;
}

bool MatchesEverything(const Filter& filter) {
  switch (filter.kind) {
    case Filter::Kind::kAnd: return std::all_of(filter.children.begin(), filter.children.end(), MatchesEverything);
    case Filter::Kind::kOr: return std::any_of(filter.children.begin(), filter.children.end(), MatchesEverything);
    case Filter::Kind::kNot: return MatchesNothing(filter.children.front());
    case Filter::Kind::kCondition: return false;
  }
  return false;
}

Result<std::vector<std::string>> ToDistinctIds(const ProtoStrings& ids, const RequestLimits& limits) {
  if (ids.size() > static_cast<int>(limits.batch_items)) {
    return InvalidArgument(fmt::format("{} ids are more than {}", ids.size(), limits.batch_items)).At("ids");
  }
  std::set<std::string_view> seen;
  for (int i = 0; i < ids.size(); ++i) {
    Status status = CheckId("an id", ids[i]);
    if (status.ok() && !seen.insert(ids[i]).second) status = InvalidArgument(fmt::format("\"{}\" comes twice", ids[i]));
    if (!status.ok()) return std::move(status).At(fmt::format("ids[{}]", i));
  }
  return std::vector<std::string>(ids.begin(), ids.end());
}

Result<Selection> ToSelection(const ProtoStrings& ids, const v1::Value* filter, FilterParser parse,
                              const RequestLimits& limits) {
  Selection selection;
  ASSIGN_OR_RETURN(selection.ids, ToDistinctIds(ids, limits));
  if (filter != nullptr) {
    ASSIGN_OR_RETURN(selection.filter, ParseWith(*filter, parse));
  }
  if (selection.ids.empty() == !selection.filter.has_value()) {
    return InvalidArgument("give either ids or a filter").At(selection.filter ? "filter" : "ids");
  }
  if (selection.filter && MatchesEverything(*selection.filter)) {
    return InvalidArgument("an empty filter would match everything; to remove all, delete the namespace").At("filter");
  }
  return selection;
}

}  // namespace engram

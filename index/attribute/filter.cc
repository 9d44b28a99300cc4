#include "index/attribute/filter.h"

#include <algorithm>
#include <iterator>

namespace engram {
namespace {

bool MatchesAll(const Filter& filter) { return filter.kind == Filter::Kind::kAnd && filter.children.empty(); }

void AppendConjuncts(Filter filter, std::vector<Filter>* out) {
  if (filter.kind != Filter::Kind::kAnd) {
    out->push_back(std::move(filter));
    return;
  }
  for (Filter& child : filter.children) AppendConjuncts(std::move(child), out);
}

}  // namespace

bool Filter::Mentions(std::string_view name) const {
  if (kind == Kind::kCondition) {
    return field.starts_with(name) && (field.size() == name.size() || field[name.size()] == '.');
  }
  return std::any_of(children.begin(), children.end(), [&](const Filter& child) { return child.Mentions(name); });
}

Filter And(Filter a, Filter b) {
  if (MatchesAll(a)) return b;
  if (MatchesAll(b)) return a;
  Filter both;
  AppendConjuncts(std::move(a), &both.children);
  AppendConjuncts(std::move(b), &both.children);
  return both;
}

}  // namespace engram

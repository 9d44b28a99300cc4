// Whose edges a search may walk: those that pass its conditions on scopes.
#pragma once

#include <string>
#include <vector>

#include "base/value.h"
#include "graph/edge.h"
#include "index/attribute/filter.h"

namespace engram::search {

// The eq and in conditions on scope fields that every match of the filters must satisfy: the ones that stand at
// the top or under ANDs alone. An edge without the scope fails them, as a memory would.
class EdgeScope {
 public:
  void Require(const Filter& filter);
  bool Passes(const Edge& edge) const;
  bool empty() const { return conditions_.empty(); }

 private:
  struct Condition {
    std::string Scopes::*scope;
    std::vector<std::string> values;
    bool or_missing = false;
  };
  static Condition MakeCondition(std::string Scopes::*scope, const Filter& filter);

  std::vector<Condition> conditions_;
};

}  // namespace engram::search

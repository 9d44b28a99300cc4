// A run beside an earlier one, whatever machine that was made on: not figures are compared but how Engram stands to
// each other system in them. Where Engram was measured alone, its figures themselves are.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"

namespace engram::compare {

struct Regression {
  std::string what;    // workload, data, parameters, metric
  std::string beside;  // the other system; empty: Engram's own figure
  double before = 0;   // Engram's figure, divided by that of the other system
  double now = 0;
  double worse = 0;  // by which part, such as .12
};

// What is worse by more than a tenth in `now` than in `before`, both results.json; medians of everything that both
// hold. InvalidArgument when one is none.
Result<std::vector<Regression>> Regressions(const std::string& before, const std::string& now);

}  // namespace engram::compare

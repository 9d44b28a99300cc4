// What every mutation should do, said a second time and without regard to speed: the model's write path.
// Shares with the engine the meaning of a filter on one row (FilterFields, Matches) and the default id of an edge.
#pragma once

#include <string>
#include <vector>

#include "engine/mutation.h"
#include "tests/engine/model/twin_state.h"

namespace engram::model {

struct TwinResult {
  StatusCode code = StatusCode::kOk;
  std::string field;  // "operations[i]" of the one to blame
  std::vector<OperationResult> results;
};

// Changes `state` only when all is well. Namespace-wide operations, sweeps and imports have ways of their own below.
TwinResult ApplyToTwin(const Mutation& mutation, Timestamp now, TwinState* state);

// Ends everything that is due.
void SweepTwin(Timestamp now, TwinState* state);

}  // namespace engram::model

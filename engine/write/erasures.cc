#include "engine/write/erasures.h"

namespace engram {

Status NoteErasure(Transaction::Range& system, Erasure erasure) {
  ASSIGN_OR_RETURN(erasure.number, NextErasure(system.rows));
  PutErasures({erasure}, erasure.number + 1, system.batch);
  return {};
}

}  // namespace engram

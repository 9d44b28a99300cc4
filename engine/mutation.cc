#include "engine/mutation.h"

namespace engram {

std::string_view OutcomeName(Outcome outcome) {
  switch (outcome) {
    case Outcome::kCreated: return "created";
    case Outcome::kUpdated: return "updated";
    case Outcome::kUnchanged: return "unchanged";
    case Outcome::kDuplicate: return "duplicate";
    case Outcome::kDeleted: return "deleted";
    case Outcome::kSkipped: return "skipped";
  }
  return "unchanged";
}

}  // namespace engram

// Why records could not be taken, counted: "vector: unprocessable" with its first example.
#pragma once

#include <string>

#include "base/status.h"
#include "engram/v1/import.pb.h"

namespace engram {

// Confined to one thread. Bounded: the 33rd reason and those behind it count as "other".
class RejectReasons {
 public:
  // What an earlier run counted, which goes on.
  void Load(const v1::ImportRejects& rejects) { rejects_ = rejects; }
  void Add(const std::string& place, const Status& why);
  const v1::ImportRejects& rejects() const { return rejects_; }

 private:
  v1::ImportRejects rejects_;
};

}  // namespace engram

// What a store holds, in short: what two copies of it are compared by, and which segment files its manifest names.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/kv.h"
#include "base/status.h"
#include "base/timestamp.h"
#include "engine/segments/segment_folder.h"

namespace engram {

struct StoreContents {
  Timestamp log_time;     // of the last commit
  uint64_t erasures = 0;  // in the ledger
  uint64_t namespaces = 0;
  uint64_t memories = 0;
  // One line a namespace, by tenant and number, ended by a newline:
  //   "<tenant> <namespace> <position> <memories' digest> <edges' digest> <nodes' digest>"
  std::string lines;
  std::vector<SegmentName> segments;
};

// Of one state of all rows. Looks at a few rows of every namespace, not at memories: digests are those that commits
// keep.
Result<StoreContents> ReadStoreContents(const KvReader& rows);

// The lines that are in one and not in the other, each with "- " (gone) or "+ " (new) in front; at most `limit`.
std::vector<std::string> CompareContents(const std::string& before, const std::string& after, size_t limit);

}  // namespace engram

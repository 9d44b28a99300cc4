// Compares a source with what the store holds after its import: every row, every field that the source has.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "client/cpp/client.h"
#include "tools/import/source.h"
#include "tools/progress.h"

namespace engram {

struct VerifyReport {
  uint64_t matched = 0;
  uint64_t edited = 0;   // in the store, after the import
  uint64_t deleted = 0;  // from the store, after the import
  uint64_t missing = 0;
  uint64_t different = 0;
  uint64_t unreadable = 0;          // records that no memory could be made of
  std::vector<std::string> places;  // of the first few that did not match, with the reason

  // What should be in the store and is not.
  uint64_t unmatched() const { return missing + different + unreadable; }
};

// `source` stands at its beginning and gives memories with ids and a source.version (import/revision.h) only.
Result<VerifyReport> VerifyImport(Client& client, ImportSource& source, const std::string& namespace_name,
                                  Progress& progress);

// Whether the memory was there and was deleted; false for one that never was or was erased.
Result<bool> IsDeleted(Client& client, const std::string& ns, const std::string& id);

// What of `wanted` the stored memory does not have: "text", "fields", "metadata", … Empty when all is there.
std::string FirstDifference(const v1::Memory& wanted, const v1::Memory& stored);

}  // namespace engram

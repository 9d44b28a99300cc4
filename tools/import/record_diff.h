// One record of a source beside the memory that the store has of it.
#pragma once

#include <string>
#include <vector>

#include "base/hash.h"
#include "base/status.h"
#include "engram/v1/memory.pb.h"

namespace engram {

// The components of two unit vectors may differ by as much (sources that normalise cosine vectors do so in fp32).
inline constexpr double kDirectionTolerance = 1e-6;

struct RecordComparison {
  std::vector<std::string> differences;  // "metadata.topic: \"tea\" in the source, \"milk\" in the store"
  bool same_direction = false;           // equal but for the length of cosine vectors
  // MemoryHash of both (docs/formats.md, "Canonical encoding"), without what the source leaves to the store: its times
  // where it tells none, and the revision of source.version. Equal when there is no difference.
  Hash128 wanted;
  Hash128 stored;
};

struct CompareRules {
  std::vector<std::string> cosine_spaces;  // where the direction counts alone; empty: every vector bit for bit
  // Whether an expiry that the source does not have may come from what the record replaced.
  bool replaced = false;
};

// `wanted` as a source gives it, `stored` as the API tells it. An error is about `wanted`: no memory can be made of it.
Result<RecordComparison> CompareRecord(const v1::Memory& wanted, const v1::Memory& stored, const CompareRules& rules);

// Quoted and cut after 60 bytes, for a person.
std::string ShownText(const std::string& text);

// The hash of a record that the store has not, or the source has not.
Result<Hash128> HashOfRecord(const v1::Memory& record);

}  // namespace engram

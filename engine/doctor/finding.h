// What a check of the store finds wrong: where, what was expected there, what was found, and what puts it right.
//
// The names of kinds are told to users and scripts: never rename one, add to them. Each says which invariant it breaks:
//   I1  what an index has is what the rows say         I6  graphs of vectors are whole
//   I2  what the rows say is in every index            I7  a vector finds itself
//   I3  nothing is ahead of its namespace              I9  edges stand at both ends, and the ends are there
//   I4  digests are the sums of the rows               I11 what was dropped has left no row
//   I5  postings are those of the texts                I13 files are of this program's making
//   I12 counters, and rows that follow from others, are what a recount gives
//   R   a row can be read and is where it belongs      F   a file holds what was written
// I8 (recall after much change) is measured when segments are sealed, and by the benchmarks. I10 and I14 (only what
// lives is found; an index built anew is equal) are about an index in memory: Engine::CheckNamespace.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"

namespace engram {

enum class FindingKind : uint8_t {
  // --- Rows of a namespace.
  kUnreadableRow,        // R: key or value is not what its kind has
  kUnknownRow,           // R: of no kind
  kMissingHead,          // R: rows without the one that says what they belong to
  kMissingNodeRow,       // R: an id whose node has no row
  kOrphanNodeRow,        // R: a node that no id names
  kSharedNode,           // R: one node, two ids
  kNumberBeyondCounter,  // I3: a node, slot, run or position above what was ever given out
  kMissingContent,       // R
  kMissingAttributes,    // R
  kMissingState,         // R
  kMissingVersion,       // R: a memory's current version
  kForeignSlot,          // I1: content or attributes that belong to another memory
  kOrphanContent,        // I12: no version refers to it
  kOrphanAttributes,     // I12
  kOrphanState,          // I12
  kOrphanVersion,        // R: of a node that no memory has
  kContentHashDiffers,   // I4
  kMemoryHashDiffers,    // I4
  kRunMemberDiffers,     // I12: membership rows and the memories' own runs
  kRunCountDiffers,      // I12
  kRunNameDiffers,       // R: a run's name leads to no run of this name
  kDuplicateRowDiffers,  // I12: what finds duplicates
  kPathMissing,          // I12: an attribute path that is not registered
  kEntityRowDiffers,     // R: an entity's row or its id is missing
  kEdgeMirrorMissing,    // I9: one-sided
  kEdgeMirrorOrphan,     // I9: a side that its edge doesn't have
  kEdgeMissing,          // I9: a side whose edge is gone
  kEdgeMirrorDiffers,    // I9
  kEdgeEndMissing,       // I9: dangling
  kLogGap,               // I3
  kReplyRowDiffers,      // I12: what finds stored replies
  kExpiryRowMissing,     // I12: it would never expire
  kExpiryRowOrphan,      // I12
  kCounterDiffers,       // I12
  kDigestDiffers,        // I4
  // --- Rows of tenants and of the store.
  kTenantRowDiffers,       // R
  kKeyWithoutTenant,       // R
  kUsageDiffers,           // I12
  kNamespaceCountDiffers,  // I12
  kDirectoryRowDiffers,    // R: a name leads to no namespace, or a namespace has no name
  kAliasDiffers,           // R
  kLeftoverRows,           // I11
  // --- Files.
  kDataFileDamaged,     // F
  kLogTailLost,         // F: the store was closed with more than it has
  kSegmentMissing,      // F
  kSegmentDamaged,      // F
  kSegmentFingerprint,  // I13
  kSegmentRowDiffers,   // I3: the manifest and its file
  kSegmentAhead,        // I3
  kSegmentOverlap,      // I1: a slot in two files of one index
  kSegmentForeignSlot,  // I1: a slot outside of what was sealed
  kTextMissing,         // I2
  kTextUnexpected,      // I1
  kPostingMissing,      // I5
  kPostingUnexpected,   // I5
  kPostingDiffers,      // I5: frequency, positions or length
  kPostingListBroken,   // I5: order, or df
  kVectorMissing,       // I2
  kVectorUnexpected,    // I1
  kVectorDiffers,       // I6
  kGraphLinks,          // I6
  kGraphUnreachable,    // I6
  kVectorNotFound,      // I7
  kColumnsDiffer,       // I1
};
inline constexpr size_t kFindingKinds = static_cast<size_t>(FindingKind::kColumnsDiffer) + 1;

// What puts a kind right.
enum class RepairWay : uint8_t {
  kRows,      // follows from other rows: `engram verify --repair` writes it anew
  kSegments,  // follows from rows: `--repair` lets go of the namespace's files, the next load makes them
  kRestore,   // primary rows: nothing here knows what they were
};

// "edge_mirror_missing" and so on.
std::string_view FindingKindName(FindingKind kind);
RepairWay RepairWayOf(FindingKind kind);
// In words, for users.
std::string_view RepairAdvice(RepairWay way);

struct Finding {
  FindingKind kind = FindingKind::kUnreadableRow;
  TenantId tenant = {};       // 0: the store's own
  NamespaceId ns = {};        // 0: the tenant's directory
  std::string name = {};      // the namespace's, where it is known
  std::string place = {};     // memory "a", slot 7, a file
  std::string expected = {};  // may be empty
  std::string found = {};
  bool repaired = false;
};

// "edge_mirror_missing: tenant 1, namespace 2 \"notes\", edge \"a\": expected …, found …".
std::string ToText(const Finding& finding);

// Findings, counted all, kept up to a bound. Confined to one thread.
class FindingList {
 public:
  static constexpr size_t kKeptMax = 1000;

  void Add(Finding finding);
  void Add(const FindingList& others);
  const std::vector<Finding>& kept() const { return kept_; }
  std::vector<Finding>& kept() { return kept_; }
  uint64_t count() const { return count_; }
  uint64_t repaired() const { return repaired_; }
  const std::map<FindingKind, uint64_t>& counts() const { return counts_; }

 private:
  std::vector<Finding> kept_;
  std::map<FindingKind, uint64_t> counts_;
  uint64_t count_ = 0;
  uint64_t repaired_ = 0;
};

}  // namespace engram

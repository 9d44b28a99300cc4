// One vector space of one namespace: parts in slot order, the last of them fresh.
//
// A fresh part holds what was added last, in memory, and is always scanned exactly. Freeze takes it out of
// the writer's way; Seal makes a segment of frozen parts (or a larger one of segments) beside the traffic;
// Replace puts the segment in their place:
//
//   {lock}  handle = index.Freeze();
//   {none}  segment = VectorIndex::Seal({handle}, files, path, options);
//   {lock}  index.Replace({handle}, segment);
//
// Threads: one writer. Everything but Seal is serialised by the owner's lock (View and what is const may share
// it); the VectorView that comes back needs no lock and stays valid, unchanged, whatever the writer does.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/ids.h"
#include "base/status.h"
#include "index/scored_slot.h"
#include "index/slot_set.h"
#include "index/vector/distance.h"
#include "index/vector/vector_segment.h"

namespace engram {

constexpr uint32_t kDimensionsMax = 4096;

// Whether `vector` may be stored in or searched in a space: Unprocessable when the length differs (both
// numbers named, also as details "expected" and "got"), when a component is NaN or infinite (its index
// named), or when it is all zeros under cosine.
Status CheckVector(std::span<const float> vector, uint32_t dimensions, Metric metric);

struct VectorSearchOptions {
  // Scores every allowed vector in fp32. Without it segments choose candidates by codes and graph.
  bool exact = false;
  // How many candidates a graph walk keeps; 0 stands for what sealing measured to be enough.
  uint32_t ef = 0;
  // Asked several times in a millisecond of scanning; true ends the search, whose answer is then worth nothing.
  std::function<bool()> give_up = {};
};

class VectorView {
 public:
  class Rep;
  explicit VectorView(std::shared_ptr<const Rep> rep) : rep_(std::move(rep)) {}

  // The k nearest of `allowed` that have a vector, best first: k of them whenever as many match. The scores are
  // Score()'s, bit for bit. Exact without segments or when asked to be; a segment may otherwise miss some of
  // the nearest (its report says how many on a sample).
  // REQUIRES: CheckVector(query) is OK.
  std::vector<ScoredSlot> Top(std::span<const float> query, const SlotSet& allowed, size_t k,
                              const VectorSearchOptions& options = {}) const;

  // The similarity of each slot to the query, nothing where a slot has no vector; in the slots' order.
  std::vector<std::optional<double>> Score(std::span<const float> query, const std::vector<Slot>& slots) const;

  // The similarity of two stored vectors by the space's metric, nothing where either is missing.
  std::optional<double> Similarity(Slot a, Slot b) const;

  // Corruption once a search met a damaged block of a segment: answers may then lack vectors, those given
  // before this is asked included.
  Status Damage() const;

 private:
  std::shared_ptr<const Rep> rep_;
};

class VectorPart;

// A part at a moment: what Seal reads. Keeps the part's memory.
class VectorHandle {
 public:
  explicit VectorHandle(std::shared_ptr<const VectorPart> part);
  SlotRange slots() const;

 private:
  friend class VectorIndex;
  std::shared_ptr<const VectorPart> part_;
  size_t rows_;
  uint32_t deaths_;
};

struct VectorPartStatus {
  VectorHandle handle;
  SlotRange slots;
  size_t rows = 0;  // dead ones included
  size_t live = 0;
  bool sealed = false;
  bool has_graph = false;
};

// Vectors are stored in chunks that never move: normalised under cosine, as given otherwise.
class VectorIndex {
 public:
  // REQUIRES: 1 <= dimensions <= kDimensionsMax.
  VectorIndex(uint32_t dimensions, Metric metric);
  ~VectorIndex();
  VectorIndex(const VectorIndex&) = delete;
  VectorIndex& operator=(const VectorIndex&) = delete;

  uint32_t dimensions() const { return dimensions_; }
  Metric metric() const { return metric_; }

  // REQUIRES: CheckVector is OK; `slot` is above every slot added before.
  void Add(Slot slot, std::span<const float> vector);
  // Unknown slots are ignored. The fresh part gives space back when more than half of it is dead; a sealed
  // row stays until its segment is sealed again (at a fifth dead that pays).
  void Remove(Slot slot);

  VectorView View() const;
  size_t size() const;  // live vectors
  // What is allocated, without what only views still hold; mapped files are counted apart.
  size_t MemoryBytes() const;
  size_t MappedBytes() const;

  // Ends the fresh part and begins another; nothing when it is empty. Costs no copy.
  std::optional<VectorHandle> Freeze();
  // Frozen parts and segments in slot order.
  std::vector<VectorPartStatus> Parts() const;

  // Writes the living rows of neighbouring parts, in slot order, as one segment and opens it; null when none
  // lives. Takes no lock and may take minutes; Unavailable when options.progress stopped it.
  static Result<std::shared_ptr<const VectorSegment>> Seal(std::span<const VectorHandle> parts, FileSystem& files,
                                                           const std::string& path, const SealOptions& options);
  // Puts a segment in the place of the parts it was sealed from, all at once; rows that died meanwhile are dead
  // in it. A null segment removes them. REQUIRES: the parts are neighbours and still here.
  void Replace(std::span<const VectorHandle> parts, std::shared_ptr<const VectorSegment> segment);
  // A segment that was opened, behind all others. REQUIRES: nothing was added yet and its slots are above
  // those attached before.
  void Attach(std::shared_ptr<const VectorSegment> segment);

  // As VectorView::Damage, of the parts that are here now.
  Status Damage() const;

 private:
  uint32_t dimensions_;
  Metric metric_;
  std::optional<Slot> last_slot_;
  std::vector<std::shared_ptr<VectorPart>> sealed_;  // frozen ones, too
  std::shared_ptr<class RowPart> fresh_;
};

}  // namespace engram

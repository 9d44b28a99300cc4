// A sealed part of a vector space: rows of one file, searched by int8 codes, over a graph where it has one, and
// scored in fp32 like everything else.
//
// Codes and links are read into huge pages and checked when it is opened; the fp32 rows stay in the file,
// mapped, and are checked where they are first touched.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/ids.h"
#include "base/status.h"
#include "index/segment_file.h"
#include "index/slot_set.h"
#include "index/vector/distance.h"

namespace engram {

// What came of sealing; stored in the file.
struct VectorSegmentReport {
  size_t rows = 0;
  // Whether codes choose candidates well enough on a sample. Where they don't, graph and scans use fp32.
  bool codes_suffice = true;
  // A graph is kept only when it found at least .95 of the sample's 10 nearest.
  bool has_graph = false;
  double graph_recall = 0;  // at `ef`, on the sample; 0 without a graph
  uint32_t ef = 0;          // the smallest tried that found .98; what a search uses unless told otherwise
  // Rows that have gone from the graph, merge after merge that copied it, since it was built from nothing.
  uint32_t mended = 0;
};

// Immutable and thread-safe.
class VectorSegment {
 public:
  class Rep;
  explicit VectorSegment(std::unique_ptr<const Rep> rep);
  ~VectorSegment();

  // NotFound, Corruption or FailedPrecondition (another format or space) as SegmentFile::Open; in the latter
  // two cases the segment is to be sealed again from the truth.
  static Result<std::shared_ptr<const VectorSegment>> Open(const FileSystem& files, const std::string& path,
                                                           uint32_t dimensions, Metric metric);

  SlotRange slots() const;
  Position position() const;
  size_t rows() const;
  void AddSlotsTo(SlotSet* set) const;
  const VectorSegmentReport& report() const;

  size_t AnonymousBytes() const;  // codes, links, slots
  size_t MappedBytes() const;     // fp32 rows: the page cache's, not ours

  // Corruption once a search met a damaged block of fp32 rows: from then on results may lack rows.
  Status Damage() const;

  const Rep& rep() const { return *rep_; }

 private:
  std::unique_ptr<const Rep> rep_;
};

struct SealOptions {
  // Flat segments cost next to nothing to seal; a graph costs up to a millisecond of one core for each vector that
  // is inserted into it.
  bool graph = false;
  // Lets the graph of a segment among the parts be copied, so that only the others' vectors are inserted; without it
  // all are.
  bool copy_graph = true;
  size_t threads = 1;
  size_t ef_construction = 128;
  Position position = {};
  // Called now and then with the share that is done; false stops the sealing, which is then Unavailable.
  std::function<bool(double)> progress = {};
};

}  // namespace engram

// All points of a collection on a Qdrant server, by one scroll or by several side by side, each over a range of ids
// (qdrant_ids.h). Pages are taken from the scrolls in turn, so that the order is the same for the same points and
// ranges.
//
// cursor := "start"
//         | "id " id                                        one range: the point given last
//         | "ranges" { " " begin "/" id }                   several: where each begins, and its point given last;
//         either
//                                                           may be empty
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "tools/import/point_store.h"
#include "tools/import/qdrant_api.h"
#include "tools/import/qdrant_scroll.h"

namespace engram {

struct ScanRange {
  std::string begin;  // an id; "": before all
  std::string last;   // the id of the point given last; "": none yet
};

// Nothing for what is no cursor. Ascending, the first from the beginning.
std::optional<std::vector<ScanRange>> ParseScanCursor(const std::string& cursor);

// Confined to one thread; holds at most two pages for each of QdrantServer::parallel.
class QdrantScan {
 public:
  // `server` and `collection` outlive it.
  QdrantScan(const QdrantServer& server, const std::string& collection) : server_(server), collection_(collection) {}

  // REQUIRES: at least one range, as ParseScanCursor gives them. Nothing is fetched before Next.
  Status Start(std::vector<ScanRange> ranges);
  // False at the end. Errors are QdrantScroll's.
  Result<bool> Next(StoredPoint* point);
  std::string Cursor() const;

 private:
  struct Lane {
    std::unique_ptr<QdrantScroll> scroll;
    size_t range;
  };

  void Take(Lane* lane, size_t range);

  const QdrantServer& server_;
  const std::string& collection_;
  std::vector<ScanRange> ranges_;
  std::vector<Lane> lanes_;  // at most `parallel`
  size_t next_range_ = 0;
  size_t turn_ = 0;  // of lanes_
};

}  // namespace engram

// Points of a collection on a Qdrant server in the order of their ids, all or a range of them, one page ahead of who
// takes them: a page says where the next begins; that one is fetched and read while this one is worked on.
#pragma once

#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <string>

#include "base/status.h"
#include "tools/import/qdrant_api.h"
#include "tools/import/qdrant_json.h"

namespace engram {

enum class ScrollContents : uint8_t { kWholePoints, kIdsOnly };

// Ids of which "" is none.
struct ScrollRange {
  std::string from;   // the first point is this one, or behind it; "": the collection's first
  std::string after;  // not empty: behind this point instead, which need not exist any more
  std::string end;    // the last point is before this one; "": the collection's last
};

// Confined to one thread; the page ahead is fetched by another, which ends before the destructor does.
class QdrantScroll {
 public:
  QdrantScroll(std::unique_ptr<QdrantApi> api, std::string collection, ScrollContents contents, uint32_t page_points);
  ~QdrantScroll();
  QdrantScroll(const QdrantScroll&) = delete;
  QdrantScroll& operator=(const QdrantScroll&) = delete;

  // Nothing is fetched before Prefetch or Next.
  void Start(ScrollRange range);
  // Asks for the first page.
  void Prefetch();

  // False at the end. Points come in ascending order and none twice: a server whose pages don't is FailedPrecondition.
  Result<bool> Next(StoredPoint* point);
  // Whether Next has to wait for a page.
  bool at_page_end() const { return taken_ == page_.points.size(); }

 private:
  void Fetch(std::optional<std::string> offset);
  bool IsBehindEnd(const std::string& id) const;
  Result<bool> NextPage();
  Result<QdrantPage> ReadPage(const std::optional<std::string>& offset);

  const std::unique_ptr<QdrantApi> api_;
  const std::string collection_;
  const ScrollContents contents_;
  const uint32_t page_points_;

  ScrollRange range_;
  bool started_ = false;
  bool at_start_ = true;  // the first page begins with the point that the range is behind, if that still exists
  std::string last_;      // id; the next one is behind it
  QdrantPage page_;
  size_t taken_ = 0;  // of page_
  std::future<Result<QdrantPage>> ahead_;
};

}  // namespace engram

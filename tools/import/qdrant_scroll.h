// All points of a collection on a Qdrant server, in the order of their ids, one page ahead of who takes them.
//
// One page at a time, since a page says where the next begins; the next is fetched and read while this one is worked
// on. Several scans side by side would need the ranges of ids beforehand, which the API has no call for (its `slice`
// is newer than most servers), and a cursor into each; what takes time is what becomes of the points, not this.
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

// Confined to one thread; the page ahead is fetched by another, which ends before the destructor does.
class QdrantScroll {
 public:
  QdrantScroll(std::unique_ptr<QdrantApi> api, std::string collection, ScrollContents contents, uint32_t page_points);
  ~QdrantScroll();
  QdrantScroll(const QdrantScroll&) = delete;
  QdrantScroll& operator=(const QdrantScroll&) = delete;

  // Goes on behind the point of this id, which need not exist any more; "" for the beginning. Nothing is fetched
  // before Next.
  void Start(std::string after);

  // False at the end. Points come in ascending order and none twice: a server whose pages don't is FailedPrecondition.
  Result<bool> Next(StoredPoint* point);

 private:
  void Fetch(std::optional<std::string> offset);
  Result<bool> NextPage();
  Result<QdrantPage> ReadPage(const std::optional<std::string>& offset);

  const std::unique_ptr<QdrantApi> api_;
  const std::string collection_;
  const ScrollContents contents_;
  const uint32_t page_points_;

  bool started_ = false;
  bool at_start_ = true;  // the first page begins with the point that Start names, if that still exists
  std::string last_;      // id; the next one is behind it
  QdrantPage page_;
  size_t taken_ = 0;  // of page_
  std::future<Result<QdrantPage>> ahead_;
};

}  // namespace engram

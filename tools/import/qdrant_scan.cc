#include "tools/import/qdrant_scan.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "tools/import/qdrant_json.h"

namespace engram {
namespace {

constexpr std::string_view kStart = "start";
constexpr std::string_view kIdAt = "id ";
constexpr std::string_view kRanges = "ranges";

// Of " begin/last"; takes it off the text.
std::optional<ScanRange> TakeRange(std::string_view* text) {
  const size_t end = std::min(text->find(' ', 1), text->size());
  const std::string_view range = text->substr(1, end - 1);
  const size_t slash = range.find('/');
  if ((*text)[0] != ' ' || slash == std::string_view::npos) return std::nullopt;
  text->remove_prefix(end);
  ScanRange taken{std::string(range.substr(0, slash)), std::string(range.substr(slash + 1))};
  const auto is_id = [](const std::string& id) { return id.empty() || IsQdrantId(id); };
  return is_id(taken.begin) && is_id(taken.last) ? std::optional<ScanRange>(std::move(taken)) : std::nullopt;
}

}  // namespace

std::optional<std::vector<ScanRange>> ParseScanCursor(const std::string& cursor) {
  std::vector<ScanRange> ranges;
  if (cursor.starts_with(kIdAt)) {
    ranges.push_back({"", cursor.substr(kIdAt.size())});
    return IsQdrantId(ranges[0].last) ? std::optional<std::vector<ScanRange>>(std::move(ranges)) : std::nullopt;
  }
  if (!cursor.starts_with(kRanges)) return std::nullopt;
  std::string_view text = std::string_view(cursor).substr(kRanges.size());
  while (!text.empty()) {
    auto range = TakeRange(&text);
    const bool in_order =
        range && (ranges.empty() ? range->begin.empty()
                                 : !range->begin.empty() && (ranges.back().begin.empty() ||
                                                             QdrantIdLess(ranges.back().begin, range->begin)));
    if (!in_order) return std::nullopt;
    ranges.push_back(*std::move(range));
  }
  return ranges.empty() ? std::nullopt : std::optional<std::vector<ScanRange>>(std::move(ranges));
}

Status QdrantScan::Start(std::vector<ScanRange> ranges) {
  ranges_ = std::move(ranges);
  next_range_ = 0;
  turn_ = 0;
  const size_t wanted = std::min<size_t>(ranges_.size(), std::max<uint32_t>(1, server_.parallel));
  lanes_.resize(std::min(lanes_.size(), wanted));
  while (lanes_.size() < wanted) {
    ASSIGN_OR_RETURN(auto api, QdrantApi::Open(server_));
    lanes_.push_back(
        {std::make_unique<QdrantScroll>(std::move(api), collection_, ScrollContents::kWholePoints, server_.page_points),
         0});
  }
  for (Lane& lane : lanes_) Take(&lane, next_range_++);
  return {};
}

void QdrantScan::Take(Lane* lane, size_t range) {
  const std::string end = range + 1 < ranges_.size() ? ranges_[range + 1].begin : "";
  lane->range = range;
  lane->scroll->Start({ranges_[range].begin, ranges_[range].last, end});
}

Result<bool> QdrantScan::Next(StoredPoint* point) {
  for (const Lane& lane : lanes_) lane.scroll->Prefetch();
  while (!lanes_.empty()) {
    Lane& lane = lanes_[turn_];
    ASSIGN_OR_RETURN(const bool more, lane.scroll->Next(point));
    if (more) {
      if (!point->id.empty()) ranges_[lane.range].last = point->id;
      if (lane.scroll->at_page_end()) turn_ = (turn_ + 1) % lanes_.size();
      return true;
    }
    if (next_range_ < ranges_.size()) {
      Take(&lane, next_range_++);
      lane.scroll->Prefetch();
      ++turn_;
    } else {
      lanes_.erase(lanes_.begin() + static_cast<std::ptrdiff_t>(turn_));
    }
    if (turn_ >= lanes_.size()) turn_ = 0;
  }
  return false;
}

std::string QdrantScan::Cursor() const {
  const bool any = std::any_of(ranges_.begin(), ranges_.end(), [](const auto& range) { return !range.last.empty(); });
  if (!any) return std::string(kStart);
  if (ranges_.size() == 1) return std::string(kIdAt) + ranges_[0].last;
  std::string cursor(kRanges);
  for (const ScanRange& range : ranges_) cursor += " " + range.begin + "/" + range.last;
  return cursor;
}

}  // namespace engram

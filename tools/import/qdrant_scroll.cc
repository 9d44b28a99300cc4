#include "tools/import/qdrant_scroll.h"

#include <utility>

#include <fmt/format.h>

namespace engram {

QdrantScroll::QdrantScroll(std::unique_ptr<QdrantApi> api, std::string collection, ScrollContents contents,
                           uint32_t page_points)
    : api_(std::move(api)), collection_(std::move(collection)), contents_(contents), page_points_(page_points) {}

QdrantScroll::~QdrantScroll() {
  api_->Cancel();
  if (ahead_.valid()) ahead_.wait();
}

void QdrantScroll::Start(ScrollRange range) {
  if (ahead_.valid()) ahead_.wait();
  ahead_ = {};
  page_ = {};
  taken_ = 0;
  started_ = false;
  at_start_ = true;
  last_ = range.after;
  range_ = std::move(range);
}

void QdrantScroll::Prefetch() {
  if (std::exchange(started_, true)) return;
  const std::string& first = range_.after.empty() ? range_.from : range_.after;
  Fetch(first.empty() ? std::nullopt : std::optional<std::string>(QdrantIdJson(first)));
}

bool QdrantScroll::IsBehindEnd(const std::string& id) const {
  return !range_.end.empty() && !QdrantIdLess(id, range_.end);
}

Result<QdrantPage> QdrantScroll::ReadPage(const std::optional<std::string>& offset) {
  const std::string path = QdrantPath(collection_, "/points/scroll");
  const char* const whole = contents_ == ScrollContents::kWholePoints ? "true" : "false";
  const auto body = api_->Post(path, fmt::format(R"({{"limit":{},"with_payload":{},"with_vector":{}{}}})", page_points_,
                                                 whole, whole, offset ? ",\"offset\":" + *offset : ""));
  if (!body.ok() && body.status().code() == StatusCode::kPayloadTooLarge) {
    return Status(body.status().code(), body.status().message() + "; a smaller --page asks for less at a time");
  }
  if (!body.ok()) return body.status();
  auto page = ReadQdrantPage(*body);
  if (page.ok()) return page;
  return FailedPrecondition(
      fmt::format("{}{} does not answer as Qdrant does: {}", api_->url(), path, page.status().message()));
}

void QdrantScroll::Fetch(std::optional<std::string> offset) {
  ahead_ = std::async(std::launch::async, [this, offset = std::move(offset)] { return ReadPage(offset); });
}

Result<bool> QdrantScroll::NextPage() {
  Prefetch();
  if (!ahead_.valid()) return false;
  ASSIGN_OR_RETURN(page_, ahead_.get());
  taken_ = 0;
  if (!page_.next) return true;
  // A page that leads nowhere would be read for ever.
  const auto* const last_of_page = page_.points.empty() ? nullptr : &page_.points.back().id;
  if (last_of_page == nullptr || QdrantIdJson(*last_of_page) == *page_.next) {
    return FailedPrecondition(
        fmt::format("{} does not answer as Qdrant does: the page that leads to {} has no point before it", api_->url(),
                    *page_.next));
  }
  if (!IsBehindEnd(*last_of_page)) Fetch(page_.next);
  return true;
}

Result<bool> QdrantScroll::Next(StoredPoint* point) {
  while (true) {
    while (taken_ == page_.points.size()) {
      ASSIGN_OR_RETURN(const bool more, NextPage());
      if (!more) return false;
    }
    StoredPoint& next = page_.points[taken_++];
    if (!next.id.empty()) {
      if (std::exchange(at_start_, false) && next.id == last_) continue;
      if (IsBehindEnd(next.id)) {
        taken_ = page_.points.size();  // no page is on its way: this one told that it is the range's last
        return false;
      }
      if (!last_.empty() && !QdrantIdLess(last_, next.id)) {
        return FailedPrecondition(
            fmt::format("{} does not answer as Qdrant does: point {} comes after {}", api_->url(), next.id, last_));
      }
      last_ = next.id;
    }
    *point = std::move(next);
    return true;
  }
}

}  // namespace engram

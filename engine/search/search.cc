// SearchNamespace: from a request to its reply (read_view.h). The steps are in ranking.cc.
#include <chrono>

#include "engine/read_view.h"
#include "engine/search/as_of.h"
#include "engine/search/ranking.h"
#include "engine/search/reply.h"
#include "engine/search/request_check.h"

namespace engram {
namespace {

using search::SearchSource;
using Walk = std::function<Status(const NeighborSource&)>;

// A search that lost rows to a write starts over so often.
constexpr int kAttemptsMax = 20;

SearchSource BaseSource(const ReadView& view, NamespaceIndex* index) {
  SearchSource source;
  source.index = index;
  source.rows = &view.rows();
  source.clock = &view.clock();
  source.check_deadline = [&view] { return view.CheckDeadline(); };
  return source;
}

Result<SearchReply> SearchOnce(const ReadView& view, NamespaceIndex* index, const SearchRequest& request) {
  SearchSource source = BaseSource(view, index);
  source.now = view.now();
  source.filter = request.filter ? &*request.filter : nullptr;
  source.include_inactive = request.filter && request.filter->Mentions("state");
  source.walk = [&](const WalkFilter& filter, const Walk& walk) {
    return index->Walk(view.rows(), filter, view.now(), walk);
  };
  ASSIGN_OR_RETURN(const auto ranking, search::Rank(source, request));
  RETURN_IF_ERROR(view.CheckDeadline());
  // The index may be ahead of this read's snapshot: what it named is in the rows as they are now.
  const ReadView latest = view.Latest();
  return search::MakeReply(source, request, *ranking, latest.rows());
}

// Rows go when their memory is replaced (in namespaces without history) or erased: a search that ran meanwhile may
// find its hits gone. That is no corruption, and the next attempt sees what is there now.
Result<SearchReply> SearchNow(const ReadView& view, const SearchRequest& request) {
  ASSIGN_OR_RETURN(const std::shared_ptr<NamespaceIndex> index, view.Index());
  for (int attempt = 1; attempt <= kAttemptsMax; ++attempt) {
    const Position before = index->position();
    const ReadView rows = attempt == 1 ? view : view.Latest();
    Result<SearchReply> reply = SearchOnce(rows, index.get(), request);
    if (const Status damage = index->Damage(); !damage.ok()) return view.DoWithoutSegments(damage);
    if (reply.ok() || reply.status().code() != StatusCode::kCorruption) return reply;
    ASSIGN_OR_RETURN(const NamespaceCounters after, ReadCounters(view.Latest().rows()));
    const bool stood_still = index->position() == before && after.position == before;
    if (stood_still) return reply;
  }
  return Unavailable("the memories that were found are being rewritten").RetryAfter(1);
}

Result<SearchReply> SearchPast(const ReadView& view, const SearchRequest& request) {
  const Timestamp time = *request.as_of;
  ASSIGN_OR_RETURN(const std::unique_ptr<NamespaceIndex> index, search::IndexOfPast(view, request.filter, time));
  SearchSource source = BaseSource(view, index.get());
  source.now = time;
  source.past = true;
  source.include_inactive = true;
  source.walk = [&](const WalkFilter& filter, const Walk& walk) {
    return walk(*RowNeighbors(view.rows(), filter, time, time));
  };
  ASSIGN_OR_RETURN(const auto ranking, search::Rank(source, request));
  RETURN_IF_ERROR(view.CheckDeadline());
  return search::MakeReply(source, request, *ranking, view.rows());
}

}  // namespace

Result<SearchReply> SearchNamespace(const ReadView& view, const SearchRequest& request) {
  const auto start = view.clock().Monotonic();
  RETURN_IF_ERROR(search::CheckRequest(request));
  Result<SearchReply> reply = request.as_of ? SearchPast(view, request) : SearchNow(view, request);
  if (!reply.ok()) return reply;
  const auto took = view.clock().Monotonic() - start;
  reply->took_us = static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(took).count());
  return reply;
}

}  // namespace engram

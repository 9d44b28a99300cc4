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

Result<SearchReply> SearchIn(const SearchSource& source, const SearchRequest& request) {
  ASSIGN_OR_RETURN(const auto ranking, search::Rank(source, request));
  RETURN_IF_ERROR(source.check_deadline());
  return search::MakeReply(source, request, *ranking);
}

SearchSource BaseSource(const ReadView& view, NamespaceIndex* index) {
  SearchSource source;
  source.index = index;
  source.rows = &view.rows();
  source.clock = &view.clock();
  source.check_deadline = [&view] { return view.CheckDeadline(); };
  return source;
}

Result<SearchReply> SearchNow(const ReadView& view, const SearchRequest& request) {
  ASSIGN_OR_RETURN(const std::shared_ptr<NamespaceIndex> index, view.Index());
  SearchSource source = BaseSource(view, index.get());
  source.now = view.now();
  source.filter = request.filter ? &*request.filter : nullptr;
  source.include_inactive = request.filter && request.filter->Mentions("state");
  source.walk = [&](const WalkFilter& filter, const Walk& walk) {
    return index->Walk(view.rows(), filter, view.now(), walk);
  };
  return SearchIn(source, request);
}

Result<SearchReply> SearchPast(const ReadView& view, const SearchRequest& request) {
  const Timestamp time = *request.as_of;
  ASSIGN_OR_RETURN(const std::unique_ptr<NamespaceIndex> index, search::IndexOfPast(view, request.filter, time));
  SearchSource source = BaseSource(view, index.get());
  source.now = time;
  source.include_inactive = true;
  source.walk = [&](const WalkFilter& filter, const Walk& walk) {
    return walk(*RowNeighbors(view.rows(), filter, time, time));
  };
  return SearchIn(source, request);
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

#include "server/handlers/search.h"

#include <utility>

#include <fmt/format.h>

#include "server/error.h"
#include "server/handlers/convert_search.h"

namespace engram {
namespace {

// The engine speaks of legs. Whoever used the short form knows of none.
Status InShortForm(Status status, const v1::SearchRequest& request) {
  const std::string field = status.field();
  const size_t end = field.find("].");
  if (!request.legs().empty() || field.rfind("legs[", 0) != 0 || end == std::string::npos) return status;
  return std::move(status).At(field.substr(end + 2));
}

}  // namespace

Result<v1::SearchReply> SearchMemories(Service& service, RequestContext& context, v1::SearchRequest& request) {
  ASSIGN_OR_RETURN(const SearchRequest search, ToSearchRequest(request, service.limits()));
  ASSIGN_OR_RETURN(const ReadCall call, BeginRead(service, context, request));
  const Result<SearchReply> found = service.engine.Search(call.ns, search, call.options);
  if (!found.ok()) return InShortForm(found.status(), request);
  v1::SearchReply reply;
  FromSearchReply(*found, search.include, &reply);
  reply.set_position(call.Token(found->position));
  return reply;
}

Result<v1::SearchBatchReply> SearchBatch(Service& service, RequestContext& context, v1::SearchBatchRequest& request) {
  if (request.searches().empty()) return InvalidArgument("no searches to run").At("searches");
  if (request.searches_size() > static_cast<int>(service.limits().searches)) {
    return InvalidArgument(
               fmt::format("{} searches are more than {}", request.searches_size(), service.limits().searches))
        .At("searches");
  }
  v1::SearchBatchReply reply;
  for (int i = 0; i < request.searches_size(); ++i) {
    v1::SearchBatchReply::Entry* entry = reply.add_replies();
    Result<v1::SearchReply> found = SearchMemories(service, context, *request.mutable_searches(i));
    if (found.ok()) {
      *entry->mutable_reply() = *std::move(found);
    } else {
      FillError(std::move(found).status().Under(fmt::format("searches[{}]", i)), entry->mutable_error());
    }
  }
  return reply;
}

}  // namespace engram

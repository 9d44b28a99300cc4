// Edges, nodes and walks.
#pragma once

#include "engram/v1/graph.pb.h"
#include "server/handlers/call.h"

namespace engram {

void PutEdges(Service& service, RequestContext& context, v1::PutEdgesRequest& request, Done<v1::PutEdgesReply> done);
void DeleteEdges(Service& service, RequestContext& context, v1::DeleteEdgesRequest& request,
                 Done<v1::DeleteEdgesReply> done);
Result<v1::ListEdgesReply> ListEdgesOf(Service& service, RequestContext& context, v1::ListEdgesRequest& request);

void PutOneNode(Service& service, RequestContext& context, v1::Node& request, Done<v1::NodeReply> done);
Result<v1::Node> GetOneNode(Service& service, RequestContext& context, NoBody& request);

Result<v1::ExpandReply> ExpandFrom(Service& service, RequestContext& context, v1::ExpandRequest& request);
Result<v1::PathReply> FindPathBetween(Service& service, RequestContext& context, v1::PathRequest& request);
Result<v1::RankReply> RankFrom(Service& service, RequestContext& context, v1::RankRequest& request);

}  // namespace engram

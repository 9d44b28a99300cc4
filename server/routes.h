// The table of the API: which function answers which method and path. One line per route (routes.cc).
#pragma once

#include <string>
#include <vector>

#include "server/router.h"

namespace google::protobuf {
class Message;
}

namespace engram {

struct Service;

struct ApiRoute {
  std::string method;
  std::string pattern;
  NeededRight right;
  Cost cost;
  std::vector<std::string> query;
  Handler (*bind)(Service& service);
  // Default instances: what the body and the reply are. No request: the route takes no body.
  const google::protobuf::Message* request;
  const google::protobuf::Message* reply;
};

const std::vector<ApiRoute>& ApiRoutes();

// `service` outlives the router.
void AddRoutes(Service& service, Router* router);

}  // namespace engram

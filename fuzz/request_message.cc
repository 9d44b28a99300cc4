#include "fuzz/request_message.h"

#include <map>
#include <string>

#include "base/hash.h"
#include "server/routes.h"

namespace engram {

std::unique_ptr<google::protobuf::Message> MakeRequest(std::string_view name) {
  using Prototypes = std::map<std::string, const google::protobuf::Message*, std::less<>>;
  static const Prototypes prototypes = [] {
    Prototypes made;
    for (const ApiRoute& route : ApiRoutes()) {
      if (route.request != nullptr) made.emplace(route.request->GetTypeName(), route.request);
    }
    return made;
  }();
  auto found = prototypes.find(name);
  if (found == prototypes.end()) {
    found = std::next(prototypes.begin(), static_cast<ptrdiff_t>(HashBytes64(name) % prototypes.size()));
  }
  return std::unique_ptr<google::protobuf::Message>(found->second->New());
}

}  // namespace engram

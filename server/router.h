// The table of routes. Filled before the server opens, read by every session after that.
//
// A pattern is a path whose segments are words ("memories:list"), parameters ("{id}") or a parameter with a
// verb ("{id}:feedback"). Paths are routed as they came, before percent-decoding: "a%2Fb" is one segment,
// "x%3Afeedback" is an id and no verb. A word wins over a parameter with a verb, that over a plain parameter;
// the path alone decides, then the method.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "server/credential.h"
#include "server/http.h"
#include "server/request_context.h"

namespace engram {

// A reply, or what makes it: that is called on the connection's own thread, while the context lives.
using Answer = std::variant<HttpResponse, std::function<HttpResponse()>>;
// Makes it if need be.
inline HttpResponse ResponseOf(Answer answer) {
  if (auto* ready = std::get_if<HttpResponse>(&answer)) return std::move(*ready);
  return std::get<std::function<HttpResponse()>>(answer)();
}
// Gives the reply. Called exactly once, from any thread; may outlive the call of the handler.
using Respond = std::function<void(Answer)>;
// Must not throw. The context lives until the reply is given. See server/typed_handler.h for the usual form.
using Handler = std::function<void(RequestContext&, Respond)>;

enum class Cost : uint8_t {
  kCheap,      // never blocks and takes microseconds: runs on the connection's own thread
  kHeavy,      // reads, parses or computes at length: runs in the bounded worker pool (429 when that is full)
  kBySize,     // never blocks, but has a body to decode: cheap while that is small, heavy otherwise
  kByHistory,  // changes nothing and minds its deadline: as the latest calls for the same namespace were
};

struct Route {
  std::string method;
  std::string pattern;
  NeededRight right;
  Cost cost = Cost::kHeavy;
  std::vector<std::string> query = {};  // parameters it understands; any other is 400
  Handler handler;
};

struct RouteMatch {
  const Route* route = nullptr;                                      // none: nothing matched
  std::vector<std::pair<std::string, std::string>> path_parameters;  // decoded
  std::string allow;  // when the path exists with other methods only: "GET, PUT"
};

class Router {
 public:
  // REQUIRES: no route with the same method and pattern is there.
  void Add(Route route);
  const std::vector<Route>& routes() const { return routes_; }

  // kNotFound for an unknown path; kMethodNotAllowed (with `allow` filled) for a known path with other methods;
  // InvalidArgument when a parameter is no valid percent-encoded UTF-8.
  Status Find(const HttpRequest& request, RouteMatch* match) const;

 private:
  struct Segment {
    enum class Kind : uint8_t { kWord, kParameterWithVerb, kParameter };
    Kind kind;
    std::string text;  // the word, or the parameter's name
    std::string verb;  // with its colon
  };
  struct Pattern {
    std::string text;
    std::vector<Segment> segments;
    std::vector<size_t> routes;  // one per method
  };
  static std::vector<Segment> ParsePattern(std::string_view pattern);
  static bool Matches(const Pattern& pattern, const std::vector<std::string>& segments);
  static bool MoreSpecific(const Pattern& a, const Pattern& b);

  std::vector<Route> routes_;
  std::vector<Pattern> patterns_;
};

}  // namespace engram

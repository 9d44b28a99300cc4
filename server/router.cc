#include "server/router.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/check.h"

namespace engram {
namespace {

std::vector<std::string_view> SplitPath(std::string_view path) {
  std::vector<std::string_view> segments;
  ENGRAM_CHECK(path.starts_with('/'));
  path.remove_prefix(1);
  for (;;) {
    const size_t end = path.find('/');
    segments.push_back(path.substr(0, end));
    if (end == std::string_view::npos) return segments;
    path.remove_prefix(end + 1);
  }
}

}  // namespace

std::vector<Router::Segment> Router::ParsePattern(std::string_view pattern) {
  std::vector<Segment> segments;
  for (const std::string_view text : SplitPath(pattern)) {
    if (!text.starts_with('{')) {
      segments.push_back({Segment::Kind::kWord, std::string(text), {}});
      continue;
    }
    const size_t close = text.find('}');
    ENGRAM_CHECK(close != std::string_view::npos);
    const std::string_view verb = text.substr(close + 1);
    ENGRAM_CHECK(verb.empty() || verb.front() == ':');
    segments.push_back({verb.empty() ? Segment::Kind::kParameter : Segment::Kind::kParameterWithVerb,
                        std::string(text.substr(1, close - 1)), std::string(verb)});
  }
  return segments;
}

void Router::Add(Route route) {
  ENGRAM_CHECK(route.handler != nullptr);
  auto at = std::find_if(patterns_.begin(), patterns_.end(), [&](const Pattern& p) { return p.text == route.pattern; });
  if (at == patterns_.end()) {
    patterns_.push_back({route.pattern, ParsePattern(route.pattern), {}});
    at = std::prev(patterns_.end());
  }
  for (const size_t other : at->routes) ENGRAM_CHECK(routes_[other].method != route.method);
  at->routes.push_back(routes_.size());
  routes_.push_back(std::move(route));
}

bool Router::Matches(const Pattern& pattern, const std::vector<std::string>& segments) {
  if (pattern.segments.size() != segments.size()) return false;
  for (size_t i = 0; i < segments.size(); ++i) {
    const Segment& expected = pattern.segments[i];
    const std::string& segment = segments[i];
    if (expected.kind == Segment::Kind::kWord && segment != expected.text) return false;
    if (expected.kind == Segment::Kind::kParameter && segment.empty()) return false;
    if (expected.kind == Segment::Kind::kParameterWithVerb &&
        (segment.size() <= expected.verb.size() || !segment.ends_with(expected.verb))) {
      return false;
    }
  }
  return true;
}

bool Router::MoreSpecific(const Pattern& a, const Pattern& b) {
  return std::lexicographical_compare(a.segments.begin(), a.segments.end(), b.segments.begin(), b.segments.end(),
                                      [](const Segment& x, const Segment& y) { return x.kind < y.kind; });
}

Status Router::Find(const HttpRequest& request, RouteMatch* match) const {
  const Pattern* best = nullptr;
  for (const Pattern& pattern : patterns_) {
    if (Matches(pattern, request.segments) && (best == nullptr || MoreSpecific(pattern, *best))) best = &pattern;
  }
  if (best == nullptr) return NotFound("no such path");
  std::string methods;
  for (const size_t index : best->routes) {
    if (routes_[index].method == request.method) match->route = &routes_[index];
    methods += (methods.empty() ? "" : ", ") + routes_[index].method;
  }
  if (match->route == nullptr) {
    match->allow = methods;
    return {StatusCode::kMethodNotAllowed, fmt::format("this path takes {}", match->allow)};
  }
  for (size_t i = 0; i < request.segments.size(); ++i) {
    const Segment& segment = best->segments[i];
    if (segment.kind == Segment::Kind::kWord) continue;
    const std::string_view raw = request.segments[i];
    ASSIGN_OR_RETURN(std::string decoded, PercentDecode(raw.substr(0, raw.size() - segment.verb.size())));
    match->path_parameters.emplace_back(segment.text, std::move(decoded));
  }
  return Status::Ok();
}

}  // namespace engram

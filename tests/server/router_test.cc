#include "server/router.h"

#include <gtest/gtest.h>

namespace engram {
namespace {

class RouterTest : public testing::Test {
 protected:
  void SetUp() override {
    for (const auto& [method, pattern] :
         std::vector<std::pair<std::string, std::string>>{{"GET", "/v1/namespaces"},
                                                          {"GET", "/v1/namespaces/{ns}"},
                                                          {"PUT", "/v1/namespaces/{ns}"},
                                                          {"POST", "/v1/namespaces/{ns}/memories"},
                                                          {"POST", "/v1/namespaces/{ns}/memories:list"},
                                                          {"GET", "/v1/namespaces/{ns}/memories/{id}"},
                                                          {"DELETE", "/v1/namespaces/{ns}/memories/{id}"},
                                                          {"POST", "/v1/namespaces/{ns}/memories/{id}:feedback"},
                                                          {"GET", "/v1/namespaces/{ns}/memories/{id}/history"}}) {
      router_.Add(
          {.method = method, .pattern = pattern, .right = Right::kRead, .handler = [](RequestContext&, const Respond&) {
           }});
    }
  }

  // "pattern a=b c=d", or the refusal's code and what the path allows.
  std::string Route(const std::string& method, const std::string& target) const {
    HttpRequest request;
    request.method = method;
    request.target = target;
    if (!SplitTarget(&request).ok()) return "bad target";
    RouteMatch match;
    const Status status = router_.Find(request, &match);
    if (!status.ok())
      return std::string(StatusCodeName(status.code())) + (match.allow.empty() ? "" : " " + match.allow);
    std::string found = match.route->pattern;
    for (const auto& [name, value] : match.path_parameters) found += " " + name + "=" + value;
    return found;
  }

  Router router_;
};

TEST_F(RouterTest, ParametersAreDecodedAfterRouting) {
  EXPECT_EQ(Route("GET", "/v1/namespaces/a"), "/v1/namespaces/{ns} ns=a");
  EXPECT_EQ(Route("GET", "/v1/namespaces/a%2Fb"), "/v1/namespaces/{ns} ns=a/b");
  EXPECT_EQ(Route("GET", "/v1/namespaces/a%252Fb"), "/v1/namespaces/{ns} ns=a%2Fb");
  EXPECT_EQ(Route("GET", "/v1/namespaces/%2e%2e"), "/v1/namespaces/{ns} ns=..");
  EXPECT_EQ(Route("GET", "/v1/namespaces/a+b"), "/v1/namespaces/{ns} ns=a+b");
  EXPECT_EQ(Route("GET", "/v1/namespaces/%E6%BC%A2"), "/v1/namespaces/{ns} ns=漢");
  EXPECT_EQ(Route("GET", "/v1/n%61mespaces/a"), "not_found") << "words are matched as they came";
}

TEST_F(RouterTest, BrokenEscapesAreErrors) {
  for (const std::string id : {"%", "%2", "%zz", "%ff", "%c0%af", "%ed%a0%80"}) {
    EXPECT_EQ(Route("GET", "/v1/namespaces/" + id), "invalid_argument") << id;
  }
}

TEST_F(RouterTest, AVerbIsTakenAsItStandsOnTheWire) {
  EXPECT_EQ(Route("POST", "/v1/namespaces/a/memories:list"), "/v1/namespaces/{ns}/memories:list ns=a");
  EXPECT_EQ(Route("POST", "/v1/namespaces/a/memories/x:feedback"),
            "/v1/namespaces/{ns}/memories/{id}:feedback ns=a id=x");
  EXPECT_EQ(Route("GET", "/v1/namespaces/a/memories/x%3Afeedback"),
            "/v1/namespaces/{ns}/memories/{id} ns=a id=x:feedback");
  EXPECT_EQ(Route("GET", "/v1/namespaces/a/memories/x:feedback"), "method_not_allowed POST");
  EXPECT_EQ(Route("GET", "/v1/namespaces/a/memories/person:ann"),
            "/v1/namespaces/{ns}/memories/{id} ns=a id=person:ann");
  EXPECT_EQ(Route("GET", "/v1/namespaces/a/memories/:feedback"), "/v1/namespaces/{ns}/memories/{id} ns=a id=:feedback");
}

TEST_F(RouterTest, UnknownPathsAndMethodsAreToldApart) {
  EXPECT_EQ(Route("GET", "/"), "not_found");
  EXPECT_EQ(Route("GET", "/v1/namespaces/"), "not_found");
  EXPECT_EQ(Route("GET", "/v1/namespaces/a/"), "not_found");
  EXPECT_EQ(Route("GET", "//v1/namespaces"), "not_found");
  EXPECT_EQ(Route("GET", "/v1/namespaces/a/memories/b/c"), "not_found");
  EXPECT_EQ(Route("DELETE", "/v1/namespaces/a"), "method_not_allowed GET, PUT");
  EXPECT_EQ(Route("get", "/v1/namespaces/a"), "method_not_allowed GET, PUT");
}

TEST_F(RouterTest, TheQueryIsNoPartOfThePath) {
  EXPECT_EQ(Route("GET", "/v1/namespaces?prefix=a/b"), "/v1/namespaces");
  EXPECT_EQ(Route("GET", "/v1/namespaces?"), "/v1/namespaces");
  EXPECT_EQ(Route("GET", "?a=b"), "bad target");
}

}  // namespace
}  // namespace engram

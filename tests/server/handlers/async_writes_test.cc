// Writes give their thread back before they are committed.
#include <future>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include "server/handlers/service.h"
#include "server/routes.h"
#include "tests/engine/engine_fixture.h"

namespace engram {
namespace {

using ::testing::HasSubstr;

struct WriteRequest {
  std::string name;  // of the test
  std::string method;
  std::string pattern;
  std::vector<std::pair<std::string, std::string>> path;
  std::string body;
  std::string shown;  // part of the reply
};

std::ostream& operator<<(std::ostream& out, const WriteRequest& request) { return out << request.name; }

std::vector<WriteRequest> Requests() {
  const std::string ns = "/v1/namespaces/{ns}";
  return {
      {"PutNamespace", "PUT", ns, {{"ns", "new"}}, R"({"metadata":{"a":1}})", R"("a":1)"},
      {"PatchNamespace", "PATCH", ns, {{"ns", "ns"}}, R"({"metadata":{"b":2}})", R"("b":2)"},
      {"PostMemories", "POST", ns + "/memories", {{"ns", "ns"}}, R"({"memories":[{"id":"b"}]})", "created"},
      {"PatchMemory", "PATCH", ns + "/memories/{id}", {{"ns", "ns"}, {"id", "a"}}, R"({"kind":"fact"})", "fact"},
      {"DeleteMemory", "DELETE", ns + "/memories/{id}", {{"ns", "ns"}, {"id", "a"}}, "", R"("deleted":1)"},
      {"UpdateByIds", "POST", ns + "/memories:update", {{"ns", "ns"}}, R"({"ids":["a"],"set":{"kind":"x"}})", "1"},
      {"PutRun", "PUT", ns + "/runs/{run_id}", {{"ns", "ns"}, {"run_id", "r"}}, R"({"ttl_seconds":9})", R"("r")"},
      {"PutNode", "PUT", ns + "/nodes/{id}", {{"ns", "ns"}, {"id", "n"}}, R"({"name":"Ann"})", "Ann"},
  };
}

class AsyncWritesTest : public EngineFixture, public ::testing::WithParamInterface<WriteRequest> {
 protected:
  AsyncWritesTest() : service_(*engine_, ServiceOptions()) { AddRoutes(service_, &router_); }

  const Route& RouteOf(const WriteRequest& request) const {
    for (const Route& route : router_.routes()) {
      if (route.method == request.method && route.pattern == request.pattern) return route;
    }
    throw std::logic_error("no route " + request.method + " " + request.pattern);
  }

  RequestContext ContextOf(const WriteRequest& request, const Route& route) const {
    HttpRequest http;
    http.method = request.method;
    http.target = "/";
    http.body = request.body;
    http.content_type = "application/json";
    RequestContext context(clock_, std::move(http), clock_.Monotonic() + std::chrono::hours(1));
    context.SetCredential({tenant_, "default", 0xff});
    context.SetRoute(route.pattern, request.path);
    EXPECT_TRUE(context.ReadParameters(route.query).ok());
    return context;
  }

  Service service_;
  Router router_;
};

TEST_P(AsyncWritesTest, ReturnsBeforeTheCommitterIsFree) {
  ASSERT_TRUE(Write(MemoryOf("a", "tea")).status.ok());
  std::promise<void> held;
  std::promise<void> release;
  engine_->Submit(NewMutation({MemoryOf("h", "")}), Durability::kBuffered,
                  [&held, released = release.get_future().share()](const MutationResult&) {
                    held.set_value();
                    released.wait();
                  });
  held.get_future().wait();

  const Route& route = RouteOf(GetParam());
  RequestContext context = ContextOf(GetParam(), route);
  std::promise<Answer> answer;
  auto returned = std::async(std::launch::async, [&] {
    route.handler(context, [&answer](Answer given) { answer.set_value(std::move(given)); });
  });
  auto answered = answer.get_future();
  EXPECT_EQ(returned.wait_for(std::chrono::seconds(30)), std::future_status::ready) << "it waits for its commit";
  EXPECT_NE(answered.wait_for(std::chrono::seconds(0)), std::future_status::ready);
  release.set_value();
  const Answer given = answered.get();
  ASSERT_TRUE(std::holds_alternative<std::function<HttpResponse()>>(given)) << "the committer made the reply's bytes";
  const HttpResponse response = std::get<std::function<HttpResponse()>>(given)();
  EXPECT_EQ(response.status, 200) << response.body;
  EXPECT_THAT(response.body, HasSubstr(GetParam().shown));
}

INSTANTIATE_TEST_SUITE_P(Each, AsyncWritesTest, ::testing::ValuesIn(Requests()),
                         [](const auto& request) { return request.param.name; });

}  // namespace
}  // namespace engram

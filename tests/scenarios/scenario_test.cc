// Every *.scenario file of this folder, over the real program, in both encodings.
#include "tests/scenarios/scenario.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>

#include <fmt/format.h>
#include <google/protobuf/message.h>
#include <gtest/gtest.h>

#include "api/json.h"
#include "engram/v1/value.pb.h"
#include "server/api_key.h"
#include "server/routes.h"
#include "tests/scenarios/json_match.h"
#include "tests/scenarios/served_store.h"
#include "tests/server/raw_client.h"

namespace engram {
namespace {

using google::protobuf::Message;

std::vector<std::string> ScenarioNames() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(ENGRAM_SOURCE_DIR "/tests/scenarios")) {
    if (entry.path().extension() == ".scenario") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

// Finds which messages a request and its reply are.
class RouteTypes {
 public:
  RouteTypes() {
    for (const ApiRoute& route : ApiRoutes()) {
      const Handler never_called = [](RequestContext&, const Respond&) {};
      router_.Add({route.method, route.pattern, route.right, route.cost, route.query, never_called});
    }
  }
  const ApiRoute* Find(const std::string& method, const std::string& target) const {
    HttpRequest request;
    request.method = method;
    request.target = target;
    RouteMatch match;
    if (!SplitTarget(&request).ok() || !router_.Find(request, &match).ok()) return nullptr;
    for (const ApiRoute& route : ApiRoutes()) {
      if (route.method == match.route->method && route.pattern == match.route->pattern) return &route;
    }
    return nullptr;
  }

 private:
  Router router_;
};

std::string FromHex(const std::string& hex) {
  std::string bytes;
  std::string digits;
  for (const char c : hex) {
    if (std::isxdigit(static_cast<unsigned char>(c)) == 0) continue;
    digits += c;
    if (digits.size() < 2) continue;
    bytes += static_cast<char>(std::stoi(digits, nullptr, 16));
    digits.clear();
  }
  return bytes;
}

// Any JSON text as the bytes of the message that the route takes.
Result<std::string> ToProtobuf(const ApiRoute* route, const std::string& json) {
  if (route == nullptr || route->request == nullptr) return json;
  const std::unique_ptr<Message> message(route->request->New());
  RETURN_IF_ERROR(ParseJson(json, message.get()));
  return message->SerializeAsString();
}

std::string ReplyToJson(const ApiRoute* route, const RawReply& reply) {
  if (reply.Field("Content-Type").find("protobuf") == std::string::npos) return reply.body;
  const bool ok = reply.status < 300 && route != nullptr;
  const std::unique_ptr<Message> message(ok ? route->reply->New() : v1::ErrorReply::default_instance().New());
  EXPECT_TRUE(message->ParseFromString(reply.body)) << "the reply is no " << message->GetTypeName();
  return PrintJson(*message);
}

Result<Scenario> ReadScenario(const std::string& name) {
  std::ostringstream text;
  text << std::ifstream(fmt::format("{}/tests/scenarios/{}.scenario", ENGRAM_SOURCE_DIR, name)).rdbuf();
  return ParseScenario(text.str());
}

class ScenarioTest : public testing::TestWithParam<std::tuple<std::string, Encoding>> {
 protected:
  ScenarioTest() : name_(std::get<0>(GetParam())), encoding_(std::get<1>(GetParam())) {}

  void Run(const Step& step) {
    const std::string at = fmt::format("{}/tests/scenarios/{}.scenario:{}", ENGRAM_SOURCE_DIR, name_, step.line);
    SCOPED_TRACE(fmt::format("{}: {} {}", at, step.method, step.target));
    if (step.verbatim && step.only != encoding_) return;
    const Result<std::string> target = Substitute(step.target, captures_);
    const Result<std::string> body = Substitute(step.body, captures_);
    ASSERT_TRUE(target.ok()) << target.status().ToString();
    ASSERT_TRUE(body.ok()) << body.status().ToString();
    const ApiRoute* route = types_.Find(step.method, *target);
    const Result<std::string> bytes = Encode(step, route, *body);
    // What no message can hold can't be sent as protobuf; JSON's reader must refuse it, which the other run shows.
    if (!bytes.ok() && (step.status == 400 || step.status == 422)) return;
    ASSERT_TRUE(bytes.ok()) << bytes.status().ToString();
    Call(step, *target, *bytes, route);
  }

  std::string name_;
  Encoding encoding_;
  std::unique_ptr<ServedStore> store_;
  RouteTypes types_;
  Captures captures_;

 private:
  Result<std::string> Encode(const Step& step, const ApiRoute* route, const std::string& body) {
    if (body.empty() || encoding_ == Encoding::kJson) return body;
    return step.verbatim ? Result<std::string>(FromHex(body)) : ToProtobuf(route, body);
  }

  void Call(const Step& step, const std::string& target, const std::string& bytes, const ApiRoute* route) {
    const bool json = encoding_ == Encoding::kJson;
    const std::string type = json ? "application/json" : "application/x-protobuf";
    const auto said = [&](std::string_view name) {
      return std::any_of(step.headers.begin(), step.headers.end(),
                         [&](const std::string& header) { return header.starts_with(name); });
    };
    std::string head = fmt::format("{} {} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n", step.method, target);
    if (!bytes.empty() && !said("Content-Type: ")) head += "Content-Type: " + type + "\r\n";
    if (!said("Accept: ")) head += "Accept: " + type + "\r\n";
    if (!bytes.empty() || step.method != "GET") head += fmt::format("Content-Length: {}\r\n", bytes.size());
    for (const std::string& header : step.headers) {
      const Result<std::string> text = Substitute(header, captures_);
      ASSERT_TRUE(text.ok()) << text.status().ToString();
      head += *text + "\r\n";
    }
    RawClient client(store_->port());
    const std::optional<RawReply> reply = client.Call(head + "\r\n" + bytes);
    ASSERT_TRUE(reply.has_value()) << "no reply; the server says:\n" << store_->Log();
    Check(step, *reply, ReplyToJson(route, *reply));
  }

  void Check(const Step& step, const RawReply& reply, const std::string& json) {
    EXPECT_EQ(reply.status, step.status) << json;
    for (const std::string& header : step.reply_headers) {
      const size_t colon = header.find(": ");
      EXPECT_EQ(reply.Field(header.substr(0, colon)), header.substr(colon + 2)) << reply.head;
    }
    if (step.reply.empty()) return;
    const Result<std::string> text = Substitute(step.reply, captures_);
    ASSERT_TRUE(text.ok()) << text.status().ToString();
    const Result<Value> expected = ParseJsonValue(*text);
    ASSERT_TRUE(expected.ok()) << "the scenario's own JSON: " << expected.status().ToString();
    const Result<Value> got = ParseJsonValue(json);
    ASSERT_TRUE(got.ok()) << got.status().ToString() << "\n" << json;
    for (const std::string& difference : Differences(*expected, *got, &captures_))
      ADD_FAILURE() << difference << "\nin " << json;
  }
};

TEST_P(ScenarioTest, IsAnsweredAsWritten) {
  const Result<Scenario> scenario = ReadScenario(name_);
  ASSERT_TRUE(scenario.ok()) << name_ << ".scenario: " << scenario.status().ToString();
  ASSERT_FALSE(scenario->steps.empty());
  captures_["admin"] = MakeAdminKey();
  store_ = std::make_unique<ServedStore>(scenario->options, captures_["admin"]);
  for (const Step& step : scenario->steps) {
    Run(step);
    // Later steps stand on earlier ones.
    if (HasFailure()) return;
  }
}

std::string TestName(const testing::TestParamInfo<std::tuple<std::string, Encoding>>& info) {
  return std::get<0>(info.param) + (std::get<1>(info.param) == Encoding::kJson ? "_json" : "_protobuf");
}

INSTANTIATE_TEST_SUITE_P(Api, ScenarioTest,
                         testing::Combine(testing::ValuesIn(ScenarioNames()),
                                          testing::Values(Encoding::kJson, Encoding::kProtobuf)),
                         TestName);

// A route without a scenario is untested: every line of the table must be reached by one.
TEST(ScenariosTest, CoverEveryRoute) {
  const RouteTypes types;
  std::vector<std::string> missing;
  std::vector<const ApiRoute*> reached;
  for (const std::string& name : ScenarioNames()) {
    const Result<Scenario> scenario = ReadScenario(name);
    ASSERT_TRUE(scenario.ok()) << name << ".scenario: " << scenario.status().ToString();
    for (const Step& step : scenario->steps) {
      if (step.status == 200) reached.push_back(types.Find(step.method, step.target));
    }
  }
  for (const ApiRoute& route : ApiRoutes()) {
    if (std::find(reached.begin(), reached.end(), &route) == reached.end())
      missing.push_back(route.method + " " + route.pattern);
  }
  EXPECT_TRUE(missing.empty()) << testing::PrintToString(missing);
}

}  // namespace
}  // namespace engram

// What one tenant can learn of another, or take from it, over the real program: nothing by names that are not its own,
// nothing from scores, and no more than its quota however many ask at once.
#include <atomic>
#include <cstdlib>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/api_key.h"
#include "tests/scenarios/served_store.h"
#include "tests/server/raw_client.h"

namespace engram {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// The text of a member, up to the next quote.
std::string Member(const std::string& json, const std::string& name) {
  const std::string begin = "\"" + name + "\":\"";
  const size_t at = json.find(begin);
  if (at == std::string::npos) return {};
  const size_t from = at + begin.size();
  return json.substr(from, json.find('"', from) - from);
}

class IsolationTest : public ::testing::Test {
 protected:
  IsolationTest() {
    for (const char* tenant : {"acme", "other"}) MakeTenant(tenant, "{}");
  }

  void MakeTenant(const std::string& name, const std::string& limits) {
    const RawReply made =
        Call(admin_, "POST", "/v1/admin/tenants", fmt::format(R"({{"name":"{}","limits":{}}})", name, limits));
    EXPECT_EQ(made.status, 200) << made.body;
    const RawReply key = Call(admin_, "POST", "/v1/admin/tenants/" + name + "/keys",
                              R"({"name":"k","verbs":["read","write","import","admin"]})");
    EXPECT_EQ(key.status, 200) << key.body;
    keys_[name] = Member(key.body, "key");
  }

  RawReply Call(const std::string& key, const std::string& method, const std::string& target,
                const std::string& body = {}, const std::string& field = {}) const {
    std::string head = fmt::format(
        "{} {} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer {}\r\n", method, target, key);
    if (!field.empty()) head += field + "\r\n";
    if (!body.empty()) head += fmt::format("Content-Type: application/json\r\nContent-Length: {}\r\n", body.size());
    RawClient client(store_.port());
    auto reply = client.Call(head + "\r\n" + body);
    EXPECT_TRUE(reply.has_value()) << method << " " << target;
    return reply.value_or(RawReply());
  }
  RawReply AsAcme(const std::string& method, const std::string& target, const std::string& body = {},
                  const std::string& field = {}) const {
    return Call(keys_.at("acme"), method, target, body, field);
  }
  RawReply AsOther(const std::string& method, const std::string& target, const std::string& body = {},
                   const std::string& field = {}) const {
    return Call(keys_.at("other"), method, target, body, field);
  }

  const std::string admin_ = MakeAdminKey();
  ServedStore store_{{"--admin-key-file", "$ADMIN_KEY_FILE"}, admin_};
  std::map<std::string, std::string> keys_;
};

constexpr const char* kNotes = "/v1/namespaces/notes";

TEST_F(IsolationTest, WhatAnotherTenantWasGivenOpensNothing) {
  const std::string write = R"({"memories":[{"id":"m1","text":"a secret of acme"},{"id":"m2","text":"another"}],
                                "import":{"id":"nightly","cursor":"row 17"}})";
  const RawReply written = AsAcme("POST", std::string(kNotes) + "/memories", write, "Idempotency-Key: once");
  ASSERT_EQ(written.status, 200) << written.body;
  const RawReply page = AsAcme("POST", std::string(kNotes) + "/memories:list", R"({"limit":1})");
  const std::string cursor = Member(page.body, "next_cursor");
  const std::string position = Member(written.body, "position");
  ASSERT_NE(cursor, "");
  ASSERT_NE(position, "");

  // The same calls with what acme holds and with what nobody holds.
  const std::string mine = R"({"memories":[{"id":"m9","text":"mine"}]})";
  ASSERT_EQ(AsOther("POST", std::string(kNotes) + "/memories", mine).status, 200);
  const auto expect_same = [&](const std::string& method, const std::string& theirs, const std::string& nobodys,
                               const std::string& their_body = {}, const std::string& nobodys_body = {}) {
    SCOPED_TRACE(method + " " + theirs + " " + their_body);
    const RawReply a = AsOther(method, theirs, their_body);
    const RawReply b = AsOther(method, nobodys, nobodys_body);
    EXPECT_EQ(a.status, b.status);
    const auto levelled = [](std::string text) {
      for (const char* id : {"m1", "m0", "nightly", "unknown"}) {
        for (size_t at = text.find(id); at != std::string::npos; at = text.find(id))
          text.replace(at, std::string(id).size(), "-");
      }
      for (const char* number : {"\"took_us\":"}) {
        const size_t at = text.find(number);
        if (at != std::string::npos) text.erase(at, text.find_first_of(",}", at) - at);
      }
      return text;
    };
    EXPECT_EQ(levelled(a.body), levelled(b.body));
    EXPECT_THAT(a.body, Not(HasSubstr("acme")));
    EXPECT_THAT(a.body, Not(HasSubstr("row 17")));
  };
  const std::string memories = std::string(kNotes) + "/memories/";
  expect_same("GET", memories + "m1", memories + "m0");
  expect_same("GET", memories + "m1/history", memories + "m0/history");
  expect_same("DELETE", memories + "m1", memories + "m0");
  expect_same("PATCH", memories + "m1", memories + "m0", R"({"kind":"x"})", R"({"kind":"x"})");
  expect_same("POST", std::string(kNotes) + "/memories:get", std::string(kNotes) + "/memories:get", R"({"ids":["m1"]})",
              R"({"ids":["m0"]})");
  expect_same("POST", std::string(kNotes) + "/memories:count", std::string(kNotes) + "/memories:count",
              R"({"filter":{"id":"m1"}})", R"({"filter":{"id":"m0"}})");
  expect_same("POST", std::string(kNotes) + "/graph:expand", std::string(kNotes) + "/graph:expand",
              R"({"seeds":["m1"]})", R"({"seeds":["m0"]})");
  expect_same("POST", std::string(kNotes) + "/imports:list", std::string(kNotes) + "/imports:list",
              R"({"id":"nightly"})", R"({"id":"unknown"})");
  EXPECT_THAT(AsOther("GET", "/v1/imports").body, Not(HasSubstr("nightly")));

  // A cursor shows its holder's own rows or is refused.
  const RawReply turned =
      AsOther("POST", std::string(kNotes) + "/memories:list", fmt::format(R"({{"limit":5,"cursor":"{}"}})", cursor));
  EXPECT_THAT(turned.body, Not(HasSubstr("acme")));
  EXPECT_LT(turned.status, 500) << turned.body;
  // A position is a number in a namespace of who shows it.
  const RawReply placed =
      AsOther("POST", std::string(kNotes) + "/memories:count", fmt::format(R"({{"min_position":"{}"}})", position));
  EXPECT_EQ(placed.status, 200) << placed.body;
  EXPECT_THAT(placed.body, HasSubstr("\"count\":1,"));
  // The same idempotency key is another tenant's own.
  const RawReply again = AsOther("POST", std::string(kNotes) + "/memories", mine, "Idempotency-Key: once");
  EXPECT_EQ(again.status, 200) << again.body;
  EXPECT_EQ(again.Field("Idempotency-Replayed"), "");
}

// The body of a search without what the clock says.
std::string Hits(const RawReply& reply) { return reply.body.substr(0, reply.body.find("\"legs\"")); }

TEST_F(IsolationTest, ScoresDoNotKnowWhatOthersStore) {
  const int others = std::getenv("ENGRAM_LONG") != nullptr ? 100'000 : 2'000;
  const std::string mine = R"({"memories":[{"id":"a","text":"green tea in the morning","vector":[1,0]},
      {"id":"b","text":"tea and coffee","vector":[0.5,0.5]},{"id":"c","text":"a walk","vector":[0,1]}]})";
  ASSERT_EQ(AsOther("POST", std::string(kNotes) + "/memories", mine).status, 200);
  const std::vector<std::string> searches = {R"({"text":"green tea coffee","explain":true})",
                                             R"({"text":"te* walc~","vector":[1,0.1],"explain":true})",
                                             R"({"text":"xylophone"})"};
  const auto ask = [&] {
    std::vector<std::string> replies;
    for (const std::string& search : searches) {
      const RawReply reply = AsOther("POST", std::string(kNotes) + "/search", search);
      EXPECT_EQ(reply.status, 200) << reply.body;
      replies.push_back(Hits(reply));
    }
    return replies;
  };
  const std::vector<std::string> before = ask();
  constexpr int kBatch = 1'000;
  for (int from = 0; from < others; from += kBatch) {
    std::string batch = R"({"memories":[)";
    for (int i = from; i < from + kBatch; ++i) {
      batch += fmt::format(R"({}{{"id":"n{}","text":"tea green tea xylophone number{}","vector":[1,{}]}})",
                           i > from ? "," : "", i, i, i % 7);
    }
    // Far ahead of the sealer a writer is told to wait.
    RawReply written;
    do {
      written = AsAcme("POST", std::string(kNotes) + "/memories?durability=buffered", batch + "]}");
    } while (written.status == 429);
    ASSERT_EQ(written.status, 200) << written.body;
  }
  EXPECT_EQ(ask(), before);
  ASSERT_EQ(AsAcme("DELETE", kNotes).status, 200);
  EXPECT_EQ(ask(), before);
}

TEST_F(IsolationTest, SixtyFourWritersAtTheQuotaGetExactlyWhatIsLeft) {
  constexpr int kLeft = 10;
  constexpr int kWriters = 64;
  MakeTenant("small", fmt::format(R"({{"memories":{}}})", kLeft));
  std::atomic<int> taken{0};
  std::atomic<int> refused{0};
  std::vector<std::thread> writers;
  for (int i = 0; i < kWriters; ++i) {
    writers.emplace_back([&, i] {
      const RawReply reply = Call(keys_.at("small"), "POST", std::string(kNotes) + "/memories",
                                  fmt::format(R"({{"memories":[{{"id":"w{}","text":"x"}}]}})", i));
      if (reply.status == 200) ++taken;
      if (reply.status == 507) ++refused;
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(taken, kLeft);
  EXPECT_EQ(refused, kWriters - kLeft);
  EXPECT_THAT(Call(keys_.at("small"), "POST", std::string(kNotes) + "/memories:count").body,
              HasSubstr(fmt::format("\"count\":{}", kLeft)));
}

// Whatever a client puts where keys do not belong, no secret reaches the logs, the metrics or a reply.
TEST_F(IsolationTest, SecretsStayOutOfLogsMetricsAndErrors) {
  const std::string key = keys_.at("acme");
  const std::string secret = key.substr(key.find('_', kApiKeyPrefix.size()) + 1);
  for (const std::string& target : {"/v1/status?key=" + key, "/v1/" + key, "/v1/namespaces/" + key + "/memories/x"}) {
    (void)AsAcme("GET", target);
  }
  (void)AsAcme("POST", std::string(kNotes) + "/search", "{\"" + key + "\":1");
  std::string damaged = key;
  damaged.back() = damaged.back() == 'x' ? 'y' : 'x';
  (void)Call(damaged, "GET", "/v1/status");
  (void)Call("x\x1b[31m\xff\"}", "GET", "/v1/status");
  (void)Call(admin_, "GET", "/metrics");
  EXPECT_THAT(store_.Log(), Not(HasSubstr(secret)));
  EXPECT_THAT(store_.Log(), Not(HasSubstr("\x1b")));
  EXPECT_THAT(Call(admin_, "GET", "/metrics").body, Not(HasSubstr(secret)));
  // The name of a namespace that is not there is told to who asked for it; nothing else is.
  EXPECT_THAT(Call(damaged, "GET", "/v1/status").body, Not(HasSubstr(secret.substr(0, 20))));
}

}  // namespace
}  // namespace engram

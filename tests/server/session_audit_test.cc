// What must not be done unseen, from the connection's side: the reply comes after the line.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "server/audit_check.h"
#include "server/audit_log.h"
#include "tests/server/http_server.h"
#include "tests/server/raw_client.h"

namespace engram {
namespace {

class SessionAuditTest : public ::testing::Test {
 protected:
  SessionAuditTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "engram_session_audit_XXXXXX").string();
    folder_ = mkdtemp(pattern.data()) != nullptr ? pattern : std::string();
    auto log = AuditLog::Open(Path(), Clock::Real());
    EXPECT_TRUE(log.ok()) << log.status().ToString();
    log_ = *std::move(log);
    auto started = Server::Start(TestOptions());
    EXPECT_TRUE(started.ok()) << started.status().ToString();
    server_ = *std::move(started);
    Router router;
    for (const Cost cost : {Cost::kCheap, Cost::kHeavy}) {
      router.Add({.method = "DELETE",
                  .pattern = cost == Cost::kCheap ? "/v1/cheap/{id}" : "/v1/heavy/{id}",
                  .right = Right::kManage,
                  .cost = cost,
                  .handler = [](RequestContext& context, const Respond& respond) {
                    context.Audit("memory.erase", context.path("id"));
                    respond(HttpResponse{});
                  }});
    }
    server_->Open(std::move(router), std::make_shared<OpenAuthenticator>(TenantId(1), "default"), log_.get());
  }
  ~SessionAuditTest() override {
    server_->Stop();
    log_.reset();
    std::filesystem::remove_all(folder_);
  }

  std::string Path() const { return folder_ + "/audit.log"; }
  bool Says(const std::string& subject) const {
    std::ifstream in(Path(), std::ios::binary);
    const std::string text(std::istreambuf_iterator<char>(in), {});
    return text.find(fmt::format("\"subject\":\"{}\"", subject)) != std::string::npos;
  }

  std::string folder_;
  std::unique_ptr<AuditLog> log_;
  std::unique_ptr<Server> server_;
};

TEST_F(SessionAuditTest, WhoHasTheReplyFindsTheLine) {
  constexpr int kClients = 8;
  constexpr int kCalls = 20;
  std::vector<std::thread> clients;
  for (int i = 0; i < kClients; ++i) {
    clients.emplace_back([this, i] {
      RawClient client(server_->port());
      for (int call = 0; call < kCalls; ++call) {
        const std::string subject = fmt::format("m-{}-{}", i, call);
        const auto reply = client.Call(HttpText("DELETE", (call % 2 == 0 ? "/v1/cheap/" : "/v1/heavy/") + subject));
        ASSERT_TRUE(reply.has_value());
        EXPECT_EQ(reply->status, 200);
        EXPECT_TRUE(Says(subject)) << subject;
      }
    });
  }
  for (std::thread& client : clients) client.join();
  const auto check = VerifyAuditLog(Path());
  ASSERT_TRUE(check.ok()) << check.status().ToString();
  EXPECT_EQ(check->lines, static_cast<uint64_t>(kClients * kCalls));
}

}  // namespace
}  // namespace engram

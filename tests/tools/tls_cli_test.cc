// A server with TLS and the commands that talk to it, from outside.
#include <csignal>
#include <filesystem>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "client/cpp/client.h"
#include "tests/served/certificates.h"
#include "tests/tools/cli_run.h"

namespace engram {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class TlsCliTest : public CliTest {
 protected:
  void SetUp() override {
    CliTest::SetUp();
    authority_ = std::make_unique<TestAuthority>(folder_, "ca");
    own_ = authority_->Issue("server");
  }
  // `at_` is how to reach it.
  void Serve(const std::string& options) {
    std::filesystem::remove(Path("port"));
    server_ = std::make_unique<CliProcess>(
        folder_, "serve --data store --port-file port --tls-cert server.pem --tls-key server.key " + options,
        Path("log"));
    while (server_->Running() && ReadFile("port").empty()) std::this_thread::yield();
    ASSERT_FALSE(ReadFile("port").empty()) << ReadFile("log");
    port_ = static_cast<uint16_t>(std::stoi(ReadFile("port")));
    at_ = fmt::format(" --server https://127.0.0.1:{} ", port_);
  }
  void Stop() {
    server_->Signal(SIGTERM);
    EXPECT_EQ(server_->Wait(), 0) << ReadFile("log");
    server_.reset();
  }

  std::unique_ptr<TestAuthority> authority_;
  TestCertificate own_;
  std::unique_ptr<CliProcess> server_;
  uint16_t port_ = 0;
  std::string at_;
};

TEST_F(TlsCliTest, EveryCommandReachesAServerByHttps) {
  Serve("--listen 127.0.0.1:0 --tls-client-ca ca.pem");
  authority_->Issue("client");
  WriteFile("in.jsonl", "{\"id\":\"a\",\"text\":\"green tea\"}\n");
  const std::string use = at_ + "--ca-file ca.pem --client-cert client.pem --client-key client.key ";
  const CliResult imported = Run("import jsonl in.jsonl --namespace notes" + use);
  EXPECT_EQ(imported.code, 0) << imported.output;
  EXPECT_THAT(Run("search tea --namespace notes" + use).output, HasSubstr("green tea"));
  EXPECT_EQ(Run("stats" + use).code, 0);
  EXPECT_EQ(Run("export --namespace notes --out out.jsonl" + use).code, 0);
  EXPECT_EQ(Run("probe server" + use).code, 0);
  EXPECT_EQ(Run("keys tenant list" + use).code, 1);  // reached: it has no admin key
  ::setenv("ENGRAM_CA_FILE", "ca.pem", 1);
  EXPECT_EQ(Run("stats" + at_ + "--client-cert client.pem --client-key client.key").code, 0);
  ::unsetenv("ENGRAM_CA_FILE");
  EXPECT_EQ(Run("stats" + at_ + "--ca-file ca.pem").code, 1);
  const CliResult distrusted = Run("stats" + at_);
  EXPECT_EQ(distrusted.code, 1);
  EXPECT_THAT(distrusted.output, HasSubstr("not trusted"));
  EXPECT_EQ(Run(fmt::format("stats --server http://127.0.0.1:{}", port_)).code, 1);
  EXPECT_THAT(ReadFile("log"), HasSubstr("tls_refused"));
  Stop();
}

TEST_F(TlsCliTest, ARenewedCertificateIsTakenUpAtAHangup) {
  Serve("--listen 127.0.0.1:0");
  EXPECT_EQ(Run("stats" + at_ + "--ca-file ca.pem").code, 0);
  const TestAuthority next(folder_, "next");
  const TestCertificate renewed = next.Issue("renewed");
  std::filesystem::rename(renewed.certificate, own_.certificate);
  std::filesystem::rename(renewed.key, own_.key);
  server_->Signal(SIGHUP);
  // The log's line is what tells that the signal has come.
  while (ReadFile("log").find("tls_certificate", ReadFile("log").find("\"event\":\"ready\"")) == std::string::npos) {
    ASSERT_TRUE(server_->Running());
    std::this_thread::yield();
  }
  EXPECT_EQ(Run("stats" + at_ + "--ca-file ca.pem").code, 1);
  EXPECT_EQ(Run("stats" + at_ + "--ca-file next.pem").code, 0);
  Stop();
}

TEST_F(TlsCliTest, BeyondLoopbackItTakesKeysAndTls) {
  const CliResult open = Run("serve --data store --listen 0.0.0.0:0 --tls-cert server.pem --tls-key server.key");
  EXPECT_EQ(open.code, 1);
  EXPECT_THAT(open.output, HasSubstr("everyone who reaches it would be let in"));
  ASSERT_EQ(Run("keys admin admin.key").code, 0);
  const CliResult plain = Run("serve --data store --listen 0.0.0.0:0 --admin-key-file admin.key");
  EXPECT_EQ(plain.code, 1);
  EXPECT_THAT(plain.output, HasSubstr("--tls-cert"));
  Serve("--listen 0.0.0.0:0 --admin-key-file admin.key");
  EXPECT_EQ(Run("keys tenant list --admin-key-file admin.key --ca-file ca.pem" + at_).code, 0);
  Stop();
}

TEST_F(TlsCliTest, MistakesAreSaidAsTheyAre) {
  EXPECT_EQ(Run("serve --data store --tls-cert server.pem").code, 2);
  EXPECT_EQ(Run("serve --data store --tls-key server.key").code, 2);
  EXPECT_EQ(Run("stats --server https://127.0.0.1:1 --client-key server.key").code, 2);
  EXPECT_THAT(Run("stats --server https://127.0.0.1:1 --ca-file nothing.pem").output, HasSubstr("nothing.pem"));
  std::filesystem::permissions(own_.key, std::filesystem::perms(0604));
  const CliResult refused = Run("serve --data store --listen 127.0.0.1:0 --tls-cert server.pem --tls-key server.key");
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.output, HasSubstr("chmod 600"));
  EXPECT_THAT(refused.output, Not(HasSubstr("PRIVATE KEY")));
}

}  // namespace
}  // namespace engram

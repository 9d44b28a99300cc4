// The client over TLS against a real server in this process.
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/cpp/client.h"
#include "server/server.h"
#include "tests/served/certificates.h"
#include "tools/opened_store.h"

namespace engram {
namespace {

using ::testing::HasSubstr;

class TlsClientTest : public ::testing::Test {
 protected:
  TlsClientTest() : folder_(MakeFolder()), authority_(folder_, "ca") {}
  ~TlsClientTest() override {
    if (server_) server_->Stop();
    store_.reset();
    server_.reset();
    std::filesystem::remove_all(folder_);
  }

  void Serve(const TlsFiles& files) {
    ServerOptions options;
    options.port = 0;
    options.access_log = false;
    options.io_threads = 1;
    options.tls = files;
    auto started = Server::Start(options);
    ASSERT_TRUE(started.ok()) << started.status().ToString();
    server_ = std::move(*started);
    ServiceOptions service;
    service.version = "test";
    service.engine_options.data_dir = folder_ + "/data";
    auto opened = OpenStore(service);
    ASSERT_TRUE(opened.ok()) << opened.status().ToString();
    store_ = std::move(*opened);
    server_->Open(store_->router, std::make_shared<OpenAuthenticator>(*store_->tenant, kDefaultTenant));
  }
  void Serve(const TestCertificate& own) { Serve({own.certificate, own.key, ""}); }
  ClientOptions Trusting(const std::string& ca_file, const std::string& host = "127.0.0.1") const {
    ClientOptions options;
    options.host = host;
    options.port = server_->port();
    options.tls = TlsClientOptions{ca_file, "", ""};
    options.retry.attempts_max = 1;
    return options;
  }
  static Status Connected(const ClientOptions& options) {
    const auto client = Client::Connect(options);
    return client.ok() ? Status() : client.status();
  }

  const std::string folder_;
  const TestAuthority authority_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<OpenedStore> store_;

 private:
  static std::string MakeFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "engram_client_tls_XXXXXX").string();
    return mkdtemp(pattern.data()) != nullptr ? pattern : std::string();
  }
};

TEST_F(TlsClientTest, CallsAndLargeBodiesGoThroughOneConnection) {
  Serve(authority_.Issue("server"));
  ClientOptions options = Trusting(authority_.file());
  options.compress = false;
  auto client = Client::Connect(options);
  ASSERT_TRUE(client.ok()) << client.status().ToString();
  const std::string text(700'000, 'x');
  v1::WriteRequest write;
  write.add_memories()->set_id("m");
  write.mutable_memories(0)->set_text("tea " + text);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE((*client)->Write("notes", write).ok());
  const auto read = (*client)->GetMemory("notes", "m");
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_EQ(read->text(), "tea " + text);
}

TEST_F(TlsClientTest, AServerIsWhoItsCertificateSaysAndNobodyElse) {
  Serve(authority_.Issue("server", {.names = "DNS:localhost"}));
  const TestAuthority strangers(folder_, "strangers");
  EXPECT_TRUE(Connected(Trusting(authority_.file(), "localhost")).ok());
  const auto refused = [&](const ClientOptions& options, const std::string& why) {
    const Status status = Connected(options);
    EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition) << status.ToString();
    EXPECT_EQ(status.applied(), Applied::kNo);
    EXPECT_THAT(status.message(), HasSubstr(why));
  };
  refused(Trusting(authority_.file()), "IP address mismatch");
  refused(Trusting(strangers.file(), "localhost"), "not trusted");
  refused(Trusting("", "localhost"), "not trusted");  // whom this system trusts
}

TEST_F(TlsClientTest, AnExpiredCertificateIsRefused) {
  Serve(authority_.Issue("server", {.valid_seconds = -60}));
  EXPECT_THAT(Connected(Trusting(authority_.file())).message(), HasSubstr("certificate has expired"));
}

TEST_F(TlsClientTest, ACertificateOfItsOwnIsShownWhereTheServerAsksForOne) {
  const TestCertificate own = authority_.Issue("server");
  Serve({own.certificate, own.key, authority_.file()});
  ClientOptions options = Trusting(authority_.file());
  EXPECT_FALSE(Connected(options).ok());
  const TestCertificate mine = authority_.Issue("client");
  options.tls = TlsClientOptions{authority_.file(), mine.certificate, mine.key};
  EXPECT_TRUE(Connected(options).ok()) << Connected(options).ToString();
}

TEST_F(TlsClientTest, FilesThatCannotBeUsedAreNamed) {
  Serve(authority_.Issue("server"));
  ClientOptions options = Trusting(folder_ + "/missing.pem");
  EXPECT_THAT(Connected(options).message(), HasSubstr("missing.pem"));
  options.tls = TlsClientOptions{authority_.file(), authority_.file(), ""};
  EXPECT_THAT(Connected(options).message(), HasSubstr("one of both is missing"));
  options.tls = TlsClientOptions{authority_.file(), authority_.file(), folder_ + "/missing.key"};
  EXPECT_THAT(Connected(options).message(), HasSubstr("missing.key"));
}

TEST_F(TlsClientTest, ThePlainAndTheTlsPortAreToldApart) {
  Serve(TlsFiles());
  EXPECT_THAT(Connected(Trusting(authority_.file())).message(), HasSubstr("speaks no TLS"));
  server_->Stop();
  store_.reset();
  Serve(authority_.Issue("server"));
  ClientOptions plain = Trusting("");
  plain.tls.reset();
  EXPECT_EQ(Connected(plain).code(), StatusCode::kUnavailable);
}

}  // namespace
}  // namespace engram

// TLS as peers see it, good ones and others.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "base/clock.h"
#include "base/testing/captured_logs.h"
#include "tests/served/certificates.h"
#include "tests/server/http_server.h"
#include "tests/server/raw_client.h"

namespace engram {
namespace {

using ::testing::HasSubstr;

// A blocking TLS peer that trusts nobody in particular and says what it was told to say.
class TlsPeer {
 public:
  struct Options {
    int version_min = TLS1_2_VERSION;
    int version_max = TLS1_3_VERSION;
    std::string ciphers;  // of TLS 1.2; not empty: these
    TestCertificate shows;
  };

  TlsPeer(uint16_t port, const Options& options) : context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free) {
    std::signal(SIGPIPE, SIG_IGN);
    SSL_CTX_set_security_level(context_.get(), 0);
    SSL_CTX_set_min_proto_version(context_.get(), options.version_min);
    SSL_CTX_set_max_proto_version(context_.get(), options.version_max);
    if (!options.ciphers.empty()) {
      EXPECT_EQ(SSL_CTX_set_cipher_list(context_.get(), options.ciphers.c_str()), 1);
    }
    if (!options.shows.certificate.empty()) {
      EXPECT_EQ(SSL_CTX_use_certificate_chain_file(context_.get(), options.shows.certificate.c_str()), 1);
      EXPECT_EQ(SSL_CTX_use_PrivateKey_file(context_.get(), options.shows.key.c_str(), SSL_FILETYPE_PEM), 1);
    }
    ssl_.reset(SSL_new(context_.get()));
    socket_ = ::socket(AF_INET, SOCK_STREAM, 0);
    const timeval patience{10, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    SSL_set_fd(ssl_.get(), socket_);
    shaken_ = SSL_connect(ssl_.get()) == 1;
    ERR_clear_error();
  }
  explicit TlsPeer(uint16_t port) : TlsPeer(port, Options()) {}
  ~TlsPeer() { ::close(socket_); }
  TlsPeer(const TlsPeer&) = delete;
  TlsPeer& operator=(const TlsPeer&) = delete;

  bool shaken() const { return shaken_; }
  SSL* ssl() { return ssl_.get(); }

  void Send(const std::string& bytes) { SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())); }
  // What comes until `bytes` of them are here, or the end.
  std::string Read(size_t bytes) {
    std::string all;
    std::string piece(16 * 1024, '\0');
    while (all.size() < bytes) {
      const int size = SSL_read(ssl_.get(), piece.data(), static_cast<int>(piece.size()));
      if (size <= 0) {
        ended_well_ = SSL_get_error(ssl_.get(), size) == SSL_ERROR_ZERO_RETURN;
        ERR_clear_error();
        break;
      }
      all.append(piece, 0, static_cast<size_t>(size));
    }
    return all;
  }
  // The server has said that nothing more comes.
  bool ended_well() const { return ended_well_; }
  // The reply to a request that asks for the connection's end.
  std::string LastCall(const std::string& method, const std::string& target, const std::string& body = {}) {
    Send(HttpText(method, target, body, {"Connection: close", "Content-Type: application/json"}));
    return Read(std::string::npos);
  }
  std::string PeerName() const {
    const std::unique_ptr<X509, decltype(&X509_free)> peer(SSL_get1_peer_certificate(ssl_.get()), X509_free);
    char name[100] = {};
    X509_NAME_get_text_by_NID(X509_get_subject_name(peer.get()), NID_commonName, name, sizeof(name));
    return name;
  }

 private:
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_{nullptr, SSL_free};
  int socket_ = -1;
  bool shaken_ = false;
  bool ended_well_ = false;
};

class TlsTest : public ::testing::Test {
 protected:
  TlsTest() : folder_(MakeFolder()), authority_(folder_, "ca"), own_(authority_.Issue("server")) {}
  ~TlsTest() override { std::filesystem::remove_all(folder_); }

  ServerOptions Options() const {
    ServerOptions options = TestOptions();
    options.tls = {own_.certificate, own_.key, ""};
    return options;
  }
  // Why a server does not start with these.
  static Status Refusal(ServerOptions options) {
    const auto started = Server::Start(std::move(options));
    return started.ok() ? Status() : started.status();
  }
  static std::string ReadFile(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static void Replace(const TestCertificate& old, const TestCertificate& with) {
    std::filesystem::rename(with.certificate, old.certificate);
    std::filesystem::rename(with.key, old.key);
  }

  const std::string folder_;
  const TestAuthority authority_;
  const TestCertificate own_;

 private:
  static std::string MakeFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "engram_tls_XXXXXX").string();
    return mkdtemp(pattern.data()) != nullptr ? pattern : std::string();
  }
};

TEST_F(TlsTest, BothVersionsAreServedWithAnAeadAndNothingKept) {
  HttpServer server(Options());
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsPeer peer(server.port(), {.version_min = version, .version_max = version, .ciphers = {}, .shows = {}});
    ASSERT_TRUE(peer.shaken());
    EXPECT_TRUE(SSL_CIPHER_is_aead(SSL_get_current_cipher(peer.ssl())));
    EXPECT_EQ(SSL_get_current_compression(peer.ssl()), nullptr);
    peer.Send(HttpText("GET", "/v1/cheap"));
    EXPECT_THAT(peer.Read(1), HasSubstr("200 OK"));
    EXPECT_THAT(peer.LastCall("GET", "/v1/cheap"), HasSubstr("cheap"));
    EXPECT_TRUE(peer.ended_well());
    EXPECT_EQ(SSL_SESSION_is_resumable(SSL_get0_session(peer.ssl())), 0);
  }
}

TEST_F(TlsTest, LargeBodiesAndPipelinedRequestsComeThrough) {
  HttpServer server(Options());
  TlsPeer peer(server.port());
  ASSERT_TRUE(peer.shaken());
  const std::string text(500'000, 'x');
  const std::string call =
      HttpText("POST", "/v1/echo/m", "{\"text\":\"" + text + "\"}", {"Content-Type: application/json"});
  peer.Send(call + HttpText("GET", "/v1/cheap"));
  const std::string first = peer.Read(text.size());
  const std::string all = first + peer.LastCall("GET", "/v1/cheap");
  const size_t echoed = all.find(text);
  ASSERT_NE(echoed, std::string::npos);
  const size_t second = all.find("cheap", echoed + text.size());
  ASSERT_NE(second, std::string::npos);
  EXPECT_NE(all.find("cheap", second + 1), std::string::npos);
  EXPECT_TRUE(peer.ended_well());
}

TEST_F(TlsTest, WhatIsOldOrWeakIsRefused) {
  HttpServer server(Options());
  const std::vector<TlsPeer::Options> weak = {
      {TLS1_VERSION, TLS1_VERSION, "ALL:@SECLEVEL=0", {}},
      {TLS1_1_VERSION, TLS1_1_VERSION, "ALL:@SECLEVEL=0", {}},
      {TLS1_2_VERSION, TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA256", {}},  // CBC
      {TLS1_2_VERSION, TLS1_2_VERSION, "AES128-GCM-SHA256", {}},          // no forward secrecy
      {TLS1_2_VERSION, TLS1_2_VERSION, "ADH-AES128-GCM-SHA256", {}},      // no certificate
  };
  for (const TlsPeer::Options& options : weak) {
    EXPECT_FALSE(TlsPeer(server.port(), options).shaken()) << options.version_max << " " << options.ciphers;
  }
  EXPECT_EQ(server.handled(), 0U);
}

TEST_F(TlsTest, NobodyNegotiatesTwice) {
  HttpServer server(Options());
  TlsPeer peer(server.port(), {TLS1_2_VERSION, TLS1_2_VERSION, "", {}});
  ASSERT_TRUE(peer.shaken());
  SSL_renegotiate(peer.ssl());
  EXPECT_NE(SSL_do_handshake(peer.ssl()), 1);
  ERR_clear_error();
}

TEST_F(TlsTest, PlaintextIsClosedAndTheLogSaysWhy) {
  const CapturedLogs logs;
  HttpServer server(Options());
  for (const char* bytes :
       {"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", "POST / HTTP/1.1\r\n", "hello, who is there"}) {
    RawClient plain(server.port());
    EXPECT_FALSE(plain.Call(bytes).has_value()) << bytes;
  }
  EXPECT_TRUE(Logged(logs, "\"event\":\"tls_refused\",\"peer\":\"127.0.0.1\",\"why\":\"it speaks no TLS"));
  EXPECT_TRUE(TlsPeer(server.port()).shaken());
}

TEST_F(TlsTest, AHandshakeHasADeadlineAndHalfOfOneKeepsNobodyElseOut) {
  const CapturedLogs logs;
  ServerOptions options = Options();
  options.limits.handshake_deadline = std::chrono::milliseconds(2'000);
  HttpServer server(options);
  std::vector<std::unique_ptr<RawClient>> half_open;
  for (int i = 0; i < 200; ++i) {
    half_open.push_back(std::make_unique<RawClient>(server.port()));
    if (i % 2 == 0) half_open.back()->Send({"\x16\x03\x01\x02\x00\x01\x00", 7});  // the beginning of a hello
  }
  TlsPeer peer(server.port());
  EXPECT_THAT(peer.LastCall("GET", "/v1/cheap"), HasSubstr("cheap"));
  for (const auto& client : half_open) EXPECT_TRUE(client->IsClosed());
  EXPECT_TRUE(Logged(logs, "the handshake took too long"));
}

TEST_F(TlsTest, ClientCertificatesAreWantedAndVerifiedWhereAnAuthorityIsGiven) {
  const CapturedLogs logs;
  const TestAuthority clients(folder_, "clients");
  const TestAuthority strangers(folder_, "strangers");
  ServerOptions options = Options();
  options.tls.client_ca = clients.file();
  HttpServer server(options);
  // With TLS 1.3 a client learns only afterwards that it was refused.
  const auto served = [&](const TestCertificate& shows, int version) {
    TlsPeer peer(server.port(), {version, version, "", shows});
    return peer.shaken() && peer.LastCall("GET", "/v1/cheap").find("cheap") != std::string::npos;
  };
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    EXPECT_TRUE(served(clients.Issue("known"), version));
    EXPECT_FALSE(served({}, version));
    EXPECT_FALSE(served(strangers.Issue("foreign"), version));
    EXPECT_FALSE(served(clients.Issue("over", {.valid_seconds = -60}), version));
  }
  EXPECT_TRUE(Logged(logs, "its certificate is refused: certificate has expired"));
  EXPECT_TRUE(Logged(logs, "peer did not return a certificate"));
}

TEST_F(TlsTest, ARenewedCertificateIsTakenUpWithinASecondAndAnUnusableOneNever) {
  const CapturedLogs logs;
  ManualClock clock(Timestamp::FromSeconds(1'800'000'000));
  ServerOptions options = Options();
  options.clock = &clock;
  HttpServer server(options);
  const auto name = [&] { return TlsPeer(server.port()).PeerName(); };
  const auto metrics = [&] { return TlsPeer(server.port()).LastCall("GET", "/metrics"); };
  EXPECT_EQ(name(), "server");
  EXPECT_THAT(metrics(), HasSubstr("engram_tls_reload_failed 0"));
  TlsPeer older(server.port());
  Replace(own_, authority_.Issue("second"));
  EXPECT_EQ(name(), "server");  // not looked at again yet
  clock.Advance(std::chrono::seconds(1));
  EXPECT_EQ(name(), "second");
  EXPECT_THAT(older.LastCall("GET", "/v1/cheap"), HasSubstr("cheap"));

  // One of the two files alone, as a renewal leaves them for a moment.
  const TestCertificate third = authority_.Issue("third");
  std::filesystem::rename(third.certificate, own_.certificate);
  clock.Advance(std::chrono::seconds(1));
  EXPECT_EQ(name(), "second");
  EXPECT_TRUE(Logged(logs, "\"level\":\"error\",\"event\":\"tls_reload_failed\""));
  EXPECT_TRUE(Logged(logs, "is not the key of"));
  EXPECT_THAT(metrics(), HasSubstr("engram_tls_reload_failed 1"));
  std::filesystem::rename(third.key, own_.key);
  server.server().ReloadTls();
  EXPECT_EQ(name(), "third");
  EXPECT_THAT(metrics(), HasSubstr("engram_tls_reload_failed 0"));

  std::filesystem::remove(own_.key);
  server.server().ReloadTls();
  EXPECT_EQ(name(), "third");
  EXPECT_THAT(metrics(), HasSubstr("engram_tls_reload_failed 1"));
}

TEST_F(TlsTest, WhenTheCertificateExpiresIsAMetric) {
  HttpServer server(Options());
  const std::string metrics = TlsPeer(server.port()).LastCall("GET", "/metrics");
  const std::string name = "\nengram_tls_certificate_not_after_seconds ";
  const size_t at = metrics.find(name);
  ASSERT_NE(at, std::string::npos) << metrics;
  EXPECT_NEAR(std::stod(metrics.substr(at + name.size())), static_cast<double>(std::time(nullptr)) + 3600, 60);
}

TEST_F(TlsTest, FilesThatCannotBeUsedAreNamed) {
  const auto says = [&](const TlsFiles& files, const std::string& what) {
    ServerOptions options = Options();
    options.tls = files;
    EXPECT_THAT(Refusal(options).message(), HasSubstr(what));
  };
  const std::string none = folder_ + "/none.pem";
  std::ofstream(none) << "not a certificate\n";
  ::chmod(none.c_str(), 0600);
  const TestCertificate other = authority_.Issue("other");
  says({own_.certificate, "", ""}, "one of both is missing");
  says({"", own_.key, ""}, "one of both is missing");
  says({"", "", authority_.file()}, "one of both is missing");
  says({folder_ + "/missing.pem", own_.key, ""}, "missing.pem");
  says({own_.certificate, folder_ + "/missing.key", ""}, "missing.key");
  says({none, own_.key, ""}, "can't use " + none);
  says({own_.certificate, none, ""}, "can't use " + none);
  says({own_.certificate, other.key, ""}, other.key + " is not the key of " + own_.certificate);
  says({own_.certificate, own_.key, none}, "can't use " + none);
  ::chmod(own_.key.c_str(), 0644);
  says({own_.certificate, own_.key, ""}, "others may read " + own_.key);
}

// A terminal would be asked for the password otherwise.
TEST_F(TlsTest, AnEncryptedKeyIsRefusedAtOnce) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  FILE* file = std::fopen(own_.key.c_str(), "w");
  ASSERT_NE(file, nullptr);
  const unsigned char password[] = "password";
  PEM_write_PrivateKey(file, key.get(), EVP_aes_128_cbc(), password, 8, nullptr, nullptr);
  std::fclose(file);
  EXPECT_THAT(Refusal(Options()).message(), HasSubstr("can't use " + own_.key));
}

TEST_F(TlsTest, BeyondThisMachineItTakesTlsOrTheWordOfWhoRunsIt) {
  ServerOptions options = TestOptions();
  options.address = "0.0.0.0";
  EXPECT_THAT(Refusal(options).message(), HasSubstr("--tls-cert"));
  options.tls = Options().tls;
  EXPECT_TRUE(Refusal(options).ok());
  options.tls = {};
  options.insecure_listen = true;
  EXPECT_TRUE(Refusal(options).ok());
}

}  // namespace
}  // namespace engram

#include "tests/tools/stub_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <csignal>
#include <cstdio>

#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace engram {

// A key and a certificate for 127.0.0.1.
class StubServer::Tls {
 public:
  explicit Tls(const std::string& folder) : context_(SSL_CTX_new(TLS_server_method())) {
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* certificate = X509_new();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME* name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("stub"), -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    AddExtension(certificate, NID_subject_alt_name, "IP:127.0.0.1");
    AddExtension(certificate, NID_basic_constraints, "critical,CA:TRUE");
    X509_sign(certificate, key, EVP_sha256());
    SSL_CTX_use_certificate(context_, certificate);
    SSL_CTX_use_PrivateKey(context_, key);
    FILE* file = std::fopen((folder + "/ca.pem").c_str(), "w");
    if (file != nullptr) {
      PEM_write_X509(file, certificate);
      std::fclose(file);
    }
    X509_free(certificate);
    EVP_PKEY_free(key);
  }
  ~Tls() { SSL_CTX_free(context_); }

  SSL* Accept(int connection) const {
    SSL* ssl = SSL_new(context_);
    SSL_set_fd(ssl, connection);
    if (SSL_accept(ssl) == 1) return ssl;
    SSL_free(ssl);
    return nullptr;
  }

 private:
  static void AddExtension(X509* certificate, int nid, const char* value) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
  }

  SSL_CTX* const context_;
};

namespace {

class Connection {
 public:
  Connection(int socket, SSL* ssl) : socket_(socket), ssl_(ssl) {}
  ~Connection() {
    if (ssl_ != nullptr) {
      SSL_shutdown(ssl_);
      SSL_free(ssl_);
    }
    close(socket_);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  bool Receive(std::string* out) const {
    char buffer[16 * 1024];
    const ssize_t size =
        ssl_ != nullptr ? SSL_read(ssl_, buffer, sizeof(buffer)) : recv(socket_, buffer, sizeof(buffer), 0);
    if (size <= 0) return false;
    out->append(buffer, static_cast<size_t>(size));
    return true;
  }
  void Send(const std::string& bytes) const {
    for (size_t sent = 0; sent < bytes.size();) {
      const auto left = bytes.size() - sent;
      const ssize_t size = ssl_ != nullptr ? SSL_write(ssl_, bytes.data() + sent, static_cast<int>(left))
                                           : send(socket_, bytes.data() + sent, left, MSG_NOSIGNAL);
      if (size <= 0) return;
      sent += static_cast<size_t>(size);
    }
  }

 private:
  const int socket_;
  SSL* const ssl_;
};

bool ReadRequest(const Connection& connection, StubRequest* request) {
  std::string bytes;
  size_t end = std::string::npos;
  while ((end = bytes.find("\r\n\r\n")) == std::string::npos) {
    if (!connection.Receive(&bytes)) return false;
  }
  request->head = bytes.substr(0, end);
  std::transform(request->head.begin(), request->head.end(), request->head.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const size_t space = bytes.find(' ');
  request->method = bytes.substr(0, space);
  request->target = bytes.substr(space + 1, bytes.find(' ', space + 1) - space - 1);
  request->body = bytes.substr(end + 4);
  const size_t length = request->head.find("content-length: ");
  const size_t wanted = length == std::string::npos ? 0 : std::stoul(request->head.substr(length + 16));
  while (request->body.size() < wanted) {
    if (!connection.Receive(&request->body)) return false;
  }
  return true;
}

}  // namespace

StubServer::StubServer(Answer answer, const std::string& tls_folder)
    : answer_(std::move(answer)), tls_(tls_folder.empty() ? nullptr : std::make_unique<Tls>(tls_folder)) {
  std::signal(SIGPIPE, SIG_IGN);  // a peer that hangs up is no reason to die
  listener_ = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  socklen_t size = sizeof(address);
  EXPECT_EQ(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
  EXPECT_EQ(listen(listener_, 16), 0);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { Run(); });
}

StubServer::~StubServer() {
  shutdown(listener_, SHUT_RDWR);  // ends accept
  thread_.join();
  close(listener_);
}

std::string StubServer::url() const {
  return std::string(tls_ ? "https" : "http") + "://127.0.0.1:" + std::to_string(port_);
}

std::vector<StubRequest> StubServer::requests() {
  const MutexLock lock(mutex_);
  return requests_;
}

void StubServer::Run() {
  while (true) {
    const int connection = accept(listener_, nullptr, nullptr);
    if (connection < 0) return;
    Serve(connection);
  }
}

void StubServer::Serve(int socket) {
  SSL* ssl = tls_ ? tls_->Accept(socket) : nullptr;
  const Connection connection(socket, ssl);
  StubRequest request;
  if ((tls_ && ssl == nullptr) || !ReadRequest(connection, &request)) return;
  {
    const MutexLock lock(mutex_);
    requests_.push_back(request);
  }
  const StubReply reply = answer_(request);
  connection.Send("HTTP/1.1 " + std::to_string(reply.status) +
                  " Said\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(reply.body.size()) +
                  "\r\nConnection: close\r\n" + reply.fields + "\r\n" + reply.body.substr(0, reply.cut_after));
}

}  // namespace engram

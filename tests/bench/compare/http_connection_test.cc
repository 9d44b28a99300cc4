#include "bench/compare/http_connection.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include <gtest/gtest.h>

namespace engram::compare {
namespace {

// Answers one connection with fixed bytes, piece by piece, once for each request that ends with an empty body.
class Answering {
 public:
  explicit Answering(std::vector<std::string> pieces) : listener_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), length), 0);
    EXPECT_EQ(listen(listener_, 1), 0);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this, pieces = std::move(pieces)] {
      const int connection = accept(listener_, nullptr, nullptr);
      char buffer[4096];
      while (recv(connection, buffer, sizeof buffer, 0) > 0) {
        for (const std::string& piece : pieces) {
          send(connection, piece.data(), piece.size(), MSG_NOSIGNAL);
          std::this_thread::yield();
        }
        if (pieces.empty()) break;
      }
      close(connection);
    });
  }
  ~Answering() {
    thread_.join();
    close(listener_);
  }
  uint16_t port() const { return port_; }

 private:
  const int listener_;
  uint16_t port_ = 0;
  std::thread thread_;
};

Status ExchangeWith(std::vector<std::string> pieces, std::string* body) {
  const Answering server(std::move(pieces));
  const std::unique_ptr<HttpConnection> connection = HttpConnection::Connect(server.port()).value();
  Status status = connection->Exchange(HttpRequest("GET", "/", "", ""));
  *body = connection->body();
  return status;
}

TEST(HttpConnectionTest, PutsAReplyTogetherHoweverItComes) {
  const std::string large(300'000, 'x');
  std::string body;
  EXPECT_TRUE(
      ExchangeWith({"HTTP/1.1 200 OK\r\ncontent-LENGTH: 3000", "00\r\nX: y\r", "\n\r", "\n" + large}, &body).ok());
  EXPECT_EQ(body, large);
}

TEST(HttpConnectionTest, KeepsTheConnectionForTheNextRequest) {
  const Answering server({"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"});
  const std::unique_ptr<HttpConnection> connection = HttpConnection::Connect(server.port()).value();
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(connection->Exchange(HttpRequest("GET", "/", "", "")).ok());
    EXPECT_EQ(connection->body(), "ok");
  }
}

TEST(HttpConnectionTest, ErrorsOfTheServerAreErrorsWithTheirText) {
  std::string body;
  const Status missing = ExchangeWith({"HTTP/1.1 404 Not Found\r\nContent-Length: 7\r\n\r\nno such"}, &body);
  EXPECT_EQ(missing.code(), StatusCode::kNotFound);
  EXPECT_EQ(missing.message(), "HTTP 404: no such");
  EXPECT_EQ(ExchangeWith({"HTTP/1.1 429 Too Many\r\nContent-Length: 0\r\n\r\n"}, &body).code(),
            StatusCode::kRateLimited);
  EXPECT_EQ(ExchangeWith({"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n"}, &body).code(), StatusCode::kInternal);
}

TEST(HttpConnectionTest, AnEndInTheMiddleIsAnError) {
  std::string body;
  EXPECT_EQ(ExchangeWith({}, &body).code(), StatusCode::kUnavailable);
  EXPECT_EQ(ExchangeWith({"HTTP/1.1 200 OK\r\n\r\n"}, &body).code(), StatusCode::kInternal);  // no length
}

}  // namespace
}  // namespace engram::compare

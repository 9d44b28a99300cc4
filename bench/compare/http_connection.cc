#include "bench/compare/http_connection.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstring>
#include <thread>

#include <fmt/format.h>

namespace engram::compare {
namespace {

constexpr size_t kPadding = 64;  // of simdjson
constexpr size_t kHeadMax = 64 << 10;
constexpr std::string_view kHeadEnd = "\r\n\r\n";

// Of a header in a head, without regard to case; empty when it isn't there.
std::string_view HeaderIn(std::string_view head, std::string_view name) {
  for (size_t at = head.find("\r\n"); at != std::string_view::npos; at = head.find("\r\n", at + 2)) {
    const std::string_view line = head.substr(at + 2, head.find("\r\n", at + 2) - at - 2);
    if (line.size() <= name.size() || line[name.size()] != ':') continue;
    const bool same = std::equal(name.begin(), name.end(), line.begin(), [](char a, char b) {
      return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
    });
    if (!same) continue;
    const size_t begin = line.find_first_not_of(' ', name.size() + 1);
    return begin == std::string_view::npos ? std::string_view() : line.substr(begin);
  }
  return {};
}

Status ErrorOf(int code, std::string_view body) {
  std::string message = fmt::format("HTTP {}: {}", code, body.substr(0, 500));
  if (code == 429 || code == 503) return RateLimited(std::move(message));
  if (code == 501) return FailedPrecondition(std::move(message));
  return code == 404 ? NotFound(std::move(message)) : Internal(std::move(message));
}

class HttpSession final : public Session {
 public:
  HttpSession(std::unique_ptr<HttpConnection> connection, const ReplyReading& reading)
      : connection_(std::move(connection)), reading_(reading) {}

  Status Exchange(const Prepared& request) override {
    RETURN_IF_ERROR(connection_->Exchange(request.bytes));
    return reading_.check == nullptr ? Status() : reading_.check(connection_->body());
  }
  Status ReadRows(std::vector<uint32_t>* rows) override {
    rows->clear();
    return reading_.read_rows(connection_->body(), rows);
  }

 private:
  const std::unique_ptr<HttpConnection> connection_;
  const ReplyReading reading_;
};

}  // namespace

std::string HttpRequest(std::string_view method, std::string_view path, std::string_view headers,
                        std::string_view body) {
  return fmt::format("{} {} HTTP/1.1\r\nHost: localhost\r\n{}Content-Length: {}\r\n\r\n{}", method, path, headers,
                     body.size(), body);
}

Result<std::unique_ptr<HttpConnection>> HttpConnection::Connect(uint16_t port) {
  const int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connection < 0 || connect(connection, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    Status status = Unavailable(fmt::format("can't connect to port {}: {}", port, std::strerror(errno)));
    if (connection >= 0) close(connection);
    return status;
  }
  const int on = 1;
  setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const timeval most{3600, 0};  // a merge may take long
  setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most);
  setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof most);
  return std::unique_ptr<HttpConnection>(new HttpConnection(connection));
}

HttpConnection::~HttpConnection() { close(socket_); }

Status HttpConnection::Exchange(std::string_view request) {
  while (!request.empty()) {
    const ssize_t sent = send(socket_, request.data(), request.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return Unavailable(fmt::format("sending failed: {}", std::strerror(errno)));
    request.remove_prefix(static_cast<size_t>(sent));
  }
  return ReadReply();
}

Status HttpConnection::ReadMore() {
  if (buffer_.size() < filled_ + 16384 + kPadding) buffer_.resize(std::max(2 * buffer_.size(), filled_ + (64U << 10)));
  for (;;) {
    const ssize_t got = recv(socket_, buffer_.data() + filled_, buffer_.size() - filled_ - kPadding, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got == 0) return Unavailable("the server closed the connection");
    if (got < 0) return Unavailable(fmt::format("receiving failed: {}", std::strerror(errno)));
    filled_ += static_cast<size_t>(got);
    return {};
  }
}

Status HttpConnection::ReadReply() {
  filled_ = body_begin_ = body_size_ = 0;
  size_t head_end = std::string::npos;
  while (head_end == std::string::npos) {
    RETURN_IF_ERROR(ReadMore());
    head_end = std::string_view(buffer_.data(), filled_).find(kHeadEnd);
    if (head_end == std::string::npos && filled_ > kHeadMax) return Internal("a reply's head is too long");
  }
  const std::string_view head(buffer_.data(), head_end);
  int code = 0;
  if (head.size() > 12) std::from_chars(head.data() + 9, head.data() + 12, code);
  const std::string_view length = HeaderIn(head, "content-length");
  size_t size = 0;
  if (std::from_chars(length.data(), length.data() + length.size(), size).ec != std::errc()) {
    return Internal(fmt::format("a reply without Content-Length: {}", head.substr(0, 200)));
  }
  const size_t begin = head_end + kHeadEnd.size();
  if (buffer_.size() < begin + size + kPadding) buffer_.resize(begin + size + kPadding + 16384);
  while (filled_ < begin + size) RETURN_IF_ERROR(ReadMore());
  body_begin_ = begin;
  body_size_ = size;
  return code >= 200 && code < 400 ? Status() : ErrorOf(code, body());
}

std::unique_ptr<Session> MakeHttpSession(std::unique_ptr<HttpConnection> connection, const ReplyReading& reading) {
  return std::make_unique<HttpSession>(std::move(connection), reading);
}

Result<std::string> HttpCall(uint16_t port, std::string_view request) {
  ASSIGN_OR_RETURN(const std::unique_ptr<HttpConnection> connection, HttpConnection::Connect(port));
  RETURN_IF_ERROR(connection->Exchange(request));
  return std::string(connection->body());
}

Status LoadByWrites(const Peer& peer, const std::string& collection, const Records& records, size_t connections,
                    size_t batch) {
  std::atomic<size_t> next = 0;
  std::atomic<bool> failed = false;
  std::vector<Status> outcomes(connections);
  const auto write = [&](size_t worker) -> Status {
    ASSIGN_OR_RETURN(const std::unique_ptr<Session> session, peer.NewSession({}));
    std::vector<Record> some;
    for (size_t begin = next.fetch_add(batch); begin < records.size() && !failed; begin = next.fetch_add(batch)) {
      some.clear();
      for (size_t i = begin; i < std::min(begin + batch, records.size()); ++i) some.push_back(records.At(i));
      const Prepared request = peer.PrepareWrite(collection, some, Durability::kFsync);
      Status status = session->Exchange(request);
      while (status.code() == StatusCode::kRateLimited) {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        status = session->Exchange(request);
      }
      if (!status.ok())
        return Status(status.code(), fmt::format("worker {}, batch {}: {}", worker, begin, status.message()));
    }
    return {};
  };
  std::vector<std::thread> threads;
  for (size_t worker = 0; worker < connections; ++worker) {
    threads.emplace_back([&, worker] {
      outcomes[worker] = write(worker);
      if (!outcomes[worker].ok()) failed = true;
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (Status& outcome : outcomes) RETURN_IF_ERROR(std::move(outcome));
  return {};
}

}  // namespace engram::compare

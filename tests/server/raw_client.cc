#include "tests/server/raw_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include "base/check.h"

namespace engram {
namespace {

constexpr timeval kPatience = {10, 0};

std::string Lowered(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  return lower;
}

}  // namespace

std::string RawReply::Field(std::string_view name) const {
  const std::string wanted = "\r\n" + Lowered(name) + ": ";
  const size_t at = Lowered(head).find(wanted);
  if (at == std::string::npos) return {};
  const size_t start = at + wanted.size();
  return head.substr(start, head.find("\r\n", start) - start);
}

RawClient::RawClient(uint16_t port) : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
  ENGRAM_CHECK(socket_ >= 0);
  setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof(kPatience));
  setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof(kPatience));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ENGRAM_CHECK(connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
}

RawClient::~RawClient() { close(socket_); }

bool RawClient::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

void RawClient::FinishSending() { shutdown(socket_, SHUT_WR); }

bool RawClient::Receive() {
  char bytes[4096];
  const ssize_t count = recv(socket_, bytes, sizeof(bytes), 0);
  if (count <= 0) return false;
  received_.append(bytes, static_cast<size_t>(count));
  return true;
}

std::optional<RawReply> RawClient::Read(bool with_body) {
  size_t end;
  while ((end = received_.find("\r\n\r\n")) == std::string::npos) {
    if (!Receive()) return std::nullopt;
  }
  RawReply reply;
  reply.head = received_.substr(0, end + 2);
  reply.status = std::atoi(reply.head.c_str() + std::string_view("HTTP/1.1 ").size());
  const size_t body = end + 4;
  const size_t size = with_body ? std::strtoull(reply.Field("Content-Length").c_str(), nullptr, 10) : 0;
  while (received_.size() < body + size) {
    if (!Receive()) return std::nullopt;
  }
  reply.body = received_.substr(body, size);
  received_.erase(0, body + size);
  return reply;
}

std::optional<RawReply> RawClient::Call(std::string_view bytes) {
  Send(bytes);
  return Read();
}

bool RawClient::IsClosed() {
  if (!received_.empty()) return false;
  char byte;
  const ssize_t count = recv(socket_, &byte, 1, 0);
  // A reset is an end, too; running out of patience is none.
  return count == 0 || (count < 0 && errno == ECONNRESET);
}

std::string HttpText(std::string_view method, std::string_view target, std::string_view body,
                     std::initializer_list<std::string_view> fields) {
  std::string text = std::string(method) + " " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\n";
  bool has_type = false;
  for (const std::string_view field : fields) {
    text.append(field).append("\r\n");
    has_type = has_type || Lowered(field).starts_with("content-type");
  }
  if (!body.empty() && !has_type) text += "Content-Type: application/json\r\n";
  if (!body.empty()) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  return text.append("\r\n").append(body);
}

}  // namespace engram

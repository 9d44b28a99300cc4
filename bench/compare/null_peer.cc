// A server that does nothing: what is left of a measurement is the generator and the kernel's sockets.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <string>
#include <thread>

#include <fmt/format.h>

#include "bench/compare/http_connection.h"
#include "bench/compare/server_peer.h"
#include "engram/v1/search.pb.h"

namespace engram::compare {
namespace {

// Ten ids with scores, as Engram sends them.
std::string FixedReply() {
  v1::SearchReply reply;
  for (int i = 0; i < static_cast<int>(kTopK); ++i) {
    v1::Hit* hit = reply.add_hits();
    hit->set_id(std::to_string(100'000 + i));
    hit->set_score(0.5);
  }
  const std::string body = reply.SerializeAsString();
  return fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", body.size(), body);
}

// Reads whole requests, so far as their length can be told, and answers each.
void Serve(int connection, const std::string& reply) {
  constexpr std::string_view kLength = "Content-Length: ";
  std::string buffer(64 << 10, '\0');
  size_t filled = 0;
  for (;;) {
    const ssize_t got = recv(connection, buffer.data() + filled, buffer.size() - filled, 0);
    if (got <= 0) break;
    filled += static_cast<size_t>(got);
    const std::string_view request(buffer.data(), filled);
    const size_t head_end = request.find("\r\n\r\n");
    const size_t length_at = request.find(kLength);
    size_t length = 0;
    if (head_end == std::string_view::npos || length_at > head_end) continue;
    const char* digits = request.data() + length_at + kLength.size();
    std::from_chars(digits, request.data() + filled, length);
    const size_t whole = head_end + 4 + length;
    if (whole > buffer.size()) buffer.resize(whole);
    if (filled < whole) continue;
    filled = 0;
    if (send(connection, reply.data(), reply.size(), MSG_NOSIGNAL) < 0) break;
  }
  close(connection);
}

Status ReadHits(std::string_view body, std::vector<uint32_t>* rows) {
  v1::SearchReply reply;
  if (!reply.ParseFromArray(body.data(), static_cast<int>(body.size()))) return Internal("no SearchReply came");
  for (const v1::Hit& hit : reply.hits()) rows->push_back(static_cast<uint32_t>(std::stoul(hit.id())));
  return {};
}

class NullPeer final : public ServerPeer {
 public:
  explicit NullPeer(const PeerPlace& place)
      : ServerPeer(place.folder + "/null", FreePort()), binary_(place.own_binary) {}

  std::string name() const override { return "null"; }
  Result<std::string> Version() override { return std::string("none"); }
  std::vector<Setting> settings() const override { return {}; }
  Status Create(const std::string&, const CollectionOptions&) override { return {}; }
  Status Load(const std::string&, const Records&, size_t) override { return {}; }
  Result<double> Finish(const std::string&) override { return 0; }

  Prepared PrepareSearch(const std::string&, const Query& query) const override {
    const std::string_view vector(reinterpret_cast<const char*>(query.vector.data()), query.vector.size_bytes());
    return {HttpRequest("POST", "/v1/namespaces/bench/search", "", vector)};
  }
  Prepared PrepareWrite(const std::string&, std::span<const Record>, Durability) const override { return {}; }

  Result<std::unique_ptr<Session>> NewSession(const SessionOptions&) const override {
    ASSIGN_OR_RETURN(std::unique_ptr<HttpConnection> connection, HttpConnection::Connect(port()));
    return MakeHttpSession(std::move(connection), {&ReadHits});
  }

 protected:
  std::vector<std::string> Arguments() const override { return {binary_, "--null-server", std::to_string(port())}; }
  Status Probe() override { return HttpConnection::Connect(port()).status(); }

 private:
  const std::string binary_;
};

}  // namespace

int ServeNull(uint16_t port) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(listener, 1024) != 0)
    return 1;
  const std::string reply = FixedReply();
  for (;;) {
    const int connection = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) return 1;
    setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    std::thread(Serve, connection, reply).detach();
  }
}

Result<std::unique_ptr<Peer>> MakeNullPeer(const PeerPlace& place) {
  return std::unique_ptr<Peer>(new NullPeer(place));
}

}  // namespace engram::compare

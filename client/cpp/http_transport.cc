#include "client/cpp/http_transport.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <boost/beast/http.hpp>
#include <fmt/format.h>

#include "client/cpp/connection_pool.h"

namespace engram {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;

constexpr const char* kProtobufType = "application/x-protobuf";

using Request = http::request<http::string_body>;

std::optional<uint32_t> RetryAfter(const http::response<http::string_body>& reply) {
  const auto field = reply.find(http::field::retry_after);
  if (field == reply.end()) return std::nullopt;
  const auto text = field->value();
  uint32_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return seconds;
}

WireReply ToWireReply(http::response<http::string_body> reply) {
  WireReply out;
  out.status = static_cast<int>(reply.result_int());
  out.content_type = std::string(reply[http::field::content_type]);
  out.retry_after_seconds = RetryAfter(reply);
  out.body = std::move(reply.body());
  return out;
}

class HttpTransport final : public Transport {
 public:
  // `tls` null: plain.
  HttpTransport(HttpTransportOptions options, std::shared_ptr<const TlsClient> tls)
      : options_(std::move(options)),
        tls_(std::move(tls)),
        authority_(options_.host.find(':') == std::string::npos ? fmt::format("{}:{}", options_.host, options_.port)
                                                                : fmt::format("[{}]:{}", options_.host, options_.port)),
        pool_(options_.idle_connections_max, options_.idle_timeout) {}

  Result<WireReply> Send(const WireRequest& request, Deadline deadline) override;

 private:
  enum class Fate : uint8_t { kAnswered, kDied, kTimedOut };
  struct Outcome {
    Fate fate = Fate::kAnswered;
    WireReply reply;
    beast::error_code error;
  };

  Request ToHttp(const WireRequest& request) const;
  Result<std::unique_ptr<Connection>> Dial(Deadline deadline) const;
  template <class Stream>
  Outcome Exchange(Stream& stream, Connection& connection, const Request& request, bool* reusable) const;

  const HttpTransportOptions options_;
  const std::shared_ptr<const TlsClient> tls_;
  const std::string authority_;
  ConnectionPool pool_;
};

Request HttpTransport::ToHttp(const WireRequest& request) const {
  Request out{http::string_to_verb(request.method), request.target, 11};
  out.set(http::field::host, authority_);
  out.set(http::field::accept, kProtobufType);
  if (!options_.key.empty()) out.set(http::field::authorization, "Bearer " + options_.key);
  if (!request.idempotency_key.empty()) out.set("Idempotency-Key", request.idempotency_key);
  if (!request.body.empty()) {
    out.set(http::field::content_type, kProtobufType);
    if (request.snappy) out.set(http::field::content_encoding, "snappy");
    out.body() = request.body;
  }
  out.prepare_payload();
  return out;
}

Result<std::unique_ptr<Connection>> HttpTransport::Dial(Deadline deadline) const {
  const auto failed = [&](const std::string& why) {
    return Unavailable(fmt::format("cannot reach {}: {}; is `engram serve` running there?", authority_, why))
        .MarkApplied(Applied::kNo);
  };
  auto connection = std::make_unique<Connection>();
  DeadlineSocket& socket = connection->socket;
  beast::error_code error;
  const auto addresses = socket.Resolve(options_.host, options_.port, &error);
  if (error) return failed(error.message());
  socket.SetDeadline(std::min(deadline, std::chrono::steady_clock::now() + options_.connect_timeout));
  error = socket.Connect(addresses);
  if (error == beast::error::timeout) {
    return failed(fmt::format("no answer within {} ms", options_.connect_timeout.count()));
  }
  if (error) return failed(error.message());
  if (tls_ == nullptr) return connection;
  auto stream = tls_->ShakeHands(options_.host, socket);
  if (stream.status().code() == StatusCode::kFailedPrecondition) {
    return FailedPrecondition(fmt::format("{}: {}", authority_, stream.status().message())).MarkApplied(Applied::kNo);
  }
  if (!stream.ok()) return failed(stream.status().message());
  connection->tls = *std::move(stream);
  return connection;
}

template <class Stream>
HttpTransport::Outcome HttpTransport::Exchange(Stream& stream, Connection& connection, const Request& request,
                                               bool* reusable) const {
  beast::error_code write_error;
  http::write(stream, request, write_error);
  if (write_error == beast::error::timeout) return {Fate::kTimedOut, {}, write_error};
  // A server that refuses a body may answer and hang up before it has read all of it: the answer counts.
  http::response_parser<http::string_body> parser;
  parser.body_limit(options_.reply_bytes_max);
  beast::error_code read_error;
  http::read(stream, connection.buffer, parser, read_error);
  if (read_error == beast::error::timeout) return {Fate::kTimedOut, {}, read_error};
  if (read_error) return {Fate::kDied, {}, write_error ? write_error : read_error};
  *reusable = !write_error && parser.keep_alive();
  return {Fate::kAnswered, ToWireReply(parser.release()), {}};
}

Result<WireReply> HttpTransport::Send(const WireRequest& wire, Deadline deadline) {
  const Request request = ToHttp(wire);
  auto connection = pool_.Take();
  bool may_have_arrived = false;  // on a connection that died
  while (true) {
    if (!connection) {
      auto dialled = Dial(deadline);
      if (!dialled.ok() && may_have_arrived) return std::move(dialled).status().MarkApplied(Applied::kUnknown);
      ASSIGN_OR_RETURN(connection, std::move(dialled));
    }
    bool reusable = false;
    connection->socket.SetDeadline(deadline);
    Outcome outcome = connection->tls ? Exchange(*connection->tls, *connection, request, &reusable)
                                      : Exchange(connection->socket, *connection, request, &reusable);
    if (outcome.fate == Fate::kAnswered) {
      if (reusable) pool_.Return(std::move(connection));
      return std::move(outcome.reply);
    }
    if (outcome.fate == Fate::kTimedOut) {
      return DeadlineExceeded(fmt::format("{} did not answer {} {} in time", authority_, wire.method, wire.target))
          .MarkApplied(Applied::kUnknown);
    }
    const bool was_idle = connection->used;
    connection.reset();
    if (!was_idle) {
      return Unavailable(fmt::format("lost the connection to {}: {}", authority_, outcome.error.message()))
          .MarkApplied(Applied::kUnknown);
    }
    may_have_arrived = true;
    pool_.Clear();  // the server closed it, or is a new one: a fresh connection tells
  }
}

}  // namespace

Result<std::unique_ptr<Transport>> NewHttpTransport(HttpTransportOptions options) {
  std::shared_ptr<const TlsClient> tls;
  if (options.tls) {
    ASSIGN_OR_RETURN(tls, TlsClient::Load(*options.tls));
  }
  return std::unique_ptr<Transport>(std::make_unique<HttpTransport>(std::move(options), std::move(tls)));
}

}  // namespace engram

#include "server/tls_connection.h"

#include <string>
#include <tuple>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/check.h"

namespace engram {
namespace {

namespace asio = boost::asio;
namespace ssl = asio::ssl;

constexpr asio::as_tuple_t<asio::use_awaitable_t<TlsConnection::Executor>> kToken;

// Head and body together fill one record, and one packet, where they are small.
constexpr size_t kOneRecordBytes = size_t{16} << 10;

SSL* NewSsl(ssl_ctx_st* context) {
  SSL* made = SSL_new(context);
  ENGRAM_CHECK(made != nullptr);
  return made;
}

bool LooksLikePlaintext(const boost::system::error_code& error) {
  if (error.category() != asio::error::get_ssl_category()) return false;
  switch (ERR_GET_REASON(static_cast<unsigned long>(error.value()))) {
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST:
    case SSL_R_WRONG_VERSION_NUMBER: return true;
    default: return false;
  }
}

}  // namespace

struct TlsConnection::Stream : ssl::stream<Socket&> {
  // Takes the handle over.
  Stream(Socket& socket, SSL* handle) : ssl::stream<Socket&>(socket, handle) {}
};

TlsConnection::TlsConnection(Socket& socket, const std::shared_ptr<ssl_ctx_st>& context)
    : stream_(std::make_unique<Stream>(socket, NewSsl(context.get()))) {}

TlsConnection::~TlsConnection() = default;

TlsConnection::Awaitable<Status> TlsConnection::ShakeHands() {
  const auto [error] = co_await stream_->async_handshake(ssl::stream_base::server, kToken);
  if (!error) co_return Status::Ok();
  if (error == asio::error::eof || error == ssl::error::stream_truncated || error == asio::error::connection_reset) {
    co_return Unavailable("the peer is gone");
  }
  if (LooksLikePlaintext(error))
    co_return InvalidArgument("it speaks no TLS: clients of this port begin with https://");
  const long verified = SSL_get_verify_result(stream_->native_handle());
  if (verified != X509_V_OK) {
    co_return InvalidArgument(std::string("its certificate is refused: ") + X509_verify_cert_error_string(verified));
  }
  co_return InvalidArgument(error.message());
}

TlsConnection::Awaitable<TlsConnection::ErrorCode> TlsConnection::ReadSome(asio::mutable_buffer to, size_t* size) {
  const auto [error, count] = co_await stream_->async_read_some(to, kToken);
  *size = count;
  co_return error;
}

TlsConnection::Awaitable<TlsConnection::ErrorCode> TlsConnection::Write(std::string_view head, std::string_view body) {
  if (head.size() + body.size() <= kOneRecordBytes) {
    const std::string whole = std::string(head).append(body);
    const auto [error, size] = co_await asio::async_write(*stream_, asio::buffer(whole), kToken);
    co_return error;
  }
  const auto [failed, sent] = co_await asio::async_write(*stream_, asio::buffer(head.data(), head.size()), kToken);
  if (failed) co_return failed;
  const auto [error, size] = co_await asio::async_write(*stream_, asio::buffer(body.data(), body.size()), kToken);
  co_return error;
}

TlsConnection::Awaitable<void> TlsConnection::SayGoodbye() {
  // Whatever comes of it, the connection is over.
  const auto [ignored] = co_await stream_->async_shutdown(kToken);
  (void)ignored;
}

}  // namespace engram

#include "client/cpp/tls_client.h"

#include <utility>

#include <boost/asio/ip/address.hpp>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include "base/check.h"

namespace engram {
namespace {

namespace ssl = boost::asio::ssl;

Status Unusable(const std::string& path) {
  const unsigned long error = ERR_peek_last_error();
  const char* text = error == 0 ? nullptr : ERR_reason_error_string(error);
  ERR_clear_error();
  return InvalidArgument(fmt::format("can't use {}: {}", path, text == nullptr ? "it can't be read" : text));
}

// Without it OpenSSL would ask at a terminal.
int NoPassword(char* /*to*/, int /*size*/, int /*writing*/, void* /*about*/) { return -1; }

// OpenSSL compares the certificate with it: with a name, or with an address where it is one.
void Expect(SSL* handle, const std::string& host) {
  boost::system::error_code no_address;
  boost::asio::ip::make_address(host, no_address);
  X509_VERIFY_PARAM* wanted = SSL_get0_param(handle);
  if (!no_address) {
    ENGRAM_CHECK(X509_VERIFY_PARAM_set1_ip_asc(wanted, host.c_str()) == 1);
    return;  // RFC 6066, 3: an address is no server name
  }
  X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  ENGRAM_CHECK(X509_VERIFY_PARAM_set1_host(wanted, host.c_str(), 0) == 1);
  ENGRAM_CHECK(SSL_set_tlsext_host_name(handle, host.c_str()) == 1);
}

bool SpeaksNoTls(const boost::system::error_code& error) {
  return error.category() == boost::asio::error::get_ssl_category() &&
         ERR_GET_REASON(static_cast<unsigned long>(error.value())) == SSL_R_WRONG_VERSION_NUMBER;
}

}  // namespace

Result<std::shared_ptr<const TlsClient>> TlsClient::Load(const TlsClientOptions& options) {
  ERR_clear_error();
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  ENGRAM_CHECK(context != nullptr);
  SSL_CTX* raw = context.get();
  ENGRAM_CHECK(SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION) == 1);
  SSL_CTX_set_default_passwd_cb(raw, NoPassword);
  SSL_CTX_set_verify(raw, SSL_VERIFY_PEER, nullptr);
  if (options.ca_file.empty()) {
    if (SSL_CTX_set_default_verify_paths(raw) != 1) return Unusable("the certificates that this system trusts");
  } else if (SSL_CTX_load_verify_file(raw, options.ca_file.c_str()) != 1) {
    return Unusable(options.ca_file);
  }
  if (options.certificate_file.empty() != options.key_file.empty()) {
    return InvalidArgument("a client certificate needs its key, and the key a certificate: one of both is missing");
  }
  if (!options.certificate_file.empty()) {
    if (SSL_CTX_use_certificate_chain_file(raw, options.certificate_file.c_str()) != 1) {
      return Unusable(options.certificate_file);
    }
    if (SSL_CTX_use_PrivateKey_file(raw, options.key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
      return Unusable(options.key_file);
    }
  }
  return std::shared_ptr<const TlsClient>(new TlsClient(std::move(context)));
}

Result<std::unique_ptr<TlsClientStream>> TlsClient::ShakeHands(const std::string& host, DeadlineSocket& socket) const {
  SSL* handle = SSL_new(context_.get());
  ENGRAM_CHECK(handle != nullptr);
  auto stream = std::make_unique<TlsClientStream>(socket, handle);
  Expect(handle, host);
  boost::system::error_code error;
  stream->next_layer().handshake(ssl::stream_base::client, error);
  if (!error) return stream;
  const long verified = SSL_get_verify_result(handle);
  if (verified != X509_V_OK) {
    return FailedPrecondition(
        fmt::format("its certificate is not trusted: {}", X509_verify_cert_error_string(verified)));
  }
  if (error == boost::beast::error::timeout) return Unavailable("the TLS handshake took too long");
  if (SpeaksNoTls(error)) return Unavailable("it speaks no TLS: try http://");
  return Unavailable(error.message());
}

}  // namespace engram

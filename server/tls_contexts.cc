#include "server/tls_contexts.h"

#include <sys/stat.h>

#include <array>
#include <ctime>
#include <utility>

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "base/check.h"
#include "server/access_log.h"
#include "server/secret_file.h"

namespace engram {
namespace {

constexpr std::chrono::seconds kLookInterval{1};
constexpr uint64_t kFailuresPerSecond = 10;
constexpr int kChainMax = 4;

// What went wrong last on this thread, in OpenSSL's words.
std::string Reason() {
  const unsigned long error = ERR_peek_last_error();
  const char* text = error == 0 ? nullptr : ERR_reason_error_string(error);
  ERR_clear_error();
  return text == nullptr ? "it can't be read" : text;
}

Status Unusable(const std::string& path) { return InvalidArgument(fmt::format("can't use {}: {}", path, Reason())); }

// Without it OpenSSL would ask at a terminal.
int NoPassword(char* /*to*/, int /*size*/, int /*writing*/, void* /*about*/) { return -1; }

using Context = std::shared_ptr<SSL_CTX>;

Result<Context> NewContext() {
  Context context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  ENGRAM_CHECK(context != nullptr);
  SSL_CTX* raw = context.get();
  SSL_CTX_set_security_level(raw, 2);  // at least 112 bits: RSA of 2048, no SHA-1
  SSL_CTX_set_options(
      raw, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_TICKET);
  SSL_CTX_set_mode(raw, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(raw, 0);
  SSL_CTX_set_default_passwd_cb(raw, NoPassword);
  const bool as_we_want = SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION) == 1 &&
                          SSL_CTX_set_cipher_list(raw, "ECDHE+AESGCM:ECDHE+CHACHA20:!PSK") == 1;
  if (!as_we_want) return Unavailable("OpenSSL lacks what our TLS needs: " + Reason());
  return context;
}

Status UseKey(SSL_CTX* context, const TlsFiles& files) {
  ASSIGN_OR_RETURN(std::string pem, ReadSecretFile(files.key));
  const std::unique_ptr<BIO, decltype(&BIO_free)> bytes(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
                                                        BIO_free);
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      PEM_read_bio_PrivateKey(bytes.get(), nullptr, NoPassword, nullptr), EVP_PKEY_free);
  OPENSSL_cleanse(pem.data(), pem.size());
  if (key == nullptr) return Unusable(files.key);
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1 || SSL_CTX_check_private_key(context) != 1) {
    ERR_clear_error();
    return InvalidArgument(fmt::format("{} is not the key of {}", files.key, files.certificate));
  }
  return {};
}

Status WantClientCertificates(SSL_CTX* context, const std::string& authorities) {
  STACK_OF(X509_NAME)* names = SSL_load_client_CA_file(authorities.c_str());
  if (names == nullptr || SSL_CTX_load_verify_file(context, authorities.c_str()) != 1) {
    sk_X509_NAME_pop_free(names, X509_NAME_free);
    return Unusable(authorities);
  }
  SSL_CTX_set_client_CA_list(context, names);
  SSL_CTX_set_verify_depth(context, kChainMax);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  return {};
}

Timestamp ExpiryOf(const SSL_CTX* context) {
  std::tm time{};
  ENGRAM_CHECK(ASN1_TIME_to_tm(X509_get0_notAfter(SSL_CTX_get0_certificate(context)), &time) == 1);
  return Timestamp::FromSeconds(timegm(&time));
}

}  // namespace

Result<TlsContexts::Loaded> TlsContexts::LoadFiles(const TlsFiles& files) {
  ERR_clear_error();
  ASSIGN_OR_RETURN(Context context, NewContext());
  if (SSL_CTX_use_certificate_chain_file(context.get(), files.certificate.c_str()) != 1) {
    return Unusable(files.certificate);
  }
  RETURN_IF_ERROR(UseKey(context.get(), files));
  if (!files.client_ca.empty()) RETURN_IF_ERROR(WantClientCertificates(context.get(), files.client_ca));
  const Timestamp expires_at = ExpiryOf(context.get());
  return Loaded{std::move(context), expires_at};
}

Result<std::unique_ptr<TlsContexts>> TlsContexts::Load(const TlsFiles& files, const Clock& clock) {
  std::unique_ptr<TlsContexts> contexts(new TlsContexts(files, clock));
  std::string stamp = contexts->Stamp();
  ASSIGN_OR_RETURN(Loaded loaded, LoadFiles(files));
  LogCertificate(files.certificate, loaded.expires_at, loaded.expires_at <= clock.Now());
  const MutexLock lock(contexts->mutex_);
  contexts->stamp_ = std::move(stamp);
  contexts->looked_at_ = clock.Monotonic();
  contexts->current_ = std::move(loaded);
  return contexts;
}

std::string TlsContexts::Stamp() const {
  std::string stamp;
  for (const std::string* path : {&files_.certificate, &files_.key, &files_.client_ca}) {
    struct stat about {};
    if (path->empty() || ::stat(path->c_str(), &about) != 0) continue;
    stamp += fmt::format("{}:{}:{}:{}:{} ", about.st_ino, about.st_size, about.st_mode, about.st_mtim.tv_sec,
                         about.st_mtim.tv_nsec);
  }
  return stamp;
}

std::shared_ptr<ssl_ctx_st> TlsContexts::Current() {
  const auto now = clock_.Monotonic();
  bool due = false;
  {
    const MutexLock lock(mutex_);
    due = now - looked_at_ >= kLookInterval;
    if (due) looked_at_ = now;
  }
  if (due) Look();
  const MutexLock lock(mutex_);
  return current_.context;
}

void TlsContexts::Reload() {
  {
    const MutexLock lock(mutex_);
    stamp_ = "none that files give";
    looked_at_ = clock_.Monotonic();
  }
  Look();
}

// The stamp is taken before the files are read: what changes meanwhile is seen at the next look. Files of which one is
// new and the other old do not fit, and are read again when the other comes.
void TlsContexts::Look() {
  std::string stamp = Stamp();
  {
    const MutexLock lock(mutex_);
    if (stamp == stamp_) return;
    stamp_ = std::move(stamp);
  }
  Result<Loaded> loaded = LoadFiles(files_);
  if (loaded.ok()) {
    LogCertificate(files_.certificate, loaded->expires_at, loaded->expires_at <= clock_.Now());
  } else {
    LogCertificateUnusable(files_.certificate, loaded.status().message());
  }
  const MutexLock lock(mutex_);
  unusable_ = !loaded.ok();
  if (loaded.ok()) current_ = *std::move(loaded);
}

std::vector<Gauge> TlsContexts::Gauges() {
  (void)Current();
  const MutexLock lock(mutex_);
  return {{"engram_tls_certificate_not_after_seconds",
           "When the certificate in use expires, in seconds since 1970",
           static_cast<double>(current_.expires_at.micros) / 1e6,
           {}},
          {"engram_tls_reload_failed",
           "1 while the files of certificate and key can't be used, and an older pair is",
           unusable_ ? 1.0 : 0.0,
           {}}};
}

void TlsContexts::NoteFailure(std::string_view peer, std::string_view why) {
  const auto second = std::chrono::duration_cast<std::chrono::seconds>(clock_.Monotonic());
  uint64_t left_out = 0;
  {
    const MutexLock lock(mutex_);
    if (second != second_) {
      second_ = second;
      failures_ = 0;
    }
    if (failures_ >= kFailuresPerSecond) {
      ++left_out_;
      return;
    }
    ++failures_;
    left_out = std::exchange(left_out_, 0);
  }
  LogHandshakeFailure(peer, why, left_out);
}

}  // namespace engram

// HTTP to other people's servers, by libcurl: TLS with verification, proxies of the environment, compressed answers.
// Our own servers are client/cpp's. libcurl itself stays in the .cc.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "base/status.h"
#include "client/cpp/retry.h"

namespace engram {

struct WebOptions {
  std::string url;                                           // "https://host:6333/prefix", without a query
  uint16_t default_port = 0;                                 // for a URL without one; 0: the scheme's
  std::vector<std::pair<std::string, std::string>> headers;  // sent with every request; in no message
  std::string ca_file;                                       // PEM, instead of the system's authorities
  std::chrono::seconds connect_timeout{10};
  std::chrono::seconds timeout{60};  // from a request to the last byte of its answer
  RetryOptions retry{5, std::chrono::milliseconds(200), std::chrono::milliseconds(5'000), {}, {}};
  size_t answer_bytes_max = size_t{256} << 20;  // decompressed
};

struct WebAnswer {
  int status = 0;
  std::string body;
};

// One request at a time; Cancel from any thread. Keeps its connection open from one request to the next.
class WebClient {
 public:
  // Connects nowhere yet. InvalidArgument for a URL that is none, has another scheme than http and https, or holds a
  // password (which would be in messages and process lists).
  static Result<std::unique_ptr<WebClient>> Open(WebOptions options);
  ~WebClient();
  WebClient(const WebClient&) = delete;
  WebClient& operator=(const WebClient&) = delete;

  // "https://host:6333/prefix", with the port and no slash at the end.
  const std::string& url() const { return url_; }
  bool encrypted() const { return url_.starts_with("https:"); }
  bool to_this_machine() const;  // by its name: localhost, 127.0.0.0/8, ::1

  // `path` follows the URL and is encoded already. An answer of any status is an answer, after 429 and 5xx have been
  // tried again as `retry` says and the server asks. Redirects are not followed: they may lead headers astray.
  // Unavailable when no server answers, DeadlineExceeded after the timeout, FailedPrecondition when the server's
  // certificate is not trusted, PayloadTooLarge beyond answer_bytes_max.
  Result<WebAnswer> Get(const std::string& path);
  Result<WebAnswer> PostJson(const std::string& path, const std::string& json);
  Result<WebAnswer> PutJson(const std::string& path, const std::string& json);

  // What is under way, and whatever is asked for later, ends soon with Unavailable.
  void Cancel() EXCLUDES(mutex_);

 private:
  class Handle;

  WebClient(WebOptions options, std::string url, std::unique_ptr<Handle> handle);
  enum class Method : uint8_t { kGet, kPost, kPut };
  struct Request {
    Method method = Method::kGet;
    const std::string& path;
    const std::string* json = nullptr;  // with kPost and kPut
  };
  Result<WebAnswer> Send(const Request& request);
  Status Once(const Request& request, WebAnswer* answer, std::optional<std::chrono::seconds>* asked);
  void Wait(std::chrono::milliseconds time) EXCLUDES(mutex_);

  const WebOptions options_;
  const std::string url_;
  const std::unique_ptr<Handle> handle_;
  std::atomic<bool> cancelled_ = false;
  Mutex mutex_;  // for the waits alone
  CondVar changed_;
};

// Everything but RFC 3986's unreserved characters as %XX: one segment of a path, whatever is in it.
std::string PathSegment(std::string_view text);

}  // namespace engram

#include "tools/import/web_client.h"

#include <random>

#include <curl/curl.h>
#include <fmt/format.h>

namespace engram {
namespace {

using std::chrono::milliseconds;

// A server may ask for any wait; one that asks for more than this is down for us.
constexpr milliseconds kLongestAskedWait{120'000};

double RandomFraction() {
  thread_local std::minstd_rand random(std::random_device{}());
  return std::uniform_real_distribution<double>(0, 1)(random);
}

std::string UrlPart(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, 0) != CURLUE_OK) return {};
  std::string out = text;
  curl_free(text);
  return out;
}

// The URL as messages show it; `given` may hold a password and is not repeated then.
Result<std::string> CheckUrl(const std::string& given, uint16_t default_port) {
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> url(curl_url(), curl_url_cleanup);
  if (given.find('@') != std::string::npos) {
    return InvalidArgument("an address with a user or a password is not taken; give the key by its own option");
  }
  const CURLUcode code = curl_url_set(url.get(), CURLUPART_URL, given.c_str(), CURLU_NON_SUPPORT_SCHEME);
  const std::string scheme = code == CURLUE_OK ? UrlPart(url.get(), CURLUPART_SCHEME) : "";
  if (scheme != "http" && scheme != "https") {
    return InvalidArgument(fmt::format("\"{}\" is no address: it begins with http:// or https://", given));
  }
  if (!UrlPart(url.get(), CURLUPART_QUERY).empty() || !UrlPart(url.get(), CURLUPART_FRAGMENT).empty()) {
    return InvalidArgument(fmt::format("\"{}\" has a query or a fragment; give the address alone", given));
  }
  std::string port = UrlPart(url.get(), CURLUPART_PORT);
  if (port.empty() && default_port != 0) port = std::to_string(default_port);
  std::string path = UrlPart(url.get(), CURLUPART_PATH);
  while (path.ends_with('/')) path.pop_back();
  return fmt::format("{}://{}{}{}{}", scheme, UrlPart(url.get(), CURLUPART_HOST), port.empty() ? "" : ":", port, path);
}

bool IsTrust(CURLcode code) {
  switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR: return true;
    default: return false;
  }
}

}  // namespace

// What libcurl keeps for us, and what its callbacks write to.
class WebClient::Handle {
 public:
  Handle() : curl(curl_easy_init()) {}
  ~Handle() {
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  static size_t TakeBody(const char* bytes, size_t size, size_t count, void* self) {
    auto* const handle = static_cast<Handle*>(self);
    if (handle->body.size() + size * count > handle->body_max) {
      handle->too_large = true;
      return 0;  // ends the transfer
    }
    handle->body.append(bytes, size * count);
    return size * count;
  }
  static int IsCancelled(void* flag, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return static_cast<const std::atomic<bool>*>(flag)->load() ? 1 : 0;
  }

  CURL* const curl;
  curl_slist* headers = nullptr;
  std::string body;
  size_t body_max = 0;
  bool too_large = false;
  char reason[CURL_ERROR_SIZE] = {};
};

Result<std::unique_ptr<WebClient>> WebClient::Open(WebOptions options) {
  static const CURLcode global = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (global != CURLE_OK) return Internal(fmt::format("libcurl did not start: {}", curl_easy_strerror(global)));
  ASSIGN_OR_RETURN(std::string url, CheckUrl(options.url, options.default_port));
  for (const auto& [name, value] : options.headers) {
    if (value.find_first_of("\r\n") != std::string::npos) {
      return InvalidArgument(fmt::format("the {} has a line break in it", name));
    }
  }
  auto handle = std::make_unique<Handle>();
  if (handle->curl == nullptr) return Internal("libcurl gives no handle");
  return std::unique_ptr<WebClient>(new WebClient(std::move(options), std::move(url), std::move(handle)));
}

WebClient::WebClient(WebOptions options, std::string url, std::unique_ptr<Handle> handle)
    : options_(std::move(options)), url_(std::move(url)), handle_(std::move(handle)) {
  CURL* const curl = handle_->curl;
  handle_->body_max = options_.answer_bytes_max;
  for (const auto& [name, value] : options_.headers) {
    handle_->headers = curl_slist_append(handle_->headers, fmt::format("{}: {}", name, value).c_str());
  }
  handle_->headers = curl_slist_append(handle_->headers, "Content-Type: application/json");
  handle_->headers = curl_slist_append(handle_->headers, "Expect:");  // no round trip before a body
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, handle_->headers);
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "");  // whatever it can read
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, handle_->reason);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, static_cast<long>(options_.connect_timeout.count()));
  curl_easy_setopt(curl, CURLOPT_TIMEOUT, static_cast<long>(options_.timeout.count()));
  if (!options_.ca_file.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, options_.ca_file.c_str());
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &Handle::TakeBody);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, handle_.get());
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, &Handle::IsCancelled);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &cancelled_);
}

WebClient::~WebClient() = default;

bool WebClient::to_this_machine() const {
  const std::string_view host = std::string_view(url_).substr(url_.find("://") + 3);
  for (const char* name : {"localhost", "127.", "[::1]"}) {
    if (host.starts_with(name)) return true;
  }
  return false;
}

Result<WebAnswer> WebClient::Get(const std::string& path) { return Send({Method::kGet, path, nullptr}); }

Result<WebAnswer> WebClient::PostJson(const std::string& path, const std::string& json) {
  return Send({Method::kPost, path, &json});
}

Result<WebAnswer> WebClient::PutJson(const std::string& path, const std::string& json) {
  return Send({Method::kPut, path, &json});
}

void WebClient::Cancel() {
  const MutexLock lock(mutex_);
  cancelled_ = true;
  changed_.NotifyAll();
}

Result<WebAnswer> WebClient::Send(const Request& request) {
  for (int attempt = 1;; ++attempt) {
    WebAnswer answer;
    std::optional<std::chrono::seconds> asked;
    Status status = Once(request, &answer, &asked);
    if (cancelled_) return Unavailable("cancelled");
    if (status.ok()) return answer;
    const double jitter = options_.retry.jitter ? options_.retry.jitter() : RandomFraction();
    const auto wait = WaitBeforeRetry(options_.retry, attempt, status, asked, kLongestAskedWait, jitter);
    if (!wait) {
      // What came last is the answer, busy as the server is.
      if (answer.status != 0) return answer;
      return status;
    }
    options_.retry.sleep ? options_.retry.sleep(*wait) : Wait(*wait);
  }
}

void WebClient::Wait(milliseconds time) {
  const auto end = std::chrono::steady_clock::now() + time;
  const MutexLock lock(mutex_);
  while (!cancelled_) {
    const auto left = end - std::chrono::steady_clock::now();
    if (left.count() <= 0 || !changed_.WaitFor(mutex_, left)) return;
  }
}

Status WebClient::Once(const Request& request, WebAnswer* answer, std::optional<std::chrono::seconds>* asked) {
  const std::string& path = request.path;
  CURL* const curl = handle_->curl;
  handle_->body.clear();
  handle_->too_large = false;
  handle_->reason[0] = '\0';
  curl_easy_setopt(curl, CURLOPT_URL, (url_ + path).c_str());
  if (request.json == nullptr) {
    curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
  } else {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.json->size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.json->data());
  }
  // Stays set for the next request otherwise.
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method == Method::kPut ? "PUT" : nullptr);
  const CURLcode code = curl_easy_perform(curl);
  if (handle_->too_large) {
    return {StatusCode::kPayloadTooLarge,
            fmt::format("the answer of {}{} is longer than {} MiB", url_, path, options_.answer_bytes_max >> 20)};
  }
  if (code != CURLE_OK) {
    const char* const reason = handle_->reason[0] != '\0' ? handle_->reason : curl_easy_strerror(code);
    if (IsTrust(code)) {
      return FailedPrecondition(
          fmt::format("{} is not who it should be: {}; --qdrant-ca-file names a file with the "
                      "authority that it is to be trusted by",
                      url_, reason));
    }
    if (code == CURLE_OPERATION_TIMEDOUT) return DeadlineExceeded(fmt::format("{}{}: {}", url_, path, reason));
    return Unavailable(fmt::format("{}: {}", url_, reason));
  }
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  curl_off_t seconds = 0;
  curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &seconds);
  if (seconds > 0) *asked = std::chrono::seconds(seconds);
  answer->status = static_cast<int>(status);
  answer->body = std::move(handle_->body);
  constexpr int kBusy = 429;
  constexpr int kServersFault = 500;
  if (status == kBusy || status >= kServersFault) return Unavailable(fmt::format("{} answers {}", url_, status));
  return {};
}

std::string PathSegment(std::string_view text) {
  if (text.empty()) return {};
  char* const encoded = curl_easy_escape(nullptr, text.data(), static_cast<int>(text.size()));
  std::string out = encoded == nullptr ? "" : encoded;
  curl_free(encoded);
  return out;
}

}  // namespace engram

// Qdrant's REST API (https://api.qdrant.tech), as far as reading a collection, and writing back to it, needs it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/status.h"
#include "engram/v1/value.pb.h"
#include "tools/import/web_client.h"

namespace engram {

struct QdrantServer {
  std::string url;      // "https://host:6333"; without a port: 6333, as Qdrant's own clients have it
  std::string api_key;  // in no message
  std::string ca_file;  // PEM, instead of the system's authorities
  uint32_t timeout_seconds = 60;
  uint32_t page_points = 256;
  uint32_t parallel = 1;  // pages that are asked for at a time, each of another range of ids (qdrant_scan.h)
  RetryOptions retry = WebOptions().retry;
};

// One request at a time; Cancel from any thread. Errors are WebClient's, and of what the server answers: NotFound for
// 404, FailedPrecondition for a key that is missing or refused and for whatever else it will not do, Unavailable when
// it stays busy. They repeat what the server says.
class QdrantApi {
 public:
  static Result<std::unique_ptr<QdrantApi>> Open(const QdrantServer& server);

  // The server's, without a slash at the end.
  const std::string& url() const { return client_->url(); }
  // The key would be readable on its way.
  bool shows_key() const { return with_key_ && !client_->encrypted() && !client_->to_this_machine(); }

  // Bodies of answers with status 200. `path` is encoded already.
  Result<std::string> Get(const std::string& path);
  Result<std::string> Post(const std::string& path, const std::string& json);
  Result<std::string> Put(const std::string& path, const std::string& json);
  // Their "result".
  Result<v1::Value> GetResult(const std::string& path);
  Result<v1::Value> PostResult(const std::string& path, const std::string& json);

  void Cancel() { client_->Cancel(); }

 private:
  QdrantApi(std::unique_ptr<WebClient> client, bool with_key) : client_(std::move(client)), with_key_(with_key) {}
  Result<std::string> Check(const std::string& path, Result<WebAnswer> answer) const;

  const std::unique_ptr<WebClient> client_;
  const bool with_key_;
};

// "/collections/<name>" + `rest`.
std::string QdrantPath(const std::string& collection, const std::string& rest = "");

}  // namespace engram

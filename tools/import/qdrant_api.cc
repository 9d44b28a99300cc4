#include "tools/import/qdrant_api.h"

#include <utility>

#include <fmt/format.h>

#include "api/json.h"
#include "tools/import/qdrant_config.h"

namespace engram {
namespace {

constexpr uint16_t kRestPort = 6333;
constexpr size_t kSaidBytes = 300;

// {"status": {"error": "…"}}, or whatever a proxy has written.
std::string WhatItSays(const std::string& body) {
  v1::Value value;
  std::string said;
  if (ParseJson(body, &value).ok() && value.has_object_value()) {
    const QdrantMembers* status = FindObject(value.object_value().members(), "status");
    const v1::Value* error = status == nullptr ? nullptr : FindMember(*status, "error");
    if (error != nullptr) said = error->string_value();
  } else {
    said = body;
  }
  if (said.size() > kSaidBytes) said = said.substr(0, kSaidBytes) + "…";
  // A terminal must not be told what to do by a server.
  for (char& c : said) {
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  }
  return said.empty() ? "" : ": " + said;
}

Result<v1::Value> ResultOf(const std::string& url, const std::string& path, const std::string& body) {
  v1::Value value;
  const Status status = ParseJson(body, &value);
  const v1::Value* result =
      status.ok() && value.has_object_value() ? FindMember(value.object_value().members(), "result") : nullptr;
  if (result == nullptr) {
    return FailedPrecondition(fmt::format("{}{} does not answer as Qdrant does: {}", url, path,
                                          status.ok() ? "there is no \"result\"" : status.message()));
  }
  return *result;
}

}  // namespace

Result<std::unique_ptr<QdrantApi>> QdrantApi::Open(const QdrantServer& server) {
  WebOptions options;
  options.url = server.url;
  options.default_port = kRestPort;
  options.ca_file = server.ca_file;
  options.timeout = std::chrono::seconds(server.timeout_seconds);
  options.retry = server.retry;
  if (!server.api_key.empty()) options.headers.emplace_back("api-key", server.api_key);
  ASSIGN_OR_RETURN(auto client, WebClient::Open(std::move(options)));
  return std::unique_ptr<QdrantApi>(new QdrantApi(std::move(client), !server.api_key.empty()));
}

Result<std::string> QdrantApi::Check(const std::string& path, Result<WebAnswer> answer) const {
  if (!answer.ok()) return std::move(answer).status();
  const int status = answer->status;
  constexpr int kOk = 200;
  constexpr int kRedirect = 300;
  constexpr int kMistake = 400;
  constexpr int kUnauthorized = 401;
  constexpr int kForbidden = 403;
  constexpr int kNotFound = 404;
  constexpr int kBusy = 429;
  constexpr int kServersFault = 500;
  if (status == kOk) return std::move(answer->body);
  const std::string said = fmt::format("{}{} answers {}{}", url(), path, status, WhatItSays(answer->body));
  if (status == kUnauthorized || status == kForbidden) {
    return FailedPrecondition(fmt::format("{}; {}: --api-key KEY or QDRANT_API_KEY", said,
                                          with_key_ ? "the key was refused, give one that may read" : "give a key"));
  }
  if (status == kNotFound) return NotFound(said);
  if (status == kBusy || status >= kServersFault) return Unavailable(said);
  if (status >= kRedirect && status < kMistake) {
    return FailedPrecondition(said + "; redirects are not followed, give the address it leads to");
  }
  return FailedPrecondition(said);
}

Result<std::string> QdrantApi::Get(const std::string& path) { return Check(path, client_->Get(path)); }

Result<std::string> QdrantApi::Post(const std::string& path, const std::string& json) {
  return Check(path, client_->PostJson(path, json));
}

Result<std::string> QdrantApi::Put(const std::string& path, const std::string& json) {
  return Check(path, client_->PutJson(path, json));
}

Result<v1::Value> QdrantApi::GetResult(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string body, Get(path));
  return ResultOf(url(), path, body);
}

Result<v1::Value> QdrantApi::PostResult(const std::string& path, const std::string& json) {
  ASSIGN_OR_RETURN(const std::string body, Post(path, json));
  return ResultOf(url(), path, body);
}

std::string QdrantPath(const std::string& collection, const std::string& rest) {
  return "/collections/" + PathSegment(collection) + rest;
}

}  // namespace engram

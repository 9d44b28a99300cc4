// What every call of the client has in common: encoding, keys, time and repetition. Private to client/cpp.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "client/cpp/client.h"

namespace google::protobuf {
class Message;
}

namespace engram {

// Thread-safe.
class Client::Caller {
 public:
  Caller(std::unique_ptr<Transport> transport, ClientOptions options);

  template <class Reply>
  Result<Reply> Read(std::string method, std::string target, const google::protobuf::Message* body,
                     const CallOptions& options) {
    return Decode<Reply>(Call({std::move(method), std::move(target), {}, false, {}}, body, options));
  }

  // With an Idempotency-Key.
  template <class Reply>
  Result<Reply> Write(std::string method, std::string target, const google::protobuf::Message* body,
                      const CallOptions& options) {
    WireRequest request{std::move(method), std::move(target), {}, false, {}};
    request.idempotency_key = options.idempotency_key.empty() ? NewKey() : options.idempotency_key;
    if (options.buffered) {
      request.target += request.target.find('?') == std::string::npos ? "?durability=buffered" : "&durability=buffered";
    }
    return Decode<Reply>(Call(std::move(request), body, options));
  }

  // The body of a reply that is no message.
  Result<std::string> Call(WireRequest request, const google::protobuf::Message* body, const CallOptions& options);

 private:
  template <class Reply>
  static Result<Reply> Decode(Result<std::string> bytes) {
    if (!bytes.ok()) return std::move(bytes).status();
    Reply reply;
    if (reply.ParseFromString(*bytes)) return reply;
    return Internal("the server's reply is no " + Reply::descriptor()->full_name()).MarkApplied(Applied::kUnknown);
  }
  std::string NewKey();

  const std::unique_ptr<Transport> transport_;
  const ClientOptions options_;
  const std::string key_prefix_;  // random, of this client
  std::atomic<uint64_t> keys_made_{0};
};

}  // namespace engram

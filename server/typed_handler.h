// Handlers as functions from a request message to a reply message or a Status. Decoding by Content-Type and
// Content-Encoding, encoding by Accept and the shape of errors happen here once for all of them.
//
//   router.Add({.method = "POST", .pattern = "/v1/namespaces/{ns}/memories:list", .
//               .handler = Typed<v1::ListRequest, v1::ListReply>(
//                   [this](RequestContext& context, v1::ListRequest& request) { return List(context, request); })});
//
// A route without a body takes NoBody. An absent body is the empty message. The request may be taken apart
// (moved from); it lives, as does the context, until the reply is given.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include "base/status.h"
#include "server/error.h"
#include "server/router.h"

namespace google::protobuf {
class Message;
}

namespace engram {

// The request type of routes that take no body: any body is refused with 400.
struct NoBody {};

// Decodes context.request().body into `message` and takes the request's hash if there is an idempotency key.
// `message` is null for NoBody. UnsupportedMediaType, PayloadTooLarge or InvalidArgument.
Status DecodeRequest(RequestContext& context, google::protobuf::Message* message);
// 200 with the message in the form that the client wants: Accept, else its Content-Type, else JSON.
HttpResponse EncodeReply(RequestContext& context, const google::protobuf::Message& message);

// A handler that answers before it returns: Result<Reply>(RequestContext&, Request&).
template <class Request, class Reply, class Function>
Handler Typed(Function function);

// Which thread turns a reply into bytes.
enum class Encode : uint8_t {
  kWhereDone,      // the one that calls `done`
  kForConnection,  // the connection's own: `done` may come on a thread that others wait for
};

// A handler that answers later, from any thread: void(RequestContext&, Request&, Done<Reply>). `done` must be
// called exactly once.
template <class Reply>
using Done = std::function<void(Result<Reply>)>;
template <class Request, class Reply, class Function>
Handler TypedAsync(Encode encode, Function function);

// --- Only definitions below.

template <class Request>
Status DecodeInto(RequestContext& context, Request* request) {
  if constexpr (std::is_same_v<Request, NoBody>) {
    return DecodeRequest(context, nullptr);
  } else {
    return DecodeRequest(context, request);
  }
}

template <class Reply>
HttpResponse EncodeResult(RequestContext& context, const Result<Reply>& result) {
  return result.ok() ? EncodeReply(context, *result) : ErrorResponse(context, result.status());
}

template <class Request, class Reply, class Function>
Handler Typed(Function function) {
  return [function = std::move(function)](RequestContext& context, Respond respond) {
    Request request;
    if (Status status = DecodeInto(context, &request); !status.ok()) return respond(ErrorResponse(context, status));
    const Result<Reply> result = function(context, request);
    respond(EncodeResult(context, result));
  };
}

template <class Request, class Reply, class Function>
Handler TypedAsync(Encode encode, Function function) {
  return [encode, function = std::move(function)](RequestContext& context, Respond respond) {
    auto request = std::make_shared<Request>();
    if (Status status = DecodeInto(context, request.get()); !status.ok()) {
      return respond(ErrorResponse(context, status));
    }
    Request& decoded = *request;
    auto done = [encode, &context, request = std::move(request), respond = std::move(respond)](Result<Reply> result) {
      if (encode == Encode::kWhereDone) return respond(EncodeResult(context, result));
      respond([&context, result = std::move(result)] { return EncodeResult(context, result); });
    };
    function(context, decoded, Done<Reply>(std::move(done)));
  };
}

}  // namespace engram

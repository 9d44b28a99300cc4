#include "server/typed_handler.h"

#include <google/protobuf/message.h>

#include "server/encoding.h"

namespace engram {

Status DecodeRequest(RequestContext& context, google::protobuf::Message* message) {
  const std::string& body = context.request().body;
  if (message == nullptr) {
    if (!body.empty()) return InvalidArgument("this call takes no body");
  } else if (!body.empty()) {
    ASSIGN_OR_RETURN(const WireFormat format, RequestFormat(context.request()));
    RETURN_IF_ERROR(DecodeMessage(format, body, message));
  }
  if (context.idempotency_key()) context.HashRequest(message);
  return Status::Ok();
}

HttpResponse EncodeReply(RequestContext& context, const google::protobuf::Message& message) {
  const WireFormat format = ReplyFormat(context.request());
  HttpResponse response;
  response.content_type = ContentTypeOf(format);
  response.body = EncodeMessage(format, message);
  response.headers = context.TakeReplyHeaders();
  return response;
}

}  // namespace engram

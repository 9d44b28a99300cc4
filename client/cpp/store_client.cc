#include "client/cpp/store_client.h"

#include "client/cpp/reply_status.h"

namespace engram {
namespace {

constexpr std::chrono::seconds kStoreCallTimeout{60};

}  // namespace

template <class Reply>
Result<Reply> StoreClient::Call(const char* method, const char* target, const google::protobuf::Message* body) const {
  WireRequest request;
  request.method = method;
  request.target = target;
  if (body != nullptr) request.body = body->SerializeAsString();
  ASSIGN_OR_RETURN(const WireReply answer,
                   transport_->Send(request, std::chrono::steady_clock::now() + kStoreCallTimeout));
  RETURN_IF_ERROR(ReplyStatus(answer));
  Reply reply;
  if (reply.ParseFromString(answer.body)) return reply;
  return Internal("the server's reply is no " + Reply::descriptor()->full_name()).MarkApplied(Applied::kUnknown);
}

Result<v1::StoreInfo> StoreClient::Describe() const { return Call<v1::StoreInfo>("GET", "/v1/admin/store", nullptr); }

Result<v1::VerifyJob> StoreClient::Verify(const v1::VerifyStoreRequest& request) const {
  return Call<v1::VerifyJob>("POST", "/v1/admin/verify", &request);
}

Result<v1::VerifyJob> StoreClient::GetVerify() const { return Call<v1::VerifyJob>("GET", "/v1/admin/verify", nullptr); }

Result<v1::VerifyJob> StoreClient::CancelVerify() const {
  return Call<v1::VerifyJob>("POST", "/v1/admin/verify:cancel", nullptr);
}

}  // namespace engram

#include "client/cpp/backup_client.h"

#include "client/cpp/reply_status.h"

namespace engram {
namespace {

constexpr std::chrono::seconds kTimeout{60};

}  // namespace

template <class Reply>
Result<Reply> BackupClient::Call(const char* method, const char* target, const google::protobuf::Message* body) const {
  WireRequest request;
  request.method = method;
  request.target = target;
  if (body != nullptr) request.body = body->SerializeAsString();
  ASSIGN_OR_RETURN(const WireReply answer, transport_->Send(request, std::chrono::steady_clock::now() + kTimeout));
  RETURN_IF_ERROR(ReplyStatus(answer));
  Reply reply;
  if (reply.ParseFromString(answer.body)) return reply;
  return Internal("the server's reply is no " + Reply::descriptor()->full_name()).MarkApplied(Applied::kUnknown);
}

Result<v1::BackupJob> BackupClient::Create() const {
  const v1::CreateBackupRequest request;
  return Call<v1::BackupJob>("POST", "/v1/admin/backups", &request);
}

Result<v1::ListBackupsReply> BackupClient::List() const {
  return Call<v1::ListBackupsReply>("GET", "/v1/admin/backups", nullptr);
}

Result<v1::BackupJob> BackupClient::Cancel() const {
  return Call<v1::BackupJob>("POST", "/v1/admin/backups:cancel", nullptr);
}

Result<v1::PruneBackupsReply> BackupClient::Prune(uint32_t keep) const {
  v1::PruneBackupsRequest request;
  request.set_keep(keep);
  return Call<v1::PruneBackupsReply>("POST", "/v1/admin/backups:prune", &request);
}

}  // namespace engram

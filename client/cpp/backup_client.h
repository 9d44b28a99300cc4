// A server's backups, with the admin key.
#pragma once

#include <memory>
#include <string>

#include "base/status.h"
#include "client/cpp/transport.h"
#include "engram/v1/backup.pb.h"

namespace google::protobuf {
class Message;
}

namespace engram {

// Thread-safe. Asks once: nothing is tried again.
class BackupClient {
 public:
  explicit BackupClient(std::unique_ptr<Transport> transport) : transport_(std::move(transport)) {}

  // Begins one. AlreadyExists while one is running, FailedPrecondition where the server has no folder for them.
  Result<v1::BackupJob> Create() const;
  Result<v1::ListBackupsReply> List() const;
  Result<v1::BackupJob> Cancel() const;
  Result<v1::PruneBackupsReply> Prune(uint32_t keep) const;

 private:
  template <class Reply>
  Result<Reply> Call(const char* method, const char* target, const google::protobuf::Message* body) const;

  const std::unique_ptr<Transport> transport_;
};

}  // namespace engram

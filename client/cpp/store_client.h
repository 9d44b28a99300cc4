// A server's store as a whole, with the admin key.
#pragma once

#include <memory>

#include "base/status.h"
#include "client/cpp/transport.h"
#include "engram/v1/store.pb.h"

namespace google::protobuf {
class Message;
}

namespace engram {

// Thread-safe. Asks once: nothing is tried again.
class StoreClient {
 public:
  explicit StoreClient(std::unique_ptr<Transport> transport) : transport_(std::move(transport)) {}

  Result<v1::StoreInfo> Describe() const;
  // Begins a verification. AlreadyExists while one is running.
  Result<v1::VerifyJob> Verify(const v1::VerifyStoreRequest& request) const;
  // How far it is.
  Result<v1::VerifyJob> GetVerify() const;
  Result<v1::VerifyJob> CancelVerify() const;

 private:
  template <class Reply>
  Result<Reply> Call(const char* method, const char* target, const google::protobuf::Message* body) const;

  const std::unique_ptr<Transport> transport_;
};

}  // namespace engram

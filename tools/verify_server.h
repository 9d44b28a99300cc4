// engram verify --server: a server verifies its own store, and this waits for the end of it.
#pragma once

#include "client/cpp/store_client.h"

namespace engram {

// Begins the verification and follows it; what it found is in the reply. AlreadyExists when another is running,
// Unavailable when it failed or was cancelled.
Result<v1::VerifyJob> VerifyOnServer(const StoreClient& client, const v1::VerifyStoreRequest& request);

}  // namespace engram

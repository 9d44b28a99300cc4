// The store as a whole and its verification, for the admin key.
#pragma once

#include "engram/v1/store.pb.h"
#include "server/handlers/call.h"

namespace engram {

Result<v1::StoreInfo> DescribeStore(Service& service, RequestContext& context, NoBody& request);

// Begins a verification, and replies at once. AlreadyExists while one is running, NotFound for a tenant or namespace
// that is not there.
Result<v1::VerifyJob> PostVerify(Service& service, RequestContext& context, v1::VerifyStoreRequest& request);
// How far the last one is, and what the server has sampled by itself.
Result<v1::VerifyJob> GetVerify(Service& service, RequestContext& context, NoBody& request);
Result<v1::VerifyJob> CancelVerify(Service& service, RequestContext& context, NoBody& request);

}  // namespace engram

// The API's endpoints called in this process, without a port: how commands work on a data folder that no server has
// open (`--data DIR`). Requests take the same way as over HTTP, from the router down.
#pragma once

#include <memory>
#include <string>

#include "base/status.h"
#include "client/cpp/transport.h"
#include "tools/opened_store.h"

namespace engram {

// `store` outlives the transport and its calls. Bodies come as they are, not compressed. As the default tenant, with
// every right.
std::unique_ptr<Transport> NewDirectTransport(const OpenedStore& store);
// As another tenant, which is there: NotFound otherwise.
Result<std::unique_ptr<Transport>> NewDirectTransport(const OpenedStore& store, const std::string& tenant);

}  // namespace engram

#include "server/credential.h"

#include <utility>

namespace engram {

OpenAuthenticator::OpenAuthenticator(TenantId tenant, std::string tenant_name)
    : everyone_{tenant, std::move(tenant_name),
                static_cast<uint8_t>(static_cast<uint8_t>(Right::kRead) | static_cast<uint8_t>(Right::kWrite) |
                                     static_cast<uint8_t>(Right::kImport))} {}

Result<Credential> OpenAuthenticator::Authenticate(const HttpRequest& /*request*/) const { return everyone_; }

}  // namespace engram

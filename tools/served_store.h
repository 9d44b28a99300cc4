// The store as `engram serve` opens it.
#pragma once

#include <memory>

#include "engine/backup/open_engine.h"
#include "tools/opened_store.h"

namespace engram {

// OpenStore, for more than serving.
Result<std::unique_ptr<OpenedStore>> OpenServedStore(const ServiceOptions& options, const AuditLogOptions& audit,
                                                     const OpenedFor& use);

}  // namespace engram

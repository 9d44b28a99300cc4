// Stored replies: the same idempotency key and request within 24 hours of log time get the same answer.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/write/transaction.h"

namespace engram {

// The stored reply to this key; AlreadyExists when the key came with another request. Nothing when there is none or
// it is older than `retention_seconds`.
Result<std::optional<MutationResult>> FindReply(const Transaction& tx, const Mutation::Idempotency& idempotency,
                                                int64_t retention_seconds);

// Stores what Apply decided; replies past retention make room. REQUIRES: IsStorable(result.status).
Status PutReply(Transaction& tx, const Mutation::Idempotency& idempotency, const MutationResult& result,
                int64_t retention_seconds);

// Success and the refusals that a retry would meet again: 404, 409, 412, 422.
bool IsStorable(const Status& status);

// Removes every stored reply that names one of the ids.
Status EraseReplies(Transaction& tx, const std::vector<std::string>& ids);

}  // namespace engram

// Stored replies: the same idempotency key and request within 24 hours of log time get the same answer.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/write/transaction.h"

namespace engram {

// Where replies are kept: a namespace's own rows, or the tenant's directory for what ends a namespace.
struct ReplyTable {
  const KvReader& rows;
  KvBatch& batch;
  Timestamp log_time;
  int64_t retention_seconds;
  // No reply here is older, once known; null where nobody remembers it.
  std::optional<Timestamp>* since = nullptr;
};

struct FoundReply {
  MutationResult result;
  // Of a call that was interrupted: its last mutation is missing, `result.changed` counts those before.
  bool open = false;
};

// The stored reply to this key; AlreadyExists when the key came with another request. Nothing when there is none or
// it is older than retention.
Result<std::optional<FoundReply>> FindReply(const ReplyTable& table, const Mutation::Idempotency& idempotency);

// Stores what Apply decided; replies past retention make room. `erased_ids` are those that the mutation itself erased:
// its reply does not name them. REQUIRES: IsStorable(result.status).
Status PutReply(const ReplyTable& table, const Mutation& mutation, const MutationResult& result,
                const std::vector<std::string>& erased_ids);

// Success and the refusals that a retry would meet again: 404, 409, 412, 422.
bool IsStorable(const Status& status);

// Takes the ids, and what the replies show of them, out of every stored reply; a refusal that quotes one goes. The keys
// stay taken, so that a retry does not bring back what was erased.
Status EraseFromReplies(const ReplyTable& table, const std::vector<std::string>& ids);

}  // namespace engram

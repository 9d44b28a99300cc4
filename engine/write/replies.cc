// reply := 1 request_hash:u64 time:signed code:u8 message:string field:string position:varint
//          #results (id:string version:varint outcome:u8)*
#include "engine/write/replies.h"

#include <algorithm>
#include <unordered_set>

namespace engram {
namespace {

using keys::Key;

constexpr char kFormat = 1;
// Old replies removed per new one: more than one, so that the table shrinks after a burst.
constexpr size_t kTrimmedMax = 4;

struct StoredReply {
  uint64_t request_hash = 0;
  Timestamp time;
  MutationResult result;
};

std::string ReplyKey(std::string_view key) { return Key(keys::kReply).AddRaw(key); }

std::string Encode(const StoredReply& reply) {
  std::string out(1, kFormat);
  AppendFixed64(&out, reply.request_hash);
  AppendSignedVarint(&out, reply.time.micros);
  out.push_back(static_cast<char>(reply.result.status.code()));
  AppendString(&out, reply.result.status.message());
  AppendString(&out, reply.result.status.field());
  AppendVarint(&out, reply.result.position.value);
  AppendVarint(&out, reply.result.results.size());
  for (const OperationResult& result : reply.result.results) {
    AppendString(&out, result.id);
    AppendVarint(&out, result.version.value);
    out.push_back(static_cast<char>(result.outcome));
  }
  return out;
}

Result<StoredReply> Decode(std::string_view bytes) {
  ByteReader in(bytes);
  if (in.Byte() != kFormat) in.Fail();
  StoredReply reply;
  reply.request_hash = in.Fixed64();
  reply.time = {in.SignedVarint()};
  const auto code = static_cast<StatusCode>(in.Byte());
  std::string message(in.String());
  std::string field(in.String());
  if (code != StatusCode::kOk) reply.result.status = Status(code, std::move(message)).At(std::move(field));
  reply.result.position = Position(in.Varint());
  reply.result.results.resize(in.Count(3));
  for (OperationResult& result : reply.result.results) {
    result.id = in.String();
    result.version = Version(in.Varint());
    result.outcome = static_cast<Outcome>(in.Byte());
  }
  RETURN_IF_ERROR(in.Finish("stored reply"));
  return reply;
}

void DeleteReply(Transaction& tx, Timestamp time, std::string_view key) {
  tx.batch().Delete(ReplyKey(key));
  tx.batch().Delete(Key(keys::kReplyByTime).Add(time).AddRaw(key));
}

// Deletes some of the replies up to `before`. Remembers how old the oldest is when there are none.
Status TrimReplies(Transaction& tx, Timestamp before) {
  if (tx.replies_since && *tx.replies_since > before) return {};
  std::optional<Timestamp> oldest_kept;
  std::vector<std::pair<Timestamp, std::string>> old;
  const auto it = tx.rows().ScanPrefix(std::string(1, keys::kReplyByTime));
  for (; it->Valid() && old.size() < kTrimmedMax; it->Next()) {
    ByteReader key(it->key().substr(1));
    const Timestamp time{key.KeySigned64()};
    if (time > before) {
      oldest_kept = time;
      break;
    }
    old.emplace_back(time, key.rest());
  }
  RETURN_IF_ERROR(it->status());
  for (const auto& [time, key] : old) DeleteReply(tx, time, key);
  // With none at all, the next one comes at this mutation's log time.
  if (old.size() < kTrimmedMax) tx.replies_since = oldest_kept.value_or(tx.log_time());
  return {};
}

}  // namespace

Result<std::optional<MutationResult>> FindReply(const Transaction& tx, const Mutation::Idempotency& idempotency,
                                                int64_t retention_seconds) {
  ASSIGN_OR_RETURN(const auto bytes, tx.rows().Get(ReplyKey(idempotency.key)));
  if (!bytes) return std::optional<MutationResult>();
  ASSIGN_OR_RETURN(StoredReply reply, Decode(*bytes));
  if (reply.time.PlusSeconds(retention_seconds) <= tx.log_time()) return std::optional<MutationResult>();
  if (reply.request_hash != idempotency.request_hash) {
    return AlreadyExists("this idempotency key was used with another request").At("Idempotency-Key");
  }
  reply.result.replayed = true;
  reply.result.namespace_id = tx.ns();
  reply.result.log_time = reply.time;
  return std::optional<MutationResult>(std::move(reply.result));
}

Status PutReply(Transaction& tx, const Mutation::Idempotency& idempotency, const MutationResult& result,
                int64_t retention_seconds) {
  RETURN_IF_ERROR(TrimReplies(tx, tx.log_time().PlusSeconds(-retention_seconds)));
  ASSIGN_OR_RETURN(const auto before, tx.rows().Get(ReplyKey(idempotency.key)));
  if (before) {  // past retention
    ASSIGN_OR_RETURN(const StoredReply old, Decode(*before));
    DeleteReply(tx, old.time, idempotency.key);
  }
  tx.batch().Put(ReplyKey(idempotency.key), Encode({idempotency.request_hash, tx.log_time(), result}));
  tx.batch().Put(Key(keys::kReplyByTime).Add(tx.log_time()).AddRaw(idempotency.key), "");
  return {};
}

bool IsStorable(const Status& status) {
  switch (status.code()) {
    case StatusCode::kOk:
    case StatusCode::kNotFound:
    case StatusCode::kAlreadyExists:
    case StatusCode::kFailedPrecondition:
    case StatusCode::kUnprocessable: return true;
    default: return false;
  }
}

Status EraseReplies(Transaction& tx, const std::vector<std::string>& ids) {
  const std::unordered_set<std::string_view> erased(ids.begin(), ids.end());
  std::vector<std::pair<Timestamp, std::string>> doomed;
  const auto it = tx.rows().ScanPrefix(std::string(1, keys::kReply));
  for (; it->Valid(); it->Next()) {
    ASSIGN_OR_RETURN(const StoredReply reply, Decode(it->value()));
    const auto& results = reply.result.results;
    // A refusal's message may quote an id.
    const bool names_one =
        !reply.result.status.ok() ||
        std::any_of(results.begin(), results.end(), [&](const OperationResult& r) { return erased.contains(r.id); });
    if (names_one) doomed.emplace_back(reply.time, it->key().substr(1));
  }
  RETURN_IF_ERROR(it->status());
  for (const auto& [time, key] : doomed) DeleteReply(tx, time, key);
  return {};
}

}  // namespace engram

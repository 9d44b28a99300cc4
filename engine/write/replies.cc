#include "engine/write/replies.h"

#include <algorithm>
#include <set>
#include <unordered_set>

#include "base/hash.h"
#include "engine/write/reply_row.h"

namespace engram {
namespace {

using keys::Key;

// Old replies removed per new one: more than one, so that the table shrinks after a burst.
constexpr size_t kTrimmedMax = 4;

std::string ReplyKey(std::string_view key) { return Key(keys::kReply).AddRaw(key); }
std::string TimeKey(Timestamp time, std::string_view key) { return Key(keys::kReplyByTime).Add(time).AddRaw(key); }

std::string IdPrefix(std::string_view id) {
  std::string prefix(1, keys::kReplyById);
  AppendKey64(&prefix, HashBytes64(id));
  return prefix;
}

// The ids under which a reply is found when one of them is erased.
std::set<std::string> NamedIds(const StoredReply& reply) {
  std::set<std::string> ids(reply.quoted_ids.begin(), reply.quoted_ids.end());
  for (const OperationResult& result : reply.result.results) {
    if (!result.id.empty()) ids.insert(result.id);
  }
  return ids;
}

Result<std::optional<StoredReply>> ReadReply(const ReplyTable& table, std::string_view key) {
  ASSIGN_OR_RETURN(const auto bytes, table.rows.Get(ReplyKey(key)));
  if (!bytes) return std::optional<StoredReply>();
  ASSIGN_OR_RETURN(StoredReply reply, DecodeReply(*bytes));
  return std::optional<StoredReply>(std::move(reply));
}

void WriteReply(const ReplyTable& table, std::string_view key, const StoredReply& reply) {
  table.batch.Put(ReplyKey(key), EncodeReply(reply));
  table.batch.Put(TimeKey(reply.time, key), "");
  for (const std::string& id : NamedIds(reply)) table.batch.Put(IdPrefix(id) + std::string(key), "");
}

void DeleteReply(const ReplyTable& table, std::string_view key, const StoredReply& reply) {
  table.batch.Delete(ReplyKey(key));
  table.batch.Delete(TimeKey(reply.time, key));
  for (const std::string& id : NamedIds(reply)) table.batch.Delete(IdPrefix(id) + std::string(key));
}

// Deletes some of those past retention. Remembers how old the oldest is when there are no more.
Status TrimReplies(const ReplyTable& table) {
  const Timestamp before = table.log_time.PlusSeconds(-table.retention_seconds);
  if (table.since && *table.since && **table.since > before) return {};
  std::optional<Timestamp> oldest_kept;
  std::vector<std::string> old;
  const auto it = table.rows.ScanPrefix(std::string(1, keys::kReplyByTime));
  for (; it->Valid() && old.size() < kTrimmedMax; it->Next()) {
    ByteReader key(it->key().substr(1));
    const Timestamp time{key.KeySigned64()};
    if (time > before) {
      oldest_kept = time;
      break;
    }
    old.emplace_back(key.rest());
  }
  RETURN_IF_ERROR(it->status());
  for (const std::string& key : old) {
    ASSIGN_OR_RETURN(const auto reply, ReadReply(table, key));
    if (!reply) return Corruption("the row of a stored reply is missing");
    DeleteReply(table, key, *reply);
  }
  // With none at all, the next one comes at this mutation's log time.
  if (table.since && old.size() < kTrimmedMax) *table.since = oldest_kept.value_or(table.log_time);
  return {};
}

// The reply without what it says of the erased ids.
StoredReply Redacted(StoredReply reply, const std::unordered_set<std::string_view>& erased) {
  for (OperationResult& result : reply.result.results) {
    if (!erased.contains(result.id)) continue;
    result = {"", Version(), Outcome::kErased};
    reply.result.memory.reset();
  }
  return reply;
}

// The id of the memory that an operation is about, and others that it names.
struct NamedBy {
  std::vector<std::string> operator()(const WriteMemory& op) const { return {op.id}; }
  std::vector<std::string> operator()(const PatchMemory& op) const { return {op.id}; }
  std::vector<std::string> operator()(const UpdateMemory& op) const { return {op.id}; }
  std::vector<std::string> operator()(const DeleteMemory& op) const { return {op.id}; }
  std::vector<std::string> operator()(const Feedback& op) const { return {op.id}; }
  std::vector<std::string> operator()(const WriteEdge& op) const { return {op.source_id, op.target_id, op.memory_id}; }
  std::vector<std::string> operator()(const WriteNode& op) const { return {op.node.id}; }
  template <class Other>
  std::vector<std::string> operator()(const Other& /*op*/) const {
    return {};
  }
};

// The ids in `mutation` that the message of its refusal quotes.
std::vector<std::string> QuotedIds(const Mutation& mutation, const Status& refusal) {
  std::vector<std::string> quoted;
  for (const Operation& operation : mutation.operations) {
    for (std::string& id : std::visit(NamedBy(), operation)) {
      if (!id.empty() && refusal.message().find(id) != std::string::npos) quoted.push_back(std::move(id));
    }
  }
  return quoted;
}

}  // namespace

Result<std::optional<FoundReply>> FindReply(const ReplyTable& table, const Mutation::Idempotency& idempotency) {
  ASSIGN_OR_RETURN(auto reply, ReadReply(table, idempotency.key));
  if (!reply || reply->time.PlusSeconds(table.retention_seconds) <= table.log_time) return std::optional<FoundReply>();
  if (reply->request_hash != idempotency.request_hash) {
    return AlreadyExists("this idempotency key was used with another request").At("Idempotency-Key");
  }
  reply->result.replayed = true;
  reply->result.log_time = reply->time;
  return std::optional<FoundReply>({std::move(reply->result), reply->open});
}

Status PutReply(const ReplyTable& table, const Mutation& mutation, const MutationResult& result,
                const std::vector<std::string>& erased_ids) {
  const Mutation::Idempotency& idempotency = *mutation.idempotency;
  RETURN_IF_ERROR(TrimReplies(table));
  ASSIGN_OR_RETURN(const auto before, ReadReply(table, idempotency.key));
  if (before) DeleteReply(table, idempotency.key, *before);  // past retention, or of the mutation before
  StoredReply reply;
  reply.request_hash = idempotency.request_hash;
  reply.time = table.log_time;
  reply.open = idempotency.part == Mutation::Idempotency::Part::kMore;
  reply.result = result;
  if (idempotency.part != Mutation::Idempotency::Part::kWhole) reply.result.results.clear();
  const std::unordered_set<std::string_view> erased(erased_ids.begin(), erased_ids.end());
  for (OperationResult& one : reply.result.results) {
    const bool is_erase = one.outcome == Outcome::kDeleted && one.version == Version();
    if (is_erase && erased.contains(one.id)) one.id.clear();
  }
  if (!result.status.ok()) reply.quoted_ids = QuotedIds(mutation, result.status);
  WriteReply(table, idempotency.key, reply);
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

Status EraseFromReplies(const ReplyTable& table, const std::vector<std::string>& ids) {
  const std::unordered_set<std::string_view> erased(ids.begin(), ids.end());
  std::set<std::string> touched;
  for (const std::string& id : ids) {
    const std::string prefix = IdPrefix(id);
    const auto it = table.rows.ScanPrefix(prefix);
    for (; it->Valid(); it->Next()) touched.emplace(it->key().substr(prefix.size()));
    RETURN_IF_ERROR(it->status());
  }
  for (const std::string& key : touched) {
    ASSIGN_OR_RETURN(auto reply, ReadReply(table, key));
    if (!reply) return Corruption("the row of a stored reply is missing");
    DeleteReply(table, key, *reply);
    const bool quotes = std::any_of(reply->quoted_ids.begin(), reply->quoted_ids.end(),
                                    [&](const std::string& id) { return erased.contains(id); });
    if (!quotes) WriteReply(table, key, Redacted(std::move(*reply), erased));
  }
  return {};
}

}  // namespace engram

// The log and the stored replies.
#include <set>

#include <fmt/format.h>

#include "base/coding.h"
#include "base/hash.h"
#include "engine/doctor/namespace_check.h"
#include "engine/keys.h"
#include "engine/write/log_row.h"
#include "engine/write/reply_row.h"

namespace engram {
namespace {

using keys::Key;

std::string Place(std::string_view key) { return fmt::format("the reply to idempotency key \"{}\"", key); }

std::set<std::string> FindingRows(std::string_view key, const StoredReply& reply) {
  std::set<std::string> rows{Key(keys::kReplyByTime).Add(reply.time).AddRaw(key)};
  std::set<std::string> ids(reply.quoted_ids.begin(), reply.quoted_ids.end());
  for (const OperationResult& result : reply.result.results) ids.insert(result.id);
  ids.erase("");
  for (const std::string& id : ids) {
    std::string row(1, keys::kReplyById);
    AppendKey64(&row, HashBytes64(id));
    rows.insert(row + std::string(key));
  }
  return rows;
}

// Rows by time or by id that lead to no reply, or to one that knows nothing of them.
Status CheckFinding(const NamespaceCheck& check, char kind) {
  const auto it = check.rows.ScanPrefix(std::string(1, kind));
  for (; it->Valid(); it->Next()) {
    RETURN_IF_ERROR(check.go_on());
    ByteReader in(it->key().substr(1));
    (void)in.Key64();  // a time or a hash
    const std::string key(in.rest());
    ASSIGN_OR_RETURN(const auto bytes, check.rows.Get(Key(keys::kReply).AddRaw(key)));
    const auto reply = bytes ? DecodeReply(*bytes) : Result<StoredReply>(NotFound("none"));
    if (bytes && !reply.ok()) continue;  // told with the replies
    if (reply.ok() && FindingRows(key, *reply).contains(std::string(it->key()))) continue;
    check.AddRepaired(FindingKind::kReplyRowDiffers, Place(key), "no row that leads to it", "one");
    if (check.repairing()) check.repairs->Delete(it->key());
  }
  return it->status();
}

}  // namespace

Status CheckLogRows(const NamespaceCheck& check) {
  const NamespaceCounters& counters = check.counters;
  uint64_t next = counters.log_begin.value;
  const auto it = check.rows.ScanPrefix(std::string(1, keys::kLog));
  for (; it->Valid(); it->Next()) {
    RETURN_IF_ERROR(check.go_on());
    ByteReader key(it->key().substr(1));
    const uint64_t position = key.Key64();
    const std::string place = fmt::format("log position {}", position);
    const auto row = DecodeLogRow(it->value());
    if (!row.ok()) check.Add(FindingKind::kUnreadableRow, place, "", row.status().message());
    if (position > counters.position.value) {
      check.Add(FindingKind::kNumberBeyondCounter, place, fmt::format("at most {}", counters.position.value), "more");
    } else if (position != next) {
      check.Add(FindingKind::kLogGap, place, fmt::format("log position {}", next), "a gap before it");
    }
    next = position + 1;
  }
  RETURN_IF_ERROR(it->status());
  if (next <= counters.position.value) {
    check.Add(FindingKind::kLogGap, "the end of the log", fmt::format("log position {}", counters.position.value),
              fmt::format("{} as the last", next - 1));
  }
  return {};
}

Status CheckReplies(const NamespaceCheck& check) {
  const auto it = check.rows.ScanPrefix(std::string(1, keys::kReply));
  for (; it->Valid(); it->Next()) {
    RETURN_IF_ERROR(check.go_on());
    const std::string_view key = it->key().substr(1);
    const auto reply = DecodeReply(it->value());
    if (!reply.ok()) {
      check.Add(FindingKind::kUnreadableRow, Place(key), "", reply.status().message());
      continue;
    }
    for (const std::string& row : FindingRows(key, *reply)) {
      ASSIGN_OR_RETURN(const auto found, check.rows.Get(row));
      if (found) continue;
      check.AddRepaired(FindingKind::kReplyRowDiffers, Place(key), "rows by its time and its ids", "one missing");
      if (check.repairing()) check.repairs->Put(row, "");
    }
  }
  RETURN_IF_ERROR(it->status());
  RETURN_IF_ERROR(CheckFinding(check, keys::kReplyByTime));
  return CheckFinding(check, keys::kReplyById);
}

}  // namespace engram

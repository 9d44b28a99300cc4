// The lines of an audit log and what chains them (server/audit_log.h). Private to server/.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"
#include "base/timestamp.h"

namespace engram {

struct AuditEntry;

// What chains a line to the others.
struct AuditLink {
  uint64_t seq = 0;
  std::string prev;  // the hash of the line before
};

// The line, without newline.
std::string AuditLine(const AuditLink& link, Timestamp time, const AuditEntry& entry, uint64_t left_out);
// Corruption when it is no line of ours.
Result<AuditLink> ReadAuditLink(std::string_view line);
// SHA-256 in hex of the line without newline, which the next one holds.
std::string AuditHash(std::string_view line);
// What the first line of all holds.
std::string NoAuditHash();

// The entry that the lines up to `seq`, of which the last has this hash, were removed on purpose.
AuditEntry AuditRemoval(uint64_t seq, std::string_view hash);
// Whether the line is of that entry.
bool TellsOfRemoval(std::string_view line, uint64_t seq, std::string_view hash);

}  // namespace engram

#include "server/audit_line.h"

#include <array>
#include <charconv>
#include <iterator>
#include <system_error>

#include <fmt/format.h>
#include <openssl/evp.h>

#include "base/check.h"
#include "base/log.h"
#include "server/api_key.h"
#include "server/audit_log.h"

namespace engram {
namespace {

constexpr size_t kHashDigits = 64;
constexpr std::string_view kPrev = ",\"prev\":\"";
constexpr std::string_view kEnd = "\"}";
constexpr std::string_view kSeq = "{\"seq\":";

}  // namespace

std::string AuditHash(std::string_view line) {
  std::array<unsigned char, 32> hash{};
  unsigned size = 0;
  ENGRAM_CHECK(EVP_Digest(line.data(), line.size(), hash.data(), &size, EVP_sha256(), nullptr) == 1);
  std::string hex;
  for (const unsigned char byte : hash) fmt::format_to(std::back_inserter(hex), "{:02x}", byte);
  return hex;
}

std::string NoAuditHash() { return std::string(kHashDigits, '0'); }

Result<AuditLink> ReadAuditLink(std::string_view line) {
  const Status no_line = Corruption("that is no line of an audit log");
  AuditLink link;
  if (!line.starts_with(kSeq) || !line.ends_with(kEnd) || line.size() < kHashDigits + kPrev.size() + kEnd.size()) {
    return no_line;
  }
  const std::string_view digits = line.substr(kSeq.size());
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), link.seq);
  if (error != std::errc() || *end != ',') return no_line;
  std::string_view rest = line.substr(0, line.size() - kEnd.size());
  link.prev = rest.substr(rest.size() - kHashDigits);
  rest.remove_suffix(kHashDigits);
  if (!rest.ends_with(kPrev)) return no_line;
  return link;
}

// The line of our log's own format, with the chain's members around what the logger makes of the entry.
std::string AuditLine(const AuditLink& link, Timestamp time, const AuditEntry& entry, uint64_t left_out) {
  std::string line = FormatLogLine(time, LogLevel::kInfo, entry.event,
                                   {{"key", entry.key},
                                    {"tenant", entry.tenant},
                                    {"subject", WithoutSecrets(entry.subject)},
                                    {"peer", entry.peer},
                                    {"route", entry.route},
                                    {"status", entry.status},
                                    {"left_out", left_out}});
  ENGRAM_CHECK(line.starts_with('{') && line.ends_with('}'));
  line = fmt::format("{}{},{}", kSeq, link.seq, std::string_view(line).substr(1));
  line.pop_back();
  return fmt::format("{}{}{}{}", line, kPrev, link.prev, kEnd);
}

AuditEntry AuditRemoval(uint64_t seq, std::string_view hash) {
  AuditEntry entry;
  entry.event = "audit.removed";
  entry.subject = fmt::format("lines to {}, hash {}", seq, hash);
  return entry;
}

// A quote inside a value would have a backslash before it: nothing that is logged can look like this.
bool TellsOfRemoval(std::string_view line, uint64_t seq, std::string_view hash) {
  const AuditEntry entry = AuditRemoval(seq, hash);
  return line.find(fmt::format("\"event\":\"{}\",\"key\":\"\",\"tenant\":\"\",\"subject\":\"{}\"", entry.event,
                               entry.subject)) != std::string_view::npos;
}

}  // namespace engram
